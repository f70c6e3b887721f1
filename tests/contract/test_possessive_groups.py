"""No regular expression repeats a group possessively: Python before 3.11.5 matches that wrongly (Debian 12 has 3.11.2).

`(?>(?:...)*)` means the same as `(?:...)*+` and is right everywhere. A possessive repetition of one character is right too.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest

import feeds

parser: Any = re._parser  # type: ignore[attr-defined]
SINGLE = {"LITERAL", "NOT_LITERAL", "ANY", "IN", "CATEGORY"}


def find_possessive_groups(pattern: str | bytes, flags: int = 0) -> list[str]:
    """Return what is repeated possessively in a pattern and is more than one character."""
    return list(_walk(parser.parse(pattern, flags)))


def _walk(node: Any) -> Iterator[str]:
    if isinstance(node, parser.SubPattern):
        for operation, argument in node:
            if str(operation) == "POSSESSIVE_REPEAT":
                items = list(argument[2])
                if len(items) != 1 or str(items[0][0]) not in SINGLE:
                    yield str(items)
            yield from _walk(argument)
    elif isinstance(node, tuple | list):
        for part in node:
            yield from _walk(part)


def list_patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Yield the compiled patterns of every module."""
    for module in pkgutil.walk_packages(feeds.__path__, "feeds."):
        if not module.name.endswith("__main__"):
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, re.Pattern):
                    yield f"{module.name}.{name}", value


def test_no_pattern_repeats_a_group_possessively() -> None:
    found = dict(list_patterns())
    assert len(found) > 100
    wrong = {
        name: groups
        for name, pattern in found.items()
        if (groups := find_possessive_groups(pattern.pattern, pattern.flags & ~re.UNICODE))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("pattern", "count"), [(r"(?:ab|c)*+d", 1), (r"a(b)?+", 1), (r"a*+\w++[^x]?+", 0), (r"(?>(?:ab|c)*)d", 0)]
)
def test_a_possessive_group_is_found(pattern: str, count: int) -> None:
    assert len(find_possessive_groups(pattern)) == count
