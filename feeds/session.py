"""A session: one configuration with its open store, sources, workers and clock; steps and commands share it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from feeds.config import Config, FolderSource, ListSource, Source, checks
from feeds.errors import DeadlineExceeded
from feeds.models import Keep
from feeds.protocols import Clock, Progress, Version
from feeds.sources import (
    Folder,
    UpstreamFeed,
    expand_sources,
    find_upstream,
    list_fetched_lists,
    register_sources,
)
from feeds.values.urls import CANONICAL_RULE

if TYPE_CHECKING:
    from feeds.models import Podcast
    from feeds.settings import PublishSettings
    from feeds.storage.interface import Storage
    from feeds.storage.records import Context
    from feeds.workers.task_types import EntrySettings, Settings
    from feeds.workers.workers import Workers

_DERIVATION = 14  # increase it when the same file would be parsed or rendered differently


_LONGEST_AUTHOR = 255  # characters of a name that directories of podcasts accept


def now() -> datetime:
    """Return the current time of the system, in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Session:
    """An open store with its sources, workers and clock, and the settings of one configuration."""

    db: Storage
    workers: Workers
    clock: Clock
    progress: Progress
    configured: tuple[Source, ...]
    """The sources of the configuration; a list is one source."""
    every: tuple[Folder | UpstreamFeed, ...]
    """The sources when the session was opened, with the feeds of lists."""
    sources: dict[int, tuple[str, int]]
    """Name and rank of every stored source by its number, removed sources included."""
    settings_digest: str
    """Digest of everything that parsing posts depends on."""
    publishing: PublishSettings
    timezone: str
    history: int
    """Number of older versions of a post that are kept."""
    most_removals: int | None
    """Percentage of a source's posts that may be removed at once; None for any number."""
    path: Path
    """The configuration, for messages."""
    folders: tuple[Folder, ...]
    lists: tuple[UpstreamFeed, ...]
    """Lists of upstream feeds that are fetched from an address."""
    polled: bool
    """Whether a source is fetched over the network."""

    def load_upstreams(self) -> tuple[list[UpstreamFeed], list[str]]:
        """Load the upstream feeds, also those of lists; return the errors of lists too."""
        every, troubles = self._expand_sources()
        return [source for source in every if isinstance(source, UpstreamFeed)], troubles

    def _expand_sources(self) -> tuple[Sequence[Folder | UpstreamFeed], list[str]]:
        # Only lists change while a session is open.
        if not any(isinstance(source, ListSource) for source in self.configured):
            return self.every, []
        return expand_sources(self.configured, self.db, self.workers)

    def register_upstreams(self) -> tuple[list[UpstreamFeed], list[str]]:
        """Do what :meth:`load_upstreams` does, and add new sources to the store."""
        every, troubles = self._expand_sources()
        # New sources were added when the session was opened.
        if every is not self.every:
            self.sources.update(register_sources(self.db, self.configured, every))
        return [source for source in every if isinstance(source, UpstreamFeed)], troubles

    def find_upstream(self, name: str) -> UpstreamFeed:
        """Return the upstream feed with this name, also a feed of a list.

        Raises:
            UsageError: no upstream feed has this name.
        """
        return find_upstream(self.configured, self.db, name, self.path)

    def load_keep_limits(self) -> dict[int, Keep]:
        """Load the limits of the sources whose posts are not kept forever, by number of the source."""
        # Expanding lists of sources takes time, which a configuration without limits need not spend.
        if not any(source.keep for source in self.configured):
            return {}
        limits = {source.name: source.keep for source in self._expand_sources()[0]}
        return {
            number: parse_keep(limits[name]) for number, (name, _) in self.sources.items() if limits.get(name)
        }

    def build_context(
        self, number: int, *, early: bool, judge: bool = True, future: bool = False, rekey: bool = False
    ) -> Context:
        """Build the context in which the readings of a source are ingested."""
        from feeds.storage.records import Context

        return Context(
            source=number,
            sources=self.sources,
            early=early,
            now=self.clock(),
            blocked=frozenset(),
            judge=self.is_changed if judge else None,
            future=future,
            history=self.history,
            rekey=rekey,
        )

    def is_changed(self, before: Version, after: Version) -> bool:
        """Compare two versions in a worker process; a comparison that exceeds the deadline counts as a change."""
        from feeds.workers.body_tasks import is_changed

        # Equal bytes need no worker process.
        if before.title == after.title and before.document == after.document:
            return False
        try:
            return self.workers.run(is_changed, before, after)
        except DeadlineExceeded:
            return True

    def build_entry_settings(self, number: int, source: UpstreamFeed) -> EntrySettings:
        """Build the settings for parsing the entries of a source."""
        from feeds.workers.task_types import EntrySettings

        return EntrySettings(
            source.name,
            self.sources[number][1],
            self.timezone,
            source.categories,
            source.own_terms,
            source.url,
            source.link,
            source.merge_terms,
        )

    def compute_entry_digest(self, settings: EntrySettings) -> str:
        """Compute a digest of the settings that parsed the entries of a source, without its rank."""
        return compute_settings_digest((self.settings_digest, replace(settings, rank=0)))


