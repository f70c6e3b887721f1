"""What the list page of a section decides for the posts below it: values for them, and that they are not published.

Hugo: the values of ``cascade`` count where a post states none; those of the nearest section win, and in a list the first.
A section that is not published itself has no posts (Hugo, Zola).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from feeds.models import Generator
from feeds.parser.posts.visibility import EXPIRY_KEYS, PUBLISH_KEYS, find_hiding_key, fold_keys
from feeds.values.patterns import Pattern, compile_pattern

_TARGETS: Final = ("_target", "target")
_LANGUAGE: Final = re.compile(r"\.([A-Za-z]{2}(?:-[A-Za-z]{2,4})?)\Z", re.ASCII)
_BRACES: Final = re.compile(r"\{[^{}]*+\}|\*\*|\*|\?|[^{}*?]++|[{}]")


@dataclass(frozen=True, slots=True)
class Cascade:
    """Values for the pages of a section that fit a target."""

    pattern: str
    """Of the path below the root of the site; empty for all."""
    values: tuple[tuple[str, Any], ...]
    language: str = ""
    """The only language of the pages, or empty."""
    kind: str = ""
    """The only kind of the pages, such as ``page`` for posts or ``section``; or empty."""

    def is_for(self, kind: str) -> bool:
        """Return whether it holds for pages of a kind."""
        return not self.kind or kind in self.kind or "*" in self.kind


@dataclass(frozen=True, slots=True)
class Section:
    """A folder of posts whose list page holds values for them."""

    folder: str
    """Below the source, with a slash at the end; empty for the source itself."""
    hidden_by: str = ""
    """Why no post of the section is published; empty if they may be."""
    expiry: tuple[str, ...] = ()
    """Dates at which all posts of the section are removed."""
    cascades: tuple[Cascade, ...] = ()


def build_section(
    folder: str,
    values: Mapping[str, Any],
    generator: Generator,
    is_future: Callable[[str], bool],
    *,
    is_page: bool,
) -> Section | None:
    """Build a section from the values of its page, or of the configuration of the site; None if it has no such value.

    Args:
        folder: Folder of the section below the source.
        values: The values, with keys as written.
        generator: The generator of the tree; Zola has neither cascade nor dates of sections.
        is_future: Returns whether a date is in the future.
        is_page: Whether the values are those of a page, and not of the site.
    """
    folded = fold_keys(values)
    cascades = tuple(_read_cascades(folded.get("cascade"))) if generator != "zola" else ()
    # A cascade holds for the page of its section too.
    own = _merge(c.values for c in cascades if not c.pattern and c.is_for("section"))
    hidden = find_hiding_key(_select(values), _select(own)) if is_page else ""
    expiry: tuple[str, ...] = ()
    if is_page and generator != "zola":
        stated = {key: text for key, text in {**own, **folded}.items() if isinstance(text, str) and text}
        expiry = tuple(stated[key] for key in EXPIRY_KEYS if key in stated)
        starts = next((key for key in (*PUBLISH_KEYS, "date") if key in stated), "")
        hidden = hidden or (f"{starts}: {stated[starts]}" if starts and is_future(stated[starts]) else "")
    cascades = tuple(cascade for cascade in cascades if cascade.is_for("page"))
    return Section(folder, hidden, expiry, cascades) if hidden or expiry or cascades else None


def _select(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that hide a section with its posts: other keys hide its list page alone."""
    return {key: value for key, value in values.items() if key.lower() == "draft"}


def _merge(parts: Iterable[tuple[tuple[str, Any], ...]]) -> dict[str, Any]:
    """Merge values; the first of several counts."""
    found: dict[str, Any] = {}
    for values in parts:
        found = {**dict(values), **found}
    return found


def _read_cascades(value: object) -> Iterable[Cascade]:
    for part in value if isinstance(value, list) else [value]:
        if not isinstance(part, Mapping):
            continue
        target: Mapping[str, Any] = next(
            (part[key] for key in _TARGETS if isinstance(part.get(key), Mapping)), {}
        )
        if str(target.get("environment", "")) not in ("", "production", "*", "**"):
            continue
        kept = {key: entry for key, entry in fold_keys(part).items() if key not in _TARGETS}
        path, language, kind = (str(target.get(key, "")) for key in ("path", "lang", "kind"))
        yield Cascade(path, tuple(kept.items()), language.lower(), kind)


def find_section_values(
    sections: tuple[Section, ...], path: str, above: str
) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    """Return why the sections of a post hide it, their values for it, and the dates at which all of a section is removed.

    Args:
        sections: The sections of the source, the outermost first.
        path: Path of the file below the source.
        above: Path of the source below the folder ``content``, with a slash at the end, or empty.
    """
    hidden = ""
    expiry: tuple[str, ...] = ()
    values: dict[str, Any] = {}
    page = "/" + above + path.rpartition(".")[0].removesuffix("/index")
    for section in sections:
        if path.startswith(section.folder):
            hidden = hidden or (section.hidden_by and f"its section has {section.hidden_by}")
            expiry += section.expiry
            fitting = _merge(c.values for c in section.cascades if _fits(c, page))
            values = {**values, **fitting}
    return hidden, values, expiry


def _fits(cascade: Cascade, page: str) -> bool:
    """Return whether a cascade holds for the post with this path from the root of the site, without its ending."""
    # `a.de.md` and `de/a.md` are German; a file without a language may be in any.
    stated = _LANGUAGE.search(page)
    if cascade.language and stated and stated[1].lower() != cascade.language:
        return False
    if not cascade.pattern:
        return True
    bare = page[: stated.start()] if stated else page
    return _compile_glob("/" + cascade.pattern.lstrip("/")).fullmatch(bare.lower()) is not None


# A site has few patterns, and each is tried on every post.
@lru_cache(maxsize=256)
def _compile_glob(pattern: str) -> Pattern:
    """Compile a pattern of Hugo: ``**`` matches any text, ``*`` within a folder, ``{a,b}`` one of several texts."""
    kinds = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    found = ""
    for part in _BRACES.findall(pattern.lower()):
        if part.startswith("{") and len(part) > 1:
            found += "(?:" + "|".join(map(re.escape, part[1:-1].split(","))) + ")"
        else:
            found += kinds.get(part, re.escape(part))
    return compile_pattern(found)
