"""Convert sightings and shown values to columns of the database and back.

The values are JSON lists: lists take less space and time than objects with keys.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from feeds.errors import build_damage_error
from feeds.identity import Shown, Sighting
from feeds.storage.packing import dumps


def _format_date(value: datetime | None) -> str | None:
    return value.isoformat() if value else None


def _read_date(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def encode_sighting(sighting: Sighting) -> str:
    """Return the fields of a sighting as JSON, without its keys and numbers."""
    return dumps(
        [
            sighting.title,
            sighting.link,
            sighting.page,
            sighting.authors,
            _format_date(sighting.published),
            _format_date(sighting.updated),
            _format_date(sighting.guess),
            sighting.categories,
            sighting.tags,
            sighting.length,
            sighting.guid,
            sighting.fixed_id,
            sighting.language,
            # Fields that were added later are left out when empty, so that old rows and new rows are equal.
            *_drop_empty_end((sighting.former, sighting.text, sighting.merges_terms)),
        ]
    )


def _drop_empty_end(values: Sequence[str | bool]) -> Sequence[str | bool]:
    while values and not values[-1]:
        values = values[:-1]
    return values


def read_sighting(
    row: Sequence[Any],
    sources: dict[int, tuple[str, int]],
    weak: frozenset[str],
    own: frozenset[str],
) -> Sighting:
    """Return the sighting of a row ``(id, source, item, place, strong, data, digest, …)``.

    Raises:
        StoreError: the row is damaged.
    """
    try:
        return _build_sighting(row, json.loads(row[5]), sources[row[1]], weak, own)
    except (ValueError, TypeError, LookupError) as error:
        raise build_damage_error("the store", error) from error


def _build_sighting(
    row: Sequence[Any],
    values: Sequence[Any],
    source: tuple[str, int],
    weak: frozenset[str],
    own: frozenset[str],
) -> Sighting:
    name, rank = source
    return Sighting(
        number=row[0],
        source=name,
        rank=rank,
        item=row[2],
        place=row[3],
        strong=row[4],
        weak=weak,
        own=own,
        title=values[0],
        link=values[1],
        page=values[2],
        authors=tuple(values[3]),
        published=_read_date(values[4]),
        updated=_read_date(values[5]),
        guess=_read_date(values[6]),
        categories=tuple(values[7]),
        tags=tuple(values[8]),
        length=values[9],
        guid=values[10],
        fixed_id=values[11],
        language=values[12],
        digest=row[6],
        # Rows of earlier versions are shorter, and are not rewritten by a migration.
        # Of a file it is derived from the stored text, as long as published ids may depend on it.
        former=values[13] if len(values) > 13 and not row[3] else "",
        text=values[14] if len(values) > 14 else "",
        merges_terms=bool(values[15]) if len(values) > 15 else False,
    )


def encode_shown(shown: Shown) -> str:
    """Return what a post shows as JSON."""
    return dumps(
        [
            shown.title,
            shown.link,
            shown.authors,
            _format_date(shown.published),
            shown.guessed,
            _format_date(shown.updated),
            shown.categories,
            shown.tags,
            shown.body,
            shown.language,
        ]
    )


def read_shown(text: str) -> Shown:
    """Return what a post shows, from its JSON.

    Raises:
        StoreError: the JSON is damaged.
    """
    try:
        return _build_shown(json.loads(text))
    except (ValueError, TypeError, LookupError) as error:
        raise build_damage_error("the store", error) from error


def _build_shown(v: Sequence[Any]) -> Shown:
    return Shown(
        v[0],
        v[1],
        tuple(v[2]),
        _read_date(v[3]),
        v[4],
        _read_date(v[5]),
        tuple(v[6]),
        tuple(v[7]),
        v[8],
        v[9],
    )
