"""Load the body of a sighting: the document that was read, with its header."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from feeds.storage.sqlite import Database


class StoredBody(NamedTuple):
    """The document of a sighting, with the source and the place that it was read from."""

    document: bytes = b""
    """Compressed, with its header (:mod:`feeds.storage.packing`); empty if it was removed."""
    source: str = ""
    place: str = ""


NO_BODY = StoredBody()
"""The body of a sighting whose document was removed."""


def load_bodies(db: Database, sightings: Iterable[int]) -> dict[int, StoredBody]:
    """Load the body of each of these sightings that has a document, by number."""
    db.scope(sightings)
    return {row[0]: StoredBody(*row[1:]) for row in db.rows("payloads_get")}