def compute_settings_digest(values: object) -> str:
    """Compute a digest of settings; when it differs, everything derived from them is derived again."""
    return hashlib.blake2b(repr(values).encode(), digest_size=16).hexdigest()


def parse_keep(text: str) -> Keep:
    """Parse a ``keep`` setting into its limits."""
    return Keep(*checks.parse_keep(text))


def require_store(config: Config) -> Path:
    """Return the path of the database.

    Raises:
        UsageError: nothing was built yet.
    """
    from feeds.errors import UsageError

    if not config.store.exists():
        raise UsageError(f"{config.store}: no build yet; run `feedd build`")
    return config.store


@contextmanager
def open_session(
    config: Config,
    store: Path,
    jobs: int,
    clock: Clock,
    progress: Progress,
    deadline: float | None = None,
) -> Iterator[Session]:
    """Open the store and the workers; entries rendered with other settings are marked to be rendered again.

    Raises:
        StoreError: the store cannot be used.
    """
    from feeds.storage.store import Store
    from feeds.workers import BUDGET, DEADLINE, ingest_tasks
    from feeds.workers.workers import Workers, count_processors

    publishing = build_publish_settings(config)
    settings = replace(build_worker_settings(config, clock), look=publishing.look)
    limits = config.limits
    workers = Workers(
        jobs or count_processors(),
        ingest_tasks.begin,
        settings,
        limits.item_seconds if deadline is None else deadline,
        limits.document_seconds,
    )
    with closing(Store.open(store)) as db, workers:
        every = expand_sources(config.sources, db, workers)[0]
        sources = register_sources(db, config.sources, every)
        # Keys of an older canonical form would not match those of new entries.
        db.follow_address_rule(sources, clock())
        _use_render_settings(db, publishing, _compute_render_digest(config, settings))
        derive = replace(settings, formats=(), site_url="", language="", look=None)
        bounds = (workers.deadline, workers.budget)
        yield Session(
            db=db,
            workers=workers,
            clock=clock,
            progress=progress,
            configured=config.sources,
            every=tuple(every),
            sources=sources,
            settings_digest=compute_settings_digest(
                # With other limits, what took too long is tried again.
                (_DERIVATION, CANONICAL_RULE, derive, *(bounds if bounds != (DEADLINE, BUDGET) else ()))
            ),
            publishing=publishing,
            timezone=config.site.timezone,
            history=config.history,
            most_removals=limits.removals,
            path=config.path,
            folders=tuple(source for source in every if isinstance(source, Folder)),
            lists=tuple(list_fetched_lists(config.sources)),
            polled=config.polled,
        )


def _use_render_settings(db: Storage, publishing: PublishSettings, digest: str) -> None:
    """Store the digest of the settings for rendering; if it is new, check the site's own templates first.

    Raises:
        UsageError: a template has a mistake.
    """
    from feeds.renderer.page_fragments import check_templates

    if db.load_render_settings() == digest:
        return
    # The built-in templates are tested, and compiling all of them takes half of a small build.
    if publishing.look.templates.own:
        check_templates(publishing.look)
    db.use_render_settings(digest)


