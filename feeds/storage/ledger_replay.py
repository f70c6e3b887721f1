"""What lines of the ledger mean for posts that the store has already, done once for lines that are new to it.

A store that was restored from a backup, or copied from another machine, is older than its ledger. Each
step here compares all lines of a kind with the posts, so it may be done again after a run that was killed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from feeds.identity import Sighting
from feeds.storage import ledger
from feeds.storage.posts import Change, keys_of_numbers, regroup_all, resettle
from feeds.storage.records import Circumstances
from feeds.storage.serialization import read_sighting
from feeds.storage.sqlite import Database
from feeds.storage.withdrawal import restore, standing, withdraw


def replay_withdrawals(db: Database, now: datetime) -> None:
    """Withdraw the posts that the ledger says are withdrawn; after a restore also bring back all others."""
    todo = ledger.pending(db) & {"withdrawn", "undone"}
    if not todo:
        return
    with db.transaction():
        for uid, since in db.rows("ledger_of_kind", ("withdrawn",)):
            number = db.value("post_of_uid", (uid,))
            if number is not None and not standing(db, number).withdrawn:
                withdraw(db, [number], datetime.fromisoformat(since))
        if "undone" in todo:
            for number, uid, surfaced in db.rows("posts_withdrawn_untold"):
                when, _ = ledger.seen_at(db, uid, surfaced, int(now.timestamp()))
                restore(db, number, datetime.fromtimestamp(when, UTC))
        ledger.finish_pending(db, todo)


def replay_keys(
    db: Database, sources: Mapping[int, tuple[str, int]], now: datetime, burnt: frozenset[str]
) -> None:
    """Give files the keys that they had in versions which this store never read, and apply blocked keys."""
    todo = ledger.pending(db) & {"burnt", "keys"}
    if not todo:
        return
    numbers = dict(sources)
    if "keys" in todo:
        with db.transaction():
            changed = [number for one, keys in _files(db, numbers) if (number := _add_keys(db, one, keys))]
            if changed:
                resettle(db, numbers, changed, Change(Circumstances(False, now, burnt, None)))
    if "burnt" in todo:
        regroup_all(db, numbers, now, burnt)
    with db.transaction():
        ledger.finish_pending(db, todo)


def _files(db: Database, sources: dict[int, tuple[str, int]]) -> Iterator[tuple[Sighting, set[str]]]:
    """The sighting of each file that the ledger has keys of, with these keys."""
    told = dict(db.rows("ledger_of_kind", ("keys",)))
    for number, (source, _) in sources.items():
        start = f"{source}/"
        paths = {name[len(start) :]: keys for name, keys in told.items() if name.startswith(start)}
        if not paths:
            continue
        db.scope(paths)
        rows = db.rows("sightings_of_paths", (number,))
        keys = keys_of_numbers(db, [row[0] for row in rows])
        for row in rows:
            yield read_sighting(row, sources, *keys[row[0]]), set(paths[row[3]].split("\n"))


def _add_keys(db: Database, one: Sighting, told: set[str]) -> int:
    """Add keys to a sighting; its number if that changed it.

    Another strong key means that the file was another item since (rule 4): then its older keys are not those of this item.
    """
    strong = next((key for key in told if key.startswith("!")), one.strong)
    weak = {key for key in told if not key.startswith("!")}
    other = bool(one.strong) and one.strong != strong
    if strong == one.strong and weak <= one.weak:
        return 0
    if other:
        db.run("sighting_keys_drop", (one.number,))
    db.run("sighting_strengthen", (strong, one.number))
    db.many("sighting_key_add_past", [(key, one.number) for key in weak])
    return one.number


def replay_dates(db: Database) -> None:
    """Date posts as the ledger says, if it knows of later changes than the store."""
    if "surfaced" not in ledger.pending(db):
        return
    with db.transaction():
        later = []
        for uid, value in db.rows("ledger_of_kind", ("surfaced",)):
            surfaced, updated = (ledger.seconds(one) for one in value.split())
            for number, known in db.rows("post_dates", (uid,)):
                if surfaced > known:
                    later.append((surfaced, updated, number))
        db.many("post_resurface", later)
        db.many("member_resurface", [(surfaced, number) for surfaced, _, number in later])
        db.scope(number for _, _, number in later)
        feeds = {feed for _, feed in db.rows("members_of_posts")}
        db.many("entry_drop", [(number,) for _, _, number in later])
        db.many("feed_touch", [(feed,) for feed in feeds])
        ledger.finish_pending(db, {"surfaced"})
