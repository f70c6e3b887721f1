"""The tail of a body: the source address on a line of its own, and the site's navigation."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from feeds._resources import read_packaged_text
from feeds.values.patterns import Pattern, compile_pattern

_ADDRESS = re.compile(r"<(https?://[^\s<>]+)?>", re.IGNORECASE)
# The same line after Markdown was converted: a link whose text is its own address.
_LINKED_ADDRESS = re.compile(r"<p>\s*<a href=\"(https?://[^\s<>\"]+)\">\s*\1\s*</a>\s*</p>", re.IGNORECASE)
_LONGEST_LINE = 4096
_MOST_LINES = 24


@cache
def default_boilerplate() -> tuple[str, ...]:
    """The patterns, as text, that apply when the configuration has none (``feeds/data/boilerplate.txt``)."""
    text = read_packaged_text("data/boilerplate.txt")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


def compile_patterns(lines: Sequence[str]) -> list[Pattern]:
    """The patterns ready for :func:`split_tail`.

    Raises:
        re.error: One of them is no regular expression.
    """
    return [compile_pattern(line) for line in lines]


def split_tail(body: str, patterns: Sequence[Pattern], is_source: Callable[[str], bool]) -> tuple[str, str]:
    """Cut source address and boilerplate off the end of a body.

    Looked at are the last lines, from the end, until one is neither empty, nor boilerplate (a
    pattern fits the whole line), nor the one ``<address>``; ``<>`` is the address of nothing.

    Args:
        body: In its own markup.
        patterns: From :func:`compile_patterns`.
        is_source: Whether an address on a line of its own is where the post came from. Any other is a
            reference, which belongs to the text.

    Returns:
        The body without them, and the address, empty if there is none.
    """
    rest = body.rstrip()
    address: str | None = None
    for _ in range(_MOST_LINES):
        start = rest.rfind("\n") + 1
        line = rest[start:].strip()
        if not line or len(line) > _LONGEST_LINE:
            break
        found = _address(rest[start:]) if address is None else None
        if found is not None and (not found or is_source(found)):
            address = found
        elif not any(pattern.fullmatch(line) for pattern in patterns):
            break
        rest = rest[:start].rstrip()
    return rest, address or ""


def last_address(body: str) -> str:
    """The address that is the last line of a body; empty if that is another line."""
    line = body.rstrip().rpartition("\n")[2]
    return (_address(line) or "") if len(line) <= _LONGEST_LINE else ""


def _address(line: str) -> str | None:
    """The address that a line consists of; None if it is another line, such as the rest of an item in a list."""
    found = _ADDRESS.fullmatch(line.rstrip())
    if found:
        return found[1] or ""
    found = _LINKED_ADDRESS.fullmatch(line.strip())
    return found[1].replace("&amp;", "&") if found else None
