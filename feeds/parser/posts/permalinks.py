"""Build the address of a post's page as Jekyll does, and the id that jekyll-feed gives the post.

The rules are those of Jekyll 4: ``Jekyll::URL``, ``Drops::UrlDrop``, ``Utils.slugify`` and ``Document#id``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

from feeds.models import Generator

STYLES = {
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title:output_ext",
    "weekdate": "/:categories/:year/W:week/:short_day/:title:output_ext",
    "none": "/:categories/:title:output_ext",
}
"""Patterns by the names that ``permalink`` may have in ``_config.yml``."""

_WRITTEN = re.compile(r":([A-Za-z_]+)")
_PLACEHOLDER = re.compile(r":([a-z_]+)")
# Jekyll accepts years of two digits and months and days of one.
_NAME_DATE = re.compile(r"(\d{2,4})-(\d{1,2})-(\d{1,2})-(.*)", re.DOTALL)
# The hour of a date has hyphens in names of files.
_ZOLA_DATE = re.compile(r"\A\d{4}-\d{2}-\d{2}(?:T[\d:.-]{5,20}Z?)?[-_](?=.)", re.ASCII)
_SAFE = "/:@!$&'()*+,;=~-._"
_UNQUOTED = re.compile(r"[A-Za-z0-9/:@!$&'()*+,;=~\-._]*")
_SLUG = re.compile(r"[A-Za-z0-9]++(?>(?:-[A-Za-z0-9]++)*)")
_SLASHES = re.compile(r"/{2,}")
_PRETTY = frozenset("._~!$&'()+,;=@")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


def split_name(path: str) -> tuple[tuple[int, int, int] | None, str]:
    """Return the date and the slug in a file name; without a date, the whole name is the slug."""
    folder, _, name = path.rpartition("/")
    stem = name.rpartition(".")[0]
    above = folder.rpartition("/")[2]
    if stem == "index" and above and not above.startswith("_"):
        # In Hugo's page bundles the folder is the post.
        stem = above
    found = _NAME_DATE.fullmatch(stem)
    if not found:
        return None, stem.rstrip(".") or stem
    year = int(found[1])
    return (year + 2000 if len(found[1]) == 2 else year, int(found[2]), int(found[3])), found[4].rstrip(".")


def find_page_file(path: str, generator: Generator, slug: str) -> str:
    """Return the path of a file as it is written in the address of its page, for ``:path``.

    In Hugo and Zola the folder of a page bundle is the page, and a slug replaces the last part. Hugo writes paths in
    lower case with hyphens, and Zola removes the date of a name.
    """
    if generator not in ("hugo", "zola", "content"):
        return path
    folder, _, name = path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    if stem == "index" and folder:
        folder, _, stem = folder.rpartition("/")
    stem = slug or stem
    if generator == "zola":
        stem = slugify(_ZOLA_DATE.sub("", stem, count=1)) or stem
    whole = f"{folder}/{stem}".lstrip("/")
    return ("-".join(whole.lower().split()) if generator == "hugo" else whole) + dot + ending


# Terms and names repeat over thousands of posts.
@lru_cache(maxsize=4096)
def slugify(text: str, pretty: bool = False) -> str:
    """Return a slug as Jekyll's ``slugify`` does: letters, marks and digits of every script, hyphens between them.

    Args:
        text: Any text.
        pretty: Whether to keep capitals and the punctuation that addresses may contain.
    """
    # Most names are slugs already; the pattern is faster than checking each character.
    if _SLUG.fullmatch(text):
        return text if pretty else text.lower()
    return slugify_any(text, pretty)


def slugify_any(text: str, pretty: bool) -> str:
    """Return the slug of any text; see :func:`slugify`."""
    # Replacing by spaces and joining parts by hyphens also collapses runs of separators.
    kept = "".join(character if _is_kept_in_slug(character, pretty) else " " for character in text)
    slug = "-".join(kept.split(" ")) if "  " not in kept else "-".join(kept.split())
    slug = slug.strip("-")
    return slug if pretty else slug.lower()


def _is_kept_in_slug(character: str, pretty: bool) -> bool:
    if character.isascii():
        return character.isalnum() or (pretty and character in _PRETTY)
    kind = unicodedata.category(character)
    return kind[0] in "LM" or kind == "Nd"


def build_post_url(
    pattern: str,
    path: str,
    date: datetime | None,
    categories: list[str],
    slug: str = "",
    extension: str = ".html",
) -> str:
    """Return the escaped path of a post's page below the base of the site (Jekyll: ``URL#to_s``)."""
    # Jekyll accepts the name of a style or a pattern under the same key.
    template = STYLES.get(pattern, pattern)
    pieces = _split_pattern(template)
    if not pieces:
        return build_any_post_url(template, path, date, categories, slug, extension)
    found = ["/"]
    for literal, name in pieces:
        found.append(literal)
        if name in _DATE_NAMES:
            found.append(_DATE_NAMES[name](date) if date else "")
        elif name:
            found.append(_escape(_find_value(name, path, slug, categories, extension)))
    return _as_path("".join(found))


# A site has a single pattern for all its posts.
@lru_cache(maxsize=64)
def _split_pattern(template: str) -> tuple[tuple[str, str], ...]:
    """Return the texts of a pattern, each with the placeholder behind it.

    The result is empty if a placeholder is not a known name: only the slow way then finds where the name ends.
    """
    parts = [*_PLACEHOLDER.split(template), ""]
    plain = all(name in PLACEHOLDERS for name in parts[1:-1:2])
    return tuple(zip(parts[::2], parts[1::2], strict=True)) if plain else ()


