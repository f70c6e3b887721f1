"""Ingest responses of upstream feeds: each becomes sightings, the state for the next fetch and the time of that fetch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from random import Random
from typing import TYPE_CHECKING, Any

from feeds.errors import DeadlineExceeded, FeeddError, FeedUnreadable, UsageError, WorkersLost
from feeds.fetcher.feed import Fetched, FetchState, compute_document_digest, mark_unreadable
from feeds.fetcher.request import Request
from feeds.http.address import redact_address
from feeds.ingest import feed_decisions
from feeds.ingest.document_job import MOST_ENTRIES, DocumentJob, ReadDocument, StartedDocument
from feeds.ingest.entry_account import EntryAccount
from feeds.reports import Ingested
from feeds.session import Session
from feeds.sources import UpstreamFeed
from feeds.storage.upstreams import FeedUpdate, PollResult, UpstreamRow

if TYPE_CHECKING:
    from feeds.ingest.document_job import ParsedDocument
    from feeds.parser.feeds.document import UpstreamHead


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

    def set_sources(self, sources: Sequence[UpstreamFeed]) -> None:
        """Set the sources whose responses are expected."""
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
        if row and "verdicts" in row.head and feed_decisions.are_outdated(row.head, self._compute_key(name)):
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
        """Ingest a batch of responses, and wait for slow documents too. The list is emptied."""
        for document in self.ingest_quickly(answers):
            self.finish_document(document)

    def ingest_quickly(self, answers: list[tuple[Request, Fetched]]) -> list[StartedDocument]:
        """Ingest a batch of responses; responses without a document come first, because they take no time.

        The list is emptied, so that each document is freed from memory once it is stored.

        Returns:
            The documents that take long. They are read meanwhile; once the future of such a document is done,
            :meth:`finish_document` stores it.
        """
        documents = deque(answer for answer in answers if answer[1].outcome == "new")
        unchanged = [answer for answer in answers if answer[1].outcome != "new"]
        answers.clear()
        if unchanged:
            # One transaction for all of them, because most polls find nothing new.
            self._save_unchanged(unchanged)
        slow: list[StartedDocument] = []
        started: deque[StartedDocument] = deque()
        while documents or started:
            # While a document is stored, the next are read.
            while documents and len(started) < self.session.workers.at_once:
                document = self._start_document(*documents.popleft(), len(documents))
                started.extend([document] if document else [])
            if started:
                self._finish_or_defer(started.popleft(), slow)
        return slow

    def _finish_or_defer(self, document: StartedDocument, slow: list[StartedDocument]) -> None:
        """Store a document, or add it to ``slow`` documents if reading it takes long."""
        error = document.future.exception()
        if isinstance(error, DeadlineExceeded):
            from feeds.ingest.document_reader import read_slowly

            # Within the rest of its budget, while the others are read and stored.
            read = self._slow_thread.submit(read_slowly, self.session.workers, document.job, error.deadline)
            slow.append(document._replace(future=read))
        else:
            self.finish_document(document)

    @cached_property
    def _slow_thread(self) -> ThreadPoolExecutor:
        # A single thread, so that slow documents occupy a single process.
        return ThreadPoolExecutor(1, "slow documents")

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

    def _start_document(self, request: Request, fetched: Fetched, waiting: int) -> StartedDocument | None:
        """Start to read a document; None if it is a list, or was refused before."""
        from feeds.ingest.document_reader import start_reading

        self.report.asked += 1
        self.session.progress("upstreams", self.report.asked, max(len(self._sources), self.report.asked))
        name, number, head = request.name, self._numbers[request.name], self._get_head(request.name)
        settings = self.session.build_entry_settings(number, self._sources[name])
        key = self.session.compute_entry_digest(settings)
        fetched = fetched._replace(digest=fetched.digest or compute_document_digest(fetched.data))
        if reason := feed_decisions.get_refusal(head, key, fetched.digest):
            self._reject_document(request, fetched, reason)
            return None
        if self._sources[name].is_list:
            self._ingest_or_reject(request, fetched, partial(self._ingest_list, request, fetched))
            return None
        # Entries that were rejected with other settings are tried again.
        rejected = not feed_decisions.are_outdated(head, key)
        known = self.session.db.load_known_digests(number, rejected=rejected)
        job = DocumentJob(
            fetched.data, fetched.content_type, fetched.url, settings, self.session.clock(), known
        )
        future = start_reading(self.session.workers, job, waiting)
        return StartedDocument(request, fetched._replace(data=b""), job, future, key)

    def finish_document(self, document: StartedDocument) -> None:
        """Store a document that was read; if it cannot be read, report it and store the failure."""
        self._ingest_or_reject(document.request, document.fetched, partial(self._ingest_entries, document))

    def _ingest_or_reject(self, request: Request, fetched: Fetched, ingest: Callable[[], str]) -> None:
        """Call a function that returns why a document is refused, and store its failure."""
        try:
            refusal = ingest()
        except DeadlineExceeded as error:
            key, head = self._compute_key(request.name), self._get_head(request.name)
            head = feed_decisions.add_refusal(head, key, fetched.digest, str(error))
            self._reject_document(request, fetched, str(error), head)
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

    def _ingest_list(self, request: Request, fetched: Fetched) -> str:
        from feeds.parser.lists.opml import read_opml

        self.session.workers.run(read_opml, fetched.data, request.url)
        poll = self._decide_poll(request.name, fetched, {})
        self.session.db.save_polls([poll._replace(document=fetched.data)])
        self.report.lists = True
        return ""

    def _ingest_entries(self, document: StartedDocument) -> str:
        """Store what a document changes; return why it is refused, or an empty text."""
        from feeds.ingest.document_reader import read_slowly

        request, fetched, job, _, key = document
        read = document.future.result()
        if read.found is None:
            return feed_decisions.find_refusal(read.parts, redact_address(fetched.url), fetched.content_type)
        session, name, number = self.session, request.name, self._numbers[request.name]
        known = session.db.find_known_entries(session.sources, number, read.parts.digests)
        before = self._get_head(name)
        if feed_decisions.are_outdated(before, key):
            known = replace(known, rejected=frozenset())
        fresh = feed_decisions.select_new_entries(read.parts, known)
        # An entry that was known when the reading began may have been removed from the store since.
        if not job.known.isdisjoint(read.parts.digests[i] for i in fresh):
            read = read_slowly(session.workers, replace(job, known=frozenset()))
        account = EntryAccount(read.parts)
        found = self._account_entries(name, read, fresh, account)
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
            digests=() if feed_decisions.are_outdated(before, key) else read.parts.digests,
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

    def _account_entries(
        self, name: str, read: ReadDocument, fresh: Sequence[int], account: EntryAccount
    ) -> ParsedDocument:
        """Return the parsed new entries; those that are left out are reported, and added to the account."""
        kept, trouble = feed_decisions.drop_long_entries(read.parts, fresh, account)
        troubles = [trouble] if trouble else []
        found, rejected, left = feed_decisions.select_read_entries(read, kept)
        for entry in rejected:
            account.add_unparsed([entry.digest], "rejected", entry.reason)
            troubles.append(f"entry {entry.name!r}: {entry.reason}; it is left out")
        if left:
            # The same bytes would need the same time again, so the document counts as read.
            account.add_unparsed((entry.digest for entry in left), "not tried")
            troubles.append(
                f"{len(left)} more entries are left out, because {left[0].reason}; "
                f"raise limits.document_seconds: {feed_decisions.list_entry_names([entry.name for entry in left])}"
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
        from feeds.ingest.document_reader import read_slowly

        name, number = request.name, self._numbers[request.name]
        settings = self.session.build_entry_settings(number, self._sources[name])
        job = DocumentJob(fetched.data, fetched.content_type, fetched.url, settings, self.session.clock())
        read = read_slowly(self.session.workers, job)
        if read.found is None:
            raise FeedUnreadable(
                f"{redact_address(fetched.url)}: is not a feed, or has more than {MOST_ENTRIES:,} entries"
            )
        every = range(len(read.parts.entries))
        found = self._account_entries(name, read, every, EntryAccount(read.parts))
        matched = feed_decisions.match_entries(name, (), found.readings, self.session.db.load_blocked_keys())
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
