"""Read the dates of a post, and the date from which the generator of its tree makes the address.

A date without an offset is in the time zone of the site: that is what ``site.timezone`` means. Addresses have to be
those that the generator writes, and generators differ. Jekyll and Hexo convert the date to the zone of the site, Hugo
and Pelican use the written offset. Jekyll also reads an unquoted date with seconds as UTC, because YAML does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from feeds.errors import PostRejected
from feeds.models import Generator
from feeds.parser.posts.front_matter_values import Timestamp
from feeds.parser.posts.header_fields import HeaderFields
from feeds.parser.posts.visibility import EXPIRY_KEYS, PUBLISH_KEYS
from feeds.values.dates import parse_date

# `published` comes after `date`, because in Jekyll it is a boolean.
_DATE_KEYS = (*PUBLISH_KEYS, "date", "published", "pubdate", "created")
_LATER_KEYS = ("published", "pubdate")
"""Hugo's other keys for the date of publication: they replace ``date`` if they are later."""
_UPDATED_KEYS = ("last_modified_at", "updated", "modified", "lastmod")
_NO_DATE = "0001-01-01"
"""Hugo's form of a missing date."""
_ONLY_OFFSET = re.compile(r"\s*+(?:[+-]\d\d:?\d\d|Z)?\s*+")
_OFFSET_AT_END = re.compile(r"(?:[+-]\d\d:?\d\d|Z|[A-Z]{3,4})\s*$")
_ELSEWHERE = "a date found elsewhere"

_WRITTEN: Final[frozenset[Generator]] = frozenset(("hugo", "pelican", "content"))
"""Generators whose addresses have the date in its written offset."""


# Loading a zone reads a file, and all posts of a source have the same.
@lru_cache(maxsize=8)
def _load_zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def convert_zone(date: datetime | None, name: str) -> datetime | None:
    """Return the date in the zone of the site."""
    try:
        return date and date.astimezone(_load_zone(name))
    except OverflowError:  # at the ends of the calendar
        return date


class PostDates:
    """Reads the dates of one header."""

    def __init__(self, fields: HeaderFields, zone: str, generator: Generator) -> None:
        self._fields, self._zone, self._generator = fields, zone, generator

    def read_published(self) -> datetime | None:
        """Return the stated date of publication; a post with a future date is not published before.

        Raises:
            PostRejected: a date of publication is invalid.
        """
        self._read_exact_dates(PUBLISH_KEYS)
        found = self._read_date(_DATE_KEYS)
        if found is None or any(map(self._fields.read_text, PUBLISH_KEYS)):
            return found
        for key in _LATER_KEYS:
            later = self._parse(key) if self._fields.read_text(key) else None
            found = self._read_date((key,)) or found if later and later > found else found
        return found

    def read_updated(self) -> datetime | None:
        """Return the stated date of the last change."""
        return self._read_date(_UPDATED_KEYS)

    def read_expiry(self, section: Iterable[str] = ()) -> datetime | None:
        """Return the date at which to remove the post, or None.

        Args:
            section: Dates at which all posts of its section are removed.

        Raises:
            PostRejected: the date of the post is invalid.
        """
        shared = [date for text in section if (date := parse_date(text, _load_zone(self._zone)))]
        return min([*self._read_exact_dates(EXPIRY_KEYS), *shared], default=None)

    def find_page_date(self, published: datetime | None) -> datetime | None:
        """Return the date for the address of the page: the generators use ``date``, in their own zone.

        Args:
            published: The date of publication, for a post without ``date``.
        """
        text = self._fields.read_text("date") if self._generator else ""
        zone = UTC if self._is_yaml_time("date") else _load_zone(self._zone)
        date = (parse_date(text, zone) if text else None) or published
        return date if self._generator in _WRITTEN else convert_zone(date, self._zone)

    def read_day(self, numbers: tuple[int, int, int]) -> datetime | None:
        """Return the beginning of a day that a file name states; None if no such day exists."""
        try:
            return datetime(*numbers, tzinfo=_load_zone(self._zone))
        except ValueError:
            return None

    def _is_yaml_time(self, key: str) -> bool:
        """Return whether a library for YAML turns the value into a time in UTC before Jekyll reads it."""
        return self._generator == "jekyll" and isinstance(self._fields.values.get(key), Timestamp)

    def _parse(self, key: str) -> datetime | None:
        return parse_date(self._fields.read_text(key), _load_zone(self._zone))

    def _read_date(self, keys: tuple[str, ...]) -> datetime | None:
        fields = self._fields
        for key in keys:
            text = fields.read_text(key)
            if isinstance(fields.values.get(key), (list, dict)):
                fields.add_repair(key, "bad-date", _ELSEWHERE)
            if (
                not text
                or text.startswith(_NO_DATE)
                or (key == "published" and text.lower() in ("true", "yes", "on"))
            ):
                continue
            if _ONLY_OFFSET.fullmatch(text):
                fields.add_repair(key, "empty-date", _ELSEWHERE)
                continue
            date = self._parse(key)
            if date is None:
                fields.add_repair(key, "bad-date", _ELSEWHERE)
                continue
            # The time zone is a guess that authors should know of.
            if not _OFFSET_AT_END.search(text.partition("[")[0][-6:]):
                fields.add_repair(key, "no-timezone", date.isoformat(" "))
            return date
        return None

    def _read_exact_dates(self, keys: tuple[str, ...]) -> list[datetime]:
        """Return the dates of keys that control when a post is public.

        A wrong guess could publish a post too early, so an invalid date rejects the post.

        Raises:
            PostRejected: a date is invalid.
        """
        found = []
        for key in keys:
            text = self._fields.read_text(key)
            if not text or text.startswith(_NO_DATE):
                continue
            date = self._parse(key)
            if date is None:
                raise PostRejected(f"{key} is {text[:80]!r}, which is no date; write one such as 2024-05-01")
            found.append(date)
        return found
