"""Run the daemon: watch folders, poll upstream feeds, publish, and stop in order.

State is in the store; a job here is only a wake-up, so losing, repeating or delaying it is harmless. The
event loop runs timers, the network and the watchers. Everything that uses the store runs in one other thread,
one job after the other.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from feeds import pipeline
from feeds.config import Config, load_config
from feeds.daemon import control, websub_service
from feeds.daemon.context import DaemonContext, JobInterrupted
from feeds.daemon.event_log import EventLog
from feeds.daemon.folder_watcher import SCAN_EVERY, FolderWatcher
from feeds.daemon.http_service import build_server
from feeds.daemon.poll_scheduler import PollScheduler
from feeds.daemon.systemd import Supervisor
from feeds.errors import FeeddError, OutputError
from feeds.output.tree import Tree
from feeds.protocols import Clock
from feeds.publisher import publisher
from feeds.session import Session, open_session
from feeds.storage.sqlite import lock_store

if TYPE_CHECKING:
    from feeds.server.server import Server


# systemd kills a service that has not stopped in time, so a long job is interrupted well before.
_STOP_WITHIN = 4.0
"""Seconds for running jobs when the daemon stops; the last publishing comes after it."""

_PUBLISH_AGAIN = 30.0
"""Seconds until failed publishing is tried again."""


async def serve(
    path: str | None,
    clock: Clock,
    log: EventLog,
    jobs: int = 0,
    speed: float = 1,
    deadline: float | None = None,
) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP loads the configuration again, and an invalid one is refused.

    Args:
        path: Of the configuration.
        clock: The current time.
        log: Writes events.
        jobs: Worker processes; 0 for one per processor.
        speed: Seconds of ``clock`` that pass in one second: more than 1 when days are simulated.
        deadline: Seconds that a post or an entry may take, instead of ``limits.item_seconds``.

    Raises:
        ConfigError: the configuration is invalid at the start.
        StoreLocked: another feedd uses this store.
        StoreError: the store cannot be used.
    """
    # apscheduler warns of skipped and cancelled wake-ups, which are harmless here; failures end the daemon.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    config: Config | None = load_config(path)
    supervisor = Supervisor()
    signals = _Signals()
    try:
        # The outer loop changes the store with its lock, the inner loop only the configuration.
        while config is not None:
            store = config.store
            with lock_store(store):
                while config is not None and config.store == store:
                    daemon = Daemon(config, clock, log, supervisor, jobs, speed, deadline)
                    config = await daemon.run(signals, lambda: _reload_config(path, log))
    finally:
        signals.close()
    supervisor.notify("STOPPING=1")
    log("stopped")


def _reload_config(path: str | None, log: EventLog) -> Config | None:
    """Load the configuration again; None if it is invalid, which is logged."""
    try:
        config = load_config(path)
    except FeeddError as error:
        for line in str(error).splitlines():
            log("reload_refused", reason=line)
        return None
    log("reloaded", sources=len(config.sources))
    return config


