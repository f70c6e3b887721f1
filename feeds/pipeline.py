"""Run the steps from sources to files: :func:`ingest` reads the sources, :func:`publish` writes what changed.

Both are a list of steps; each step is one function here or one call into another package. State is stored
after every step, so the next run finishes an interrupted run.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from feeds.config import FolderSource, ListSource, UpstreamSource
from feeds.errors import DeadlineExceeded, UsageError
from feeds.fetcher import folder
from feeds.identity import FILE_KEYS
from feeds.ingest.pending_batches import READINGS_PER_BATCH, PendingBatches
from feeds.ingest.removal_guard import check_removals as doubt_removal
from feeds.output.tree import Tree
from feeds.protocols import FileState, Judge, Version
from feeds.publisher import html_pages, index_pages, publisher
from feeds.publisher.publisher import Published
from feeds.reports import Ingested
from feeds.run_context import Run
from feeds.sources import expand_sources, register_sources
from feeds.storage import feed_membership, ledger, ledger_replay
from feeds.storage import feeds as stored
from feeds.storage.records import EXPIRED, Context, Reading
from feeds.storage.sightings import SourceBatch
from feeds.storage.sqlite import Database
from feeds.storage.withdrawal import remove_sightings
from feeds.values.document_paths import split_into_chunks
from feeds.workers.ingest_tasks import READ_FILES, is_changed
from feeds.workers.workers import Workers

_FILES_PER_PIECE = 64


def ingest(run: Run, *, offline: bool = False) -> Ingested:
    """Read every source once and store its posts; a source that fails is reported and skipped.

    ``offline`` leaves out everything that needs the network.
    """
    report = Ingested()
    read_ledger(run, report.troubles)
    pending = PendingBatches(run.db, report)
    for source in run.config.folders:
        try:
            ingest_folder(run, source, report, pending)
        except UsageError as error:
            report.troubles.append(f"source {source.name}: {error}")
    pending.flush()
    if run.config.polled:
        _ingest_upstreams(run, report, offline)
    update_due_posts(run)
    return report


def update_due_posts(run: Run) -> int:
    """Publish posts whose date has come and remove expired posts; return the number of both."""
    gone = 0
    for (number,) in run.db.rows("sources_expiring", (int(run.clock().timestamp()),)):
        with run.db.transaction():
            gone += _remove_unpublished(run, number)
    return gone + feed_membership.publish_due_posts(run.db, run.clock())


def read_ledger(run: Run, troubles: list[str]) -> None:
    """Apply the lines of the ledger that the store does not know; their errors are added to ``troubles``."""
    ledger.load_ledger(run.db, publisher.get_ledger_path(run.config), troubles)
    ledger_replay.apply_withdrawals(run.db, run.clock())
    ledger_replay.apply_keys(run.db, run.sources, run.clock(), load_blocked_keys(run.db))


def publish(run: Run, tree: Tree) -> Published:
    """Assign ids to new posts, render missing entries, write changed documents, then the pages that link to them.

    A tree that this process has published before is not scanned again.
    """
    opened = tree.opened
    if not opened:
        publisher.check_slugs(run.db)
    publisher.retire(run)
    stored.assign_post_ids(run.db, run.sources, load_blocked_keys(run.db))
    # Dates of the ledger apply to posts, which have ids only now.
    ledger_replay.apply_dates(run.db)
    publisher.assign_slugs(run.db, run.config)
    ledger.update_ledger(run.db)
    if not opened:
        tree.open()
        publisher.mark_lost_documents(run.db, tree, run.config)
    published = Published()
    troubled = publisher.write_archives(run, tree, lost=not opened)
    feeds = publisher.render_missing(run, published, troubled)
    html_pages.write_assets(run, tree)
    if feeds:
        publisher.write_feeds(run, tree, feeds, published)
    index_pages.write_catalogue(run, tree, publisher.collect_dates(feeds))
    # The store must not record a document as written before it is on the disk.
    tree.flush()
    publisher.mark_published(run, tree, feeds, published)
    return published


def load_blocked_keys(db: Database) -> frozenset[str]:
    """Load the blocked keys, which join no items."""
    return frozenset(row[0] for row in db.rows("burnt_all"))


def build_context(
    run: Run, number: int, *, early: bool, judge: bool = True, future: bool = False, rekey: bool = False
) -> Context:
    """Build the context in which the readings of a source are ingested."""
    return Context(
        source=number,
        sources=run.sources,
        early=early,
        now=run.clock(),
        blocked=load_blocked_keys(run.db),
        judge=_build_judge(run.workers) if judge else None,
        future=future,
        history=run.config.history,
        rekey=rekey,
    )


def _build_judge(workers: Workers) -> Judge:
    """Build a function that compares two versions in a worker process; a comparison that exceeds the deadline counts as a change."""

    def compare(before: Version, after: Version) -> bool:
        # Equal bytes need no worker process.
        if before.title == after.title and before.document == after.document:
            return False
        try:
            return workers.run(is_changed, before, after)
        except DeadlineExceeded:
            return True

    return compare


def _ingest_upstreams(run: Run, report: Ingested, offline: bool) -> None:
    """Poll lists for their feeds, then feeds for their entries; changed settings are applied to stored entries."""
    from feeds.ingest import poller, reprocess

    def build_source_context(number: int, complete: bool) -> Context:
        return build_context(run, number, early=not complete)

    if not offline:
        lists = [
            entry.settings for entry in run.config.sources if isinstance(entry, ListSource) and entry.url
        ]
        if lists:
            polled = poller.poll_once(run, lists, build_source_context, [source.name for source in lists])
            report.troubles += polled.troubles
    every, troubles = expand_sources(run.config, run.db)
    report.troubles += troubles
    run.sources.update(register_sources(run.db, run.config, every))
    upstreams = [source for source in every if isinstance(source, UpstreamSource)]
    reprocess.reprocess_entries(run, upstreams, build_source_context)
    if offline:
        return
    polled = poller.poll_once(run, upstreams, build_source_context)
    report.add(polled)


def ingest_paths(run: Run, source: FolderSource, paths: Collection[str], report: Ingested) -> None:
    """Read only these files of a folder, because the watcher has seen them change.

    Raises:
        UsageError: the folder cannot be read.
    """
    number = _find_number(run, source)
    known = _load_states(run.db, number, sorted(paths), ())
    seen = folder.scan_paths(source.path, folder.is_jekyll(source.path), paths, known)
    pending = PendingBatches(run.db, report)
    _ingest_scan(run, source, known, seen, report, pending, rederive=False)
    pending.flush()


def _find_number(run: Run, source: FolderSource) -> int:
    return next(n for n, (name, _) in run.sources.items() if name == source.name)


def ingest_folder(
    run: Run, source: FolderSource, report: Ingested, pending: PendingBatches | None = None
) -> None:
    """Scan every file of a folder and read those that changed.

    With ``pending``, what was read waits there to be stored together with other folders.

    Raises:
        UsageError: the folder cannot be read.
    """
    number = _find_number(run, source)
    row = next(r for r in run.db.rows("source_all") if r[0] == number)
    # Changed settings may change every post, so unchanged files are parsed too.
    rederive = row[2] not in ("", run.settings_digest)
    present = run.db.rows("files_there", (number,))
    seen = folder.scan(source.path, folder.is_jekyll(source.path), present, everything=rederive)
    report.unchanged += seen.unchanged
    known = _load_states(run.db, number, [path for path, _, _ in seen.changed], seen.vanished)
    batches = pending or PendingBatches(run.db, report)
    _ingest_scan(run, source, known, seen, report, batches, rederive=rederive)
    batches.then(partial(_mark_keys, run.db, number, source))
    if pending is None:
        batches.flush()


def _mark_keys(db: Database, number: int, source: FolderSource) -> None:
    with db.transaction():
        db.run("meta_put", (_get_keys_name(number), _get_keys_version(source)))


def _get_keys_name(number: int) -> str:
    """Return the name under which the store keeps the version of a source's file keys."""
    return f"file_keys_{number}"


