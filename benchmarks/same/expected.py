"""Differences that are expected: listed apart, and no reason to fail."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path


class ExpectedError(Exception):
    """The file of expected differences has a mistake; the text names it."""


@dataclass(frozen=True)
class Rewording:
    """Words of the base that stand as other words in the working tree, at places that a pattern names."""

    place: str
    before: str
    after: str


@dataclass(frozen=True)
class Rewordings:
    """Rewordings that are applied to the base before it is compared."""

    every: tuple[Rewording, ...] = ()

    def apply(self, place: str, text: str) -> str:
        """Return a text of the base with the words that it should have in the working tree."""
        for one in self.every:
            if fnmatchcase(place, one.place):
                text = text.replace(one.before, one.after)
        return text


@dataclass(frozen=True)
class Expected:
    """What a file of expected differences says."""

    rewordings: Rewordings = Rewordings()
    places: tuple[str, ...] = ()
    """Patterns of places at which anything may differ."""

    def allows(self, place: str) -> bool:
        """Return whether anything may differ at a place."""
        return any(fnmatchcase(place, pattern) for pattern in self.places)


def read_expected(file: Path | None) -> Expected:
    """Read a TOML file of ``[[reworded]]`` (place, before, after) and ``[[expected]]`` (place, why).

    Raises:
        ExpectedError: the file cannot be read, or says something else.
    """
    if file is None:
        return Expected()
    try:
        values = tomllib.loads(file.read_text("utf-8"))
        reworded = tuple(Rewording(**one) for one in values.pop("reworded", []))
        expected = [(one.pop("place"), one.pop("why"), one) for one in values.pop("expected", [])]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ExpectedError(
            f"{file}: {error}; it holds [[reworded]] with place, before and after, and [[expected]] with place and why"
        ) from error
    if values or any(rest for _, _, rest in expected):
        raise ExpectedError(f"{file}: unknown keys: {[*values, *(k for *_, rest in expected for k in rest)]}")
    return Expected(Rewordings(reworded), tuple(place for place, _, _ in expected))
