"""Broken headers, read as their author evidently meant them, line by line.

Lines that YAML understands keep their meaning; a line that breaks it becomes plain text of its
key. Every repair tells the line, a rule, the old text and a correct one.
"""

from __future__ import annotations

import json
import re
from typing import Any

from feeds.model import Repair

_PAIR = re.compile(r"([ \t]*)([\w.-]+|\"[\w. -]+\"|'[\w. -]+')[ \t]*([:：])[ \t]*(.*)", re.DOTALL)


def repaired_yaml(header: str, first_line: int) -> tuple[dict[str, Any], tuple[Repair, ...]]:
    """The values of a header that YAML refuses as a whole."""
    from feeds.parse.frontmatter import load_yaml

    values: dict[str, Any] = {}
    repairs: list[Repair] = []
    number = first_line
    for block in _blocks(header):
        lines = block.count("\n") + 1
        found = load_yaml(block)
        if found is not None and (found or not block.strip() or block.lstrip().startswith("#")):
            values.update(found)
        else:
            _mend(block, number, values, repairs)
        number += lines
    return values, tuple(repairs)


def _blocks(header: str) -> list[str]:
    """Top-level keys with their indented or listed lines below."""
    blocks: list[str] = []
    for line in header.split("\n"):
        below = not line.strip() or line[:1] in " \t" or line.startswith("- ") or line == "-"
        if blocks and below:
            blocks[-1] += "\n" + line
        else:
            blocks.append(line)
    if blocks and blocks[-1] == "":
        blocks.pop()
    return blocks


def _mend(block: str, number: int, values: dict[str, Any], repairs: list[Repair]) -> None:
    from feeds.parse.frontmatter import load_yaml

    untabbed = re.sub(r"^[ ]*\t+", "  ", block, flags=re.MULTILINE)
    found = load_yaml(untabbed) if untabbed != block else None
    if found:
        values.update(found)
        repairs.append(Repair(number, "tab", block, untabbed))
        return
    first, _, rest = block.partition("\n")
    pair = _PAIR.fullmatch(first)
    if not pair:
        if block.strip():
            repairs.append(Repair(number, "no-key", block.rstrip("\n"), ""))
        return
    key = pair[2].strip("\"'")
    items = [line.strip()[1:].strip() for line in rest.split("\n") if line.strip().startswith("-")]
    if items and not pair[4].strip():
        values[key] = [_unquoted(item) for item in items]
        repairs.append(Repair(number, "list", block.rstrip("\n"), f"{key}: {_quote(values[key])}"))
        return
    text = " ".join([pair[4].strip(), *(line.strip() for line in rest.split("\n") if line.strip())]).strip()
    values[key] = _unquoted(text)
    repairs.append(Repair(number, _rule(pair, text), first, f"{key}: {_quote(values[key])}"))


def _rule(pair: re.Match[str], text: str) -> str:
    if pair[3] == "：":
        return "wide-colon"
    if text[:1] in "\"'":
        return "unescaped-quote"
    if ": " in text or text.endswith(":"):
        return "unquoted-colon"
    if text[:1] in "@`%*&!|>[{?,":
        return "unquoted-character"
    return "plain-text"


def _unquoted(text: str) -> str:
    """The value within its outer quotes, inner ones kept as written."""
    if len(text) >= 2 and text[0] in "\"'" and text[-1] == text[0]:
        inner = text[1:-1]
        return inner.replace('\\"', '"') if text[0] == '"' else inner.replace("''", "'")
    return text


def _quote(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def repaired_pairs(header: str, first_line: int, mark: str) -> tuple[dict[str, Any], tuple[Repair, ...]]:
    """The values of a TOML header that cannot be read as a whole: line by line, else as text."""
    import tomllib

    values: dict[str, Any] = {}
    repairs: list[Repair] = []
    for number, line in enumerate(header.split("\n"), first_line):
        key, found, text = line.partition(mark)
        if not found or not key.strip() or key.lstrip().startswith(("#", "[")):
            continue
        try:
            values.update(tomllib.loads(line))
        except tomllib.TOMLDecodeError:
            name = key.strip().strip("\"'")
            values[name] = _unquoted(text.strip())
            repairs.append(Repair(number, "unescaped-quote", line, f"{name} {mark} {_quote(values[name])}"))
    return values, tuple(repairs)
