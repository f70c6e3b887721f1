"""What a Jekyll site means: its ``_config.yml``, front matter defaults and categories of folders.

Rules after Jekyll 4: ``Jekyll::Document`` and ``Jekyll::FrontmatterDefaults``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from feeds.models import Dialect, Repair
from feeds.parser.posts.front_matter_values import LARGEST_HEADER, load_yaml, simple_values


@dataclass(frozen=True, slots=True)
class Defaults:
    """Front matter that a part of the site has unless a file says otherwise."""

    path: str
    type: str
    values: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class JekyllSite:
    """A site's ``_config.yml`` as far as its posts and feeds depend on it."""

    title: str = ""
    url: str = ""
    baseurl: str = ""
    language: str = ""
    timezone: str = ""
    author: str = ""
    description: str = ""
    permalink: str = "date"
    defaults: tuple[Defaults, ...] = ()
    plugins: tuple[str, ...] = ()
    feed_paths: tuple[tuple[str, str, str], ...] = (("feed.xml", "", ""),)
    """Documents of jekyll-feed: path, then ``category`` or ``tag`` (nothing for all posts) and its name."""
    collections_dir: str = ""
    exclude: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    """All of it, as it was read."""
    repairs: tuple[Repair, ...] = ()
    dialect: Dialect = "kramdown"
    """How the Markdown of its posts is written."""

    @property
    def base(self) -> str:
        """Address of the site's root, ending in a slash."""
        return (self.url.rstrip("/") + "/" + self.baseurl.strip("/")).rstrip("/") + "/" if self.url else ""


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """What understanding one file of a folder needs to know."""

    base: str
    zone: str
    permalink: str
    site: JekyllSite
    drafts: bool = False
    jekyll_ids: bool = False
    liquid: bool = True
    """Whether the generator of the tree runs Liquid; elsewhere braces are text."""
    includes: Mapping[str, str] = field(default_factory=dict)
    """Texts of ``_includes`` by path below it."""
    data: Mapping[str, object] = field(default_factory=dict)
    """Values of ``_data``: what Liquid calls ``site.data``."""

    dialect: Dialect = "kramdown"


def read_site_config(text: str) -> JekyllSite:
    """Read ``_config.yml``; broken lines are read as in front matter and listed in ``repairs``."""
    values = _simple(text) or load_yaml(text)
    repairs: tuple[Repair, ...] = ()
    if values is None:
        from feeds.parser.posts.front_matter_repair import repaired_yaml

        values, repairs = repaired_yaml(text, 1)
    plugins = values.get("plugins") or values.get("gems") or []
    return JekyllSite(
        title=_text(values, "title") or _text(values, "name"),
        url=_text(values, "url"),
        baseurl=_text(values, "baseurl"),
        language=(_text(values, "lang") or _text(values, "locale")).replace("_", "-"),
        timezone=_text(values, "timezone"),
        author=_author(values.get("author")),
        description=_text(values, "description") or _text(values, "tagline"),
        permalink=_permalink(values),
        defaults=tuple(_defaults(values.get("defaults"))),
        plugins=tuple(str(p) for p in plugins) if isinstance(plugins, list) else (),
        feed_paths=tuple(_feed_paths(values.get("feed"))),
        collections_dir=_text(values, "collections_dir").strip("/"),
        exclude=tuple(_names(values.get("exclude"))),
        values=values,
        repairs=repairs,
        dialect=_read_dialect(values),
    )


def _simple(text: str) -> dict[str, object] | None:
    """The values where YAML need not decide; to load its parser takes longer than the rest of reading a site's settings."""
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    return simple_values("\n".join(lines)) if len(text) <= LARGEST_HEADER else None


def _read_dialect(values: Mapping[str, Any]) -> Dialect:
    """Return the dialect of the site's Markdown: what ``markdown`` names, or the parser that kramdown is told to use."""
    kramdown = values.get("kramdown")
    parser = _text(kramdown, "input") if isinstance(kramdown, dict) else ""
    named = (_text(values, "markdown").lower(), parser.lower())
    return "commonmark" if any(name.startswith("commonmark") for name in named) else "kramdown"


