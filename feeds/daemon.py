"""When each job runs: the daemon watches folders, asks upstreams, publishes, and stops in order.

State lies in the store; a job here is only a wake-up, and losing, doubling or delaying one is harmless.
The event loop has the clock, the network and the watching; everything that uses the store runs in one
other thread, one thing after the other.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from feeds import api, pipeline, polling, pushing, requests
from feeds.config import Config, FolderSource, ListSource, UpstreamSource, load_config
from feeds.errors import FeeddError, UsageError
from feeds.events import EventLog
from feeds.fetch.hosts import Hosts
from feeds.fetch.pace import spread
from feeds.fetch.upstream import Request
from feeds.ports import Clock, no_progress
from feeds.run import Run
from feeds.serving import server_of
from feeds.sources import expand, register
from feeds.store import posts
from feeds.store import upstreams as stored
from feeds.store.database import Database, lease
from feeds.systemd import Supervisor
from feeds.write import Tree, Written

if TYPE_CHECKING:
    from feeds.net import Client
    from feeds.serve.server import Server

T = TypeVar("T")

_SETTLED = 0.03
"""Seconds without a change after which a folder is read."""
_LONGEST_WAIT = 400
"""Milliseconds after which a folder is read although it still changes."""
_SCAN_EVERY = 600
"""Seconds between two looks at every file: the watcher may miss something."""
_SPREAD = 0.1
_LONGEST_SPREAD = 300.0
_STOP_WITHIN = 8.0
_LAST_SECOND = 253402300799  # of the year 9999


async def serve(path: str | None, clock: Clock, log: EventLog, jobs: int = 0) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP reads the configuration again, and a broken one is refused.

    Raises:
        ConfigError: the configuration is wrong at the start.
        RoleTaken: another feedd has this store.
        StoreError: the store cannot be used.
    """
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a wake-up that finds work under way is no news
    config = load_config(path)
    supervisor = Supervisor()
    signals = _Signals()
    try:
        while True:
            with lease(config.store):
                daemon = Daemon(config, clock, log, supervisor, jobs)
                await daemon.run(signals)
            if signals.stopping:
                break
            config = _reloaded(path, config, log)
    finally:
        signals.close()
    supervisor.tell("STOPPING=1")
    log("stopped")


def _reloaded(path: str | None, old: Config, log: EventLog) -> Config:
    try:
        config = load_config(path)
    except FeeddError as error:
        for line in str(error).splitlines():
            log("reload_refused", reason=line)
        return old
    log("reloaded", sources=len(config.sources))
    return config


