"""Taking in what upstreams say: each answer becomes sightings, the state for the next fetch and its time."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

from feeds.config import UpstreamSource
from feeds.errors import DeadlineExceeded, FeeddError, FeedUnreadable, UsageError, WorkersLost
from feeds.fetcher.feed import Fetched, FetchState, Request, unfinished, unreadable
from feeds.fetcher.schedule import HOUR, LEAST, NEVER, next_poll
from feeds.http.address import shown
from feeds.ingest.entry_settings import entry_settings, settings_digest
from feeds.ingest.feed_head import build_head_values, build_hints
from feeds.reports import Ingested
from feeds.run_context import Run
from feeds.storage import upstreams
from feeds.storage.records import Context, Reading
from feeds.storage.sightings import ingest_readings
from feeds.storage.sqlite import Database
from feeds.storage.withdrawal import apply_tombstones
from feeds.workers.task_types import EntrySettings

if TYPE_CHECKING:
    from feeds.ingest.feed_items import Understood
    from feeds.parser.feeds.channel import UpstreamHead
    from feeds.parser.feeds.splitter import Outline

_RECENT = 20
_MOST_ENTRIES = 10_000  # more would hold up every other upstream
_LONGEST_ENTRY = 2_000_000  # characters; each is in memory several times while it is read
_MOST_REJECTED = 5000  # digests of entries that are remembered not to be tried again
_PUSHED = 6 * HOUR


@dataclass(slots=True)
class Polled(Ingested):
    """What asking upstreams did."""

    lists: bool = False
    """Whether a list of upstreams was read anew."""


class Receiver:
    """Takes in answers; used by one thread."""

    def __init__(self, run: Run, context: Callable[[int, bool], Context]) -> None:
        """``context`` says what readings of a source are taken with, by its number and whether it was read before."""
        self.run = run
        self.report = Polled()
        self._context = context
        self.pushed: set[str] = set()
        """Sources whose hub is at work: they are asked seldom."""
        self._random = Random(run.clock().timestamp())  # noqa: S311 - it spreads polls, it guards nothing

    def know(self, sources: Sequence[UpstreamSource], lists: Collection[str] = ()) -> None:
        """Expect answers of these sources; those in ``lists`` are OPML lists, no feeds."""
        self._lists = frozenset(lists)
        self._sources = {source.name: source for source in sources}
        self._numbers = {name: number for number, (name, _) in self.run.sources.items()}
        self._rows = upstreams.load_upstreams(self.run.db)
        self._complete = {row[1]: bool(row[3]) for row in self.run.db.rows("source_all")}

    def heads(self) -> dict[str, dict[str, Any]]:
        """What each feed says of itself, by source."""
        return {name: row.head for name, row in self._rows.items() if name in self._sources}

    def receive_pushed(self, request: Request, body: bytes, content_type: str) -> None:
        """Take in a document that a hub has sent."""
        state = self.state(request.name)
        reason = "sent by its hub"
        self.receive([(request, Fetched("new", state, reason, body, content_type, request.url))])

    def state(self, name: str) -> FetchState:
        """What is known of a source for its next fetch."""
        row = self._rows.get(name)
        return FetchState.from_json(row.state) if row else FetchState()

    def due(self, name: str) -> int:
        """When a source is to be asked next, seconds since 1970; 0 for one never asked."""
        row = self._rows.get(name)
        return row.due if row else 0

    def waits(self, name: str) -> bool:
        """Whether a source has said itself, or shown by failing, that it is not to be asked before it is due."""
        row = self._rows.get(name)
        return bool(row) and row is not None and row.decided_by in ("retry-after", "gone", "backoff")

    def receive(self, answers: list[tuple[Request, Fetched]]) -> None:
        """Take in a batch of answers, those without a document first: they take no time.

        The list is empty then, for each document is forgotten once it is read.
        """
        documents = [one for one in answers if one[1].outcome == "new"][::-1]
        self._receive_quiet([one for one in answers if one[1].outcome != "new"])
        answers.clear()
        while documents:
            self.report.asked += 1
            self.run.progress("upstreams", self.report.asked, max(len(self._sources), self.report.asked))
            request, fetched = documents.pop()
            if request.name in self._lists:
                self._receive_list(request, fetched)
            else:
                parts = self._cut(request, fetched)
                fetched = fetched._replace(data=b"")  # a long document is in memory often enough
                if parts is not None:
                    self._receive_document(request, fetched, parts)

    def _receive_quiet(self, answers: Sequence[tuple[Request, Fetched]]) -> None:
        self.report.asked += len(answers)
        rows = [
            self._row(request.name, fetched, self._row_head(request.name)) for request, fetched in answers
        ]
        self.report.troubles += [
            f"source {request.name}: {fetched.reason}"
            for request, fetched in answers
            if fetched.outcome != "same"
        ]
        if rows:
            with self.run.db.transaction():
                self.run.db.many("upstream_put", rows)

    def _cut(self, request: Request, fetched: Fetched) -> Outline | None:
        """The entries of a document; None if it is none that will be read, which is told."""
        from feeds.ingest.feed_items import cut

        try:
            parts = self.run.workers.run(cut, fetched.data, fetched.content_type)
        except FeeddError as error:
            reason = str(error)
        except Exception as error:
            reason = f"cannot be understood ({type(error).__name__}: {error})"
        else:
            if parts.kind == "none":
                reason = "is no feed; see whether it has moved: `feedd add` finds feeds of a page"
            elif len(parts.entries) > _MOST_ENTRIES:
                reason = (
                    f"has {len(parts.entries)} entries; more than {_MOST_ENTRIES} in one document are refused"
                )
            else:
                return parts
        self._unreadable(request, fetched, reason)
        return None

    def _receive_document(self, request: Request, fetched: Fetched, parts: Outline) -> None:
        name = request.name
        known = upstreams.find_known_entries(self.run.db, self._numbers[name], parts.digests)
        rejected = self._row_head(name).get("rejected", ())
        fresh = [
            i
            for i, digest in enumerate(parts.digests)
            if digest not in known.digests and digest.hex() not in rejected
        ]
        try:
            self._take(request, fetched, parts, known, self._of_use(name, parts, fresh))
        except (FeedUnreadable, DeadlineExceeded, WorkersLost) as error:
            self._unreadable(request, fetched, str(error))
        except FeeddError:
            raise
        except Exception as error:
            # One document that nobody foresaw must not end the polling of all others.
            self._unreadable(request, fetched, f"cannot be understood ({type(error).__name__}: {error})")

    def _of_use(self, name: str, parts: Outline, fresh: Sequence[int]) -> list[int]:
        """The entries but for those that are too long: the library makes many copies of each."""
        kept = [i for i in fresh if parts.whole or len(parts.entries[i]) <= _LONGEST_ENTRY]
        if len(kept) < len(fresh):
            self.report.troubles.append(
                f"source {name}: {len(fresh) - len(kept)} entries of more than {_LONGEST_ENTRY:,} characters are left out"
            )
        return kept

    def _receive_list(self, request: Request, fetched: Fetched) -> None:
        from feeds.parser.lists.opml import read_opml

        try:
            self.run.workers.run(read_opml, fetched.data, request.url)
        except (UsageError, DeadlineExceeded, WorkersLost) as error:
            return self._unreadable(request, fetched, str(error))
        with self.run.db.transaction():
            self.run.db.run("upstream_put", self._row(request.name, fetched, {}))
            self.run.db.run("upstream_list", (fetched.data, self._numbers[request.name]))
        self.report.lists = True
        return None

    def _take(
        self,
        request: Request,
        fetched: Fetched,
        parts: Outline,
        known: upstreams.KnownEntries,
        fresh: list[int],
    ) -> None:
        from feeds.ingest.feed_items import clashes

        db, number = self.run.db, self._numbers[request.name]
        settings = entry_settings(self.run, self._sources[request.name], self.run.sources[number][1])
        found, rejected, whole = self._understand(request.name, fetched.url, parts, fresh, settings)
        if not whole:
            fetched = unfinished(self.state(request.name), fetched)
        gone = {row[0] for row in db.rows("sightings_gone", (number,))}
        entries = [
            *known.addresses,
            *((r.sighting.guid, r.sighting.link) for r in found.readings if r.sighting),
        ]
        context = self._context(number, self._complete.get(request.name, False))
        burnt = clashes(entries) - context.blocked
        context = replace(context, blocked=context.blocked | burnt)
        readings = [one for one in found.readings if one.path not in known.items | gone]
        readings = _with_replaced(db, number, readings, known.items, context.blocked)
        recent = {*self._row_head(request.name).get("recent", ()), *_published(readings)}
        head = build_head_values(found.head, fetched) | {"recent": sorted(recent)[-_RECENT:]}
        if rejected := [*self._row_head(request.name).get("rejected", ()), *rejected]:
            head["rejected"] = rejected[-_MOST_REJECTED:]
        row = self._row(request.name, fetched, head)
        taken_back = {one.ref for one in found.head.tombstones} - {guid for guid, _ in entries}

        def token() -> None:
            db.run("upstream_put", row)
            db.run("upstream_head", (json.dumps(head, ensure_ascii=False), number))
            if burnt:
                upstreams.block_keys(db, self.run.sources, burnt, self.run.clock())
            if taken_back:
                self.report.gone += apply_tombstones(
                    db, self.run.sources, number, taken_back, self.run.clock(), context.blocked
                )
            now = self.run.clock().isoformat("T", "seconds")
            db.run(
                "source_settle", {"id": number, "settings": settings_digest(self.run, settings), "now": now}
            )

        intake = ingest_readings(db, context, readings, None, token)
        self._complete[request.name] = True
        self.report.new += intake.new
        self.report.changed += intake.changed

    def _understand(
        self, name: str, url: str, parts: Outline, fresh: Sequence[int], settings: EntrySettings
    ) -> tuple[Understood, list[str], bool]:
        """What entries say, the digests of those that exceeded the deadline, and whether all others are read.

        What is left out is named.
        """
        from feeds.ingest.document_reader import Document, understand_document

        document = Document(parts, url, settings, self.run.clock()).only(fresh)
        found, rejected, left = understand_document(self.run.workers, document)
        told = self.report.troubles
        told += [f"source {name}: entry {one.name!r}: {one.reason}; it is left out" for one in rejected]
        if left:
            told.append(
                f"source {name}: {left} more entries are left out until the feed changes, because other entries used the "
                f"{self.run.workers.budget:g} seconds for the document; see limits.document_seconds"
            )
        # The same bytes would need the same time again, so the document counts as read.
        return found, [one.digest.hex() for one in rejected], True

    def past_of(self, name: str) -> str:
        """How far the past of a source was read, as it was kept."""
        return self.run.db.value("upstream_past", (self._numbers[name],)) or ""

    def keep_past(self, name: str, place: str) -> None:
        """Keep how far it was read."""
        with self.run.db.transaction():
            self.run.db.run("upstream_past_put", (self._numbers[name], place))

    def receive_past(
        self, request: Request, fetched: Fetched, placed: Callable[[UpstreamHead, int], str]
    ) -> None:
        """Take in a document of the past: what is known already stays as it is.

        ``placed`` gives the place reached, by the head of the document and the number of its new entries.

        Raises:
            FeedUnreadable: it is no feed.
        """
        from feeds.ingest.feed_items import clashes, cut

        db, number = self.run.db, self._numbers[request.name]
        parts = self.run.workers.run(cut, fetched.data, fetched.content_type)
        if parts.kind == "none" or len(parts.entries) > _MOST_ENTRIES:
            raise FeedUnreadable(f"{shown(fetched.url)}: is no feed, or too long")
        settings = entry_settings(self.run, self._sources[request.name], self.run.sources[number][1])
        kept = self._of_use(request.name, parts, range(len(parts.entries)))
        found, _, _ = self._understand(request.name, fetched.url, parts, kept, settings)
        context = self._context(number, False)
        burnt = clashes([(r.sighting.guid, r.sighting.link) for r in found.readings if r.sighting])
        burnt -= context.blocked
        db.scope(reading.path for reading in found.readings)
        known = {row[0] for row in db.rows("items_of_source", (number,))}
        readings = [one for one in found.readings if one.path not in known]

        def token() -> None:
            if burnt:
                upstreams.block_keys(db, self.run.sources, burnt, self.run.clock())
            db.run("upstream_past_put", (number, placed(found.head, len(readings))))

        ingest_readings(db, replace(context, blocked=context.blocked | burnt), readings, None, token)

    def _unreadable(self, request: Request, fetched: Fetched, reason: str) -> None:
        row = self._rows.get(request.name)
        before = FetchState.from_json(row.state) if row else FetchState()
        failed = unreadable(before, fetched, reason)
        with self.run.db.transaction():
            self.run.db.run("upstream_put", self._row(request.name, failed, self._row_head(request.name)))
        self.report.troubles.append(f"source {request.name}: {reason}")

    def _row_head(self, name: str) -> dict[str, Any]:
        row = self._rows.get(name)
        return row.head if row else {}

    def _row(self, name: str, fetched: Fetched, head: dict[str, Any]) -> dict[str, Any]:
        """The row of an upstream after an answer: its state, and when it is due again and why."""
        now = fetched.at or self.run.clock()
        source = self._sources[name]
        number = self._numbers[name]
        found = next_poll(
            now,
            source.every,
            [datetime.fromtimestamp(second, UTC) for second in head.get("recent", ())],
            build_hints(head, fetched),
            fetched.state.failures,
            self._random.random(),
            gone=fetched.state.gone,
            least=_PUSHED if name in self.pushed else LEAST,
        )
        due = int(found.due.timestamp()) if found.due != NEVER else int(NEVER.timestamp())
        state = fetched.state.to_json()
        self._rows[name] = upstreams.UpstreamRow(
            state,
            head,
            due,
            found.decided_by,
            int(now.timestamp()),
            fetched.outcome,
            fetched.reason,
        )
        return {
            "source": number,
            "state": state,
            "due": due,
            "decided_by": found.decided_by,
            "polled": int(now.timestamp()),
            "outcome": fetched.outcome,
            "reason": fetched.reason,
        }


def _with_replaced(
    db: Database, number: int, readings: Sequence[Reading], known: frozenset[str], burnt: Collection[str]
) -> list[Reading]:
    """The readings, those with the item that each replaces whose guid alone is another one now."""
    addresses = {
        key: one.path
        for one in readings
        if one.sighting
        for key in one.sighting.own
        if key.startswith("url:") and key not in burnt
    }
    replaced = upstreams.find_renamed_items(db, number, addresses, known | {one.path for one in readings})
    return [one._replace(replaces=replaced[one.path]) if one.path in replaced else one for one in readings]


def _published(readings: Sequence[Reading]) -> set[int]:
    """When these entries say that they were published."""
    return {
        int(one.sighting.published.timestamp()) for one in readings if one.sighting and one.sighting.published
    }
