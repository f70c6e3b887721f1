"""Ingest responses of upstream feeds: each becomes sightings, the state for the next fetch and the time of that fetch."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

from feeds.config import UpstreamSource
from feeds.errors import DeadlineExceeded, FeeddError, FeedUnreadable, UsageError, WorkersLost
from feeds.fetcher.feed import Fetched, FetchState, Request, mark_unreadable
from feeds.fetcher.schedule import HOUR, LEAST, NEVER, compute_next_poll
from feeds.http.address import redact_address
from feeds.identity import Sighting
from feeds.ingest.entry_account import EntryAccount
from feeds.ingest.entry_matching import collect_dates, match_entries, match_replaced_items
from feeds.ingest.entry_settings import build_entry_settings, compute_entry_digest
from feeds.ingest.feed_head import build_head_values, build_hints
from feeds.reports import Ingested
from feeds.run_context import Run
from feeds.storage import left_out, upstreams
from feeds.storage.records import Context
from feeds.storage.sightings import ingest_readings
from feeds.storage.withdrawal import apply_tombstones
from feeds.workers.task_types import EntrySettings

if TYPE_CHECKING:
    from feeds.ingest.feed_items import ParsedDocument
    from feeds.parser.feeds.channel import UpstreamHead
    from feeds.parser.feeds.splitter import Outline

_RECENT = 20
_MOST_ENTRIES = 10_000  # more would delay every other upstream feed
_LONGEST_ENTRY = 2_000_000  # characters; each is in memory several times while it is read
_PUSHED_INTERVAL = 6 * HOUR


@dataclass(slots=True)
class PollReport(Ingested):
    """Result of polling upstream feeds."""

    lists: bool = False
    """Whether a list of upstream feeds has changed."""


class FeedIngester:
    """Ingest responses of upstream feeds; used by one thread."""

    def __init__(self, run: Run, context: Callable[[int, bool], Context]) -> None:
        """Build an ingester; ``context`` returns a source's context by its number and whether it was read before."""
        self.run = run
        self.report = PollReport()
        self._context = context
        self.pushed: set[str] = set()
        """Sources with an active hub: they are polled rarely."""
        self._random = Random(run.clock().timestamp())  # noqa: S311 - it spreads polls and protects no secret

    def set_sources(self, sources: Sequence[UpstreamSource], lists: Collection[str] = ()) -> None:
        """Set the sources whose responses are expected; those in ``lists`` are OPML lists, not feeds."""
        self._lists = frozenset(lists)
        self._sources = {source.name: source for source in sources}
        self._numbers = {name: number for number, (name, _) in self.run.sources.items()}
        self._rows = upstreams.load_upstreams(self.run.db)
        self._complete = {row[1]: bool(row[3]) for row in self.run.db.rows("source_all")}

    def get_heads(self) -> dict[str, dict[str, Any]]:
        """Return the stored metadata of each feed, by source."""
        return {name: row.head for name, row in self._rows.items() if name in self._sources}

    def ingest_pushed(self, request: Request, body: bytes, content_type: str) -> None:
        """Ingest a document that a hub has sent."""
        state = self.get_state(request.name)
        reason = "sent by its hub"
        self.ingest_responses([(request, Fetched("new", state, reason, body, content_type, request.url))])

    def get_state(self, name: str) -> FetchState:
        """Return the stored state for the next fetch of a source."""
        row = self._rows.get(name)
        return FetchState.from_json(row.state) if row else FetchState()

    def get_due(self, name: str) -> int:
        """Return when a source is due, in seconds since 1970; 0 for a source that was never polled."""
        row = self._rows.get(name)
        return row.due if row else 0

    def must_wait(self, name: str) -> bool:
        """Return whether a source must not be polled before it is due: it failed, is gone or sent ``Retry-After``."""
        row = self._rows.get(name)
        return bool(row) and row is not None and row.decided_by in ("retry-after", "gone", "backoff")

    def ingest_responses(self, answers: list[tuple[Request, Fetched]]) -> None:
        """Ingest a batch of responses; responses without a document come first, because they take no time.

        The list is emptied, so that each document is freed from memory once it is stored.
        """
        documents = [answer for answer in answers if answer[1].outcome == "new"][::-1]
        self._ingest_unchanged([answer for answer in answers if answer[1].outcome != "new"])
        answers.clear()
        while documents:
            self.report.asked += 1
            self.run.progress("upstreams", self.report.asked, max(len(self._sources), self.report.asked))
            # Popping drops the last reference, so a document is freed before the next is parsed.
            request, fetched = documents.pop()
            if request.name in self._lists:
                self._ingest_list(request, fetched)
            else:
                parts = self._split_document(request, fetched)
                fetched = fetched._replace(data=b"")  # frees a long document, of which parsing makes copies
                if parts is not None:
                    self._ingest_document(request, fetched, parts)

    def _ingest_unchanged(self, answers: Sequence[tuple[Request, Fetched]]) -> None:
        """Store the state after responses without a new document."""
        self.report.asked += len(answers)
        rows = [
            self._build_row(request.name, fetched, self._get_head(request.name))
            for request, fetched in answers
        ]
        self.report.troubles += [
            f"source {request.name}: {fetched.reason}"
            for request, fetched in answers
            if fetched.outcome != "same"
        ]
        if rows:
            with self.run.db.transaction():
                self.run.db.many("upstream_put", rows)

    def _split_document(self, request: Request, fetched: Fetched) -> Outline | None:
        """Split a document into its entries; None if it is refused, which is reported."""
        from feeds.ingest.feed_items import split_document

        try:
            parts = self.run.workers.run(split_document, fetched.data, fetched.content_type)
        except FeeddError as error:
            reason = str(error)
        except Exception as error:
            reason = f"cannot be parsed ({type(error).__name__}: {error})"
        else:
            if parts.kind == "none":
                reason = "is not a feed; check whether it has moved: `feedd add` finds the feeds of a page"
            elif len(parts.entries) > _MOST_ENTRIES:
                reason = (
                    f"has {len(parts.entries)} entries; more than {_MOST_ENTRIES} in one document are refused"
                )
            else:
                return parts
        self._reject_document(request, fetched, reason)
        return None

    def _ingest_document(self, request: Request, fetched: Fetched, parts: Outline) -> None:
        name = request.name
        number = self._numbers[name]
        known = upstreams.find_known_entries(self.run.db, self.run.sources, number, parts.digests)
        digests = {entry.digest for entry in known}
        digests |= left_out.load_rejected_digests(self.run.db, number, parts.digests)
        fresh = [i for i, digest in enumerate(parts.digests) if digest not in digests]
        account = EntryAccount(parts)
        try:
            kept = self._drop_long_entries(name, parts, fresh, account)
            self._save_entries(request, fetched, parts, known, kept, account)
        except (FeedUnreadable, DeadlineExceeded, WorkersLost) as error:
            self._reject_document(request, fetched, str(error))
        # Any other error of ours, such as a full disk, concerns every source.
        except FeeddError:
            raise
        except Exception as error:
            # An unexpected error in one document must not stop the polling of all others.
            self._reject_document(request, fetched, f"cannot be parsed ({type(error).__name__}: {error})")

    def _drop_long_entries(
        self, name: str, parts: Outline, fresh: Sequence[int], account: EntryAccount
    ) -> list[int]:
        """Return the entries without those that are too long, because feedparser makes many copies of each."""
        kept = [i for i in fresh if parts.whole or len(parts.entries[i]) <= _LONGEST_ENTRY]
        if len(kept) < len(fresh):
            account.add_unparsed((parts.digests[i] for i in set(fresh) - set(kept)), "too long")
            self.report.troubles.append(
                f"source {name}: {len(fresh) - len(kept)} entries of more than {_LONGEST_ENTRY:,} characters are left out"
            )
        return kept

    def _ingest_list(self, request: Request, fetched: Fetched) -> None:
        from feeds.parser.lists.opml import read_opml

        try:
            self.run.workers.run(read_opml, fetched.data, request.url)
        except (UsageError, DeadlineExceeded, WorkersLost) as error:
            return self._reject_document(request, fetched, str(error))
        with self.run.db.transaction():
            self.run.db.run("upstream_put", self._build_row(request.name, fetched, {}))
            self.run.db.run("upstream_list", (fetched.data, self._numbers[request.name]))
        self.report.lists = True
        return None

    def _save_entries(
        self,
        request: Request,
        fetched: Fetched,
        parts: Outline,
        known: Sequence[Sighting],
        fresh: list[int],
        account: EntryAccount,
    ) -> None:
        db, number = self.run.db, self._numbers[request.name]
        settings = build_entry_settings(self.run, self._sources[request.name], self.run.sources[number][1])
        found = self._parse_entries(request.name, fetched.url, parts, fresh, settings, account)
        # An entry that was removed must not return because its old document is fetched again.
        gone = {row[0] for row in db.rows("sightings_gone", (number,))}
        context = self._context(number, self._complete.get(request.name, False))
        matched = match_entries(request.name, known, found.readings, context.blocked)
        context = replace(
            context, blocked=context.blocked | matched.blocked, polled=self._get_last_poll(request.name)
        )
        readings = [reading for reading in matched.readings if reading.path not in gone]
        account.add_readings(matched.repeated, "repeated")
        account.add_readings((r for r in matched.readings if r.path in gone), "removed")
        account.add_repeated([entry.digest for entry in known])
        present = {entry.item for entry in known}
        readings = match_replaced_items(db, number, readings, present, context.blocked)
        recent = {*self._get_head(request.name).get("recent", ()), *collect_dates(readings)}
        head = build_head_values(found.head, fetched) | {"recent": sorted(recent)[-_RECENT:]}
        row = self._build_row(request.name, fetched, head)
        # RFC 6721: a tombstone of an entry that the same document contains has no effect.
        withdrawn = {stone.ref for stone in found.head.tombstones} - matched.guids

        def save_head() -> None:
            db.run("upstream_put", row)
            db.run("upstream_head", (json.dumps(head, ensure_ascii=False), number))
            left_out.store_left_out(db, number, parts.digests, account.left_out)
            matched.apply(db, self.run.sources, self.run.clock())
            if withdrawn:
                self.report.gone += apply_tombstones(
                    db, self.run.sources, number, withdrawn, self.run.clock(), context.blocked
                )
            now = self.run.clock().isoformat("T", "seconds")
            db.run(
                "source_settle",
                {"id": number, "settings": compute_entry_digest(self.run, settings), "now": now},
            )

        intake = ingest_readings(db, context, readings, None, save_head)
        self._complete[request.name] = True
        self.report.new += intake.new
        self.report.changed += intake.changed

    def _parse_entries(
        self,
        name: str,
        url: str,
        parts: Outline,
        fresh: Sequence[int],
        settings: EntrySettings,
        account: EntryAccount,
    ) -> ParsedDocument:
        """Parse entries; those that are left out are reported, and added to the account."""
        from feeds.ingest.document_reader import Document, parse_document

        document = Document(parts, url, settings, self.run.clock()).select_entries(fresh)
        found, rejected, left = parse_document(self.run.workers, document)
        troubles = self.report.troubles
        for entry in rejected:
            account.add_unparsed([entry.digest], "rejected", entry.reason)
            troubles.append(f"source {name}: entry {entry.name!r}: {entry.reason}; it is left out")
        if left:
            # The same bytes would need the same time again, so the document counts as read.
            account.add_unparsed(left, "not tried")
            troubles.append(
                f"source {name}: {len(left)} more entries are left out until the feed changes, because other entries "
                f"used the {self.run.workers.budget:g} seconds for the document; see limits.document_seconds"
            )
        account.add_unparsed(found.unreadable, "unreadable")
        return found

    def load_history_position(self, name: str) -> str:
        """Load the position in the history of a source; empty if none is stored."""
        return self.run.db.value("upstream_past", (self._numbers[name],)) or ""

    def save_history_position(self, name: str, place: str) -> None:
        """Store the position in the history of a source."""
        with self.run.db.transaction():
            self.run.db.run("upstream_past_put", (self._numbers[name], place))

    def ingest_history_document(
        self, request: Request, fetched: Fetched, placed: Callable[[UpstreamHead, int], str]
    ) -> None:
        """Ingest a document of the history; entries that are stored already stay unchanged.

        ``placed`` returns the new position, from the head of the document and the number of its new entries.

        Raises:
            FeedUnreadable: it is not a feed.
        """
        from feeds.ingest.feed_items import split_document

        db, number = self.run.db, self._numbers[request.name]
        parts = self.run.workers.run(split_document, fetched.data, fetched.content_type)
        if parts.kind == "none" or len(parts.entries) > _MOST_ENTRIES:
            raise FeedUnreadable(
                f"{redact_address(fetched.url)}: is not a feed, or has more than {_MOST_ENTRIES:,} entries"
            )
        settings = build_entry_settings(self.run, self._sources[request.name], self.run.sources[number][1])
        account = EntryAccount(parts)
        kept = self._drop_long_entries(request.name, parts, range(len(parts.entries)), account)
        found = self._parse_entries(request.name, fetched.url, parts, kept, settings, account)
        context = self._context(number, False)
        matched = match_entries(request.name, (), found.readings, context.blocked)
        db.scope(reading.path for reading in matched.readings)
        known = {row[0] for row in db.rows("items_of_source", (number,))}
        readings = [reading for reading in matched.readings if reading.path not in known]

        def save_position() -> None:
            matched.apply(db, self.run.sources, self.run.clock())
            db.run("upstream_past_put", (number, placed(found.head, len(readings))))

        ingest_readings(
            db, replace(context, blocked=context.blocked | matched.blocked), readings, None, save_position
        )

    def _reject_document(self, request: Request, fetched: Fetched, reason: str) -> None:
        row = self._rows.get(request.name)
        before = FetchState.from_json(row.state) if row else FetchState()
        failed = mark_unreadable(before, fetched, reason)
        with self.run.db.transaction():
            self.run.db.run(
                "upstream_put", self._build_row(request.name, failed, self._get_head(request.name))
            )
        self.report.troubles.append(f"source {request.name}: {reason}")

    def _get_last_poll(self, name: str) -> datetime | None:
        row = self._rows.get(name)
        return datetime.fromtimestamp(row.polled, UTC) if row and row.polled else None

    def _get_head(self, name: str) -> dict[str, Any]:
        row = self._rows.get(name)
        return row.head if row else {}

    def _build_row(self, name: str, fetched: Fetched, head: dict[str, Any]) -> dict[str, Any]:
        """Build the stored row of an upstream feed after a response: its state, the next poll and its reason."""
        now = fetched.at or self.run.clock()
        source = self._sources[name]
        number = self._numbers[name]
        found = compute_next_poll(
            now,
            source.interval,
            [datetime.fromtimestamp(second, UTC) for second in head.get("recent", ())],
            build_hints(head, fetched),
            fetched.state.failures,
            self._random.random(),
            gone=fetched.state.gone,
            least=_PUSHED_INTERVAL if name in self.pushed else LEAST,
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
