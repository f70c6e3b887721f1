"""Ingest responses of upstream feeds: each becomes sightings, the state for the next fetch and the time of that fetch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

from feeds.config import UpstreamSource
from feeds.errors import DeadlineExceeded, FeeddError, FeedUnreadable, UsageError, WorkersLost
from feeds.fetcher.feed import Fetched, FetchState, Request, compute_document_digest, mark_unreadable
from feeds.http.address import redact_address
from feeds.ingest import feed_decisions, verdicts
from feeds.ingest.entry_account import EntryAccount
from feeds.ingest.entry_matching import match_entries
from feeds.reports import Ingested
from feeds.session import Session
from feeds.storage.upstreams import FeedUpdate, PollResult, UpstreamRow
from feeds.workers.task_types import EntrySettings

if TYPE_CHECKING:
    from feeds.ingest.feed_items import ParsedDocument
    from feeds.parser.feeds.channel import UpstreamHead
    from feeds.parser.feeds.splitter import Outline


@dataclass(slots=True)
class PollReport(Ingested):
    """Result of polling upstream feeds."""

    lists: bool = False
    """Whether a list of upstream feeds has changed."""


class FeedIngester:
    """Ingest responses of upstream feeds; used by one thread."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.report = PollReport()
        self.pushed: set[str] = set()
        """Sources with an active hub: they are polled rarely."""
        self._random = Random(session.clock().timestamp())  # noqa: S311 - it spreads polls and protects no secret

    def set_sources(self, sources: Sequence[UpstreamSource], lists: Collection[str] = ()) -> None:
        """Set the sources whose responses are expected; those in ``lists`` are OPML lists, not feeds."""
        self._lists = frozenset(lists)
        self._sources = {source.name: source for source in sources}
        self._rows = self.session.db.load_upstreams()
        stored = self.session.db.load_sources().values()
        self._numbers = {source.name: source.number for source in stored}
        self._complete = {source.name for source in stored if source.complete}

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
        state = FetchState.from_json(row.state) if row else FetchState()
        # Most feeds have no verdict, and the digest of settings costs time at each poll.
        if row and "verdicts" in row.head and verdicts.are_outdated(row.head, self._compute_key(name)):
            # With them an unchanged document would not be fetched again.
            return state._replace(etag="", last_modified="", digest="")
        return state

    def _compute_key(self, name: str) -> str:
        """Compute the digest of the settings of a source, for which its verdicts count."""
        settings = self.session.build_entry_settings(self._numbers[name], self._sources[name])
        return self.session.compute_entry_digest(settings)

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
        unchanged = [answer for answer in answers if answer[1].outcome != "new"]
        answers.clear()
        if unchanged:
            # One transaction for all of them, because most polls find nothing new.
            self._save_unchanged(unchanged)
        while documents:
            self.report.asked += 1
            self.session.progress("upstreams", self.report.asked, max(len(self._sources), self.report.asked))
            self._ingest_next(documents)

    def _save_unchanged(self, answers: Sequence[tuple[Request, Fetched]]) -> None:
        """Store the state after responses without a new document."""
        self.report.asked += len(answers)
        polls = [
            self._decide_poll(request.name, fetched, self._get_head(request.name))
            for request, fetched in answers
        ]
        self.report.troubles += [
            f"source {request.name}: {fetched.reason}{feed_decisions.describe_retry(poll)}"
            for (request, fetched), poll in zip(answers, polls, strict=True)
            if fetched.outcome != "same"
        ]
        self.session.db.save_polls(polls)

    def _ingest_next(self, documents: list[tuple[Request, Fetched]]) -> None:
        """Parse the last document and store it; if it cannot be parsed, report it and store the failure."""
        # Popping drops the last reference, so a document is freed before the next is parsed.
        request, fetched = documents.pop()
        key, head = self._compute_key(request.name), self._get_head(request.name)
        digest = fetched.digest or compute_document_digest(fetched.data)
        if reason := verdicts.get_refusal(head, key, digest):
            self._reject_document(request, fetched, reason)
            return
        try:
            if request.name in self._lists:
                self._ingest_list(request, fetched)
                return
            parts = self._split_document(fetched)
            fetched = fetched._replace(data=b"")  # frees a long document, of which parsing makes copies
            url = redact_address(fetched.url)
            refusal = feed_decisions.find_refusal(parts, url, fetched.content_type)
            refusal = refusal or self._ingest_entries(request, fetched, parts)
        except DeadlineExceeded as error:
            self._reject_document(
                request, fetched, str(error), verdicts.add_refusal(head, key, digest, str(error))
            )
            return
        except (FeedUnreadable, WorkersLost, UsageError) as error:
            refusal = str(error)
        # Any other error of ours, such as a full disk, concerns every source.
        except FeeddError:
            raise
        except Exception as error:
            # An unexpected error in one document must not stop the polling of all others.
            refusal = f"cannot be parsed ({type(error).__name__}: {error})"
        if refusal:
            self._reject_document(request, fetched, refusal)

    def _split_document(self, fetched: Fetched) -> Outline:
        from feeds.ingest.feed_items import split_document

        return self.session.workers.run(split_document, fetched.data, fetched.content_type)

    def _ingest_list(self, request: Request, fetched: Fetched) -> None:
        from feeds.parser.lists.opml import read_opml

        self.session.workers.run(read_opml, fetched.data, request.url)
        poll = self._decide_poll(request.name, fetched, {})
        self.session.db.save_polls([poll._replace(document=fetched.data)])
        self.report.lists = True

    def _ingest_entries(self, request: Request, fetched: Fetched, parts: Outline) -> str:
        """Parse the new entries of a document, and store what it changes; return an empty text."""
        session, name, number = self.session, request.name, self._numbers[request.name]
        known = session.db.find_known_entries(session.sources, number, parts.digests)
        account = EntryAccount(parts)
        settings = session.build_entry_settings(number, self._sources[name])
        key, before = session.compute_entry_digest(settings), self._get_head(name)
        if verdicts.are_outdated(before, key):
            known = replace(known, rejected=frozenset())
        fresh = feed_decisions.select_new_entries(parts, known)
        found = self._parse_entries(name, fetched.url, parts, fresh, settings, account)
        update = feed_decisions.decide_update(name, found, fetched, known, before, account)
        context = session.build_context(number, early=name not in self._complete)
        # An entry cannot be newer than a poll that has already seen it.
        context = replace(context, polled=self._get_last_poll(name))
        head = dict(update.head or {})
        if known.rejected or update.left_out:
            head["verdicts"] = key
        update = replace(
            update,
            head=head,
            poll=self._decide_poll(name, fetched, head),
            settings=key,
            # With other settings a rejected entry may succeed, so it is tried again.
            digests=() if verdicts.are_outdated(before, key) else parts.digests,
        )
        counts = session.db.ingest_document(context, update)
        self._complete.add(name)
        self.report.new += counts.new
        self.report.changed += counts.changed
        self.report.gone += counts.removed
        self.report.dropped += sum(reading.dropped for reading in found.readings)
        self.report.logins += sum(reading.logins for reading in found.readings)
        # A few changed guids are normal; most of them mean that the site has moved to another program.
        if 2 * counts.renamed > counts.window:
            self.report.notes.append(
                f"source {name}: the feed has moved: {counts.renamed} of its {counts.window} entries have other guids"
            )
        return ""

    def _get_last_poll(self, name: str) -> datetime | None:
        row = self._rows.get(name)
        return datetime.fromtimestamp(row.polled, UTC) if row and row.polled else None

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

        kept, trouble = feed_decisions.drop_long_entries(parts, fresh, account)
        troubles = [trouble] if trouble else []
        document = Document(parts, url, settings, self.session.clock()).select_entries(kept)
        found, rejected, left = parse_document(self.session.workers, document)
        for entry in rejected:
            account.add_unparsed([entry.digest], "rejected", entry.reason)
            troubles.append(f"entry {entry.name!r}: {entry.reason}; it is left out")
        if left:
            # The same bytes would need the same time again, so the document counts as read.
            account.add_unparsed((entry.digest for entry in left), "not tried")
            troubles.append(
                f"{len(left)} more entries are left out, because {left[0].reason}; "
                f"raise limits.document_seconds: {verdicts.name_entries([entry.name for entry in left])}"
            )
        account.add_unparsed(found.unreadable, "unreadable")
        self.report.troubles += [f"source {name}: {text}" for text in troubles]
        return found

    def load_history_position(self, name: str) -> str:
        """Load the position in the history of a source; empty if none is stored."""
        return self.session.db.load_history_position(self._numbers[name])

    def save_history_position(self, name: str, position: str) -> None:
        """Store the position in the history of a source."""
        self.session.db.save_history_position(self._numbers[name], position)

    def ingest_history_document(
        self, request: Request, fetched: Fetched, decide_position: Callable[[UpstreamHead, int], str]
    ) -> None:
        """Ingest a document of the history; entries that are stored already stay unchanged.

        ``decide_position`` returns the new position, from the head of the document and the number of its
        new entries.

        Raises:
            FeedUnreadable: it is not a feed.
        """
        name, number = request.name, self._numbers[request.name]
        parts = self._split_document(fetched)
        if feed_decisions.find_refusal(parts):
            raise FeedUnreadable(
                f"{redact_address(fetched.url)}: is not a feed, or has more than "
                f"{feed_decisions.MOST_ENTRIES:,} entries"
            )
        settings = self.session.build_entry_settings(number, self._sources[name])
        every = range(len(parts.entries))
        found = self._parse_entries(name, fetched.url, parts, every, settings, EntryAccount(parts))
        matched = match_entries(name, (), found.readings, self.session.db.load_blocked_keys())
        stored = self.session.db.find_known_items(number, (r.path for r in matched.readings))
        # The current document is newer than the history, so its version of an entry is kept.
        readings = [reading for reading in matched.readings if reading.path not in stored]
        update = FeedUpdate(
            readings=readings,
            renamed=matched.renamed,
            blocked=matched.blocked,
            position=decide_position(found.head, len(readings)),
        )
        self.session.db.ingest_document(self.session.build_context(number, early=True), update)

    def _reject_document(
        self, request: Request, fetched: Fetched, reason: str, head: dict[str, Any] | None = None
    ) -> None:
        """Store the failure of a document, and its new ``head`` if there is one."""
        failed = mark_unreadable(self.get_state(request.name), fetched, reason)
        poll = self._decide_poll(request.name, failed, head or self._get_head(request.name))
        self.session.db.save_polls([poll._replace(head=head)])
        self.report.troubles.append(f"source {request.name}: {reason}")

    def _get_head(self, name: str) -> dict[str, Any]:
        row = self._rows.get(name)
        return row.head if row else {}

    def _decide_poll(self, name: str, fetched: Fetched, head: dict[str, Any]) -> PollResult:
        """Decide when a source is polled next, and remember its state."""
        poll = feed_decisions.decide_next_poll(
            self._numbers[name],
            self._sources[name].interval,
            fetched,
            head,
            # A response may wait in the queue, and the wait must not shift the rhythm.
            fetched.at or self.session.clock(),
            self._random.random(),
            pushed=name in self.pushed,
        )
        self._rows[name] = UpstreamRow(
            poll.state, head, poll.due, poll.decided_by, poll.polled, poll.outcome, poll.reason
        )
        return poll
