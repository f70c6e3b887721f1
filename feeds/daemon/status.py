"""The status of every source, for ``feedd status`` and for the status page."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from feeds.config import Config
from feeds.sources import expand_sources
from feeds.storage.interface import Storage
from feeds.storage.upstreams import UpstreamRow
from feeds.values import document_paths


def load_status(db: Storage, config: Config) -> dict[str, Any]:
    """Return the sources with their counts, the number of posts by state, and the feeds."""
    configured = {source.name for source in (*config.sources, *expand_sources(config.sources, db)[0])}
    upstreams = db.load_upstreams()
    entries = db.count_entries()
    stored = db.load_status_counts()
    sources = []
    for number, name, _, complete, last in db.load_sources().values():
        counts = {"item": 0, "ignored": 0, "unpublished": 0, "rejected": 0, "vanished": 0, "repaired": 0}
        for outcome, vanished, count, repaired in stored.files[number]:
            # A file that has vanished keeps its last outcome, but must not count twice.
            counts["vanished" if vanished else outcome] += count
            counts["repaired"] += 0 if vanished else repaired
        sources.append(
            {
                "name": name,
                "configured": name in configured,
                "complete": complete,
                "last_read": last,
                "files": counts,
                "entries": entries.get(number, 0),
                "upstream": _describe_upstream(upstreams[name]) if name in upstreams else None,
            }
        )
    feeds = [
        {
            "kind": feed.kind,
            "name": feed.name,
            "label": get_label(config, feed.kind, feed.name),
            "folder": document_paths.build_folder(feed.kind, feed.slug) or "/",
            "posts": stored.posts_of_feeds.get(feed.number, 0),
        }
        for feed in db.load_feeds()
    ]
    return {
        "sources": sources,
        "posts": stored.posts,
        "feeds": feeds,
        "documents": stored.documents,
    }


def _describe_upstream(row: UpstreamRow) -> dict[str, Any]:
    """Return the health of an upstream feed, when it was and will be fetched, and why."""
    failures = json.loads(row.state).get("failures", 0)
    health = "gone" if row.outcome == "gone" else "failing" if failures else "well"
    return {
        "health": health,
        "last_poll": format_time(row.polled) if row.polled else "",
        "next_poll": format_time(row.due) if row.outcome != "gone" else "",
        "decided_by": row.decided_by,
        "reason": row.reason,
        "failures": failures,
        "title": row.head.get("title", ""),
        "url": row.head.get("url", ""),
        "hubs": row.head.get("hubs", []),
    }


def get_label(config: Config, kind: str, name: str) -> str:
    """Return the name of a feed for people: its configured label, or its own name."""
    return config.labels.get(kind, {}).get(name, name)


def format_time(seconds: int) -> str:
    """Format seconds since 1970 as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
