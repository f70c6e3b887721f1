"""Words, dates, spans of time and sizes of pages, in the language of the site."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from feeds.errors import UsageError


class Words(dict[str, Any]):
    """A language's words by name, as attributes too; a word that depends on a number is ``[one, many]``."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a text or a list of texts
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(f"there is no word {name!r}; add it to words.toml") from error


_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def read_words(text: str, name: str) -> dict[str, Words]:
    """Parse the word lists of a ``words.toml``; return them by language.

    Args:
        text: Text of the file.
        name: Name of the file for messages.

    Raises:
        UsageError: The text is not TOML, or a value at its top is not a table.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name}: {error}; correct it or remove it from the folder") from error
    if not all(isinstance(table, dict) for table in tables.values()):
        raise UsageError(f"{name}: words belong under a language such as [en]; move them there")
    return {language: Words(table) for language, table in tables.items()}


def choose_words(languages: Mapping[str, Words], language: str) -> Words:
    """Return the words of a language: for ``zh-TW`` the first that exists of ``zh-tw``, ``zh``, ``en``."""
    wanted = language.lower().replace("_", "-")
    known = {name.lower(): words for name, words in languages.items()}
    return known.get(wanted) or known.get(wanted.partition("-")[0]) or known["en"]


def format_number(value: int) -> str:
    """Format a number with a comma between thousands."""
    return f"{value:,}"


def format_count(forms: Sequence[str], value: int) -> str:
    """Format a count with its noun; ``forms`` is ``[one, many]``."""
    return forms[value != 1].format(format_number(value))


def format_day(words: Words, value: datetime) -> str:
    """Format the date, in its own offset."""
    month: str = words["months"][value.month - 1]
    text: str = words["date"].format(year=value.year, month=month, day=value.day)
    return text


def format_moment(words: Words, value: datetime) -> str:
    """Format date and time to the minute, in its own offset."""
    return f"{format_day(words, value)} {value:%H:%M}"


def format_span(words: Words, value: datetime, now: datetime, due: str = "") -> str:
    """Format the span between a time and now; ``due`` is the text for a time that should not be past."""
    seconds = int((now - value).total_seconds())
    side = "ago" if seconds >= 0 else "in"
    if due and side == "ago":
        return due
    span = abs(seconds)
    if span < _MINUTE:
        return str(words["now"] if side == "ago" else words["soon"])
    unit, length = next(
        (name, size)
        for name, size in (("day", _DAY), ("hour", _HOUR), ("minute", _MINUTE))
        if span >= 2 * size or size == _MINUTE
    )  # fmt: skip
    return format_count(words[f"{side}_{unit}"], span // length)


def format_size(length: int) -> str:
    """Format a size in bytes as kB or MB; empty if it is unknown."""
    if length <= 0:
        return ""
    if length < 1_000_000:
        return f"{max(1, length // 1000)} kB"
    return f"{length / 1_000_000:.1f} MB"
