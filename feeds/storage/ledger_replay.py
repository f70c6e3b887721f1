"""Apply new lines of the ledger to posts that are stored already.

A store that was restored from a backup, or copied from another machine, is older than its ledger. Each
function compares all lines of a kind with the posts. So it can be repeated after a run was killed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from feeds.identity import Sighting
from feeds.storage import ledger
from feeds.storage.file_ids import begin_file_ids
from feeds.storage.neighbourhood import Change, load_blocked_keys, load_keys
from feeds.storage.posts import recompute_posts, regroup_all
from feeds.storage.records import Circumstances
from feeds.storage.serialization import read_sighting
from feeds.storage.sqlite import Database
from feeds.storage.withdrawal import load_post_state, restore, withdraw


def read_ledger(
    db: Database, path: Path, sources: dict[int, tuple[str, int]], now: datetime, has_folders: bool
) -> list[str]:
    """Apply the lines of the ledger that the store does not know; return what is wrong with the ledger.

    Args:
        db: The store.
        path: The path of ``ledger.jsonl``.
        sources: Name and rank of every source.
        now: The present time.
        has_folders: Whether a source is a folder.

    Raises:
        StoreError: the file cannot be read.
    """
    troubles: list[str] = []
    is_changed = ledger.load_ledger(db, path, troubles)
    if ledger.load_pending_kinds(db):
        apply_lines(db, sources, now)
    # Only files have ids that an earlier rule may have derived otherwise.
    if has_folders:
        begin_file_ids(db, sources, is_changed=is_changed, has_file=path.exists())
    return troubles


def read_withdrawals(db: Database, path: Path, now: datetime) -> None:
    """Apply withdrawals that the store does not know: it may be a backup that was just restored."""
    ledger.load_ledger(db, path)
    apply_withdrawals(db, now)


def apply_lines(db: Database, sources: Mapping[int, tuple[str, int]], now: datetime) -> None:
    """Apply all lines that concern posts with an id and files; :func:`apply_dates` applies the others."""
    apply_withdrawals(db, now)
    apply_keys(db, sources, now, load_blocked_keys(db))


def apply_withdrawals(db: Database, now: datetime) -> None:
    """Withdraw the posts that the ledger has as withdrawn; after a restore also restore all other posts."""
    todo = ledger.load_pending_kinds(db) & {"withdrawn", "undone"}
    if not todo:
        return
    with db.transaction():
        for uid, since in db.rows("ledger_of_kind", ("withdrawn",)):
            number = db.value("post_of_uid", (uid,))
            # The run may be a repetition, and a second withdrawal would date it anew.
            if number is not None and not load_post_state(db, number).withdrawn:
                withdraw(db, [number], datetime.fromisoformat(since))
        if "undone" in todo:
            for number, uid, appeared in db.rows("posts_withdrawn_untold"):
                # The withdrawal was undone on the other machine, which has recorded when.
                when, _ = ledger.determine_change_times(db, uid, appeared, int(now.timestamp()))
                restore(db, number, datetime.fromtimestamp(when, UTC))
        ledger.remove_pending_kinds(db, todo)


def apply_keys(
    db: Database, sources: Mapping[int, tuple[str, int]], now: datetime, blocked: frozenset[str]
) -> None:
    """Add the keys of versions of files that this store never read, and apply new blocked keys."""
    todo = ledger.load_pending_kinds(db) & {"burnt", "keys"}
    if not todo:
        return
    numbers = dict(sources)
    if "keys" in todo:
        with db.transaction():
            files = _load_files(db, numbers)
            # Recomputing loads the connected sightings, so only files that lacked a key are recomputed.
            changed = [number for sighting, keys in files if (number := _add_keys(db, sighting, keys))]
            if changed:
                recompute_posts(db, numbers, changed, Change(Circumstances(False, now, blocked, None)))
    # A blocked key may have joined posts anywhere, so all posts are recomputed.
    if "burnt" in todo:
        regroup_all(db, numbers, now, blocked)
    with db.transaction():
        # At the end: after a kill the next run applies the lines again, which is harmless.
        ledger.remove_pending_kinds(db, todo)


def _load_files(db: Database, sources: dict[int, tuple[str, int]]) -> Iterator[tuple[Sighting, set[str]]]:
    """Load the sighting of each file that has keys in the ledger, with these keys."""
    recorded = dict(db.rows("ledger_of_kind", ("keys",)))
    for number, (source, _) in sources.items():
        start = f"{source}/"
        paths = {name[len(start) :]: keys for name, keys in recorded.items() if name.startswith(start)}
        if not paths:
            continue
        db.scope(paths)
        rows = db.rows("sightings_of_paths", (number,))
        keys = load_keys(db, [row[0] for row in rows])
        for row in rows:
            yield read_sighting(row, sources, *keys[row[0]]), set(paths[row[3]].split("\n"))


def _add_keys(db: Database, sighting: Sighting, recorded: set[str]) -> int:
    """Add recorded keys to a sighting. Return its number, or 0 if it had them all."""
    strong = next((key for key in recorded if key.startswith("!")), sighting.strong)
    weak = {key for key in recorded if not key.startswith("!")}
    if strong == sighting.strong and weak <= sighting.weak:
        return 0
    # With another strong key the file was another item later, so its stored keys are not of this item
    # (identity rule 4, docs/reference/identity.md).
    if sighting.strong and sighting.strong != strong:
        db.run("sighting_keys_drop", (sighting.number,))
    db.run("sighting_strengthen", (strong, sighting.number))
    db.many("sighting_key_add_past", [(key, sighting.number) for key in weak])
    return sighting.number


def apply_dates(db: Database) -> None:
    """Set the dates of posts to those of the ledger if the ledger has a later change than the store."""
    if "surfaced" not in ledger.load_pending_kinds(db):
        return
    with db.transaction():
        later = []
        for uid, value in db.rows("ledger_of_kind", ("surfaced",)):
            appeared, updated = (ledger.parse_time(time) for time in value.split())
            for number, known in db.rows("post_dates", (uid,)):
                # A line that is older than the stored change is a past change.
                if appeared > known:
                    later.append((appeared, updated, number))
        db.many("post_resurface", later)
        db.many("member_resurface", [(appeared, number) for appeared, _, number in later])
        db.scope(number for _, _, number in later)
        feeds = {feed for _, feed in db.rows("members_of_posts")}
        # The rendered entries contain the date.
        db.many("entry_drop", [(number,) for _, _, number in later])
        db.many("feed_touch", [(feed,) for feed in feeds])
        ledger.remove_pending_kinds(db, {"surfaced"})