def _get_keys_version(source: FolderSource) -> str:
    """Return the current version of the rules that derive file keys."""
    return f"{FILE_KEYS} {source.source_line}"


def _ingest_scan(
    run: Run,
    source: FolderSource,
    known: dict[str, FileState],
    seen: folder.Scan,
    report: Ingested,
    pending: PendingBatches,
    *,
    rederive: bool,
) -> None:
    number = _find_number(run, source)
    complete = next(r[3] for r in run.db.rows("source_all") if r[0] == number)
    rekey = rederive and run.db.value("meta_get", (_get_keys_name(number),)) != _get_keys_version(source)
    context = build_context(
        run, number, early=not complete, judge=not rederive, future=source.future, rekey=rekey
    )
    pieces = [
        (source.name, files, {} if rederive else _select_digests(known, files))
        for files in split_into_chunks(seen.changed, _FILES_PER_PIECE)
    ]
    batch: list[Reading] = []
    lost = _find_lost_files(known, seen.vanished)
    done = 0
    for (_, files, _), results in zip(pieces, run.workers.process(READ_FILES, pieces), strict=False):
        touched = [r for r in results if not isinstance(r, Reading)]
        batch += [r for r in results if isinstance(r, Reading)]
        if touched:
            report.unchanged += len(touched)
            with run.db.transaction():
                run.db.many("file_touch", [(size, mtime, number, path) for path, size, mtime in touched])
        done += len(files)
        run.progress("reading", done, len(seen.changed))
        if len(batch) >= READINGS_PER_BATCH:
            _save_batch(pending, context, batch, lost, known, report)
            batch = []
    _save_batch(pending, context, batch, lost, known, report)

    def finish() -> None:
        _remove_vanished(run, source, number, {p for p in seen.vanished if p in lost}, report)
        _mark_read(run, number, [path for path in seen.vanished if not known[path].sighting])

    pending.then(finish)


