"""The header of a post file in its dialects: YAML, TOML, JSON and Pelican's lines.

The cheap way first: one regular expression for the simple lines that most files have. Then YAML;
then the repair of single lines (:mod:`feeds.parse.repair`), so that no post is lost for its header.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from feeds.model import Repair

_SIMPLE = re.compile(
    r"---\n((?:[A-Za-z_][\w-]*:[ ]+(?:\"[^\"\\\n]*\"|'[^'\n]*'|[^\s\"'#&*!|>%@`\[\]{},?:=~<-][^:#\n\"'\[\]{}]*?"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?(?: [+-]\d{4})?)\n)+)---\n"
)
_LINE = re.compile(r"([A-Za-z_][\w-]*):[ ]+(.*)")
_SPECIAL = frozenset(["", "null", "~", "true", "false", "yes", "no", "on", "off", "y", "n"])
_OPEN = re.compile(r"\s*---[ \t]*\n")
_CLOSE = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE)
_TOML_OPEN = re.compile(r"\s*\+\+\+[ \t]*\n")
_TOML_CLOSE = re.compile(r"^\+\+\+[ \t]*$", re.MULTILINE)
_KEY_LINE = re.compile(r"^[ \t]*[\w\"'-]+[ \t]*[:：]", re.MULTILINE)
_PELICAN_KEY = re.compile(
    r"(?:title|date|modified|category|tags|slug|authors?|summary|status|lang|url|save_as|template|keywords)\s*:",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_LARGEST_HEADER = 64 * 1024


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """A header as read: values as written (text, lists, booleans, mappings) and what was repaired."""

    dialect: Literal["yaml", "toml", "json", "pelican"]
    values: Mapping[str, Any]
    body: str
    body_line: int
    repairs: tuple[Repair, ...] = ()


def decode(data: bytes) -> tuple[str, tuple[Repair, ...]]:
    """The text of a file: UTF-8 with or without BOM, UTF-16, a bad byte among UTF-8, else GB18030."""
    repairs: list[Repair] = []
    text = _decoded(data, repairs)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _FORBIDDEN.search(text):
        line = text.count("\n", 0, _FORBIDDEN.search(text).start()) + 1  # type: ignore[union-attr]
        text = _FORBIDDEN.sub("", text)
        repairs.append(Repair(line, "control-character", "", ""))
    return text, tuple(repairs)


def _decoded(data: bytes, repairs: list[Repair]) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace").encode("utf-8", "replace").decode("utf-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    lenient = data.decode("utf-8-sig", "replace")
    bad = lenient.count("\ufffd")
    if bad <= 8 or bad * 50 < len(lenient):
        repairs.append(Repair(line, "bad-byte", "", "\ufffd"))
        return lenient
    repairs.append(Repair(line, "encoding", "utf-8", "gb18030"))
    return data.decode("gb18030", "replace")


def read_front_matter(text: str) -> FrontMatter | None:
    """The header of a file and its body; None if the file has none. Never fails."""
    simple = _SIMPLE.match(text)
    if simple:
        values = _simple_values(simple[1])
        if values is not None:
            return FrontMatter("yaml", values, text[simple.end() :], text.count("\n", 0, simple.end()) + 1)
    head = text[:64].lstrip("\ufeff \t\n")
    if head.startswith("---"):
        return _yaml(text.lstrip("\ufeff"))
    if head.startswith("+++"):
        return _toml(text.lstrip("\ufeff"))
    if head.startswith("{"):
        return _json(text)
    if head[:5].lower() == "<html" or head[:9].lower() == "<!doctype":
        return _pelican_html(text)
    return _pelican(text)


def _simple_values(header: str) -> dict[str, Any] | None:
    """The values of simple lines; None where YAML must decide."""
    values: dict[str, Any] = {}
    for line in header.splitlines():
        found = _LINE.fullmatch(line)
        if not found:
            return None
        key, value = found[1], found[2].rstrip()
        if value[:1] in "\"'":
            if len(value) < 2 or value[-1] != value[0]:
                return None
            value = value[1:-1]
        elif value.lower() in _SPECIAL:
            return None
        values[key] = value
    return values


def _yaml(text: str) -> FrontMatter | None:
    from feeds.parse.repair import repaired_yaml

    opening = _OPEN.match(text)
    if not opening:
        return None
    start = opening.end()
    closing = _CLOSE.search(text, start - 1 if text[start : start + 3] == "---" else start)
    first_line = text.count("\n", 0, start) + 1
    repairs: tuple[Repair, ...] = ()
    if closing:
        header, end = text[start : closing.start()], closing.end()
        if header.strip() and not _KEY_LINE.search(header):
            return None
    else:
        end = text.find("\n\n", start)
        end = len(text) if end < 0 else end
        header = text[start:end]
        if not _KEY_LINE.match(header):
            return None
        repairs = (Repair(first_line, "no-end", "", "---"),)
    body = text[end:].removeprefix("\n")
    body_line = text.count("\n", 0, len(text) - len(body)) + 1
    values = load_yaml(header)
    if values is None:
        values, mended = repaired_yaml(header, first_line)
        repairs += mended
    return FrontMatter("yaml", values, body, body_line, repairs)


def load_yaml(header: str) -> dict[str, Any] | None:
    """A YAML mapping with scalars as written, booleans and nulls resolved; None if it is none."""
    import yaml

    if len(header) > _LARGEST_HEADER or ("*" in header and "&" in header):
        return None
    try:
        found = yaml.load(header, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506 - strings only
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    if found is None or found == "":
        return {}
    if not isinstance(found, dict):
        return None
    return {str(key): value for key, value in found.items()}


def _toml(text: str) -> FrontMatter | None:
    import tomllib

    from feeds.parse.repair import repaired_pairs

    opening = _TOML_OPEN.match(text)
    closing = _TOML_CLOSE.search(text, opening.end()) if opening else None
    if not opening or not closing:
        return None
    header, body = text[opening.end() : closing.start()], text[closing.end() :].removeprefix("\n")
    first_line = text.count("\n", 0, opening.end()) + 1
    repairs: tuple[Repair, ...] = ()
    try:
        values = tomllib.loads(header)
    except (tomllib.TOMLDecodeError, RecursionError):
        values, repairs = repaired_pairs(header, first_line, "=")
    body_line = text.count("\n", 0, len(text) - len(body)) + 1
    return FrontMatter("toml", _as_written(values), body, body_line, repairs)


def _json(text: str) -> FrontMatter | None:
    stripped = text.lstrip("\ufeff \t\n")
    offset = len(text) - len(stripped)
    try:
        values, end = json.JSONDecoder().raw_decode(stripped)
    except (ValueError, RecursionError):
        return None
    body = stripped[end:].lstrip(" \t").removeprefix("\n")
    return FrontMatter(
        "json", _as_written(values), body, text.count("\n", 0, offset + len(stripped) - len(body)) + 1
    )


def _as_written(values: Mapping[str, Any]) -> dict[str, Any]:
    """Scalars of typed dialects as the text that our own readers of dates and titles expect."""

    def one(value: Any) -> Any:  # noqa: ANN401 - any value of a header
        if isinstance(value, dict):
            return {str(k): one(v) for k, v in value.items()}
        if isinstance(value, list):
            return [one(v) for v in value]
        return value if isinstance(value, str | bool) else "" if value is None else str(value)

    return {str(key): one(value) for key, value in values.items()}


def _pelican(text: str) -> FrontMatter | None:
    text = text.lstrip("\ufeff")
    if not _PELICAN_KEY.match(text):
        return None
    values: dict[str, Any] = {}
    lines = text.split("\n")
    last = ""
    used = 0
    for line in lines:
        key, colon, value = line.partition(":")
        if last and line[:1] in " \t" and line.strip():
            values[last] += " " + line.strip()
        elif colon and re.fullmatch(r"[A-Za-z][\w-]*", key.strip()):
            last = key.strip().lower()
            values[last] = value.strip()
        else:
            break
        used += 1
    body = "\n".join(lines[used:]).removeprefix("\n")
    return FrontMatter("pelican", _pelican_lists(values), body, used + 2)


def _pelican_lists(values: dict[str, Any]) -> dict[str, Any]:
    for key in ("tags", "keywords", "authors"):
        if isinstance(values.get(key), str):
            mark = ";" if key == "authors" and ";" in values[key] else ","
            values[key] = [part.strip() for part in values[key].split(mark) if part.strip()]
    if "category" in values:
        values["category"] = str(values["category"])
    return values


def _pelican_html(text: str) -> FrontMatter | None:
    from html import unescape

    head = re.search(r"<head\b[^>]*>(.{0,65536}?)</head>", text, re.IGNORECASE | re.DOTALL)
    body = re.search(r"<body\b[^>]*>", text, re.IGNORECASE)
    if not head or not body:
        return None
    values: dict[str, Any] = {}
    title = re.search(r"<title>([^<]*)</title>", head[1], re.IGNORECASE)
    if title:
        values["title"] = unescape(title[1]).strip()
    for meta in re.finditer(r"<meta\b[^>]*>", head[1], re.IGNORECASE):
        name = re.search(r"\bname=[\"']([^\"']*)", meta[0], re.IGNORECASE)
        content = re.search(r"\bcontent=(?:\"([^\"]*)\"|'([^']*)')", meta[0], re.IGNORECASE)
        if name and content:
            values[name[1].lower()] = unescape(content[1] or content[2] or "")
    end = text.lower().rfind("</body>")
    inner = text[body.end() : end if end > body.end() else len(text)]
    return FrontMatter("pelican", _pelican_lists(values), inner, text.count("\n", 0, body.end()) + 1)