def _permalink(values: Mapping[str, Any]) -> str:
    """The pattern of posts: what the collection says goes before what the site says."""
    collections = values.get("collections")
    posts = collections.get("posts") if isinstance(collections, dict) else None
    own = _text(posts, "permalink") if isinstance(posts, dict) else ""
    return own or _text(values, "permalink") or "date"


def _feed_paths(feed: object) -> Iterator[tuple[str, str, str]]:
    """Where jekyll-feed writes its documents (``JekyllFeed::Generator``), as far as the configuration names them."""
    settings = feed if isinstance(feed, dict) else {}
    collections = settings.get("collections")
    posts = collections.get("posts") if isinstance(collections, dict) else None
    own = posts if isinstance(posts, dict) else {}
    yield (_text(own, "path") or _text(settings, "path") or "feed.xml").lstrip("/"), "", ""
    for one in _names(own.get("categories") or settings.get("categories")):
        yield f"feed/{one}.xml", "category", one
    tags = settings.get("tags")
    if isinstance(tags, dict):
        path = _text(tags, "path") or "/feed/by_tag/"
        without = _names(tags.get("except"))
        for one in _names(tags.get("only")):
            if one not in without and re.fullmatch(r"[a-zA-Z0-9_]+", one):
                yield f"{path.lstrip('/')}{one}.xml", "tag", one


def _names(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str) and one.strip()] if isinstance(value, list) else []


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return " ".join(value.split()) if isinstance(value, str) else ""


def _author(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("name", "")
    return value.strip() if isinstance(value, str) else ""


def _defaults(value: object) -> list[Defaults]:
    found = []
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict) and isinstance(one.get("values"), dict):
            scope = one.get("scope")
            scope = scope if isinstance(scope, dict) else {}
            path, kind = _text(scope, "path").lstrip("/"), _text(scope, "type")
            found.append(Defaults(path, kind, tuple(one["values"].items())))
    return found


def defaults_for(site: JekyllSite, path: str, draft: bool) -> dict[str, Any]:
    """Front matter defaults of a file; the longer path wins, then the one with a type, then the later one."""
    kinds = ("", "posts", "post", *(("drafts", "draft") if draft else ()))
    path = path.removeprefix(f"{site.collections_dir}/") if site.collections_dir else path
    fitting = [
        one
        for one in site.defaults
        if one.type in kinds and _in_scope(path, one.path.removeprefix(f"{site.collections_dir}/"))
    ]
    found: dict[str, Any] = {}
    for one in sorted(fitting, key=lambda d: (len(d.path), d.type != "")):
        found = merged(found, dict(one.values))
    return found


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Front matter over other front matter: mappings merge, and categories add up, as in Jekyll."""
    found = {**under, **over}
    for key in under.keys() & over.keys():
        both = under[key], over[key]
        if all(isinstance(one, dict) for one in both):
            found[key] = merged(*both)
    if "categories" in under and "categories" in over:
        found["categories"] = [*_words(under["categories"]), *_words(over["categories"])]
    return found


def _words(value: object) -> list[Any]:
    return (
        value.replace(",", " ").split()
        if isinstance(value, str)
        else value
        if isinstance(value, list)
        else []
    )


def _in_scope(path: str, scope: str) -> bool:
    """Whether a path begins with that of a scope; with ``*`` in it, whether one of its parts does."""
    if "*" not in scope:
        return path.startswith(scope)
    parts = path.split("/")
    return any(_glob(scope).fullmatch("/".join(parts[:end])) for end in range(1, len(parts) + 1))


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    """Ruby's ``Dir.glob``: ``*`` stays within a folder, ``**/`` is any number of them."""
    found = ""
    for part in re.findall(r"(?:\*\*/)+|\*+|\?|[^*?]+", pattern.rstrip("/")):
        any_folders, within = part.startswith("**/"), part.startswith("*")
        found += (
            "(?:[^/]+/)*+"
            if any_folders
            else "[^/]*"
            if within
            else "[^/]"
            if part == "?"
            else re.escape(part)
        )
    return re.compile(found)


def folder_categories(path: str, collections_dir: str = "") -> list[str]:
    """Categories of the folders above ``_posts`` (Jekyll: ``categories_from_path``)."""
    path = path.removeprefix(f"{collections_dir}/") if collections_dir else path
    parts = path.split("/")[:-1]
    for mark in ("_posts", "_drafts"):
        if mark in parts:
            return parts[: parts.index(mark)]
    return []
