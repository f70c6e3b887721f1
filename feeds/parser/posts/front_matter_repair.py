"""Repair headers that no parser accepts, so that no post is lost for a mistake in its header.

A header that :func:`load_yaml` refuses is split into its top-level keys, so that a broken line affects only its own key.
The lines of a broken key are replaced by correct lines until YAML accepts them. The values always come from the corrected
lines, so ``feedd lint`` shows what was used. TOML and JSON headers are repaired the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from feeds.models import Repair
from feeds.parser.posts.front_matter_values import (
    LARGEST_HEADER,
    load_json,
    load_toml,
    load_yaml,
    parse_constant,
    quote_value,
)

MOST_LINES = 1000
"""Limit for the lines of a broken header that are repaired with YAML; a longer header is read line by line."""

# Prose may have lines such as `Note: …`, so a line counts as part of a header only if its key is common.
KNOWN_KEYS = frozenset(
    re.split(
        r"\s+",
        "aliases author authors canonical_url categories category comments created date description draft"
        " excerpt external-url external_url guid id image keywords lang language last_modified_at lastmod"
        " layout link modified permalink pubdate published save_as slug source_url status subtitle summary"
        " tag tags template title type updated url",
    )
)
"""Keys that distinguish a header from prose, in lower case."""
_LIST_KEYS = frozenset(["aliases", "authors", "categories", "category", "keywords", "tag", "tags"])
_TEXT_KEYS = frozenset(["description", "excerpt", "subtitle", "summary", "title"])

_LINE = re.compile(
    r"([ \t]*+(?>(?:-[ \t]++)*))(?:(\"[^\"]*+\"|'[^']*+'|\w[\w.-]*+)[ \t]*+(:(?!//)|：))?(.*)", re.DOTALL
)
_BLOCK_SCALAR = re.compile(r"[|>][-+\d]{0,2}(?:\s+#.*)?")
_LIST_ITEM = re.compile(
    r"\s*+(?:(\"(?>(?:[^\"\\]|\\.)*)\"|'[^']*+')\s*+(?=,|$)|([^,]*+))(?:,|$)",
)
_QUOTED_THEN_COMMENT = re.compile(r"([\"']).*\1(?=\s+#[^\"']*$)")
# Marks that git leaves in a file with merge conflicts.
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>")
_TOML_KEY = re.compile(r"[ \t]*+([\w.-]++|\"[^\"]*+\"|'[^']*+')[ \t]*+=(.*)", re.DOTALL)
_TOML_TABLE = re.compile(r"[ \t]*\[\[?[\w.\"' -]+\]\]?[ \t]*(?:#.*)?$")
_JSON_KEY = re.compile(r"([ \t{]*+)\"([^\"\\]++)\"[ \t]*+:(.*)", re.DOTALL)


def is_key_line(line: str) -> bool:
    """Return whether a line of a header begins with ``key:`` (or ``key：`` if the key is known)."""
    prefix, key, _, _ = _split_line(line)
    return bool(key) and "-" not in prefix


def has_known_key(line: str) -> bool:
    """Return whether a line begins with a key that posts commonly use."""
    prefix, key, _, _ = _split_line(line)
    return "-" not in prefix and key.strip("\"'").lower() in KNOWN_KEYS


def _split_line(line: str) -> tuple[str, str, str, str]:
    """Return indentation and dashes, key, colon, and the text behind it; the key is empty if the line has none."""
    found = _LINE.fullmatch(line)
    if not found:
        return "", "", "", line
    prefix, key, colon, text = found[1], found[2] or "", found[3] or "", found[4]
    # A full-width colon is common in Chinese prose; in a list, `- 12:30` is text.
    unknown = colon == "：" and key.lower() not in KNOWN_KEYS
    if unknown or (key and "-" in prefix and text[:1] not in ("", " ", "\t")):
        return prefix, "", "", line[len(prefix) :]
    return prefix, key, colon, text


def _quote_yaml(value: object) -> str:
    """Return a value quoted for people: in single quotes where double quotes would need backslashes."""
    single = isinstance(value, str) and "'" not in value and value.isprintable()
    return f"'{value}'" if single and ('"' in str(value) or "\\" in str(value)) else quote_value(value)


def interpret_value(key: str, text: str) -> tuple[str | list[str], str]:
    """Return the value that the author of a broken value most likely meant, and the name of the repair.

    Args:
        key: The key as written; some keys have lists.
        text: The value as written, without spaces around it, not empty.
    """
    if text[0] == "[":
        # In a title, brackets are more likely text than a list.
        name = key.strip("\"'").lower()
        if name in _LIST_KEYS or (text[-1] == "]" and name not in _TEXT_KEYS):
            return _parse_list(text), "broken-list"
    if text[0] in "\"'":
        return _unquote(text)
    if re.search(r":(?:\s|$)", text):
        return text, "unquoted-colon"
    return text, "unquoted-character" if text[0] in "@`%*&!|>[]{}?,-" else "unquoted-text"


def _parse_list(text: str) -> list[str]:
    """Return the items between brackets; the last bracket may be missing."""
    inner = text[1:].removesuffix("]")
    parts = ((m[1] or m[2] or "").strip() for m in _LIST_ITEM.finditer(inner))
    return [_unquote(part)[0] if part[0] in "\"'" else part for part in parts if part]


def _unquote(text: str) -> tuple[str, str]:
    """Return the text between the outer quotes, with inner quotes kept, and the name of the repair."""
    # A comment behind a quoted value is the most common reason why the quotes do not match.
    commented = _QUOTED_THEN_COMMENT.match(text)
    text = commented[0] if commented else text
    mark, inner = text[0], text[1:-1]
    if mark not in text[1:]:
        return text[1:].strip(), "missing-quote"
    if text[-1] != mark:
        return text, "unescaped-quote"
    # In YAML, a single quote inside single quotes is doubled.
    if mark == "'":
        return inner.replace("''", "'"), "unescaped-quote"
    rule = "unescaped-quote" if '"' in inner.replace('\\"', "") else "unknown-escape"
    return inner.replace('\\"', '"'), rule


@dataclass(slots=True)
class _Block:
    """A top-level key with the lines below it, while they are repaired."""

    number: int
    written: tuple[str, ...]
    lines: list[str]
    rules: dict[int, str] = field(default_factory=dict)

    def put(self, index: int, line: str, rule: str) -> None:
        if line != self.lines[index]:
            self.lines[index] = line
            self.rules[index] = rule

    def reset(self) -> None:
        self.lines = list(self.written)
        self.rules.clear()

    def load_values(self) -> dict[str, object] | None:
        return load_yaml("\n".join(self.lines) + "\n")

    def list_repairs(self) -> Iterator[Repair]:
        for index in sorted(self.rules):
            yield Repair(self.number + index, self.rules[index], self.written[index], self.lines[index])


def repair_yaml(header: str, first_line: int) -> tuple[dict[str, object], tuple[Repair, ...]]:
    """Return the values of a header that YAML refuses, and the repairs.

    Args:
        header: The lines between the marks.
        first_line: Number of its first line in the file, from 1.
    """
    lines = header.split("\n")
    if len(header) > LARGEST_HEADER or len(lines) > MOST_LINES:
        return _read_pairs(lines), (Repair(first_line, "long-header", "", ""),)
    values: dict[str, object] = {}
    repairs: list[Repair] = []
    for block in _split_blocks(lines, first_line):
        values |= _repair_block(block)
        repairs += block.list_repairs()
    return values, tuple(repairs)


def _read_pairs(lines: list[str]) -> dict[str, object]:
    """Return the values of a header that is too long for YAML: a value on each line, nothing nested."""
    values: dict[str, object] = {}
    for line in lines:
        prefix, key, _, text = _split_line(line)
        if key and not prefix:
            text = text.strip()
            values[key.strip("\"'")] = _unquote(text)[0] if text[:1] in ('"', "'") else parse_constant(text)
    return values


def _split_blocks(lines: list[str], first_line: int) -> Iterator[_Block]:
    """Yield top-level keys, each with its indented, listed, empty and stray lines below."""
    # Some authors indent the whole header.
    base = next((_indent(line) for line in lines if line.strip() and not line.lstrip().startswith("#")), 0)
    starts = [n for n, line in enumerate(lines) if n and _indent(line) <= base and is_key_line(line)]
    for start, end in zip([0, *starts], [*starts, len(lines)], strict=True):
        yield _Block(first_line + start, tuple(lines[start:end]), lines[start:end])


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _repair_block(block: _Block) -> dict[str, object]:
    """Return the values of a block; the repairs run in turn until YAML accepts its lines."""
    found = block.load_values()
    for idea in _IDEAS:
        if found is not None:
            return found
        before = list(block.lines)
        idea(block)
        found = block.load_values() if block.lines != before else None
    # The last repair makes everything text. YAML refuses that only if a line grew beyond the largest header.
    return _read_pairs(list(block.written)) if found is None else found


def _replace_tabs(block: _Block) -> None:
    """Replace tabs in the indentation, which YAML forbids."""
    for index, line in enumerate(block.lines):
        indent = line[: _indent(line)]
        if "\t" in indent:
            block.put(index, indent.replace("\t", "  ") + line.lstrip(" \t"), "tab")


def _join_list(block: _Block) -> None:
    """Join a broken list in brackets from several lines to a single line."""
    prefix, key, _, text = _split_line(block.lines[0])
    if key and text.lstrip().startswith("[") and len(block.lines) > 1:
        # YAML allows a list over several lines, but a broken list is simpler to repair as one line.
        joined = " ".join([text.strip(), *(line.strip() for line in block.lines[1:])]).strip()
        value, rule = interpret_value(key, joined)
        block.put(0, f"{prefix}{key}: {_quote_yaml(value)}", rule)
        for index in range(1, len(block.lines)):
            block.put(index, "", rule)


def _fix_lines(block: _Block) -> None:
    """Repair each line that YAML refuses even alone."""
    for index, line in enumerate(block.lines):
        prefix, key, colon, rest = _split_line(line)
        text = rest.strip()
        if not key and not (text and "-" in prefix):
            continue
        # An input method for Chinese writes full-width colons, which YAML does not know.
        rule = "wide-colon" if colon == "：" else "missing-space"
        if text and not _BLOCK_SCALAR.fullmatch(text) and load_yaml(f"k: {text}") is None:
            value, broken = interpret_value(key, text)
            text, rule = _quote_yaml(value), broken if colon != "：" else rule
        elif not key or (colon == ":" and rest[:1] in ("", " ", "\t")):
            continue
        block.put(index, f"{prefix}{key}: {text}".rstrip() if key else prefix + text, rule)


def _fix_stray_lines(block: _Block) -> None:
    """Repair lines below a key that begin too far left or right."""
    prefix, key, _, text = _split_line(block.lines[0])
    # Lines of a block scalar are text, even if they look like keys.
    scalar = bool(_BLOCK_SCALAR.fullmatch(text.strip()))
    goes_on = scalar or (key.lower() in _TEXT_KEYS and text.strip()[:1] not in ("", '"', "'"))
    for index, line in enumerate(block.lines[1:], 1):
        if _indent(line) > len(prefix):
            if text.strip() and not scalar and has_known_key(line):
                block.put(index, prefix + line.lstrip(), "bad-indent")
        elif line.strip() and not line.lstrip().startswith(("-", "#", "]", "}")):
            # A line that continues a text is kept; other stray lines belong to nothing.
            keep = goes_on and not line.startswith(_CONFLICT)
            block.put(index, f"  {line}" if keep else "", "bad-indent" if keep else "no-key")


def _as_text(block: _Block) -> None:
    """Convert the block to a list if all lines below begin with a dash, or else to text; this repair comes last."""
    # Earlier repairs may have made it worse, so this repair starts from the lines as written.
    block.reset()
    prefix, key, _, first = _split_line(block.lines[0])
    below = [line.strip() for line in block.lines[1:] if line.strip()]
    value: str | list[str] = ""
    rule = "no-key"
    if key and not first.strip() and below and all(line.startswith("-") for line in below):
        items = (line.removeprefix("-").strip() for line in below)
        value, rule = (
            [_unquote(item)[0] if item[0] in "\"'" else item for item in items if item],
            "broken-list",
        )
    elif key:
        lead = "" if _BLOCK_SCALAR.fullmatch(first.strip()) else first.strip()
        joined = " ".join([lead, *below]).strip()
        value, rule = interpret_value(key, joined) if joined else ("", "unquoted-text")
    block.put(0, f"{prefix.replace(chr(9), '')}{key}: {_quote_yaml(value)}" if key else "", rule)
    for index in range(1, len(block.lines)):
        block.put(index, "", rule)


_IDEAS: tuple[Callable[[_Block], None], ...] = (
    _replace_tabs,
    _join_list,
    _fix_lines,
    _fix_stray_lines,
    _as_text,
)


def repair_toml(header: str, first_line: int) -> tuple[dict[str, object], tuple[Repair, ...]]:
    """Return the values of a header that TOML refuses, and the repairs; a broken value becomes text."""
    lines = header.split("\n")
    if len(header) > LARGEST_HEADER or len(lines) > MOST_LINES:
        found = (_TOML_KEY.fullmatch(line) for line in lines)
        pairs: dict[str, object] = {m[1].strip("\"'"): _strip_quotes(m[2].strip()) for m in found if m}
        return pairs, (Repair(first_line, "long-header", "", ""),)
    starts = [n for n, line in enumerate(lines) if n and (_TOML_KEY.match(line) or _TOML_TABLE.match(line))]
    values: dict[str, object] = {}
    repairs: list[Repair] = []
    for start, end in zip([0, *starts], [*starts, len(lines)], strict=True):
        read = load_toml("\n".join(lines[start:end]))
        if read is None:
            line, rule = _repair_toml_line(" ".join(line.strip() for line in lines[start:end]).strip())
            repairs.append(Repair(first_line + start, rule, "\n".join(lines[start:end]).rstrip(), line))
            lines[start:end] = [line] + [""] * (end - start - 1)
            read = load_toml(line)
        values |= read or {}
    # Tables span several parts, so the values of the whole are better if it is valid now.
    whole = load_toml("\n".join(lines))
    return values if whole is None else whole, tuple(repairs) or _as_read(whole or values, header, first_line)


def _strip_quotes(text: str) -> str:
    return _unquote(text)[0] if text[:1] in ('"', "'") else text


def _as_read(values: dict[str, object], header: str, first_line: int) -> tuple[Repair, ...]:
    """Return the repair of a header whose parts are all valid while the whole is not, as with a duplicate key."""
    return (Repair(first_line, "broken-header", header.strip().partition("\n")[0], quote_value(values)),)


def _repair_toml_line(chunk: str) -> tuple[str, str]:
    """Return a correct line for a broken line, and the name of the repair."""
    found = _TOML_KEY.fullmatch(chunk)
    if not found:
        return "", "no-key"
    text = found[2].strip()
    value, rule = interpret_value(found[1], text) if text else ("", "unquoted-text")
    key = found[1] if load_toml(f"{found[1]} = 1") else quote_value(found[1])
    return f"{key} = {quote_value(value)}", rule


def repair_json(header: str, first_line: int) -> tuple[dict[str, object], tuple[Repair, ...]]:
    """Return the values of a broken JSON object, and the repairs; each outermost key is repaired by itself."""
    lines = header.split("\n")
    if len(header) > LARGEST_HEADER or len(lines) > MOST_LINES:
        # Repairing takes time for each line and key, so the rest of a long header is ignored.
        lines = lines[:MOST_LINES]
    keyed = [(n, found) for n, line in enumerate(lines) if (found := _JSON_KEY.fullmatch(line))]
    # Keys of nested objects are indented further and belong to the value of the outer key.
    base = next((found[1] for _, found in keyed if "{" not in found[1]), "")
    keyed = [(n, found) for n, found in keyed if "{" in found[1] or found[1] == base]
    values: dict[str, object] = {}
    repairs: list[Repair] = []
    for (start, found), end in zip(keyed, [*(n for n, _ in keyed[1:]), len(lines)], strict=True):
        text = "\n".join([found[3], *lines[start + 1 : end]])
        values[found[2]], rule = _repair_json_value(found[2], text.strip().removesuffix(",").strip())
        if rule:
            new = f"{found[1]}{quote_value(found[2])}: {quote_value(values[found[2]])},"
            repairs.append(Repair(first_line + start, rule, lines[start], new))
    return values, tuple(repairs) or _as_read(values, header, first_line)


def _repair_json_value(key: str, text: str) -> tuple[object, str]:
    """Return a value between two keys, or before the last brace; as text if it is not valid JSON."""
    # The last value is followed by the brace that closes the object.
    last = text.removesuffix("}").strip().removesuffix(",")
    for whole in (text, last):
        found = load_json(f'{{"k": {whole}}}')
        if found is not None:
            return found["k"], ""
    return interpret_value(key, " ".join(last.split())) if last.strip() else ("", "unquoted-text")
