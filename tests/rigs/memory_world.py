"""A whole site in one process for unit tests: a store in memory, steps that run at once, a clock that stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from feeds import pipeline
from feeds.cli.options import parse_command_line
from feeds.config import load_config
from feeds.fetcher.feed import Fetched
from feeds.fetcher.request import Request
from feeds.ingest.feed import FeedIngester, PollReport
from feeds.output.tree import Tree
from feeds.protocols import ignore_progress
from feeds.publisher.publication import Publication
from feeds.reports import Ingested
from feeds.session import Session, build_publish_settings, build_worker_settings
from feeds.sources import Folder, expand_sources, list_fetched_lists, register_sources
from feeds.storage.documents import load_documents
from feeds.workers import ingest_tasks
from tests.rigs.memory_store import open_memory_store

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
_SITE = """\
[site]
title = "Test site"
url = "https://site.example/feeds/"
timezone = "UTC"
[output]
dir = "output"
entries = {entries}
{output}
[store]
url = "state/feedd.db"
[[sources]]
name = "news"
path = "posts"
{source}
{more}
"""


class InlineWorkers:
    """Runs tasks at once, in this process."""

    budget = 60.0
    deadline = 20.0

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)

    at_once = 1

    def run_beside(self, end: float, function: Callable[..., Any], *arguments: Any) -> Any:
        return self.run(function, *arguments)

    def submit(
        self, seconds: float, waiting: int, function: Callable[..., Any], *arguments: Any
    ) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(self.run(function, *arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def map(self, function: Callable[[Any], Any], pieces: Sequence[Any]) -> Iterator[Any]:
        return map(function, pieces)

    def process(self, work: Any, pieces: Sequence[Any]) -> Iterator[list[Any]]:
        return (work.do(pieces[place]) for place in range(len(pieces)))


class World:
    """A configuration with a folder of posts, and what feedd makes of them."""

    def __init__(
        self, folder: Path, *, entries: int = 5, output: str = "", source: str = "", more: str = ""
    ) -> None:
        self.folder, self.posts, self.output = folder, folder / "posts", folder / "output"
        self.posts.mkdir(exist_ok=True)
        self.now = NOON
        self.db = open_memory_store()
        self.configure(entries=entries, output=output, source=source, more=more)

    def configure(self, *, entries: int = 5, output: str = "", source: str = "", more: str = "") -> None:
        """Write the configuration and open a session with it."""
        file = self.folder / "feedd.toml"
        file.write_text(_SITE.format(entries=entries, output=output, source=source, more=more), "utf-8")
        self.config = load_config(file)
        self.session = self._open()

    def _open(self) -> Session:
        config = self.config
        publishing = build_publish_settings(config)
        publishing.ledger.parent.mkdir(exist_ok=True)
        settings = replace(build_worker_settings(config), look=publishing.look)
        ingest_tasks.begin(settings)
        every = expand_sources(config.sources, self.db)[0]
        return Session(
            db=self.db,
            workers=InlineWorkers(),  # type: ignore[arg-type]
            clock=lambda: self.now,
            progress=ignore_progress,
            configured=config.sources,
            sources=register_sources(self.db, config.sources, every),
            settings_digest=repr(replace(settings, look=None)),
            publishing=publishing,
            timezone=config.site.timezone,
            history=config.history,
            most_removals=config.limits.removals,
            path=config.path,
            every=tuple(every),
            folders=tuple(source for source in every if isinstance(source, Folder)),
            lists=tuple(list_fetched_lists(config.sources)),
            polled=config.polled,
        )

    def post(self, name: str, body: str = "Some text.", **values: str) -> Path:
        """Write a post; its title and date are the name and a day of April unless they are given."""
        lines = {"title": name, "date": "2024-04-01 10:00:00 +0000", **values}
        header = "".join(f"{key}: {value}\n" for key, value in lines.items())
        path = self.posts / f"{name}.md"
        path.write_text(f"---\n{header}---\n{body}\n", "utf-8")
        return path

    def ingest(self) -> Ingested:
        return pipeline.ingest(self.session, offline=True)

    def publish(self, *, full: bool = False, dry: bool = False) -> Publication:
        tree = Tree(self.config.output.dir, load_documents(self.db), full=full, dry=dry)
        return pipeline.publish(self.session, tree)

    def build(self) -> Publication:
        """Read everything and publish it."""
        self.ingest()
        return self.publish()

    def read(self, path: str) -> str:
        """Return a document of the output."""
        return (self.output / path).read_text("utf-8")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.db._connection.execute(sql).fetchall()

    def get_source(self, name: str) -> int:
        """Return the number of a source."""
        return next(number for number, (known, _) in self.session.sources.items() if known == name)

    def ingest_feed(self, data: bytes, name: str = "up", **values: Any) -> PollReport:
        """Ingest a document of an upstream feed as if it was fetched now."""
        ingester = self.open_ingester()
        request = Request(name, "https://up.example/feed")
        state = ingester.get_state(name)
        fetched = Fetched("new", state, "read", data, "application/rss+xml", request.url, 200)
        ingester.ingest_responses([(request, fetched._replace(**values))])
        return ingester.report

    def open_ingester(self) -> FeedIngester:
        """Return an ingester that knows every upstream feed of the configuration."""
        upstreams, _ = self.session.register_upstreams()
        ingester = FeedIngester(self.session)
        ingester.set_sources([*self.session.lists, *upstreams])
        return ingester


UPSTREAM = '[[sources]]\nname = "up"\nkind = "upstream"\nurl = "https://up.example/feed"\n'


def build_rss(*items: str, head: str = "") -> bytes:
    """Build an RSS document; an item is its guid, or its elements."""
    bodies = [
        item
        if item.startswith("<")
        else f"<title>Entry {item}</title><guid>{item}</guid><link>https://up.example/{item}</link>"
        f"<pubDate>Mon, 01 Apr 2024 10:00:00 GMT</pubDate><description>Text {item}</description>"
        for item in items
    ]
    text = "".join(f"<item>{body}</item>" for body in bodies)
    return f'<rss version="2.0"><channel><title>Up</title>{head}{text}</channel></rss>'.encode()


def save_store(world: World) -> None:
    """Write the store to its file, for commands that open it there."""
    world.config.store.parent.mkdir(exist_ok=True)
    world.db.copy_to(world.config.store)


def run_command(world: World, *arguments: str) -> int:
    """Run a command in this process; return its exit code."""
    options = parse_command_line([*arguments, "-c", str(world.config.path)])
    code: int = options.run(options)
    return code
