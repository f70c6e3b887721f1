"""What the store can do for other packages: one protocol for each concern, with at most ten methods.

A method expresses one intent, takes and returns typed records, and has its transaction inside. Callers name the
protocol that they need; :class:`~feeds.storage.store.Store` implements all of them.
"""

from __future__ import annotations

from typing import Protocol

from feeds.storage.interface.ingest import Files, Items, Sources, StoredEntries, UpstreamFeeds
from feeds.storage.interface.inspection import Control, Counts, Searches, Soundness
from feeds.storage.interface.publication import (
    Archives,
    Documents,
    Entries,
    Feeds,
    FileIds,
    Ledger,
    Posts,
    Slugs,
)
from feeds.storage.interface.push import HubTasks, Subscriptions, UpstreamSubscriptions

__all__ = [
    "Archives",
    "Control",
    "Counts",
    "Documents",
    "Entries",
    "Feeds",
    "FileIds",
    "Files",
    "HubTasks",
    "Items",
    "Ledger",
    "Posts",
    "Searches",
    "Slugs",
    "Soundness",
    "Sources",
    "Storage",
    "StoredEntries",
    "Subscriptions",
    "UpstreamFeeds",
    "UpstreamSubscriptions",
]


class Storage(
    Sources,
    Files,
    Items,
    UpstreamFeeds,
    StoredEntries,
    Posts,
    FileIds,
    Entries,
    Feeds,
    Slugs,
    Documents,
    Archives,
    Ledger,
    Subscriptions,
    HubTasks,
    UpstreamSubscriptions,
    Control,
    Searches,
    Counts,
    Soundness,
    Protocol,
):
    """Everything that the store can do, for callers with several concerns."""
