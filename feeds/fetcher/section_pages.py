"""Read the list pages of sections (``_index.md``), whose values hold for the posts below them.

Hugo: the table ``cascade`` of a section, or of the site, is the front matter of all pages below it that do not state a key
themselves. Hugo and Zola: a section that is a draft has no pages.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from feeds.fetcher.site_generator import find_settings, read_text
from feeds.models import Generator
from feeds.parser.posts.cascades import Section, build_section
from feeds.parser.posts.front_matter import read_front_matter
from feeds.values.dates import parse_date

_NAMES: Final = ("_index.md", "_index.html", "_index.markdown")
_MOST: Final = 10_000
"""Sections of a site; their values are sent to every worker process."""


def read_sections(folder: Path, generator: Generator, zone: str, now: datetime) -> tuple[Section, ...]:
    """Return the sections of a folder of posts that hold values for the posts below them, the outermost first.

    Args:
        folder: The folder of posts.
        generator: The generator of its tree.
        zone: Time zone of dates without an offset.
        now: The present time: a section with a date in the future has no posts yet.
    """

    def is_future(text: str) -> bool:
        date = parse_date(text, ZoneInfo(zone))
        return date is not None and date > now

    if generator not in ("hugo", "zola", "content"):
        return ()
    found = [build_section("", find_settings(folder), generator, is_future, is_page=False)]
    found += [
        build_section(below, values, generator, is_future, is_page=True)
        for below, values in _list_section_pages(folder)
    ]
    return tuple(section for section in found if section)


def _list_section_pages(folder: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the folder of each section, with a slash at its end, and the values of its page."""
    # A source may be a part of the site: the sections above it hold for all of it.
    parents = list(folder.parents)
    tops = [place for place in reversed(parents) if "content" in place.relative_to(place.anchor).parts]
    for place in tops:
        for values in _read_pages(place):
            yield "", values
    count = 0
    for name_of_place, folders, names in os.walk(folder):
        place = Path(name_of_place)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if not any(name.startswith("_index.") for name in names):
            continue
        below = place.relative_to(folder).as_posix()
        for values in _read_pages(place):
            count += 1
            if count <= _MOST:
                yield "" if below == "." else f"{below}/", values


def _read_pages(place: Path) -> Iterator[Mapping[str, Any]]:
    for name in _NAMES:
        text = read_text(place / name)
        # Most pages have only a title, and reading their header takes longer than this search.
        matter = read_front_matter(text) if text else None
        if matter:
            yield matter.values
