"""What a Jekyll site means: its ``_config.yml``, front matter defaults, permalinks and post ids.

Rules after Jekyll 4: ``Jekyll::Document``, ``Jekyll::URL`` and ``Jekyll::FrontmatterDefaults``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from feeds.model import Repair

_STYLES = {
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title:output_ext",
    "weekdate": "/:categories/:year/W:week/:short_day/:title:output_ext",
    "none": "/:categories/:title:output_ext",
}
_PLACEHOLDER = re.compile(r":([a-z_]+)")
_NAME_DATE = re.compile(r"(\d{2,4})-(\d{1,2})-(\d{1,2})-(.*)", re.DOTALL)
_UNQUOTED = re.compile(r"[A-Za-z0-9/%:@!$&'()*+,;=~\-._]*")
_SLASHES = re.compile(r"/{2,}")
_DOTS = re.compile(r"/\.+(?=/|$)")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


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
    feed_path: str = "feed.xml"
    values: tuple[tuple[str, str], ...] = ()
    repairs: tuple[Repair, ...] = ()

    @property
    def base(self) -> str:
        """Address of the site's root, ending in a slash."""
        return (self.url.rstrip("/") + "/" + self.baseurl.strip("/")).rstrip("/") + "/" if self.url else ""


def read_site_config(text: str) -> JekyllSite:
    """Read ``_config.yml``; broken lines are read as in front matter and listed in ``repairs``."""
    from feeds.parse.frontmatter import load_yaml
    from feeds.parse.repair import repaired_yaml

    values = load_yaml(text)
    repairs: tuple[Repair, ...] = ()
    if values is None:
        values, repairs = repaired_yaml(text, 1)
    feed = values.get("feed")
    plugins = values.get("plugins") or values.get("gems") or []
    return JekyllSite(
        title=_text(values, "title") or _text(values, "name"),
        url=_text(values, "url"),
        baseurl=_text(values, "baseurl"),
        language=(_text(values, "lang") or _text(values, "locale")).replace("_", "-"),
        timezone=_text(values, "timezone"),
        author=_author(values.get("author")),
        description=_text(values, "description") or _text(values, "tagline"),
        permalink=_text(values, "permalink") or "date",
        defaults=tuple(_defaults(values.get("defaults"))),
        plugins=tuple(str(p) for p in plugins) if isinstance(plugins, list) else (),
        feed_path=str(feed.get("path", "feed.xml")).lstrip("/") if isinstance(feed, dict) else "feed.xml",
        values=tuple((k, v) for k, v in values.items() if isinstance(v, str)),
        repairs=repairs,
    )


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
            path, kind = str(scope.get("path", "")).strip("/"), str(scope.get("type", ""))
            found.append(Defaults(path, kind, tuple(one["values"].items())))
    return found


def defaults_for(site: JekyllSite, path: str, draft: bool) -> dict[str, Any]:
    """Front matter defaults of a file; the longer path wins, then the later one."""
    kind = "drafts" if draft else "posts"
    fitting = [
        d for d in site.defaults if d.type in ("", kind, kind[:-1], "posts") and _in_scope(path, d.path)
    ]
    found: dict[str, Any] = {}
    for one in sorted(fitting, key=lambda d: (len(d.path), d.type != "")):
        found.update(one.values)
    return found


def _in_scope(path: str, scope: str) -> bool:
    if not scope:
        return True
    without = re.sub(r"(^|/)_(?:posts|drafts)(?=/)", r"\1", path).replace("//", "/").lstrip("/")
    if "*" in scope:
        return any(fnmatchcase(p, pattern) for p in (path, without) for pattern in (scope, scope + "/*"))
    return any(p == scope or p.startswith(scope + "/") for p in (path, without))


def split_name(path: str) -> tuple[tuple[int, int, int] | None, str]:
    """Date and slug in a file's name; a name without a date is all slug."""
    stem = path.rpartition("/")[2].rpartition(".")[0]
    found = _NAME_DATE.fullmatch(stem)
    if not found:
        return None, stem
    year = int(found[1])
    return (year + 2000 if len(found[1]) == 2 else year, int(found[2]), int(found[3])), found[4]


def folder_categories(path: str) -> list[str]:
    """Categories of the folders above ``_posts`` (Jekyll: ``categories_from_path``)."""
    parts = path.split("/")[:-1]
    for mark in ("_posts", "_drafts"):
        if mark in parts:
            return parts[: parts.index(mark)]
    return []


