"""Remember which documents took too long, so that the same bytes are not tried again until code or settings change.

The verdicts on entries are in the store (:mod:`feeds.storage.left_out`). The head of the feed has the ``key`` for which
all verdicts count: the digest of the settings that parsed its entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_MOST_NAMED = 20


def get_refusal(head: Mapping[str, Any], key: str, digest: str) -> str:
    """Return why the document with this digest was refused; empty if it was not."""
    known, reason = head.get("refused", ("", ""))
    return str(reason) if known == digest and head.get("verdicts") == key else ""


def are_outdated(head: Mapping[str, Any], key: str) -> bool:
    """Return whether there are verdicts of other settings, so that what they are about is to be tried again."""
    return bool(head.get("verdicts", key) != key)


def add_refusal(head: Mapping[str, Any], key: str, digest: str, reason: str) -> dict[str, Any]:
    """Return the head with the verdict on a document."""
    return {**head, "verdicts": key, "refused": [digest, reason]}


def name_entries(names: Sequence[str]) -> str:
    """Return the names of entries for a message; of many only the first."""
    shown = ", ".join(map(repr, names[:_MOST_NAMED]))
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown
