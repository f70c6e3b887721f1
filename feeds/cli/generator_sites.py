"""Find the posts and the settings of a site that Hugo, Zola, Pelican or Hexo generates, for ``feedd init``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feeds.fetcher.site_generator import HUGO_SETTINGS, read_settings, read_text
from feeds.parser.posts.jekyll import JekyllSite

_PYTHON_TEXT = re.compile(r"""^([A-Z_]+)\s*=\s*(?:"([^"\n]*)"|'([^'\n]*)')\s*(?:#.*)?$""", re.MULTILINE)
_PATH = "/:path/"


@dataclass(frozen=True, slots=True)
class GeneratorSite:
    """A site of another generator than Jekyll."""

    generator: str
    posts: str
    """Path of the folder of posts below that of the site."""
    permalink: str
    """Pattern of the pages of posts."""
    values: JekyllSite
    """Title, address and language of the site."""


def find_generator_site(folder: Path) -> GeneratorSite | None:
    """Return the site in a folder; None if no known generator has its configuration and posts there."""
    content = (folder / "content").is_dir()
    if (folder / "source" / "_posts").is_dir():
        return _read_hexo(read_settings(folder / "_config.yml"))
    if content and (folder / "pelicanconf.py").is_file():
        return _read_pelican(read_text(folder / "pelicanconf.py"))
    settings = next((found for name in HUGO_SETTINGS if (found := read_settings(folder / name))), {})
    if content and "base_url" in settings:
        values = JekyllSite(
            **_pick(
                settings,
                title="title",
                url="base_url",
                language="default_language",
                description="description",
            )
        )
        return GeneratorSite("Zola", "content", _PATH, values)
    if content and "baseurl" in settings:
        values = JekyllSite(
            **_pick(settings, title="title", url="baseurl", language="languagecode", timezone="timezone")
        )
        return GeneratorSite("Hugo", "content", _PATH, values)
    return None


def _read_hexo(settings: Mapping[str, Any]) -> GeneratorSite:
    permalink = settings.get("permalink")
    pattern = (
        "/" + permalink.lstrip("/")
        if isinstance(permalink, str) and permalink
        else "/:year/:month/:day/:title/"
    )
    names = {
        "title": "title",
        "url": "url",
        "language": "language",
        "timezone": "timezone",
        "author": "author",
    }
    return GeneratorSite("Hexo", "source/_posts", pattern, JekyllSite(**_pick(settings, **names)))


def _read_pelican(text: str) -> GeneratorSite:
    settings = {name: double or single for name, double, single in _PYTHON_TEXT.findall(text)}
    names = {
        "title": "SITENAME",
        "url": "SITEURL",
        "language": "DEFAULT_LANG",
        "timezone": "TIMEZONE",
        "author": "AUTHOR",
    }
    return GeneratorSite("Pelican", "content", "/:slug.html", JekyllSite(**_pick(settings, **names)))


def _pick(settings: Mapping[str, Any], **names: str) -> dict[str, Any]:
    """Return the settings that are texts, under the names of a site."""
    found = {key: settings.get(name) for key, name in names.items()}
    return {key: " ".join(value.split()) for key, value in found.items() if isinstance(value, str)}
