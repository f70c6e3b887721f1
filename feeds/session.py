"""Open a run from a configuration; shared by the commands and the daemon."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.config import Config, FolderSource
from feeds.protocols import Clock, Progress
from feeds.values.urls import CANONICAL_RULE

if TYPE_CHECKING:
    from feeds.models import Dialect
    from feeds.parser.posts.jekyll import JekyllSite
    from feeds.run_context import Run
    from feeds.workers.task_types import Settings

_DERIVATION = 11  # increase it when the same file would be parsed or rendered differently


def now() -> datetime:
    """Return the current time of the system, in UTC."""
    return datetime.now(UTC)


@contextmanager
def open_run(
    config: Config,
    store: Path,
    jobs: int,
    clock: Clock,
    progress: Progress,
    deadline: float | None = None,
) -> Iterator[Run]:
    """Open the store and the workers of a run; entries rendered with other settings are marked to be rendered again.

    Raises:
        StoreError: the store cannot be used.
    """
    from feeds.config.page_style import build_page_style
    from feeds.renderer import page_fragments
    from feeds.run_context import Run, compute_settings_digest
    from feeds.sources import expand_sources, register_sources
    from feeds.storage.address_rule import follow_address_rule
    from feeds.storage.sqlite import Database
    from feeds.workers import ingest_tasks
    from feeds.workers.workers import Workers, count_processors

    look = build_page_style(config)
    settings = replace(build_worker_settings(config), look=look)
    limits = config.limits
    workers = Workers(
        jobs or count_processors(),
        ingest_tasks.begin,
        settings,
        limits.item_seconds if deadline is None else deadline,
        limits.document_seconds,
    )
    with closing(Database.open(store)) as db, workers:
        sources = register_sources(db, config, expand_sources(config, db)[0])
        # Keys of an older canonical form would not match those of new entries.
        follow_address_rule(db, sources, clock())
        render = compute_settings_digest(
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
            )
        )
        derive = compute_settings_digest(
            (_DERIVATION, CANONICAL_RULE, replace(settings, formats=(), site_url="", language="", look=None))
        )
        run = Run(config, db, workers, clock, progress, sources, derive, look)
        rendered = db.value("meta_get", ("render",))
        if rendered != render:
            page_fragments.check_templates(look)
        # A new store has nothing to discard.
        if rendered not in (None, render):
            with db.transaction():
                db.run("entries_drop")
                db.run("feeds_touch_all")
        with db.transaction():
            db.run("meta_put", ("render", render))
        yield run


def build_worker_settings(config: Config) -> Settings:
    """Build the settings of worker processes from a configuration."""
    from feeds.workers.task_types import Settings

    return Settings(
        sources={
            source.name: _build_source_settings(config, rank, source)
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


def _build_source_settings(config: Config, rank: int, source: FolderSource) -> Any:  # noqa: ANN401 - imported late
    from feeds.fetcher import site_files
    from feeds.parser.posts.jekyll import FolderSettings
    from feeds.workers.task_types import SourceSettings

    site = read_site(source.path)
    liquid = site_files.needs_liquid(source.path)
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
            dialect=source.markdown or _find_dialect(source.path, site),
        ),
        categories=source.categories,
        own_terms=source.terms == "own",
        future=source.future,
        source_line=source.source_line,
    )


def _find_dialect(folder: Path, site: JekyllSite) -> Dialect:
    """Return the dialect of a folder that no setting states: that of its generator."""
    from feeds.fetcher.folder import is_jekyll

    return site.dialect if is_jekyll(folder) or folder.name == "_posts" else "commonmark"


def read_site(folder: Path) -> JekyllSite:
    """Read the ``_config.yml`` of a folder, or of the folder above a ``_posts``; empty settings if there is none."""
    from feeds.parser.posts.file_encoding import decode
    from feeds.parser.posts.jekyll import JekyllSite, read_site_config

    for place in (folder, folder.parent) if folder.name == "_posts" else (folder,):
        file = place / "_config.yml"
        if file.is_file():
            return read_site_config(decode(file.read_bytes())[0])
    return JekyllSite()
