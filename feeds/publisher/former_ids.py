"""Find the keys from which earlier versions derived the ids of files, until the ledger has lines for these ids.

An id that subscribers know stays, so it is derived as it was when it was published
(:mod:`feeds.storage.file_ids`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from feeds.post_ids import derive_post_urn
from feeds.publisher.publication import Publication
from feeds.values.document_paths import FILE_NAMES, split_into_chunks

_FILES_PER_PIECE = 64
_MOST_BYTES = 64 << 20
_ID = re.compile(rb"urn:uuid:[0-9a-f-]{36}")


def assign_post_ids(publication: Publication) -> None:
    """Assign ids to new posts, those of files from their paths as soon as no other id can be meant."""
    db, session = publication.db, publication.session
    if db.derives_ids_from_paths():
        db.assign_post_ids(session.sources)
        return
    files = db.load_bare_files(session.sources)
    db.assign_post_ids(session.sources, former=_find_former_keys(publication, files))
    read = db.load_sources()
    # A folder that could not be read has posts whose ids are not known yet.
    if all(read[source.name].complete for source in session.folders):
        db.record_file_ids(session.sources)


def _find_former_keys(publication: Publication, files: Sequence[tuple[int, str]]) -> dict[int, str]:
    """Find the former key of each of these files; none if the output shows that no id was derived from a text."""
    from feeds.workers.body_tasks import derive_former_keys

    db = publication.db
    is_new = db.is_without_past()
    shown = _read_published_ids(publication.tree.folder) if is_new else frozenset()
    if is_new and not shown:
        return {}
    keys: dict[int, str] = {}
    for piece in split_into_chunks(files, _FILES_PER_PIECE):
        bodies = db.load_bodies([number for number, _ in piece])
        tasks = [(title, *bodies[number]) for number, title in piece if number in bodies]
        numbers = [number for number, _ in piece if number in bodies]
        found = publication.session.workers.run(derive_former_keys, tasks)
        keys |= {number: key for number, key in zip(numbers, found, strict=True) if key}
    return {} if is_new and shown.isdisjoint(map(derive_post_urn, keys.values())) else keys


def _read_published_ids(folder: Path) -> frozenset[str]:
    """Read the ids in the documents of all posts, which may be those of an earlier version."""
    found: set[str] = set()
    for name in FILE_NAMES.values():
        path = folder / name
        if path.is_file() and path.stat().st_size <= _MOST_BYTES:
            found.update(match.decode() for match in _ID.findall(path.read_bytes()))
    return frozenset(found)