def build_any_post_url(
    template: str, path: str, date: datetime | None, categories: list[str], slug: str, extension: str
) -> str:
    """Return the path for a pattern with text behind a placeholder: ``:title_x`` is ``:title``, then ``_x``.

    See :func:`build_post_url`.
    """
    values: dict[str, str] = {}
    for name in PLACEHOLDERS:
        if name not in _DATE_NAMES:
            values[name] = _find_value(name, path, slug, categories, extension)
        elif date:
            values[name] = _DATE_NAMES[name](date)
    return _fill(template, values)


def _find_value(name: str, path: str, slug: str, categories: list[str], extension: str) -> str:
    """Return the value of a placeholder that does not depend on the date."""
    stem = path.rpartition("/")[2].rpartition(".")[0]
    match name:
        case "categories":
            return "/".join(dict.fromkeys(c.lower() for c in categories))
        case "slugified_categories":
            return "/".join(dict.fromkeys(slugify(c) for c in categories))
        case "title":
            return slugify(slug or split_name(path)[1], True) or slugify(stem, True)
        case "slug":
            return slugify(slug or split_name(path)[1]) or slugify(stem)
        case "name":
            return slugify(stem)
        case "output_ext":
            return extension
        case "path":
            return path.rpartition(".")[0].replace("_posts", "", 1).rstrip(".")
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
PLACEHOLDERS = (
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
"""The names that may follow a colon in a pattern."""
_OF_A_POST = frozenset(("title", "slug", "name", "path"))


def find_unknown_placeholder(pattern: str) -> str:
    """Return the first name behind a colon in a pattern that is not a placeholder; empty without one."""
    return next((name for name in _WRITTEN.findall(pattern) if not _find_known(name)), "")


def names_a_post(pattern: str) -> bool:
    """Return whether a pattern has a placeholder by which posts of one day differ."""
    return any(_find_known(name) in _OF_A_POST for name in _WRITTEN.findall(pattern))


def _find_known(name: str) -> str:
    """Return the placeholder that a name begins with: `:title_x` is `:title` and `_x`. Empty without one."""
    while name and name not in PLACEHOLDERS:
        name = name.rpartition("_")[0]
    return name


def _fill(template: str, values: Mapping[str, str]) -> str:
    def replace(match: re.Match[str]) -> str:
        name = match[1]
        # A placeholder ends where no known name fits any more: `:title_x` is `:title` and `_x`.
        while name and name not in values:
            name = name.rpartition("_")[0]
        if not name:
            return match[0] if match[1] not in _DATE_NAMES else ""
        return _escape(values[name]) + match[1][len(name) :]

    return _as_path("/" + _PLACEHOLDER.sub(replace, template))


def _escape(value: str) -> str:
    return value if _UNQUOTED.fullmatch(value) else quote(value, safe=_SAFE)


def _as_path(path: str) -> str:
    """Return the path without empty parts and without ``..``, which could lead out of the site."""
    if "." in path:
        # Jekyll removes these too (`URL#sanitize_url`).
        path = path.replace("..", "/").replace("./", "")
    return _SLASHES.sub("/", path) if "//" in path else path


def build_jekyll_id(base: str, url: str, path: str, slug: str = "") -> str:
    """Return the id that jekyll-feed gives a post (``Document#id``, then ``absolute_url``).

    The result is empty without a base.

    Args:
        base: Address of the site.
        url: Path of the post's page.
        path: Path of its file.
        slug: Slug in its front matter.
    """
    if not base:
        return ""
    # jekyll-feed's id is the folder of the page and the slug, without the file name.
    folder = url.rstrip("/").rpartition("/")[0] if len(url) > 1 else ""
    return f"{base.rstrip('/')}{folder}/{quote(slug or split_name(path)[1], safe=_SAFE)}"


def find_named_files(kind: str, argument: str, in_posts: bool) -> list[str]:
    """Return the paths in the source of the file that a ``link`` or ``post_url`` tag may name.

    Args:
        kind: The tag.
        argument: The argument of the tag.
        in_posts: Whether the source is the ``_posts`` folder itself.
    """
    named = argument.strip().lstrip("/")
    paths = [named]
    if kind == "post_url":
        above, mark, name = named.rpartition("/")
        paths = [f"_posts/{named}", f"{above}/_posts/{name}" if mark else ""]
        paths = [path + end for path in paths if path for end in (".md", ".markdown", ".html", ".mkd")]
    return [path.removeprefix("_posts/") if in_posts else path for path in paths]


def make_relative(path: str) -> str:
    """Return a path below the base; ``./`` keeps a colon in its first part from ending a scheme (RFC 3986, 4.2)."""
    below = path.lstrip("/")
    return f"./{below}" if ":" in below.partition("/")[0] else below


def describe_file(path: str, url: str, slug: str, is_draft: bool) -> dict[str, object]:
    """Return the values that Liquid knows of the file of a post (Jekyll: ``Drops::DocumentDrop``).

    Args:
        path: Path of its file.
        url: Path of the post's page.
        slug: Slug in its front matter.
        is_draft: Whether it is in ``_drafts``.
    """
    name = path.rpartition("/")[2]
    return {
        "id": url.removesuffix(".html").rstrip("/"),
        "slug": slug or split_name(path)[1],
        "ext": f".{name.rpartition('.')[2]}",
        "name": name,
        "collection": "posts",
        "draft": is_draft,
        "relative_path": path,
    }
