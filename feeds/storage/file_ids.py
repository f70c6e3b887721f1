"""Decide from what the ids of files are derived, and record the ids that an earlier rule derived.

Earlier versions derived the id of a file that has neither address nor guid from its text, and wrote no line for it.
A line ``form`` in the ledger means that each such id has a line of its own. Then the ids of all other files are
derived from source and path (identity rule 7, docs/reference/identity.md).
"""

from __future__ import annotations

from collections.abc import Iterator

from feeds.post_ids import choose_id_key, derive_id, derive_post_urn
from feeds.storage.feeds import load_groups
from feeds.storage.ledger_lines import FILE_IDS
from feeds.storage.neighbourhood import load_blocked_keys
from feeds.storage.sqlite import Database

_META = "file_ids"
"""Name of the mark of the store: ``new`` for a store without any past, ``path`` once the ids of its posts are recorded."""
_BATCH = 2000  # more posts at once take too much memory


def begin_file_ids(
    db: Database, sources: dict[int, tuple[str, int]], *, is_changed: bool, has_file: bool
) -> None:
    """Choose the rule for the ids of files, before the sources are read.

    Args:
        db: The store.
        sources: Name and rank of every source.
        is_changed: Whether the ledger had lines that the store did not know.
        has_file: Whether there is a ledger.
    """
    if _load_mark(db) == FILE_IDS.value:
        return
    has_posts = bool(db.value("last_minted"))
    # A ledger that knows more than the store may be that of a version that derived ids from texts.
    if derives_from_paths(db) or (has_posts and not is_changed):
        record_file_ids(db, sources)
    elif not has_posts and not has_file and not db.rows("ledger_all"):
        with db.transaction():
            db.run("meta_put", (_META, "new"))


def derives_from_paths(db: Database) -> bool:
    """Return whether ids of files are derived from source and path: all other ids have lines in the ledger."""
    return db.value("ledger_get", FILE_IDS[:2]) is not None


def is_without_past(db: Database) -> bool:
    """Return whether there was neither a ledger nor a post before; then only the output may show published ids."""
    return _load_mark(db) == "new"


def _load_mark(db: Database) -> str:
    return db.value("meta_get", (_META,)) or ""


def record_file_ids(db: Database, sources: dict[int, tuple[str, int]]) -> None:
    """Write lines for the ids of files that would be derived otherwise, and derive ids from paths from now on."""
    with db.transaction():
        db.many("ledger_put", [("id", *line) for line in _list_lines(db, sources)])
        db.run("ledger_put", FILE_IDS)
        db.run("meta_put", (_META, FILE_IDS.value))


def _list_lines(db: Database, sources: dict[int, tuple[str, int]]) -> list[tuple[str, str]]:
    """List key and id of each post of a file whose id is not the derived id."""
    lines, present, removed = [], set(), {}
    for key, uid, derived, is_present in _load_ids(db, sources):
        if is_present:
            present.add(key)
            lines += [(key, uid)] if uid != derived else []
        elif uid != derived:
            removed[key] = uid
    # A file that comes back gets its id again, unless another file is at its path now.
    return lines + [line for line in removed.items() if line[0] not in present]


def _load_ids(db: Database, sources: dict[int, tuple[str, int]]) -> Iterator[tuple[str, str, str, bool]]:
    """Yield key, id, derived id and presence of each published post of a file."""
    blocked, last = load_blocked_keys(db), 0
    while rows := db.rows("posts_minted_after", (last, _BATCH)):
        last = rows[-1][0]
        groups = load_groups(db, sources, [row[0] for row in rows])
        for number, uid, id_key in rows:
            post = groups.get(number)
            if post and any(sighting.place for sighting in post.sightings):
                yield choose_id_key(post, blocked), uid, derive_id(post, blocked, lambda _: False), True
            elif post is None and id_key.startswith("item:"):
                yield id_key, uid, derive_post_urn(id_key), False
