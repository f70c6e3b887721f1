"""Run the steps from sources to files: :func:`ingest` reads the sources, :func:`publish` writes what changed.

Both are a list of steps, and each step is a call into another package. State is stored after every step, so
the next run finishes an interrupted run.
"""

from __future__ import annotations

from feeds.ingest.folder import ingest_folders
from feeds.output.tree import Tree
from feeds.publisher import archives, pages, publisher
from feeds.publisher.entry_cache import EntryReader
from feeds.publisher.publication import Publication
from feeds.reports import Ingested
from feeds.session import Session


def ingest(session: Session, *, offline: bool = False) -> Ingested:
    """Read every source once and store its posts; a source that fails is reported and skipped.

    ``offline`` leaves out everything that needs the network.
    """
    report = Ingested()
    read_ledger(session, report.troubles)
    if session.folders:
        ingest_folders(session, report)
    if session.polled:
        _ingest_upstreams(session, report, offline)
    update_due_posts(session)
    return report


def read_ledger(session: Session, troubles: list[str]) -> None:
    """Apply the lines of the ledger that the store does not know; their errors are added to ``troubles``."""
    db, file = session.db, session.publishing.ledger
    is_changed = db.load_ledger(file, troubles)
    if db.load_pending_kinds():
        db.apply_ledger_lines(session.sources, session.clock())
    # Only files have ids that an earlier rule may have derived otherwise.
    if session.folders:
        db.begin_file_ids(session.sources, is_changed=is_changed, has_file=file.exists())


def update_due_posts(session: Session) -> int:
    """Publish posts whose date has come and remove expired posts; return the number of both."""
    now = session.clock()
    gone = session.db.remove_expired_files(session.sources, now)
    return gone + session.db.publish_due_posts(now)


def _ingest_upstreams(session: Session, report: Ingested, offline: bool) -> None:
    """Poll lists for their feeds, then feeds for their entries; changed settings are applied to stored entries."""
    from feeds.ingest import poller, reprocess

    if session.lists and not offline:
        report.troubles += poller.poll_once(session, session.lists, are_lists=True).troubles
    upstreams, troubles = session.register_upstreams()
    report.troubles += troubles
    report.parted += reprocess.reprocess_entries(session, upstreams)
    if not offline:
        report.add(poller.poll_once(session, upstreams))


def publish(session: Session, tree: Tree) -> Publication:
    """Assign ids to new posts, render missing entries, write changed documents, then the pages that link to them.

    What is to be published is read before ids are assigned, and exactly that is marked as published at the end.
    """
    first = not tree.opened
    publication = publisher.begin_publication(session, tree)
    publisher.assign_ids(publication)
    archives.write_archives(publication, lost=first)
    feeds = publisher.render_feeds(publication)
    reader = EntryReader(session.db)
    plan = publisher.write_documents(publication, feeds, reader)
    pages.write_indexes(publication, plan, reader)
    publisher.finish_publication(publication, plan)
    return publication