class _Signals:
    """Signal handlers: SIGTERM and SIGINT stop, SIGHUP reloads."""

    def __init__(self) -> None:
        self.stopping = False
        self.on_stop: Callable[[], None] = lambda: None
        """Called at once when the daemon must stop."""
        self._event = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stop)
        # Handlers of the loop run between callbacks, so that they may change its state safely.
        self._loop.add_signal_handler(signal.SIGHUP, self.reload)

    def _stop(self) -> None:
        self.stopping = True
        self.on_stop()
        self._event.set()

    def reload(self) -> None:
        """Request that the configuration is loaded again."""
        self._event.set()

    async def wait(self) -> None:
        """Wait for the next signal or request."""
        await self._event.wait()
        self._event.clear()

    def close(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self._loop.remove_signal_handler(number)


class Daemon:
    """The running daemon with one configuration."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        log: EventLog,
        supervisor: Supervisor,
        jobs: int,
        speed: float,
        deadline: float | None,
    ) -> None:
        self.config, self.clock, self.log = config, clock, log
        self._supervisor = supervisor
        self._jobs, self._speed, self._deadline = jobs, speed, deadline
        self._shift = DaemonContext(config, clock, log)
        self._folders = FolderWatcher(self._shift, self._request_reload)
        self._scheduler = AsyncIOScheduler(
            # A late wake-up still counts, and several late wake-ups count as one, because due work is in the
            # store.
            timezone=UTC,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._tree: Tree | None = None
        """The tree after the last publishing; None to scan every document again."""
        self._left_out: dict[str, str] = {}
        """Posts that no document can contain, with the reason; all of them are logged already."""
        self._server: Server | None = None
        self._pushing: websub_service.WebSubService | None = None
        self._timetable: PollScheduler | None = None

    async def run(self, signals: _Signals, reread: Callable[[], Config | None]) -> Config | None:
        """Work until a signal comes; then finish running jobs and leave a complete tree.

        Return the configuration to continue with, or None to stop; ``reread`` loads it, or returns None if it
        is invalid.
        """
        self._signals, self._loop = signals, asyncio.get_running_loop()
        self._seen_version = 0
        signals.on_stop = lambda: self._shift.end_within(_STOP_WITHIN)
        following = None
        async with AsyncExitStack() as stack:
            # Registered first, so that it runs last: closing the run needs the thread.
            stack.callback(self._shift.store_thread.shutdown)
            self._shift.session = await stack.enter_async_context(self._open())
            with suppress(JobInterrupted):
                await self._start(stack)
                self._supervisor.notify("READY=1", "STATUS=watching and publishing")
                self.log("ready", sources=len(self.config.sources), store=self.config.store)
                following = await self._wait_for_end(signals, reread)
            # Stopped first, so that no new job starts during the last publishing.
            if self._scheduler.running:
                self._scheduler.shutdown(wait=False)
            await self._stop()
        # Raised only now, when the server and the store have been closed in order.
        if self._shift.failure is not None:
            raise self._shift.failure
        return following

    async def _wait_for_end(self, signals: _Signals, reread: Callable[[], Config | None]) -> Config | None:
        """Wait until the daemon must stop, a part fails, or there is a new configuration."""
        # Waiting for both: a daemon without one of its parts would run on without effect.
        failed = asyncio.create_task(self._shift.failed.wait())
        following = None
        while following is None and not signals.stopping and not failed.done():
            signal_came = asyncio.create_task(signals.wait())
            await asyncio.wait((signal_came, failed), return_when=asyncio.FIRST_COMPLETED)
            if signal_came.done() and not signals.stopping:
                self._supervisor.notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
                following = reread()
                if following is None:
                    self._supervisor.notify("READY=1")
            signal_came.cancel()
        failed.cancel()
        return following

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Session]:
        opened = open_session(
            self.config, self.config.store, self._jobs, self.clock, self._shift.progress, self._deadline
        )
        session = await self._shift.run_in_store_thread(opened.__enter__)
        try:
            yield session
        finally:
            await self._shift.run_in_store_thread(opened.__exit__, None, None, None)

    async def _start(self, stack: AsyncExitStack) -> None:
        # The watchers start before the scan, so that a change during the scan is not missed.
        await self._folders.watch()
        await self._shift.run_in_store_thread(self._folders.read_everything)
        # Published before the server starts, so that the first requests find current documents.
        await self._publish()
        # The first saved post would otherwise wait for modules and templates to load.
        await self._shift.run_in_store_thread(publisher.warm_up, self._shift.session)
        if websub_service.is_needed(self.config):
            push = websub_service.WebSubService(self.config, self.clock, self._ingest_pushed)
            self._pushing = await stack.enter_async_context(push)
        if self.config.serve is not None:
            endpoints = self._pushing.list_endpoints() if self._pushing else ()
            self._server = build_server(self.config, self.clock, endpoints)
            await self._server.start()
            self.log("serving", address=self._server.address)
        if self.config.polled:
            self._timetable = PollScheduler(self._shift, self._schedule_poll, self._pushing)
            self._shift.watch_task(await self._timetable.begin(stack))
        self._shift.begin(self._publish_forever())
        # Watchers of the system may lose changes, for example when their queue overflows.
        self._run_every(SCAN_EVERY, self._scan)
        self._run_every(30, self._release)
        self._run_every(1, self._check_requests)
        if self._supervisor.watchdog:
            self._run_every(self._supervisor.watchdog, self._notify_watchdog)
        self._scheduler.start()

    def _run_every(self, seconds: float, job: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a job at an interval; if it fails, the daemon stops."""

        async def run_job() -> None:
            await self._shift.run_watched(job())

        self._scheduler.add_job(run_job, "interval", seconds=seconds)

    async def _notify_watchdog(self) -> None:
        self._supervisor.notify("WATCHDOG=1")

    def _schedule_poll(self, when: datetime) -> None:
        """Schedule a poll at a time of our clock; the scheduler uses the system's."""
        # When days are simulated, the clock of feedd runs faster than that of the system.
        at = datetime.now(UTC) + (when - self.clock()) / self._speed
        self._scheduler.add_job(self._poll, "date", run_date=at, id="ask", replace_existing=True)

    async def _poll(self) -> None:
        assert self._timetable is not None
        await self._shift.run_watched(self._timetable.poll_due())

    async def _stop(self) -> None:
        self._shift.end_within(_STOP_WITHIN)
        # Tasks end before the last publishing, so that it contains all they have stored.
        await self._shift.cancel_tasks()
        if self._timetable is not None:
            await self._timetable.stop()
        if self._shift.failure is None:
            with suppress(JobInterrupted):
                await self._publish()
        if self._server is not None:
            await self._server.stop(2)

    async def _ingest_pushed(self, source: str, body: bytes, content_type: str) -> None:
        if self._timetable is not None:
            await self._timetable.ingest_pushed(source, body, content_type)

    async def _scan(self) -> None:
        self._tree = None
        await self._shift.run_in_store_thread(self._folders.read_everything)
        self._shift.wants_publishing.set()

    async def _release(self) -> None:
        """Publish posts whose date has come and remove expired posts."""
        session = self._shift.session
        update = session.db.update_due_posts
        if await self._shift.run_in_store_thread(update, session.sources, session.clock()):
            self._shift.wants_publishing.set()

    async def _check_requests(self) -> None:
        """Apply the requests that ``feedd add`` and other commands have stored."""
        reload = await self._shift.run_in_store_thread(self._apply_requests)
        if reload:
            self._signals.reload()

    def _request_reload(self) -> None:
        """Request that the settings of the sources are read again."""
        self._signals.reload()

    def _apply_requests(self) -> bool:
        db = self._shift.session.db
        # Somebody may replace the store under a running daemon, whose writes would then be lost.
        db.require_in_place()
        # A cheap counter of SQLite: the requests are queried only after another process has written.
        version = db.load_change_counter()
        if version == self._seen_version:
            return False
        self._seen_version = version
        reload = False
        for number, kind, value in db.load_requests():
            if reload and kind == "backfill":
                # Its source is in the new configuration only.
                continue
            self._apply_request(kind, value)
            reload |= kind == "reload"
            # Removed after it was applied: a request is repeated after a kill, and repeating it is harmless.
            db.remove_request(number)
        return reload

    def _apply_request(self, kind: str, value: str) -> None:
        shift = self._shift
        if kind == "forget":
            self.log("removed", source=value, posts=control.apply_request(shift.session, kind, value))
        elif kind in ("withdraw", "restore"):
            control.apply_request(shift.session, kind, value)
            self.log(kind, post=value)
        elif kind == "removals" and control.is_current(value, self.clock):
            self._folders.read_everything(allow_removals=True)
        elif kind == "backfill" and self._timetable is not None:
            # This runs in the store's thread, and tasks may be created only in that of the loop.
            self._loop.call_soon_threadsafe(self._begin_past, value)
            return
        self._loop.call_soon_threadsafe(shift.wants_publishing.set)

    def _begin_past(self, source: str) -> None:
        assert self._timetable is not None
        self._shift.begin(self._timetable.read_past(source))

    async def _publish_forever(self) -> None:
        while True:
            await self._shift.wants_publishing.wait()
            # Cleared before the work, so that a change during the work causes another publishing.
            self._shift.wants_publishing.clear()
            try:
                await self._publish()
            except OutputError as error:  # a full disk may get space again, and the store has everything
                self.log("warning", error=error, retry_in=_PUBLISH_AGAIN)
                self._loop.call_later(_PUBLISH_AGAIN / self._speed, self._shift.wants_publishing.set)

    async def _publish(self) -> None:
        written, held, seconds = await self._shift.run_in_store_thread(self._publish_now)
        # Deliveries wait in the store; waking the dispatcher saves its next interval.
        if written and self._pushing:
            self._pushing.wake()
        if written:
            self.log("published", documents=written, seconds=seconds)
        for path, reason in held.items():
            self.log("held_back", document=path, reason=reason)
        for post, reason in (await self._shift.run_in_store_thread(self._find_newly_left_out)).items():
            self.log("left_out", post=post, reason=reason)
        self._supervisor.notify(f"STATUS=published {written} documents at {self.clock():%H:%M:%S}")

    def _find_newly_left_out(self) -> dict[str, str]:
        """Return the posts that no document can contain since the last publishing."""
        before, self._left_out = self._left_out, self._shift.session.db.load_invalid_posts()
        return dict(self._left_out.items() - before.items())

    def _publish_now(self) -> tuple[int, dict[str, str], float]:
        self._shift.progress("publishing", 0, 1)
        started = self.clock()
        session = self._shift.session
        # Somebody may delete the output folder; then every document is written again.
        if self._tree is None or not self._tree.folder.is_dir():
            self._tree = Tree(self.config.output.dir, session.db.load_documents())
        # If publishing fails halfway, the next attempt must not trust this state of the tree.
        tree, self._tree = self._tree.again(), None
        published = pipeline.publish(session, tree)
        self._tree = tree
        seconds = round((self.clock() - started).total_seconds(), 3)
        return len(tree.written), published.held, seconds
