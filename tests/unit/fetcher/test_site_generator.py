"""The generator of a folder of posts, by the files beside them."""

from pathlib import Path

import pytest

from feeds.fetcher.site_generator import find_generator

HUGO, ZOLA = 'baseURL = "https://a.example/"\n', 'base_url = "https://a.example"\n'


@pytest.mark.parametrize(
    ("files", "folder", "generator"),
    [
        ({"_config.yml": ""}, ".", "jekyll"),
        ({"_posts/a.md": ""}, ".", "jekyll"),
        ({"_posts/a.md": ""}, "_posts", "jekyll"),
        ({"source/_posts/a.md": "", "Rakefile": ""}, ".", "jekyll"),
        ({"source/_posts/a.md": "", "scaffolds/post.md": ""}, "source/_posts", "hexo"),
        ({"source/_posts/a.md": "", "package.json": '{"dependencies": {"hexo": "7"}}'}, ".", "hexo"),
        ({"content/a.md": "", "hugo.toml": ""}, "content", "hugo"),
        ({"content/a.md": "", "config.toml": HUGO}, "content", "hugo"),
        ({"content/en/posts/a.md": "", "config.yaml": "languageCode: en\n"}, "content/en/posts", "hugo"),
        ({"posts/a.md": "", "config/_default/hugo.toml": HUGO}, "posts", "hugo"),
        ({"content/blog/a.md": "", "config.toml": ZOLA}, "content/blog", "zola"),
        ({"content/a.md": "", "zola.toml": ""}, "content", "zola"),
        ({"content/a.md": "", "pelicanconf.py": ""}, "content", "pelican"),
        ({"posts/a.md": "", "eleventy.config.mjs": ""}, "posts", "eleventy"),
        ({"content/posts/a.md": ""}, "content/posts", "content"),
        ({"config.toml": "title = 1 2", "content/a.md": ""}, "content", "content"),
        ({"config.json": '{"name": "something else"}', "notes/a.md": ""}, "notes", ""),
    ],
)
def test_the_files_of_a_site_show_its_generator(
    files: dict[str, str], folder: str, generator: str, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    assert find_generator(tmp_path / folder) == generator