def slugify(text: str) -> str:
    """Jekyll's default ``slugify``: letters and digits of every script, hyphens between, lower case."""
    return re.sub(r"[^\w]+|_+", "-", text).strip("-").lower()


def post_url(
    pattern: str,
    path: str,
    date: datetime | None,
    categories: list[str],
    slug: str = "",
    extension: str = ".html",
) -> str:
    """The path of a post's page below the site's base (Jekyll: ``URL#to_s``), escaped."""
    template = _STYLES.get(pattern, pattern)
    wanted = _PLACEHOLDER.findall(template)
    if any(name not in _PLAIN_NAMES for name in wanted):
        wanted = list(_PLAIN_NAMES)  # ``:title_x`` is ``:title`` and then ``_x``
    _, name = split_name(path)
    values: dict[str, str] = {}
    for one in wanted:
        if one in _DATE_NAMES:
            if date:
                values[one] = _DATE_NAMES[one](date)
        elif one not in values:
            values[one] = _name_value(one, path, name, slug, categories, extension)
    return _fill(template, values)


def _name_value(one: str, path: str, name: str, slug: str, categories: list[str], extension: str) -> str:
    """The value of a placeholder that is not of the date."""
    match one:
        case "categories":
            return "/".join(
                _quoted(c.lower().strip().replace(" ", "%20"), "%") for c in dict.fromkeys(categories)
            )
        case "slugified_categories":
            return "/".join(slugify(c) for c in dict.fromkeys(categories))
        case "title":
            return slug or name
        case "slug":
            return slugify(slug or name)
        case "name":
            return slugify(name)
        case "output_ext":
            return extension
        case "path":
            return path.rpartition(".")[0]
        case _:
            return "posts"


_DATE_NAMES: dict[str, Callable[[datetime], str]] = {
    "year": lambda date: f"{date.year:04}",
    "short_year": lambda date: f"{date.year % 100:02}",
    "month": lambda date: f"{date.month:02}",
    "i_month": lambda date: str(date.month),
    "short_month": lambda date: _MONTHS[date.month - 1][:3],
    "long_month": lambda date: _MONTHS[date.month - 1],
    "day": lambda date: f"{date.day:02}",
    "i_day": lambda date: str(date.day),
    "y_day": lambda date: f"{date:%j}",
    "hour": lambda date: f"{date.hour:02}",
    "minute": lambda date: f"{date.minute:02}",
    "second": lambda date: f"{date.second:02}",
    "w_year": lambda date: str(date.isocalendar()[0]),
    "week": lambda date: f"{date.isocalendar()[1]:02}",
    "w_day": lambda date: str(date.isocalendar()[2]),
    "short_day": lambda date: _DAYS[date.weekday()][:3],
    "long_day": lambda date: _DAYS[date.weekday()],
}
_PLAIN_NAMES = (
    "categories",
    "slugified_categories",
    "title",
    "slug",
    "name",
    "output_ext",
    "path",
    "collection",
    *_DATE_NAMES,
)


@lru_cache(maxsize=4096)
def _quoted(text: str, safe: str) -> str:
    return quote(text, safe=safe)


def _fill(template: str, values: Mapping[str, str]) -> str:
    def one(match: re.Match[str]) -> str:
        name = match[1]
        while name and name not in values:
            name = name.rpartition("_")[0]
        if not name:
            return match[0] if match[1] not in _DATE_NAMES else ""
        value = values[name]
        if not _UNQUOTED.fullmatch(value):
            value = quote(value, safe="/%:@!$&'()*+,;=~-._")
        return value + match[1][len(name) :]

    path = _SLASHES.sub("/", "/" + _PLACEHOLDER.sub(one, template))
    return _DOTS.sub("", path) or "/" if "/." in path else path


def jekyll_id(site: JekyllSite, url: str) -> str:
    """The id that jekyll-feed gives a post: its address without extension (``Drops::DocumentDrop#id``)."""
    folder, _, name = url.rpartition("/")
    if not name:
        folder, _, name = folder.rpartition("/")
    stem = name.rpartition(".")[0] or name
    return (site.base.rstrip("/") + folder + "/" + stem) if site.base else ""
