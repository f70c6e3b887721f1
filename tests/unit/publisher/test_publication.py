"""A publication queues documents with their compressed variants, and reports what is in their place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from feeds.output.tree import Tree
from feeds.publisher.publication import Publication
from tests.rigs.memory_world import World


def test_documents_are_queued_with_their_variants(tmp_path: Path) -> None:
    world = World(tmp_path)
    tree = Tree(world.output, {})
    tree.open()
    (world.output / "mine.xml").write_text("mine")
    publication = Publication(world.session, tree, world.db, world.session.publishing)
    assert publication.put("a.xml", b"<feed>" + b"x" * 5000)
    assert not publication.put("mine.xml", b"<feed/>")
    tree.flush()
    assert set(tree.written) == {"a.xml"}
    packed = replace(world.session.publishing, precompress=True)
    publication = Publication(world.session, tree, world.db, packed)
    assert publication.put("b.xml", b"<feed>" + b"x" * 5000)
    tree.flush()
    assert {"b.xml", "b.xml.gz", "b.xml.br", "b.xml.zst"} <= set(tree.written)
    assert (publication.held, publication.unfinished, publication.dates, publication.revisions) == (
        {},
        set(),
        {},
        {},
    )
