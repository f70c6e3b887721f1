"""Read the header of a post file in its dialects: YAML, TOML, JSON, and Pelican's lines or ``<meta>`` elements.

A regular expression reads the simple headers that most files have. Other headers go to the parser of their dialect
(:mod:`feeds.parser.posts.front_matter_values`). Headers that it refuses are repaired line by line
(:mod:`feeds.parser.posts.front_matter_repair`), so that no post is lost for its header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import takewhile
from typing import Literal, NamedTuple

from feeds.models import Repair
from feeds.parser.posts.front_matter_repair import (
    has_known_key,
    is_key_line,
    repair_json,
    repair_toml,
    repair_yaml,
)
from feeds.parser.posts.front_matter_values import (
    LARGEST_HEADER,
    load_toml,
    load_yaml,
    read_json,
    read_simple_values,
)
from feeds.values.references import unescape

_LEADING = re.compile(r"[\ufeff\s]*+")
# Editors on Windows leave carriage returns and spaces behind the marks.
_OPEN = re.compile(r"(?:---|\+\+\+)[ \t\r]*+\n")
_YAML_CLOSE = re.compile(r"^(?:---|\.\.\.)[ \t\r]*+$", re.MULTILINE)
_END_ALONE = re.compile(r"^-{3,}[ \t]*+$", re.MULTILINE)
_LONG_CLOSE = re.compile(r"^-{4,}[ \t\r]*$", re.MULTILINE)
_TOML_CLOSE = re.compile(r"^\+\+\+[ \t\r]*+$", re.MULTILINE)
# Lines that continue a key: indented, an item of a list, or a closing bracket.
_BELOW_KEY = re.compile(r"[ \t]+\S|-(?:\s|$)|[\]}]")
# What only YAML has: items of a list, and values in brackets.
_YAML_ONLY = re.compile(r"^[ \t]*+-[ \t]|^[\w-]++[ \t]*+:[ \t]*+[\[{]", re.MULTILINE)
# A post may begin with a brace that is Liquid or prose.
_JSON_LIKE = re.compile(r"\{\s*\"[\w -]+\"\s*:")
_JSON_CLOSE = re.compile(r"^\}[^\S\n]*$|\n(?=[^\S\n]*$)", re.MULTILINE)
_PELICAN_LINE = re.compile(r"([A-Za-z][\w-]*+)[ \t]*+:(?!//)(.*)")
_PELICAN_KEYS = frozenset(
    re.split(
        " ",
        "title date modified category tags slug author authors summary status lang url save_as template keywords",
    )
)
_HTML = re.compile(r"<(?:html|!doctype)\b", re.IGNORECASE)
_BODY_OPEN = re.compile(r"<body\b[^<>]*+>", re.IGNORECASE)
_BODY_CLOSE = re.compile(r"</body\s*+>", re.IGNORECASE)
_TITLE = re.compile(r"<title\b[^<>]*+>([^<]*+)<", re.IGNORECASE)
_META = re.compile(r"<meta\b(?>(?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\b(name|content)\s*+=\s*+(\"[^\"]*+\"|'[^']*+'|[^\s\"'>]++)", re.IGNORECASE)

Dialect = Literal["yaml", "toml", "json", "pelican"]


class FrontMatter(NamedTuple):
    """The header of a file and its body."""

    dialect: Dialect
    values: Mapping[str, object]
    """Keys as written (Pelican: in lower case); text as written, booleans, lists and mappings."""
    body: str
    body_line: int
    """Line of the file where the body begins, from 1."""
    repairs: tuple[Repair, ...] = ()


def read_front_matter(text: str) -> FrontMatter | None:
    """Return the header of a file and its body; None if the file has none. Never fails.

    Args:
        text: The file as :func:`feeds.parser.posts.file_encoding.decode` gives it.
    """
    # Most headers are simple, and the tolerant reader gives the same result for them.
    return read_simple(text) or read_tolerant(text)


def read_simple(text: str) -> FrontMatter | None:
    """Read a header of ``key: value`` lines alone, fast; None if only YAML can decide.

    The result is that of :func:`read_tolerant`.
    """
    # Anything unusual at the beginning is a case for the tolerant reader.
    if not text.startswith("---\n"):
        return None
    end = text.find("\n---\n", 3, LARGEST_HEADER)
    if end < 0:
        return None
    header = text[4:end]
    values = read_simple_values(header)
    if values is None:
        return None
    return FrontMatter("yaml", values, text[end + 5 :], header.count("\n") + 4)


def read_tolerant(text: str) -> FrontMatter | None:
    """Read a header in any dialect and repair it if it is broken; None if the file has no header."""
    leading = _LEADING.match(text)
    start = leading.end() if leading else 0
    if text.startswith(("---", "+++"), start):
        return _read_fenced(text, start)
    if text.startswith("{", start):
        return _read_json_header(text, start)
    if _HTML.match(text, start):
        return _read_pelican_html(text, start)
    return _read_unopened(text, start) or _read_pelican(text.removeprefix("\ufeff"))


def _find_line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _find_next_line(text: str, position: int) -> int:
    """Return the position where the next line begins."""
    end = text.find("\n", position)
    return len(text) if end < 0 else end + 1


def _read_fenced(text: str, start: int) -> FrontMatter | None:
    """Read YAML between ``---`` or TOML between ``+++``."""
    opening = _OPEN.match(text, start)
    if not opening:
        return None
    first = opening.end()
    number = _find_line(text, first)
    # Hugo marks TOML by plus signs.
    toml = text[start] == "+"
    repairs: tuple[Repair, ...] = ()
    if "\n" in text[:start]:
        repairs = (Repair(1, "leading-blank-lines", "", text[start : start + 3]),)
    load, repair = (load_toml, repair_toml) if toml else (load_yaml, repair_yaml)
    closing = (_TOML_CLOSE if toml else _YAML_CLOSE).search(text, first)
    header, end = (
        (text[first : closing.start()], _find_next_line(text, closing.end())) if closing else ("", 0)
    )
    values = load(header) if closing else None
    # Some authors close the header with more than three hyphens. The search for `---` then ends in the body.
    longer = _LONG_CLOSE.search(header) if values is None and not toml else None
    if longer and (shorter := load(header[: longer.start()])) is not None:
        values, end = shorter, _find_next_line(text, first + longer.end())
        repairs += (Repair(_find_line(text, first + longer.start()), "no-end", longer[0].rstrip(), "---"),)
    if values is None:
        # The mark that was found may be a thematic break in the body.
        if not closing or (not toml and _has_prose_after_blank(header)):
            header, end, unclosed = _read_unclosed(text, first, toml)
            repairs += unclosed
            values = load(header)
        if not _is_header(header, toml):
            return None
    if values is None:
        values, repaired = repair(header.removesuffix("\n"), number)
        repairs += repaired
    return FrontMatter("toml" if toml else "yaml", values, text[end:], _find_line(text, end), repairs)


def _is_header(header: str, toml: bool) -> bool:
    """Return whether lines between two marks are a header and not prose between two thematic breaks."""
    lines = [line for line in header.split("\n") if line.strip() and not line.startswith("#")]
    if toml:
        return any("=" in line for line in lines)
    return bool(lines) and (is_key_line(lines[0]) or any(map(has_known_key, lines)))


def _has_prose_after_blank(header: str) -> bool:
    """Return whether what follows the first blank line belongs to the body: the header's end is missing."""
    lines = header.split("\n")
    used = len(list(takewhile(lambda line: not line.strip(), lines)))
    while used < len(lines) and lines[used].strip():
        used += 1
    rest = [line for line in lines[used:] if line.strip() and not line.startswith("#")]
    return bool(rest) and not _is_header_line(rest[0]) and not any(map(has_known_key, rest))


