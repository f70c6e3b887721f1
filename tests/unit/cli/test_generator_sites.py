"""Sites of other generators: where their posts are, and what their configuration says."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.cli.generator_sites import find_generator_site
from feeds.cli.init import write_project
from feeds.config import load_config

SITES = {
    "Hugo": ("hugo.toml", 'baseURL = "https://a.example/"\ntitle = "T"\nlanguageCode = "de"\n', "content"),
    "Hugo of before": ("config.yaml", "baseURL: https://a.example/\ntitle: T\nlanguageCode: de\n", "content"),
    "Zola": (
        "config.toml",
        'base_url = "https://a.example"\ntitle = "T"\ndefault_language = "de"\n',
        "content",
    ),
    "Pelican": (
        "pelicanconf.py",
        "SITENAME = 'T'\nSITEURL = \"https://a.example\"  # x\nDEFAULT_LANG = 'de'\n",
        "content",
    ),
    "Hexo": ("_config.yml", "title: T\nurl: https://a.example\nlanguage: de\n", "source/_posts"),
}


@pytest.mark.parametrize("name", SITES)
def test_init_uses_the_posts_and_settings_of_a_site(name: str, tmp_path: Path) -> None:
    file, text, posts = SITES[name]
    (tmp_path / posts).mkdir(parents=True)
    (tmp_path / posts / "a.md").write_text("---\ntitle: A\n---\ntext\n")
    (tmp_path / file).write_text(text)
    site = find_generator_site(tmp_path)
    assert site is not None
    assert name.startswith(site.generator)
    made, _ = write_project(tmp_path)
    assert made == [tmp_path / "config" / "feedd.toml"]
    config = load_config(made[0])
    assert (config.site.title, config.site.url, config.site.language) == (
        "T",
        "https://a.example/feeds/",
        "de",
    )
    (source,) = config.sources
    assert source.path.resolve() == (tmp_path / posts).resolve()
    assert source.base == "https://a.example/"


@pytest.mark.parametrize("text", ["baseURL = [", "", "title = 'no address'\n"])
def test_a_folder_without_a_configuration_of_a_generator_is_no_site(text: str, tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "config.toml").write_text(text)
    assert find_generator_site(tmp_path) is None
