"""Sightings and readings by hand, and a store in memory that ingests them: identity without any document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from feeds.identity import Sighting
from feeds.storage.feeds import assign_post_ids
from feeds.storage.records import Context, Reading
from feeds.storage.sightings import IngestCounts, SourceBatch, ingest_batches
from feeds.storage.sources import add_sources
from tests.rigs.memory_store import open_memory_store

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
APRIL = datetime(2024, 4, 1, 10, tzinfo=UTC)


def build_sighting(name: str, keys: str = "", **values: Any) -> Sighting:
    """Build the sighting of an item; ``keys`` are its weak keys with spaces between."""
    own = frozenset(keys.split())
    defaults: dict[str, Any] = {
        "number": 0,
        "source": "news",
        "rank": 0,
        "item": f"id:{name}",
        "place": "",
        "strong": "",
        "weak": own,
        "own": own,
        "title": name,
        "link": "",
        "page": "",
        "authors": (),
        "published": APRIL,
        "updated": None,
        "guess": None,
        "categories": (),
        "tags": (),
        "length": 1,
        "digest": name.encode(),
    }
    return Sighting(**(defaults | values))


def build_reading(
    name: str, keys: str = "", *, of: Mapping[str, Any] | None = None, **values: Any
) -> Reading:
    """Build the reading of an item; ``of`` are fields of the reading, the other values those of its sighting."""
    sighting = build_sighting(name, keys, **values)
    fields: dict[str, Any] = {"sighting": sighting, "document": name.encode()} | dict(of or {})
    return Reading(sighting.place or sighting.item, 1, 2, sighting.digest, "item", **fields)


class SightingStore:
    """A store in memory with the sources ``news`` and ``up``."""

    def __init__(self) -> None:
        self.db = open_memory_store()
        ranks = {"news": 0, "up": 1}
        stored = add_sources(self.db, ranks).values()
        self.sources = {source.number: (source.name, ranks[source.name]) for source in stored}
        self.now = NOON

    def build_context(self, source: str = "news", **values: Any) -> Context:
        number = next(number for number, (name, _) in self.sources.items() if name == source)
        fields = {"early": False, "now": self.now, "blocked": frozenset(), "judge": None} | values
        return Context(source=number, sources=self.sources, **fields)

    def ingest(
        self,
        *readings: Reading,
        source: str = "news",
        renamed: Mapping[str, str] | None = None,
        **values: Any,
    ) -> IngestCounts:
        """Store readings, an hour after the last, and assign ids to new posts."""
        self.now += timedelta(hours=1)
        counts = ingest_batches(
            self.db, [SourceBatch(self.build_context(source, **values), readings, renamed)]
        )
        assign_post_ids(self.db, self.sources)
        return counts

    def select(self, sql: str) -> list[tuple[Any, ...]]:
        return self.db._connection.execute(sql).fetchall()

    def list_posts(self) -> list[list[str]]:
        """Return the items of each post that has any, in order."""
        rows = self.select(
            "SELECT post, item FROM sighting WHERE post IS NOT NULL AND gone = 0 ORDER BY item"
        )
        groups: dict[int, list[str]] = {}
        for post, item in rows:
            groups.setdefault(post, []).append(item.partition(":")[2])
        return sorted(groups.values())

    def get_uid(self, item: str) -> str:
        """Return the id of the post that has an item."""
        sql = f"SELECT uid FROM post JOIN sighting ON sighting.post = post.id WHERE item = 'id:{item}'"
        return str(self.select(sql)[0][0])
