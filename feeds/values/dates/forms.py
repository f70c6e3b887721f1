"""Rewrite dates of other calendars and notations in a form that the parsers of this package read."""

from __future__ import annotations

import re
import unicodedata
from datetime import tzinfo
from typing import Final
from zoneinfo import ZoneInfo

# RFC 9557, 3.1: a zone in brackets, and other tags, after a date of RFC 3339.
_TAGS = re.compile(r"((?:\[!?[A-Za-z0-9_+\-/=.]{1,64}\]){1,8})$")
_ZONE_TAG = re.compile(r"\[!?([A-Za-z_]+(?:/[A-Za-z0-9_+\-]+){0,2})\]")
_OFFSET_AT_END = re.compile(r"(?:[Zz]|[+-]\d\d:?\d\d)$")
_SIGNS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"))
_DOUBLE_SIGN = re.compile(r"(?<=\s)([+-])\1(?=\d{2}:?\d{2}\b)")
_ERAS: Final = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "民国": 1911, "民國": 1911}
"""The year before the first year of an era."""
_ERA = re.compile(rf"({'|'.join(_ERAS)})\s*(元|\d{{1,3}})\s*年")
_NUMERALS = "〇一二三四五六七八九"
_WRITTEN_YEAR = re.compile(r"[〇零一二三四五六七八九]{4}(?=年)")
_WRITTEN_NUMBER = re.compile(r"([二三]?十[一二三四五六七八九]?|[一二三四五六七八九])(?=[月日号號])")
_MONTHS: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905
# The month of a C locale of East Asia among a date in the order of RFC 822.
_MONTH_BETWEEN = re.compile(r"(?<!\d)(\d{1,2})\s+(1[0-2]|0?[1-9])\s*[月월]\s+(?=\d{4})")
_WEEKDAY = re.compile(
    r"^(?:星期|周|週|礼拜)?[一二三四五六日天月火水木金土월화수목금토일](?:曜日?|요일)?[,、\s]+(?=\d)"
)
_VIETNAMESE = re.compile(r"ngày\s+(\d{1,2})\s+tháng\s+(1[0-2]|0?[1-9])(?:\s+năm|,)?\s+(\d{4})", re.IGNORECASE)


def simplify_date(text: str, zone: tzinfo) -> tuple[str, tzinfo]:
    """Return a date (in Unicode's form NFKC) in a usual form, and the zone of a date without an offset.

    It converts the tags of RFC 9557, the eras of Japan and the Republic of China, and numbers written in Chinese or in
    the digits of any script. It also converts months such as ``2月`` in a date of RFC 822, doubled signs and seconds
    after ``@``.
    """
    if text.endswith("]"):
        text, zone = _split_tags(text, zone)
    if not text.isascii():
        text = _fold_digits(text.translate(_SIGNS))
        text = _WRITTEN_YEAR.sub(lambda found: "".join(map(_read_digit, found[0])), text)
        text = _WRITTEN_NUMBER.sub(_read_number, text)
        text = _ERA.sub(_read_era, text)
        text = _MONTH_BETWEEN.sub(_name_month, _WEEKDAY.sub("", text))
        text = _VIETNAMESE.sub(lambda found: f"{found[1]} {_MONTHS[int(found[2]) - 1]} {found[3]}", text)
    return _DOUBLE_SIGN.sub(r"\1", text.removeprefix("@")).strip(), zone


def _split_tags(text: str, zone: tzinfo) -> tuple[str, tzinfo]:
    found = _TAGS.search(text)
    if not found:
        return text, zone
    date = text[: found.start()].rstrip()
    named = _ZONE_TAG.match(found[1])
    if named and not _OFFSET_AT_END.search(date):
        try:
            zone = ZoneInfo(named[1])
        except (KeyError, ValueError, OSError):
            return text, zone
    return date, zone


def _fold_digits(text: str) -> str:
    return "".join(str(unicodedata.digit(c)) if unicodedata.category(c) == "Nd" else c for c in text)


def _read_digit(numeral: str) -> str:
    return str(max(_NUMERALS.find(numeral), 0))


def _read_number(found: re.Match[str]) -> str:
    tens, ten, units = found[1].rpartition("十")
    if not ten:
        return _read_digit(units)
    return f"{_read_digit(tens) if tens else 1}{_read_digit(units) if units else 0}"


def _read_era(found: re.Match[str]) -> str:
    return f"{_ERAS[found[1]] + (1 if found[2] == '元' else int(found[2]))}年"


def _name_month(found: re.Match[str]) -> str:
    return f"{found[1]} {_MONTHS[int(found[2]) - 1]} "
