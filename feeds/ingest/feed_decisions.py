"""Decide what a response of an upstream feed means: the next poll, its metadata and the change of its entries.

Nothing here reads or writes anything; :mod:`feeds.ingest.feed` stores what is decided.

Verdicts remember what took too long, so that the same bytes are not tried again until code or settings change. Those
on entries are in the store (:mod:`feeds.storage.left_out`). The head of the feed has the verdict on its document, and
the ``key`` for which all of them count: the digest of the settings that parsed its entries.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from feeds.fetcher.schedule import HOUR, LEAST, NEVER, Hints, compute_next_poll
from feeds.identity import Sighting
from feeds.ingest.document_job import LONGEST_ENTRY, MOST_ENTRIES
from feeds.item_names import name_entries, rename_entry
from feeds.storage.records import Reading
from feeds.storage.upstreams import FeedUpdate, KnownEntries, PollResult

if TYPE_CHECKING:
    from feeds.fetcher.feed import Fetched
    from feeds.ingest.document_job import ParsedDocument, ReadDocument, Rejected
    from feeds.ingest.entry_account import EntryAccount
    from feeds.parser.feeds.document import Outline, UpstreamHead

_PERIODS = {"hourly": 3600, "daily": 86400, "weekly": 604800, "monthly": 2592000, "yearly": 31536000}
"""Seconds of each period of ``sy:updatePeriod`` (RSS 1.0 Syndication module)."""
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Each hub costs a subscription, and a feed may name as many as it likes.
_MAX_HUBS = 5
_RECENT = 20
# Still polled, because a hub may fail without notice.
_PUSHED_INTERVAL = 6 * HOUR
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


def list_entry_names(names: Sequence[str]) -> str:
    """Return the names of entries for a message; of many only the first."""
    shown = ", ".join(map(repr, names[:_MOST_NAMED]))
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown


def find_refusal(parts: Outline, url: str = "", content_type: str = "") -> str:
    """Return why a document is refused before its entries are parsed; empty if it is accepted.

    ``url`` and ``content_type`` are those of the document, for the message.
    """
    if parts.kind == "none":
        media = content_type.partition(";")[0].strip()
        kind = f" ({media})" if media else ""
        return f"{url} is not a feed{kind}. Moved? Try `feedd add {url}`"
    if len(parts.entries) > MOST_ENTRIES:
        return f"has {len(parts.entries)} entries; more than {MOST_ENTRIES} in one document are refused"
    return ""


def describe_retry(poll: PollResult) -> str:
    """Return when a failed source is polled next, for its message; empty if it is gone."""
    if poll.outcome == "gone":
        return ""
    hours = (poll.due - poll.polled) / 3600
    return f"; next try in {round(hours)} h" if hours >= 2 else f"; next try in {round(hours * 60)} min"


def select_new_entries(parts: Outline, known: KnownEntries) -> list[int]:
    """Return the indexes of the entries that are neither stored unchanged nor rejected before."""
    # A rejected entry would fail again, and take its time again.
    digests = {*(entry.digest for entry in known.entries), *known.rejected}
    return [i for i, digest in enumerate(parts.digests) if digest not in digests]


def drop_long_entries(parts: Outline, indexes: Sequence[int], account: EntryAccount) -> tuple[list[int], str]:
    """Leave out the entries that are too long, because feedparser makes many copies of each.

    Returns:
        The indexes of the other entries, and a message about those that are left out.
    """
    # A document that could not be split is one entry, which its limit in bytes bounds already.
    kept = [i for i in indexes if parts.whole or len(parts.entries[i]) <= LONGEST_ENTRY]
    left = set(indexes) - set(kept)
    if not left:
        return kept, ""
    account.add_unparsed((parts.digests[i] for i in left), "too long")
    return kept, f"{len(left)} entries of more than {LONGEST_ENTRY:,} characters are left out"


def select_read_entries(
    read: ReadDocument, indexes: Sequence[int]
) -> tuple[ParsedDocument, list[Rejected], list[Rejected]]:
    """Return the parsed, the rejected and the untried entries that have these indexes.

    Others were read although they are stored: only the entries of the last document are known before.
    """
    assert read.found is not None
    # The entry of a document that could not be split has many readings, whose digests are their own.
    if read.parts.whole:
        return read.found, list(read.rejected), list(read.left)
    wanted = {read.parts.digests[i] for i in indexes}
    found = replace(
        read.found,
        readings=tuple(reading for reading in read.found.readings if reading.digest in wanted),
        unreadable=tuple(digest for digest in read.found.unreadable if digest in wanted),
    )
    rejected, left = (
        [entry for entry in part if entry.digest in wanted] for part in (read.rejected, read.left)
    )
    return found, rejected, left


@dataclass(frozen=True, slots=True)
class MatchedEntries:
    """The new entries of a document, named so that none hides another, and what follows for stored entries."""

    readings: list[Reading]
    blocked: frozenset[str]
    """Keys that this document blocks (identity rule 3, docs/reference/identity.md)."""
    renamed: list[tuple[Sighting, str]]
    """Stored entries whose name another entry has too, each with its other name."""
    repeated: list[Reading]
    """Entries that equal another entry of the document in everything."""
    guids: frozenset[str]
    """The guids of all entries of the document."""
    known_names: frozenset[str]
    """The names of the stored entries of the document."""


def match_entries(
    source: str, known: Sequence[Sighting], found: Sequence[Reading], blocked: Collection[str]
) -> MatchedEntries:
    """Name the new entries of a document.

    Args:
        source: The name of the source.
        known: The stored entries that the document has unchanged.
        found: The other entries of the document.
        blocked: The keys that are blocked already.
    """
    read = [(reading, reading.sighting) for reading in found if reading.sighting]
    entries = [*known, *(entry for _, entry in read)]
    naming = name_entries(source, entries, blocked, [entry.item for entry in entries])
    # Stored entries have their names already, so new entries get other names.
    taken = set(naming.names[: len(known)])
    readings: list[Reading] = []
    repeated: list[Reading] = []
    for (reading, entry), name in zip(read, naming.names[len(known) :], strict=True):
        named = reading._replace(path=name, sighting=rename_entry(entry, name))
        (repeated if name in taken else readings).append(named)
        taken.add(name)
    return MatchedEntries(
        readings,
        naming.blocked - frozenset(blocked),
        [(e, name) for e, name in zip(known, naming.names, strict=False) if e.item != name],
        repeated,
        frozenset(entry.guid for entry in entries),
        frozenset(naming.names[: len(known)]),
    )


def decide_update(
    source: str,
    found: ParsedDocument,
    fetched: Fetched,
    known: KnownEntries,
    before: Mapping[str, Any],
    account: EntryAccount,
) -> FeedUpdate:
    """Decide what a document changes, from its new entries and what is stored of it.

    Args:
        source: The name of the source.
        found: The parsed head and new entries.
        fetched: The response.
        known: What the store has of the document.
        before: The stored metadata of the feed.
        account: The entries that became no item so far.
    """
    matched = match_entries(source, known.entries, found.readings, known.blocked)
    # An entry that was removed must not return because its old document is fetched again.
    readings = [reading for reading in matched.readings if reading.path not in known.removed]
    account.add_readings(matched.repeated, "repeated")
    account.add_readings((r for r in matched.readings if r.path in known.removed), "removed")
    account.add_repeated([entry.digest for entry in known.entries])
    # The feed shows few entries at a time, so the dates of earlier polls are kept for the rhythm.
    stated = (reading.sighting.published for reading in readings if reading.sighting)
    recent = {*before.get("recent", ()), *(int(date.timestamp()) for date in stated if date)}
    return FeedUpdate(
        readings=readings,
        renamed=matched.renamed,
        blocked=matched.blocked,
        present={entry.item for entry in known.entries},
        window={*matched.known_names, *(reading.path for reading in readings)},
        left_out=account.left_out,
        # RFC 6721: a tombstone of an entry that the same document contains has no effect.
        withdrawn={stone.ref for stone in found.head.tombstones} - matched.guids,
        head=build_head_values(found.head, fetched) | {"recent": sorted(recent)[-_RECENT:]},
    )


def decide_next_poll(
    source: int,
    every: float,
    fetched: Fetched,
    head: Mapping[str, Any],
    now: datetime,
    jitter: float,
    *,
    pushed: bool,
) -> PollResult:
    """Decide when a feed is polled next, after a response.

    Args:
        source: Number of the source.
        every: The configured interval; 0 for an adaptive interval.
        fetched: The response.
        head: The metadata of the feed.
        now: When the response arrived.
        jitter: A random number from 0 to 1, which spreads the polls.
        pushed: Whether a hub delivers the feed; then it is polled rarely.
    """
    found = compute_next_poll(
        now,
        every,
        [datetime.fromtimestamp(second, UTC) for second in head.get("recent", ())],
        build_hints(head, fetched),
        fetched.state.failures,
        jitter,
        gone=fetched.state.gone,
        # The hub delivers new entries at once, so polls only check whether it works.
        least=_PUSHED_INTERVAL if pushed else LEAST,
    )
    return PollResult(
        source=source,
        state=fetched.state.to_json(),
        due=int(found.due.timestamp()) if found.due != NEVER else int(NEVER.timestamp()),
        decided_by=found.decided_by,
        polled=int(now.timestamp()),
        outcome=fetched.outcome,
        reason=fetched.reason,
    )


def build_head_values(head: UpstreamHead, fetched: Fetched) -> dict[str, Any]:
    """Return the values of the head of a feed that are stored with its source, ready for JSON."""
    period = _PERIODS.get(head.update_period, 0)
    # Links of the response take precedence over those in the document (WebSub, section 4).
    hubs = tuple(dict.fromkeys(link.url for link in fetched.links if "hub" in link.relations))
    own = next((link.url for link in fetched.links if "self" in link.relations), "")
    return {
        "id": head.id,
        "title": head.title,
        "link": head.link,
        "url": fetched.url,
        "version": head.version,
        "hubs": list(hubs or head.hubs)[:_MAX_HUBS],
        "self": own or head.self_url,
        "ttl": head.ttl or 0,
        "sy": period / head.update_frequency if period else 0,
        "skip_hours": sorted(head.skip_hours),
        "skip_days": [_DAYS[day] for day in sorted(head.skip_days)],
    }


def build_hints(head: Mapping[str, Any], fetched: Fetched) -> Hints:
    """Build the hints of an upstream about when to poll, from its stored head and its last answer."""
    return Hints(
        ttl=head.get("ttl", 0),
        sy=head.get("sy", 0),
        max_age=fetched.max_age,
        retry_after=fetched.retry_after,
        skip_hours=frozenset(head.get("skip_hours", ())),
        skip_days=frozenset(head.get("skip_days", ())),
        validators=bool(fetched.state.etag or fetched.state.last_modified),
    )
