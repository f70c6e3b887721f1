"""Read the settings of a Jekyll site: its ``_config.yml``, front matter defaults and categories of folders.

The rules are those of Jekyll 4: ``Jekyll::Document`` and ``Jekyll::FrontmatterDefaults``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from feeds.models import Dialect, Generator, Repair
from feeds.parser.posts.cascades import Section
from feeds.parser.posts.front_matter_values import LARGEST_HEADER, load_yaml, read_simple_values
from feeds.values.patterns import Pattern, compile_pattern


@dataclass(frozen=True, slots=True)
class Defaults:
    """Front matter for a part of the site; the values of a file override it."""

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
    """Settings of a folder for parsing its files."""

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
    generator: Generator = ""
    """The program that the posts are written for."""
    sections: tuple[Section, ...] = ()
    """Sections of Hugo and Zola that hold values for their posts, the outermost first."""
    above: str = ""
    """Path of the source below the folder ``content`` of its site, with a slash at the end, or empty."""


def read_site_config(text: str) -> JekyllSite:
    """Read ``_config.yml``; broken lines are read as in front matter and listed in ``repairs``."""
    # A configuration without nesting needs no YAML.
    values = _read_simple(text) or load_yaml(text)
    repairs: tuple[Repair, ...] = ()
    if values is None:
        from feeds.parser.posts.front_matter_repair import repair_yaml

        values, repairs = repair_yaml(text, 1)
    plugins = values.get("plugins") or values.get("gems") or []
    return JekyllSite(
        title=_read_text(values, "title") or _read_text(values, "name"),
        url=_read_text(values, "url"),
        baseurl=_read_text(values, "baseurl"),
        # Jekyll themes write `zh_CN`; feeds need `zh-CN`.
        language=(_read_text(values, "lang") or _read_text(values, "locale")).replace("_", "-"),
        timezone=_read_text(values, "timezone"),
        author=_read_author(values.get("author")),
        description=_read_text(values, "description") or _read_text(values, "tagline"),
        permalink=_find_permalink(values),
        defaults=tuple(_read_defaults(values.get("defaults"))),
        plugins=tuple(str(p) for p in plugins) if isinstance(plugins, list) else (),
        feed_paths=tuple(_find_feed_paths(values.get("feed"))),
        collections_dir=_read_text(values, "collections_dir").strip("/"),
        exclude=tuple(_list_names(values.get("exclude"))),
        values=values,
        repairs=repairs,
        dialect=_read_dialect(values),
    )


def _read_simple(text: str) -> dict[str, object] | None:
    """Return the values of a simple configuration; None if only YAML can decide.

    Loading the YAML library takes longer than everything else that reading the settings of a site needs.
    """
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    return read_simple_values("\n".join(lines)) if len(text) <= LARGEST_HEADER else None


def _read_dialect(values: Mapping[str, Any]) -> Dialect:
    """Return the dialect of the site's Markdown: that of ``markdown``, or the parser configured for kramdown."""
    kramdown = values.get("kramdown")
    parser = _read_text(kramdown, "input") if isinstance(kramdown, dict) else ""
    named = (_read_text(values, "markdown").lower(), parser.lower())
    return "commonmark" if any(name.startswith("commonmark") for name in named) else "kramdown"


def _find_permalink(values: Mapping[str, Any]) -> str:
    """Return the pattern for posts: that of the collection, or else that of the site."""
    collections = values.get("collections")
    posts = collections.get("posts") if isinstance(collections, dict) else None
    own = _read_text(posts, "permalink") if isinstance(posts, dict) else ""
    return own or _read_text(values, "permalink") or "date"


def _find_feed_paths(feed: object) -> Iterator[tuple[str, str, str]]:
    """Yield the documents of jekyll-feed (``JekyllFeed::Generator``) that the configuration names."""
    settings = feed if isinstance(feed, dict) else {}
    collections = settings.get("collections")
    posts = collections.get("posts") if isinstance(collections, dict) else None
    own = posts if isinstance(posts, dict) else {}
    yield (_read_text(own, "path") or _read_text(settings, "path") or "feed.xml").lstrip("/"), "", ""
    for name in _list_names(own.get("categories") or settings.get("categories")):
        yield f"feed/{name}.xml", "category", name
    tags = settings.get("tags")
    if isinstance(tags, dict):
        path = _read_text(tags, "path") or "/feed/by_tag/"
        without = _list_names(tags.get("except"))
        for name in _list_names(tags.get("only")):
            if name not in without and re.fullmatch(r"[a-zA-Z0-9_]+", name):
                yield f"{path.lstrip('/')}{name}.xml", "tag", name


def _list_names(value: object) -> list[str]:
    return (
        [name for name in value if isinstance(name, str) and name.strip()] if isinstance(value, list) else []
    )


def _read_text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return " ".join(value.split()) if isinstance(value, str) else ""


def _read_author(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("name", "")
    return value.strip() if isinstance(value, str) else ""


def _read_defaults(value: object) -> list[Defaults]:
    found = []
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("values"), dict):
            scope = entry.get("scope")
            scope = scope if isinstance(scope, dict) else {}
            path, kind = _read_text(scope, "path").lstrip("/"), _read_text(scope, "type")
            found.append(Defaults(path, kind, tuple(entry["values"].items())))
    return found


def find_defaults(site: JekyllSite, path: str, draft: bool) -> dict[str, Any]:
    """Return the front matter defaults of a file; longer paths win, then defaults with a type, then later defaults."""
    # Both the singular and the plural are documented by Jekyll.
    kinds = ("", "posts", "post", *(("drafts", "draft") if draft else ()))
    path = path.removeprefix(f"{site.collections_dir}/") if site.collections_dir else path
    fitting = [
        defaults
        for defaults in site.defaults
        if defaults.type in kinds
        and _is_in_scope(path, defaults.path.removeprefix(f"{site.collections_dir}/"))
    ]
    found: dict[str, Any] = {}
    # Sorting is stable, so later defaults of the same precedence override earlier defaults.
    for defaults in sorted(fitting, key=lambda d: (len(d.path), d.type != "")):
        found = merge_front_matter(found, dict(defaults.values))
    return found


def merge_front_matter(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Merge front matter ``over`` other front matter: mappings merge, and categories add up, as in Jekyll."""
    # Jekyll merges mappings deeply and adds up categories; all other values are replaced.
    found = {**under, **over}
    for key in under.keys() & over.keys():
        both = under[key], over[key]
        if all(isinstance(value, dict) for value in both):
            found[key] = merge_front_matter(*both)
    if "categories" in under and "categories" in over:
        found["categories"] = [*_split_words(under["categories"]), *_split_words(over["categories"])]
    return found


def _split_words(value: object) -> list[Any]:
    return (
        value.replace(",", " ").split()
        if isinstance(value, str)
        else value
        if isinstance(value, list)
        else []
    )


def _is_in_scope(path: str, scope: str) -> bool:
    """Return whether a path begins with that of a scope; with ``*`` in it, whether one of its parts does."""
    if "*" not in scope:
        return path.startswith(scope)
    parts = path.split("/")
    return any(_compile_glob(scope).fullmatch("/".join(parts[:end])) for end in range(1, len(parts) + 1))


# A site has few patterns, and each is tried on every post.
@lru_cache(maxsize=256)
def _compile_glob(pattern: str) -> Pattern:
    """Compile a pattern of Ruby's ``Dir.glob``: ``*`` matches within a folder, ``**/`` any number of folders."""
    found = ""
    for part in re.findall(r"(?:\*\*/)+|\*+|\?|[^*?]+", pattern.rstrip("/")):
        any_folders, within = part.startswith("**/"), part.startswith("*")
        found += (
            "(?:[^/]+/)*"
            if any_folders
            else "[^/]*"
            if within
            else "[^/]"
            if part == "?"
            else re.escape(part)
        )
    return compile_pattern(found)


def find_folder_categories(path: str, collections_dir: str = "") -> list[str]:
    """Return the categories of the folders above ``_posts`` (Jekyll: ``categories_from_path``)."""
    path = path.removeprefix(f"{collections_dir}/") if collections_dir else path
    parts = path.split("/")[:-1]
    # The folders above these are categories in Jekyll, below them they are not.
    for mark in ("_posts", "_drafts"):
        if mark in parts:
            return parts[: parts.index(mark)]
    return []
