"""Filters of Liquid and Jekyll that write dates (``Liquid::Utils.to_date``, ``Jekyll::Filters::DateFilters``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from liquid.exceptions import FilterError

from feeds.parser.posts.liquid_lists import is_nil, to_text
from feeds.parser.posts.ruby_dates import format_ruby_date
from feeds.values.dates import parse_date

_ENDINGS: Final = {1: "st", 2: "nd", 3: "rd"}


def _to_date(value: object) -> datetime | None:
    """Return a value as a date; None if it is none.

    Raises:
        FilterError: it is the time of the build: then a feed would change with each build.
    """
    if isinstance(value, datetime):
        return value
    text = to_text(value)
    if text.lower() in ("now", "today"):
        raise FilterError("the time of the build has no place in a feed", token=None)
    return parse_date(text, UTC)


def _format_date(value: object, pattern: object = "") -> object:
    """Format a date; a value that is not a date stays as it is, as in Liquid."""
    date = None if is_nil(value) or value is False else _to_date(value)
    text = to_text(pattern)
    if date is None or not text:
        return value
    return format_ruby_date(date, text)


def _write_day(month: str) -> Callable[..., object]:
    def write(value: object, kind: object = None, style: object = None) -> object:
        if to_text(kind) != "ordinal":
            return _format_date(value, f"%d {month} %Y")
        day = _format_date(value, "%-d")
        if not isinstance(day, str) or not day.isdecimal():
            return value
        number = int(day)
        ordinal = f"{number}{'th' if 10 < number < 20 else _ENDINGS.get(number % 10, 'th')}"
        american = to_text(style) == "US"
        return _format_date(value, f"{month} {ordinal}, %Y" if american else f"{ordinal} {month} %Y")

    return write


def _to_xml_date(value: object) -> object:
    date = None if is_nil(value) else _to_date(value)
    return date.isoformat(timespec="seconds") if date else value


DATE_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "date": _format_date,
    "date_to_long_string": _write_day("%B"),
    "date_to_rfc822": lambda value: _format_date(value, "%a, %d %b %Y %H:%M:%S %z"),
    "date_to_string": _write_day("%b"),
    "date_to_xmlschema": _to_xml_date,
}
