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
    db, now = session.db, session.clock()
    report.troubles += db.read_ledger(session.publishing.ledger, session.sources, now, bool(session.folders))
    if session.folders:
        ingest_folders(session, report)
    if session.polled:
        _ingest_upstreams(session, report, offline)
    db.update_due_posts(session.sources, session.clock())
    return report


def _ingest_upstreams(session: Session, report: Ingested, offline: bool) -> None:
    """Poll lists for their feeds, then feeds for their entries; changed settings are applied to stored entries."""
    from feeds.ingest import poller, reprocess

    if session.lists and not offline:
        report.troubles += poller.poll_once(session, session.lists).troubles
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
