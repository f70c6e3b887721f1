"""What changes in the store before documents are written: due and expired posts, wanted revisions, slugs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from feeds.models import Keep
from feeds.storage import publication
from feeds.values.slugs import is_slug
from tests.rigs.memory_world import NOON, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_due_and_expired_posts_are_counted(world: World) -> None:
    due = NOON + timedelta(hours=1)
    world.post("later", date=f"{due:%Y-%m-%d %H:%M:%S} +0000")
    world.post("old", expiryDate=f"{due:%Y-%m-%d %H:%M:%S} +0000")
    world.ingest()
    assert publication.update_due_posts(world.db, world.session.sources, NOON) == 0
    assert publication.update_due_posts(world.db, world.session.sources, due) == 2


def test_posts_that_expire_now_are_in_the_revisions_that_are_published(world: World) -> None:
    world.post("a")
    world.build()
    assert publication.begin_publication(world.db, NOON, Keep(), {}, None) == {}
    limit = Keep(seconds=1)
    assert publication.begin_publication(world.db, NOON + timedelta(days=9999), limit, {}, None)


def test_slugs_are_checked_only_on_request(world: World) -> None:
    world.post("a", tags="[x]")
    world.build()
    with world.db.transaction():
        world.db._connection.execute("UPDATE feed SET slug = '../x' WHERE kind = 'tag'")
    publication.begin_publication(world.db, NOON, Keep(), {}, None)
    assert world.rows("SELECT slug FROM feed WHERE kind = 'tag'") == [("../x",)]
    publication.begin_publication(world.db, NOON, Keep(), {}, is_slug)
    assert world.rows("SELECT slug FROM feed WHERE kind = 'tag'") == [(None,)]