def _compute_render_digest(config: Config, settings: Settings) -> str:
    """Compute a digest of everything that rendered entries and documents depend on."""
    return compute_settings_digest(
        (
            _DERIVATION,
            config.site,
            config.output,
            config.boilerplate,
            config.labels,
            config.aliases,
            config.push.named,
            (bool(config.serve.auth), config.serve.precompress) if config.serve else (False, False),
            settings,
            # Absent without a podcast, so that stores of earlier versions need no new documents.
            *([config.podcast] if config.podcast else []),
        )
    )


def build_publish_settings(config: Config) -> PublishSettings:
    """Build the values that publishing needs of a configuration.

    Raises:
        UsageError: the folder of templates cannot be read.
    """
    from feeds.config.page_style import build_page_style
    from feeds.settings import PublishSettings
    from feeds.storage.ledger import LEDGER
    from feeds.values.document_paths import group_aliases

    site, output, serve = config.site, config.output, config.serve
    return PublishSettings(
        title=site.title,
        description=site.description,
        author=site.author,
        language=site.language,
        site_url=site.url,
        zone=ZoneInfo(site.timezone),
        formats=output.formats,
        entries=output.entries,
        archive=output.archive,
        archive_kinds=output.archive_kinds,
        slugs=output.slugs,
        keep=parse_keep(output.keep),
        labels=config.labels,
        copies=group_aliases(config.aliases),
        hubs=config.push.hubs,
        named_hubs=config.push.named,
        private=tuple(folder.feed for folder in serve.private) if serve else (),
        all_private=bool(serve and serve.auth),
        precompress=bool(serve and serve.precompress),
        look=build_page_style(config),
        ledger=config.store.with_name(LEDGER),
        podcast=_build_podcast(config),
    )


def _build_podcast(config: Config) -> Podcast | None:
    from feeds.models import Podcast

    given = config.podcast
    if given is None:
        return None
    # The keys of the section have the same limit.
    author = config.site.author[:_LONGEST_AUTHOR]
    return Podcast(
        owner=given.owner or author,
        email=given.email,
        categories=given.category,
        image=given.image,
        author=given.author or author,
        explicit=given.explicit,
        type=given.type,
        guid=given.guid,
    )


def build_worker_settings(config: Config, clock: Clock = now) -> Settings:
    """Build the settings of worker processes from a configuration."""
    from feeds.workers.task_types import Settings

    return Settings(
        sources={
            source.name: _build_source_settings(config, rank, source, clock)
            for rank, source in enumerate(config.sources)
            if isinstance(source, FolderSource)
        },
        identity=tuple((rule.name, rule.pattern) for rule in config.identity),
        boilerplate=config.boilerplate,
        most_terms=config.limits.terms,
        term_length=config.limits.term_length,
        formats=config.output.formats,
        archive=config.output.archive,
        site_url=config.site.url,
        language=config.site.language,
    )


def _build_source_settings(config: Config, rank: int, source: FolderSource, clock: Clock) -> Any:  # noqa: ANN401 - imported late
    from feeds.fetcher import site_files
    from feeds.fetcher.section_pages import read_sections
    from feeds.fetcher.site_generator import find_generator
    from feeds.parser.posts.jekyll import FolderSettings
    from feeds.workers.included_files import find_content_prefix
    from feeds.workers.task_types import SourceSettings

    site = site_files.read_site(source.path)
    liquid = site_files.needs_liquid(source.path)
    generator = find_generator(source.path)
    return SourceSettings(
        name=source.name,
        rank=rank,
        root=source.path,
        parse=FolderSettings(
            base=source.base or site.base or config.site.url,
            zone=config.site.timezone,
            permalink=source.permalink,
            site=site,
            drafts=source.drafts,
            jekyll_ids=source.ids == "jekyll-feed",
            liquid=liquid,
            includes=site_files.read_includes(source.path) if liquid else {},
            data=site_files.read_site_data(source.path) if liquid else {},
            dialect=source.markdown or site_files.find_dialect(source.path, site),
            generator=generator,
            sections=read_sections(source.path, generator, config.site.timezone, clock()),
            above=find_content_prefix(source.path),
        ),
        categories=source.categories,
        own_terms=source.terms != "none",
        future=source.future,
        source_line=source.source_line,
    )
