"""Faults for mutation tests are put only where a test of behaviour can see them."""

from __future__ import annotations

import ast

import pytest

from benchmarks.mutant_changes import apply_change, find_visible_changes


@pytest.mark.parametrize(
    "source",
    [
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    A = not B\n",
        "import typing\nif typing.TYPE_CHECKING:\n    A = not B\n",
        "if __name__ == '__main__':\n    A = not B\n",
        "_MOST = 64\n",
        "_MOST: Final = -2 + 3 * 1024\n",
        "_SECONDS: float = 0.5\n",
        "def f(most: int = 64, *, size=5): ...\n",
        "a = b <= _MOST",
        "pool = Workers(1, begin)",
        "a = zip(b, c, strict=True)\n",
        "cache = Cache(maxsize=64)\n",
        "self._log('x', count - 1, not done)\n",
        "commands.add_argument('-x', default=1)\n",
        "class A:\n    __slots__ = ('a', 1)\n    def __repr__(self):\n        return not self\n",
        "'A text'\nNAME = 'a'\n",
        "raise ValueError(1 + 1)\n",
    ],
)
def test_a_fault_that_nobody_sees_is_not_drawn(source: str) -> None:
    assert find_visible_changes(source) == []


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("a = b < c", "a = b <= c"),
        ("def f(x):\n    return x", "def f(x):\n    return None"),
        ("a = b == _MOST", "a = b != _MOST"),
        ("a = f(limit=5)", "a = f(limit=6)"),
        ("def f(a=True):\n    g", "def f(a=False):\n    g"),
        ("_KEPT = True", "_KEPT = False"),
        ("class A:\n    size = 5", "class A:\n    size = 6"),
    ],
)
def test_a_fault_that_can_be_seen_is_drawn(source: str, changed: str) -> None:
    ((number, _, _, new),) = find_visible_changes(source)
    assert ast.unparse(apply_change(source, number, new)) == changed
