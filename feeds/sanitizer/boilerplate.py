"""Cut the tail off a body: the source address on a line of its own, and the navigation of the site."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from feeds._resources import read_packaged_list
from feeds.values.patterns import Pattern, compile_pattern

_ADDRESS = re.compile(r"<(https?://[^\s<>]+)?>", re.IGNORECASE)
# The same line after Markdown was converted: a link whose text is its own address.
_LINKED_ADDRESS = re.compile(r"<p>\s*<a href=\"(https?://[^\s<>\"]+)\">\s*\1\s*</a>\s*</p>", re.IGNORECASE)
# Patterns come from the configuration and may be slow: both limits bound the time for one body.
_LONGEST_LINE = 4096
_MOST_LINES = 24


@cache
def load_default_boilerplate() -> tuple[str, ...]:
    """Return the patterns, as text, that apply when the configuration has none (``feeds/data/boilerplate.txt``)."""
    return tuple(read_packaged_list("data/boilerplate.txt"))


def compile_patterns(lines: Sequence[str]) -> list[Pattern]:
    """Return the patterns ready for :func:`split_tail`.

    Raises:
        re.error: a pattern is not a valid regular expression.
    """
    return [compile_pattern(line) for line in lines]


def split_tail(body: str, patterns: Sequence[Pattern], is_source: Callable[[str], bool]) -> tuple[str, str]:
    """Cut source address and boilerplate off the end of a body.

    Lines are checked from the end. The first that is not empty, not boilerplate (a pattern matches the whole line)
    and not ``<address>`` ends the tail. ``<>`` is an empty address.

    Args:
        body: In its own markup.
        patterns: From :func:`compile_patterns`.
        is_source: Whether an address is where the post came from. Other addresses are references, which
            belong to the text.

    Returns:
        The body without its tail, and the source address (empty if there is none).
    """
    rest = body.rstrip()
    address: str | None = None
    for _ in range(_MOST_LINES):
        start = rest.rfind("\n") + 1
        line = rest[start:].strip()
        if not line or len(line) > _LONGEST_LINE:
            break
        found = _parse_address_line(rest[start:]) if address is None else None
        if found is not None and (not found or is_source(found)):
            address = found
        elif not any(pattern.fullmatch(line) for pattern in patterns):
            break
        rest = rest[:start].rstrip()
    return rest, address or ""


def find_last_address(body: str) -> str:
    """Return the address on the last line of a body; empty if that line is text."""
    line = body.rstrip().rpartition("\n")[2]
    return (_parse_address_line(line) or "") if len(line) <= _LONGEST_LINE else ""


def _parse_address_line(line: str) -> str | None:
    """Return the address that a line consists of; None for any other line, such as the end of a list item."""
    found = _ADDRESS.fullmatch(line.rstrip())
    if found:
        return found[1] or ""
    found = _LINKED_ADDRESS.fullmatch(line.strip())
    return found[1].replace("&amp;", "&") if found else None