def _is_header_line(line: str) -> bool:
    return is_key_line(line) or bool(_BELOW_KEY.match(line))


def _read_unclosed(text: str, first: int, toml: bool) -> tuple[str, int, tuple[Repair, ...]]:
    """Read a header without an end mark: the lines up to the first blank line or the first line of prose.

    Returns:
        The header (empty if there is none), the position of the body, and the repair.
    """
    # A file without an end mark may be huge; a header is small.
    lines = text[first : first + LARGEST_HEADER].split("\n")
    header = list(takewhile(lambda line: ("=" in line) if toml else _is_header_line(line), lines))
    if not header or not any(has_known_key(line.replace("=", ":", 1) if toml else line) for line in header):
        return "", len(text), ()
    # Prose that happens to have a known key further down is not a header.
    if not toml and not is_key_line(header[0]):
        return "", len(text), ()
    written = "\n".join(header)
    end = min(first + len(written) + 1, len(text))
    repair = Repair(_find_line(text, end), "no-end", "", "+++" if toml else "---")
    return written, end + 1 if text[end : end + 1] == "\n" else end, (repair,)


def _read_unopened(text: str, start: int) -> FrontMatter | None:
    """Read YAML that only has an end mark, as Hexo accepts it; None if they are lines of Pelican too."""
    closing = _END_ALONE.search(text, start, start + LARGEST_HEADER)
    header = text[start : closing.start()] if closing else ""
    lines = header.split("\n")[:-1]
    # A line of dashes below prose is a heading.
    if not closing or not lines or not has_known_key(lines[0]) or not all(map(_is_header_line, lines)):
        return None
    if not _YAML_ONLY.search(header):
        return None
    repairs: tuple[Repair, ...] = ()
    values = load_yaml(header)
    if values is None:
        values, repairs = repair_yaml(header.removesuffix("\n"), _find_line(text, start))
    end = _find_next_line(text, closing.end())
    return FrontMatter("yaml", values, text[end:], _find_line(text, end), repairs)


