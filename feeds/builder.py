"""Build once: read every source, publish what changed, and report."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from feeds.config import Config
from feeds.protocols import Clock, Progress, ignore_progress
from feeds.reports import BuildReport
from feeds.session import now, open_session

if TYPE_CHECKING:
    from feeds.storage.interface import Storage


def build(
    config: Config,
    *,
    full: bool = False,
    dry_run: bool = False,
    offline: bool = False,
    jobs: int = 0,
    allow_removals: bool = False,
    clock: Clock = now,
    progress: Progress = ignore_progress,
    deadline: float | None = None,
) -> BuildReport:
    """Read every source once and publish what changed.

    Args:
        config: From :func:`load_config`.
        full: Write every document again from the store.
        dry_run: Only report what would be written; upstream feeds are not fetched.
        offline: Do not fetch upstream feeds.
        jobs: Worker processes; 0 for one per processor.
        allow_removals: Accept the removal of many posts at once.
        clock: The current time.
        progress: Called during long steps.
        deadline: Seconds that a post or an entry may take, instead of ``limits.item_seconds``.

    Raises:
        StoreLocked: another build runs with this store.
        StoreError: the store cannot be used.
        OutputError: the output folder cannot be written.
    """
    from feeds.storage.sqlite import lock_store

    started = time.monotonic()
    if dry_run:
        # A dry run works on a copy, so it takes no lock and changes nothing.
        with _copy_store(config) as copy:
            options = _Options(full, True, True, jobs, allow_removals, deadline)
            report = _build(config, copy, options, clock, progress)
    else:
        with lock_store(config.store):
            options = _Options(full, False, offline, jobs, allow_removals, deadline)
            report = _build(config, config.store, options, clock, progress)
    report.seconds = round(time.monotonic() - started, 3)
    return report


@contextmanager
def _copy_store(config: Config) -> Iterator[Path]:
    import shutil
    import tempfile

    from feeds.storage.store import Store

    folder = Path(tempfile.mkdtemp(prefix="feedd-"))
    try:
        if config.store.exists():
            with closing(Store.open(config.store, read_only=True)) as db:
                db.copy_to(folder / "feedd.db")
        yield folder / "feedd.db"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Options:
    """Options of a build."""

    full: bool
    dry: bool
    offline: bool
    jobs: int
    removals: bool
    deadline: float | None


def _build(config: Config, store: Path, options: _Options, clock: Clock, progress: Progress) -> BuildReport:
    from feeds import pipeline
    from feeds.output.tree import Tree
    from feeds.publisher import pages

    with open_session(config, store, options.jobs, clock, progress, options.deadline) as session:
        if options.removals:
            session.most_removals = None
        db = session.db
        troubles: list[str] = []
        # Requests may wait from commands that ran during another build.
        if not options.dry and db.load_requests():
            from feeds.daemon import control

            troubles = control.apply_requests(session)
        ingested = pipeline.ingest(session, offline=options.offline)
        tree = Tree(config.output.dir, db.load_documents(), full=options.full, dry=options.dry)
        published = pipeline.publish(session, tree)
        report = BuildReport(
            **asdict(replace(ingested, rejected=[])),
            written=sorted(tree.written),
            size=sum(document.size for document in tree.written.values()),
            archives=sum("/archive/" in f"/{path}" for path in tree.written),
            removed=sorted(tree.removed),
            held=[{"path": path, "reason": reason} for path, reason in sorted(published.held.items())],
        )
        report.troubles += [trouble for trouble in troubles if trouble not in report.troubles]
        report.troubles += pages.find_unmatched_private_feeds(published)
        report.troubles += db.select_new_warnings(config.find_slow_patterns())
        _count(db, config, session.sources, report)
        report.sources = len(session.sources)
        feeds = db.load_feeds()
        report.feeds, report.posts = len(feeds), sum(feed.posts for feed in feeds if feed.kind == "all")
    return report


def _count(db: Storage, config: Config, sources: dict[int, tuple[str, int]], report: BuildReport) -> None:
    """Count the files by outcome, and report entries of upstream feeds that cannot be published."""
    paths = {source.name: source.path for source in config.folders}
    folders = {number: paths[name] for number, (name, _) in sources.items() if name in paths}
    counts = db.load_build_counts(folders)
    for number, files in counts.folders.items():
        report.read += files.read
        report.ignored += files.ignored
        report.unpublished += files.unpublished
        report.rejected += [
            {"path": str(folders[number] / path), "reason": reason} for path, reason in files.rejected
        ]
    report.entries, report.reasons = counts.items
    posts = counts.posts
    report.published += posts.posts
    report.merged += posts.files - posts.posts
    report.unpublished += posts.unpublished
    report.rejected += [{"path": path, "reason": reason} for path, reason in posts.left_out]
    report.troubles += [
        f"source {source}: {link}: {reason}; it is left out"
        for source, link, reason in posts.entries_left_out
    ]