class _Signals:
    """SIGTERM and SIGINT stop, SIGHUP reloads."""

    def __init__(self) -> None:
        self.stopping = False
        self._event = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stop)
        self._loop.add_signal_handler(signal.SIGHUP, self.reload)

    def _stop(self) -> None:
        self.stopping = True
        self._event.set()

    def reload(self) -> None:
        """Ask for the configuration to be read again."""
        self._event.set()

    async def wait(self) -> None:
        """Until one of them comes."""
        await self._event.wait()
        self._event.clear()

    def close(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self._loop.remove_signal_handler(number)


class Daemon:
    """What runs under one configuration."""

    def __init__(
        self, config: Config, clock: Clock, log: EventLog, supervisor: Supervisor, jobs: int
    ) -> None:
        self.config, self.clock, self.log = config, clock, log
        self._supervisor = supervisor
        self._jobs = jobs
        self._store_thread = ThreadPoolExecutor(1, "store")
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._wants_publishing = asyncio.Event()
        self._requests: dict[str, Request] = {}
        self._due: dict[str, datetime] = {}
        self._tree: Tree | None = None
        """As the last publishing left it; None to look at every document again."""
        self._server: Server | None = None
        self._pushing: pushing.Pushing | None = None
        self._failure: BaseException | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._vital: list[asyncio.Task[None]] = []
        """Work that is ended in its own way, but without which there is no going on."""

    async def run(self, signals: _Signals) -> None:
        """Work until a signal comes; then finish what is under way and leave a whole tree."""
        self._signals, self._loop = signals, asyncio.get_running_loop()
        self._seen_version = 0
        async with AsyncExitStack() as stack:
            stack.callback(self._store_thread.shutdown)
            self._run = await stack.enter_async_context(self._open())
            await self._start(stack)
            self._supervisor.tell("READY=1", "STATUS=watching and publishing")
            self.log("ready", sources=len(self.config.sources), store=self.config.store)
            waiting = asyncio.create_task(signals.wait())
            await asyncio.wait({waiting, *self._tasks, *self._vital}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            self._scheduler.shutdown(wait=False)
            for task in (*self._tasks, *self._vital):
                if task.done() and not task.cancelled() and task.exception() is not None:
                    signals.stopping = True
                    self._failure = task.exception()
            await self._stop()
        if self._failure is not None:
            raise self._failure

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Run]:
        opened = api.open_run(self.config, self.config.store, self._jobs, self.clock, no_progress)
        run = await self._in_store_thread(opened.__enter__)
        try:
            yield run
        finally:
            await self._in_store_thread(opened.__exit__, None, None, None)

    async def _start(self, stack: AsyncExitStack) -> None:
        for source in self.config.folders:
            self._tasks.append(asyncio.create_task(self._watch(source)))
        for _ in range(3):
            await asyncio.sleep(0)  # the watchers are there before anything is read: nothing falls in between
        await self._in_store_thread(self._read_everything)
        await self._publish()
        if pushing.wanted(self.config):
            push = pushing.Pushing(self.config, self.clock, self._pushed)
            self._pushing = await stack.enter_async_context(push)
        if self.config.serve is not None:
            routes = self._pushing.routes() if self._pushing else ()
            self._server = server_of(self.config, self.clock, routes)
            await self._server.start()
            self.log("serving", address=self._server.address)
        if self.config.polled:
            client = await stack.enter_async_context(polling.client_of(self.config))
            await self._begin_asking(client)
        self._tasks.append(asyncio.create_task(self._publishing()))
        add = self._scheduler.add_job
        add(self._scan, "interval", seconds=_SCAN_EVERY)
        add(self._release, "interval", seconds=30)
        add(self._look_for_requests, "interval", seconds=1)
        if self._supervisor.watchdog:
            add(self._supervisor.tell, "interval", args=["WATCHDOG=1"], seconds=self._supervisor.watchdog)
        self._scheduler.start()

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.config.polled and hasattr(self, "_asking"):
            try:
                await asyncio.wait_for(self._asking.stop(), _STOP_WITHIN)
            except (TimeoutError, FeeddError) as error:
                self.log("stopping", reason=str(error) or "an upstream was still being read")
            await self._in_store_thread(stored.hold_hosts, self._run.db, self._hosts.holds(self.clock()))
        if self._failure is None:
            await self._publish()
        if self._server is not None:
            await self._server.stop(2)

    async def _in_store_thread(self, work: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._store_thread, work, *arguments)

    # Folders

    def _read_everything(self) -> None:
        report = pipeline.ingest(self._run, offline=True)
        self._tell(report)

    async def _watch(self, source: FolderSource) -> None:
        """Read files when they change."""
        from watchfiles import awatch

        root = source.path
        while not root.is_dir():
            self.log("trouble", source=source.name, reason=f"{root}: no such folder")
            await asyncio.sleep(_SCAN_EVERY)
        real = os.path.realpath(root)
        step = int(_SETTLED * 1000)
        async for changes in awatch(root, watch_filter=None, step=step, debounce=_LONGEST_WAIT):
            paths = {_below(root, real, path) for _, path in changes}
            await self._in_store_thread(self._read, source, frozenset(paths))
            self._wants_publishing.set()

    def _read(self, source: FolderSource, paths: frozenset[str]) -> None:
        report = pipeline.Ingested()
        try:
            if any((source.path / path).is_dir() for path in paths):
                pipeline.ingest_folder(self._run, source, report)
            else:
                pipeline.ingest_paths(self._run, source, paths, report)
        except UsageError as error:
            report.troubles.append(f"source {source.name}: {error}")
        self._tell(report, source.name)

    def _tell(self, report: pipeline.Ingested, source: str = "") -> None:
        if report.new or report.changed:
            self.log("read", source=source, new=report.new, changed=report.changed, repaired=report.repaired)
        for trouble in report.troubles:
            self.log("trouble", reason=trouble)

    async def _scan(self) -> None:
        self._tree = None
        await self._in_store_thread(self._read_everything)
        self._wants_publishing.set()

    async def _release(self) -> None:
        """Let posts appear whose time has come."""
        if await self._in_store_thread(posts.release, self._run.db, self.clock()):
            self._wants_publishing.set()

    # What other commands ask for

    async def _look_for_requests(self) -> None:
        """Take up what ``feedd add`` and others have left in the store."""
        reload = await self._in_store_thread(self._take_requests)
        if reload:
            self._signals.reload()

    def _take_requests(self) -> bool:
        db = self._run.db
        version = db.value("changes_elsewhere")
        if version == self._seen_version:
            return False
        self._seen_version = version
        reload = False
        for number, kind, value in db.rows("requests_all"):
            if kind == "forget":
                count = requests.forget(self._run, value)
                self.log("forgot", source=value, entries=count)
                self._loop.call_soon_threadsafe(self._wants_publishing.set)
            reload |= kind == "reload"
            with db.transaction():
                db.run("request_drop", (number,))
        return reload

    # Upstreams

    async def _begin_asking(self, client: Client) -> None:
        self._hosts = Hosts(await self._in_store_thread(stored.held_hosts, self._run.db))
        self._client = client
        self._receiver = polling.Receiver(
            self._run, lambda number, complete: pipeline.context_of(self._run, number, early=not complete)
        )
        await self._in_store_thread(self._know_upstreams)
        self._asking = polling.Asking(
            self._receiver, client, self._hosts, self._store_thread, self._answers_taken
        )
        self._vital.append(self._asking.draining)
        self._plan_asking()

    def _plan_asking(self) -> None:
        """When each upstream is asked: as the store says, and those that are late spread, never all at once."""
        now = self.clock()
        late = [name for name in self._requests if self._receiver.due(name) <= now.timestamp()]
        over = min(_LONGEST_SPREAD, _SPREAD * len(late))
        planned = {name: due for name, due in self._due.items() if due > now}
        self._due = {name: self._stored_due(name) for name in self._requests} | spread(late, now, over)
        self._due |= {name: due for name, due in planned.items() if name in late}
        self._schedule_asking()

    def _stored_due(self, name: str) -> datetime:
        return datetime.fromtimestamp(min(self._receiver.due(name), _LAST_SECOND), UTC)

    def _know_upstreams(self) -> None:
        """Know every upstream, those of lists too."""
        lists = [one.settings for one in self.config.sources if isinstance(one, ListSource) and one.url]
        every, troubles = expand(self.config, self._run.db)
        for trouble in troubles:
            self.log("trouble", reason=trouble)
        self._run.sources.update(register(self._run.db, [one.name for one in every]))
        upstreams = [one for one in every if isinstance(one, UpstreamSource)]
        self._receiver.know([*lists, *upstreams], [one.name for one in lists])
        self._requests = {}
        for source in (*lists, *upstreams):
            try:
                self._requests[source.name] = polling.request_of(source)
            except UsageError as error:
                self.log("trouble", source=source.name, reason=str(error))

    def _schedule_asking(self) -> None:
        """Wake up when the next upstream is due."""
        waiting = [due for name, due in self._due.items() if name not in self._asking.under_way]
        if waiting:
            at = max(min(waiting), self.clock() + timedelta(milliseconds=50))
            self._scheduler.add_job(self._ask, "date", run_date=at, id="ask", replace_existing=True)

    async def _ask(self) -> None:
        now = self.clock()
        for name, due in sorted(self._due.items(), key=lambda one: one[1]):
            if due <= now and name not in self._asking.under_way:
                self._asking.submit(self._requests[name])
        self._schedule_asking()

    def _answers_taken(self) -> None:
        report = self._receiver.report
        self._receiver.report = polling.Polled()
        for name in self._requests:
            if self._receiver.due(name) > self._due[name].timestamp():
                self._due[name] = self._stored_due(name)
        self.log("asked", upstreams=report.asked, new=report.new, changed=report.changed)
        for trouble in report.troubles:
            self.log("trouble", reason=trouble)
        if report.new or report.changed:
            self._wants_publishing.set()
        if report.asked and self._pushing:
            self._tasks.append(asyncio.create_task(self._follow_hubs()))
        if report.lists:
            self._tasks.append(asyncio.create_task(self._know_lists()))
        self._schedule_asking()

    async def _follow_hubs(self) -> None:
        """Subscribe to upstreams that name a hub; those are polled slowly, so that a dead hub is noticed."""
        if self._pushing:
            self._receiver.pushed = await self._pushing.follow(self._receiver.heads())

    async def _pushed(self, source: str, body: bytes, content_type: str) -> None:
        """A hub has sent what an upstream says now."""
        request = self._requests.get(source)
        if request is not None:
            await self._in_store_thread(self._receiver.receive_pushed, request, body, content_type)
            self._answers_taken()

    async def _know_lists(self) -> None:
        """A list has changed: its upstreams are asked from now on."""
        await self._in_store_thread(self._know_upstreams)
        self._plan_asking()

    # Publishing

    async def _publishing(self) -> None:
        while True:
            await self._wants_publishing.wait()
            self._wants_publishing.clear()
            await self._publish()

    async def _publish(self) -> None:
        written, held, seconds = await self._in_store_thread(self._publish_now)
        if written and self._pushing:
            self._pushing.wake()
        if written:
            self.log("published", documents=written, seconds=seconds)
        for path, reason in held.items():
            self.log("held_back", document=path, reason=reason)
        self._supervisor.tell(f"STATUS=published {written} documents at {self.clock():%H:%M:%S}")

    def _publish_now(self) -> tuple[int, dict[str, str], float]:
        started = self.clock()
        if self._tree is None:
            self._tree = Tree(self.config.output.dir, _known(self._run.db))
        tree, self._tree = self._tree.again(), None
        published = pipeline.publish(self._run, tree)
        self._tree = tree
        seconds = round((self.clock() - started).total_seconds(), 3)
        return len(tree.written), published.held, seconds


def _known(db: Database) -> dict[str, Written]:
    return {row[0]: Written(*row[1:4]) for row in db.rows("documents_all")}


def _below(root: Any, real: str, path: str) -> str:  # noqa: ANN401 - a path
    """A path that the watcher names, relative to the folder."""
    for base in (str(root), real):
        if path.startswith(base + os.sep):
            return path[len(base) + 1 :].replace(os.sep, "/")
    return path