def _mark_read(run: Run, number: int, dropped: Sequence[str]) -> None:
    """Store that a source was read completely, and forget vanished files that had no post."""
    with run.db.transaction():
        run.db.many("file_drop", [(number, path) for path in dropped])
        marked = {
            "id": number,
            "settings": run.settings_digest,
            "now": run.clock().isoformat("T", "seconds"),
        }
        run.db.run("source_settle", marked)


def _load_states(
    db: Database, number: int, changed: Sequence[str], vanished: Sequence[str]
) -> dict[str, FileState]:
    """Load the stored state of files to read, of files that vanished now, and of files that vanished before."""
    if not changed and not vanished:
        return {}
    if len(changed) > READINGS_PER_BATCH:  # a query with so many paths is slower than loading all
        rows = db.rows("files_of_source", (number,))
    else:
        db.scope((*changed, *vanished))
        rows = [*db.rows("files_of_paths", (number,)), *db.rows("files_vanished", (number,))]
    return {row[0]: FileState(*row[1:]) for row in rows}


def _select_digests(
    known: Mapping[str, FileState], files: Sequence[tuple[str, int, int]]
) -> dict[str, bytes]:
    """Return the known digests of files that are present."""
    states = {path: known[path] for path, _, _ in files if path in known}
    return {path: state.digest for path, state in states.items() if not state.vanished}


def _remove_vanished(
    run: Run, source: FolderSource, number: int, vanished: set[str], report: Ingested
) -> None:
    """Remove the posts of vanished files, according to ``on_remove`` of the source, and unpublished posts.

    A present file that is marked as unpublished is not a removal to refuse.
    """
    with run.db.transaction():
        report.gone += _remove_unpublished(run, number)
    if source.on_remove == "keep":
        with run.db.transaction():
            run.db.many("file_vanish", [(1, number, path) for path in vanished])
        vanished = set()
    run.db.scope(vanished)
    going = {row[0]: row[4] for row in run.db.rows("files_of_paths", (number,)) if row[4]}
    present = run.db.value("files_present", (number,)) if going else 0
    doubt = doubt_removal(present, len(going), run.config.limits.removals)
    if doubt and not run.allow_removals:
        report.troubles.append(
            f"source {source.name}: {doubt}; they stay published; "
            "check that its folder is complete, or run `feedd build --allow-removals`"
        )
        return
    with run.db.transaction():
        _remove_files(run, number, going)
        run.db.many("file_drop", [(number, path) for path in vanished])
    report.gone += len(going)


def _remove_unpublished(run: Run, number: int) -> int:
    """Remove unpublished and expired posts, however many; inside a transaction."""
    run.db.run("files_expire", (EXPIRED, number, int(run.clock().timestamp())))
    going = dict(run.db.rows("files_unpublished", (number,)))
    _remove_files(run, number, going)
    return len(going)


def _remove_files(run: Run, number: int, going: Mapping[str, int]) -> None:
    """Remove the sightings of files; ``going`` maps paths to sightings."""
    if going:
        remove_sightings(run.db, run.sources, sorted(going.values()), run.clock(), load_blocked_keys(run.db))
    run.db.many("file_loose", [(number, path) for path in going])


def _find_lost_files(known: Mapping[str, FileState], vanished: tuple[str, ...]) -> dict[str, bytes]:
    """Return the digests of missing files with a post: a new file with equal bytes is a renamed file."""
    gone = set(vanished)
    return {p: s.digest for p, s in known.items() if s.sighting and (s.vanished or p in gone)}


def _save_batch(
    pending: PendingBatches,
    context: Context,
    batch: list[Reading],
    lost: dict[str, bytes],
    known: Mapping[str, FileState],
    report: Ingested,
) -> None:
    """Store a batch of readings; a new file with the bytes of a lost file takes over its item."""
    if not batch:
        return
    batch = [reading.apply_expiry(context.now) for reading in batch]
    appeared = {r.path: r.digest for r in batch if r.path not in known and r.outcome == "item"}
    renamed = folder.match_renames(lost, appeared) if lost else {}
    for old in renamed.values():
        del lost[old]
    pending.add(SourceBatch(context, batch, renamed))
    report.repaired += sum(r.repairs > 0 for r in batch)
    report.rejected += [{"path": r.path, "reason": r.reason} for r in batch if r.outcome == "rejected"]
