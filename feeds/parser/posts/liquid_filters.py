"""Filters that Jekyll adds to Liquid, and bounds for every filter."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sized
from datetime import UTC, datetime
from functools import wraps
from html import escape
from typing import Any, Final
from urllib.parse import quote, quote_plus

from liquid.exceptions import FilterError
from liquid.filter import with_context
from liquid.stringify import to_liquid_string as _stringify
from liquid.undefined import is_undefined

from feeds.parser.posts.ruby_dates import format_ruby_date
from feeds.values.dates import parse_date

_LONGEST_VALUE: Final = 16 * 1024
"""Limit for the characters or items of the input and the result of a filter."""
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*+:")


def to_text(value: object) -> str:
    """Return a value as Liquid shows it."""
    return _stringify(value, autoescape=False)


def to_liquid(value: object) -> object:
    """Return a value as YAML means it: numbers are numbers, and what a header leaves empty is nil."""
    if isinstance(value, Mapping):
        return {str(key): to_liquid(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_liquid(part) for part in value]
    if isinstance(value, str):
        # Headers load null and empty text as empty text; an empty string would be true in Liquid.
        if not value:
            return None
        if _NUMBER.fullmatch(value):
            return float(value) if "." in value else int(value)
    return value


def limit_filter(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that refuses values that are too long, and raises errors of Liquid."""

    @wraps(function)
    def filter_value(*values: Any, **named: Any) -> Any:  # noqa: ANN401 - Liquid's values
        _check_sizes(function, values)
        try:
            result = function(*values, **named)
        except (ArithmeticError, TypeError, ValueError, LookupError, UnicodeError) as error:
            raise FilterError(str(error), token=None) from error
        if isinstance(result, Sized):
            _check_length(len(result))
        return result

    return filter_value


def _check_sizes(function: Callable[..., Any], values: tuple[Any, ...]) -> None:
    """Refuse work that grows faster than the text: long values, replacements that multiply, large powers."""
    for value in values:
        if isinstance(value, Sized):
            _check_length(len(value))
        # Powers of large numbers take unbounded time and memory.
        if isinstance(value, int) and value.bit_length() > 256:
            raise FilterError("a number is too large", token=None)
    texts = [value for value in values if isinstance(value, str)]
    # The size of the result is computed first, because checking it afterwards would be too late.
    if function.__name__.startswith("replace") and len(texts) == 3:
        text, old, new = texts
        count = text.count(old) if old else len(text) + 1
        _check_length(len(text) + count * len(new))
    if function.__name__ == "join" and isinstance(values[0], Sized) and len(texts) == 1:
        _check_length(len(values[0]) * len(texts[0]))


def _check_length(length: int) -> None:
    if length > _LONGEST_VALUE:
        raise FilterError("a value is too long", token=None)


def _get_site_text(context: Any, name: str) -> str:  # noqa: ANN401 - the library's context
    site = context.globals.get("site")
    value = site.get(name) if isinstance(site, Mapping) else None
    return "" if value is None else to_text(value)


@with_context
def _make_relative_url(value: object, *, context: Any) -> object:  # noqa: ANN401
    # Jekyll's filter returns nil for nil; an empty path would become a link to the root.
    if value is None or is_undefined(value):
        return None
    path = to_text(value)
    if _SCHEME.match(path):
        return path
    return _get_site_text(context, "baseurl").rstrip("/") + "/" + path.lstrip("/")


@with_context
def _make_absolute_url(value: object, *, context: Any) -> object:  # noqa: ANN401
    path = _make_relative_url(value, context=context)
    if not isinstance(path, str) or _SCHEME.match(path):
        return path
    return _get_site_text(context, "url").rstrip("/") + path


def _to_date(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    text = to_text(value)
    if text in ("now", "today"):
        # A pure function has no clock, and a feed must not change with every build; the text stays as it is.
        return None
    return parse_date(text, UTC)


def _format_date(value: object, pattern: object = "") -> object:
    """Format a date; a value that is not a date stays as it is, as in Liquid."""
    date = _to_date(value) if value and not is_undefined(value) else None
    text = to_text(pattern)
    if date is None or not text:
        return value
    return format_ruby_date(date, text)


def _to_xml_date(value: object) -> object:
    date = _to_date(value)
    return date.isoformat(timespec="seconds") if date else value


def _join_sentence(value: object, connector: object = "and") -> object:
    if not isinstance(value, (list, tuple)):
        return value
    words = [to_text(word) for word in value]
    if len(words) < 3:
        return f" {connector} ".join(words)
    return ", ".join(words[:-1]) + f", {connector} {words[-1]}"


def _slugify(value: object) -> str:
    return re.sub(r"[^\w]++", "-", to_text(value).lower()).strip("-")


def _escape(value: object) -> object:
    return None if value is None or is_undefined(value) else escape(to_text(value))


def _to_integer(value: object) -> int:
    return math.floor(float(to_text(value) or 0))


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "absolute_url": _make_absolute_url,
    "array_to_sentence_string": _join_sentence,
    "cgi_escape": lambda value: quote_plus(to_text(value)),
    "date": _format_date,
    "date_to_long_string": lambda value: _format_date(value, "%d %B %Y"),
    "date_to_rfc822": lambda value: _format_date(value, "%a, %d %b %Y %H:%M:%S %z"),
    "date_to_string": lambda value: _format_date(value, "%d %b %Y"),
    "date_to_xmlschema": _to_xml_date,
    "escape": _escape,
    "jsonify": lambda value: json.dumps(value, ensure_ascii=False, default=str),
    "normalize_whitespace": lambda value: " ".join(to_text(value).split()),
    "number_of_words": lambda value: len(to_text(value).split()),
    "relative_url": _make_relative_url,
    "slugify": _slugify,
    "to_integer": _to_integer,
    "uri_escape": lambda value: quote(to_text(value), safe="!#$&'()*+,/:;=?@[]~%"),
    "xml_escape": _escape,
}
