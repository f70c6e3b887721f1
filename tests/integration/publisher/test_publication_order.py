"""A publication marks as published exactly what it read, so that nothing stored meanwhile is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from feeds import load_config, pipeline
from feeds.output.tree import Tree
from feeds.protocols import ignore_progress
from feeds.publisher import archives, pages, publisher
from feeds.publisher.entry_cache import EntryReader
from feeds.publisher.publication import Publication
from feeds.session import Session, now, open_session
from feeds.storage.feeds import load_wanted_revisions
from tests.conftest import Project


@pytest.fixture
def session(project: Project) -> Iterator[Session]:
    """Yield a session whose first post is stored."""
    project.post("2024-01-02-first.md")
    config = load_config(project.config)
    with open_session(config, config.store, 1, now, ignore_progress) as opened:
        pipeline.ingest(opened)
        yield opened


def finish(publication: Publication) -> None:
    """Do the steps of a publication after ids are assigned."""
    archives.write_archives(publication, lost=True)
    feeds = publisher.render_feeds(publication)
    reader = EntryReader(publication.db)
    plan = publisher.write_documents(publication, feeds, reader)
    pages.write_indexes(publication, plan, reader)
    publisher.finish_publication(publication, plan)


def count_entries(project: Project) -> int:
    """Count the entries of the feed of all posts."""
    return (project.output / "atom.xml").read_text("utf-8").count("<entry>")


@pytest.mark.parametrize("assigned", [False, True])
def test_a_post_that_is_stored_during_a_publication_is_published_next(
    project: Project, session: Session, assigned: bool
) -> None:
    tree = Tree(project.output, {})
    publication = publisher.begin_publication(session, tree)
    if assigned:
        publisher.assign_ids(publication)
    project.post("2024-01-03-second.md")
    pipeline.ingest(session)
    if not assigned:
        publisher.assign_ids(publication)
    finish(publication)
    # A document shows only posts that have an id.
    assert count_entries(project) == (1 if assigned else 2)
    assert load_wanted_revisions(session.db)
    pipeline.publish(session, tree.again())
    assert count_entries(project) == 2
    assert not load_wanted_revisions(session.db)


def test_everything_that_was_read_is_marked_as_published(project: Project, session: Session) -> None:
    pipeline.publish(session, Tree(project.output, {}))
    assert count_entries(project) == 1
    assert not load_wanted_revisions(session.db)
