"""Filters that Jekyll adds to Liquid, and bounds for every filter."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sized
from decimal import ROUND_HALF_UP, Decimal
from functools import wraps
from html import escape
from typing import Any, Final
from urllib.parse import quote, quote_plus

from liquid.exceptions import FilterError
from liquid.filter import with_context

from feeds.parser.posts.liquid_dates import DATE_FILTERS
from feeds.parser.posts.liquid_lists import LIST_FILTERS, inspect, is_nil, to_text

_LONGEST_VALUE: Final = 16 * 1024
"""Limit for the characters or items of the input and the result of a filter."""
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?")
_MOST_DIGITS: Final = 15
_DECIMAL: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,20})?")
_INTEGER: Final = re.compile(r"\s*+([+-]?\d{1,15})")
_EAST_ASIAN: Final = re.compile(
    "[\u1100-\u11ff\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3038-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U000323af]"
)
"""Han, Hiragana, Katakana and Hangul, which are written without spaces between words."""
_SLUG_GAPS: Final = {
    "default": r"[\W_]++",
    "latin": r"[\W_]++",
    "raw": r"\s++",
    "ascii": r"[^a-z0-9]++",
    "pretty": r"[^\w.~!$&'()+,;=@]++",
}
"""What Jekyll replaces by a hyphen, by the mode of ``slugify``."""
_URL_CHARACTERS: Final = "!#$&'()*+,/:;=?@[]~%"
_LATIN: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ħ": "h", "ŋ": "n"}
)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*+:")


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
    if is_nil(value):
        return None
    path = to_text(value)
    if _SCHEME.match(path):
        return path
    path = _begin_with_slash(_get_site_text(context, "baseurl").rstrip("/")) + _begin_with_slash(path)
    return quote(path, safe=_URL_CHARACTERS)


def _begin_with_slash(path: str) -> str:
    return path if not path or path.startswith("/") else f"/{path}"


@with_context
def _make_absolute_url(value: object, *, context: Any) -> object:  # noqa: ANN401
    path = _make_relative_url(value, context=context)
    if not isinstance(path, str) or _SCHEME.match(path):
        return path
    return _get_site_text(context, "url").rstrip("/") + path


def _join_sentence(value: object, connector: object = "and") -> object:
    if not isinstance(value, (list, tuple)):
        return value
    words = [to_text(word) for word in value]
    if len(words) < 3:
        return f" {connector} ".join(words)
    return ", ".join(words[:-1]) + f", {connector} {words[-1]}"


def _slugify(value: object, mode: object = "default") -> object:
    if is_nil(value):
        return None
    text, pattern = to_text(value).lower(), _SLUG_GAPS.get(to_text(mode))
    if pattern is None:
        return text
    if mode == "latin":
        text = "".join(
            c
            for c in unicodedata.normalize("NFKD", text.translate(_LATIN))
            if c.isascii() or not unicodedata.combining(c)
        )
        text = text.encode("ascii", "replace").decode("ascii")
    return re.sub(pattern, "-", text).strip("-")


def _count_words(value: object, mode: object = None) -> int:
    """Count words; with a mode, each character of a script without spaces counts as a word (Jekyll's modes)."""
    text = to_text(value)
    characters = len(_EAST_ASIAN.findall(text)) if mode in ("cjk", "auto") else 0
    words = _EAST_ASIAN.sub(" ", text) if characters or mode == "cjk" else text
    return characters + len(words.split())


def _escape(value: object) -> object:
    return None if is_nil(value) else escape(to_text(value))


def _round(value: object, digits: object = 0) -> object:
    """Round half away from zero, as Ruby does."""
    number = Decimal(to_text(value)) if _DECIMAL.fullmatch(to_text(value)) else Decimal(0)
    places = min(max(0, _to_integer(digits)), _MOST_DIGITS)
    rounded = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return float(rounded) if places else int(rounded)


def _to_integer(value: object) -> int:
    """Return the number that a text begins with, as Ruby does; 0 without one."""
    if isinstance(value, (bool, int, float)):
        return int(value)
    found = _INTEGER.match(to_text(value))
    return int(found[1]) if found else 0


@with_context
def _convert_markdown(value: object, *, context: Any) -> object:  # noqa: ANN401
    if is_nil(value):
        return None
    text = to_text(value)
    context.env.rendering.reserve_room(len(text))  # loops multiply the work
    return context.env.rendering.convert(text)


def _to_json(value: object) -> object:
    return None if is_nil(value) else to_text(value)


UNSUPPORTED_FILTERS: Final = ("escapejs", "find_index", "has", "reject", "safe", "squish", "sum")
"""Filters of the library that Jekyll does not have."""
FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    **LIST_FILTERS,
    **DATE_FILTERS,
    "absolute_url": _make_absolute_url,
    "array_to_sentence_string": _join_sentence,
    "cgi_escape": lambda value: quote_plus(to_text(value)),
    "escape": _escape,
    "inspect": lambda value: escape(inspect(value)),
    "jsonify": lambda value: json.dumps(value, ensure_ascii=False, default=_to_json, separators=(",", ":")),
    "markdownify": _convert_markdown,
    "normalize_whitespace": lambda value: " ".join(to_text(value).split()),
    "number_of_words": _count_words,
    "relative_url": _make_relative_url,
    "round": _round,
    "slugify": _slugify,
    "to_integer": _to_integer,
    "uri_escape": lambda value: quote(to_text(value), safe=_URL_CHARACTERS),
    "xml_escape": _escape,
}