def _read_json_header(text: str, start: int) -> FrontMatter | None:
    """Read the JSON object that Hugo accepts as a header, with nothing else on its last line."""
    repairs: tuple[Repair, ...] = ()
    found = read_json(text[start:])
    if found:
        values, end = found[0], start + found[1]
    else:
        closing = _JSON_CLOSE.search(text, start) if _JSON_LIKE.match(text, start) else None
        if not closing:
            return None
        end = closing.end()
        values, repairs = repair_json(text[start:end], _find_line(text, start))
    # Text behind the object means that it is not a header but, for example, a code sample.
    body = _find_next_line(text, end)
    if text[end:body].strip():
        return None
    return FrontMatter("json", values, text[body:], _find_line(text, body), repairs)


def _read_pelican(text: str) -> FrontMatter | None:
    """Read Pelican's lines such as ``Title: …`` at the very top, up to the first other line."""
    # Any prose may begin with `Word:`, so only Pelican's own keys begin a header.
    first = _PELICAN_LINE.match(text)
    if not first or first[1].lower() not in _PELICAN_KEYS:
        return None
    parts: dict[str, list[str]] = {}
    last: list[str] = []
    position = 0
    while position < len(text):
        after = _find_next_line(text, position)
        line = text[position:after].rstrip("\n")
        pair = _PELICAN_LINE.fullmatch(line)
        if pair:
            last = parts[pair[1].lower()] = [pair[2].strip()]
        elif line[:1] in (" ", "\t") and line.strip():
            last.append(line.strip())
        else:
            position = after if not line.strip() or line.rstrip() in ("---", "...") else position
            break
        position = after
    values = {key: " ".join(part for part in lines if part) for key, lines in parts.items()}
    return FrontMatter("pelican", _with_lists(values), text[position:], _find_line(text, position))


def _with_lists(values: Mapping[str, str]) -> dict[str, object]:
    """Return the values with Pelican's lists split: tags at commas, authors at semicolons if there are any."""
    lists: dict[str, object] = dict(values)
    for key in ("tags", "authors"):
        if key in values:
            mark = ";" if key == "authors" and ";" in values[key] else ","
            lists[key] = [part.strip() for part in values[key].split(mark) if part.strip()]
    return lists


def _read_pelican_html(text: str, start: int) -> FrontMatter | None:
    """Read Pelican's HTML: the title and the ``<meta>`` elements of the head; the body is the content of ``<body>``."""
    opening = _BODY_OPEN.search(text, start)
    if not opening:
        return None
    values = _read_head(text[start : min(opening.start(), start + LARGEST_HEADER)])
    if not values:
        return None
    end = len(text)
    # The last end tag counts, because code samples may contain others.
    for closing in _BODY_CLOSE.finditer(text, opening.end()):
        end = closing.start()
    body = text[opening.end() : end]
    return FrontMatter("pelican", _with_lists(values), body, _find_line(text, opening.end()))


def _read_head(head: str) -> dict[str, str]:
    """Return the title and the named ``<meta>`` elements of a head; ``keywords`` are the tags if none are given."""
    values: dict[str, str] = {}
    title = _TITLE.search(head)
    if title:
        values["title"] = " ".join(unescape(title[1]).split())
    for meta in _META.finditer(head):
        named = {
            m[1].lower(): unescape(m[2][1:-1] if m[2][0] in "\"'" else m[2])
            for m in _ATTRIBUTE.finditer(meta[0])
        }
        name = named.get("name", "").strip().lower()
        if name:
            values[name] = named.get("content", "").strip()
    if "keywords" in values and "tags" not in values:
        values["tags"] = values.pop("keywords")
    return values
