"""Storing what a source was read to say, in one transaction with its change tokens.

A reading becomes a sighting; its keys only grow; what a version replaces is kept until the
difference that it makes for the posts is written (:mod:`feeds.store.posts`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from feeds.identify import Sighting
from feeds.ports import Judge
from feeds.store.codec import read_sighting, sighting_data
from feeds.store.database import Database
from feeds.store.posts import Change, keys_of_numbers, payload_of, settle


@dataclass(frozen=True, slots=True)
class Reading:
    """One file as read: its change token and what came of it.

    ``sighting`` is set for outcome ``item``: what it says, with the keys of this version in ``own``;
    ``payload`` the compressed bytes. ``item`` is empty if the file is known by its path.
    """

    path: str
    size: int
    mtime: int
    digest: bytes
    outcome: str
    reason: str = ""
    repairs: int = 0
    sighting: Sighting | None = None
    payload: bytes = b""
    replaces: str = ""
    """The item that this one is a new version of under another name (a guid that changed)."""
    guessed: bool = False
    """Its only date is one that no other machine would find: the file's mtime, or the time of reading."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What taking a batch of readings did."""

    new: int
    changed: int


@dataclass(frozen=True, slots=True)
class Context:
    """What a batch is taken with: the sources with their ranks, the time, and who judges changes.

    Without a judge no change counts as a real one (only settings changed).
    """

    source: int
    sources: dict[int, tuple[str, int]]
    early: bool
    now: datetime
    burnt: frozenset[str]
    judge: Judge | None
    future: bool = False


def take(
    db: Database,
    context: Context,
    readings: Sequence[Reading],
    renamed: Mapping[str, str] | None = None,
    token: Callable[[], None] | None = None,
) -> Intake:
    """Store a batch of readings of one source and bring the posts up to date.

    Args:
        db: The store.
        context: The source and what else a batch is taken with.
        readings: Of files, or of an upstream's entries.
        renamed: Path of a file to the path under which its bytes were known before; None if the
            readings are no files.
        token: Writes the change token of an upstream's document, in the same transaction.
    """
    files = renamed is not None
    renamed = renamed or {}
    with db.transaction():
        if token:
            token()
        known = _known_items(db, context, readings, renamed)
        last = db.value("last_sighting")
        change = Change(context.early, context.now, context.burnt, context.judge, context.future)
        written: list[Sighting] = []
        payloads: list[tuple[int, bytes]] = []
        numbers: dict[str, int] = {}
        guesses: list[tuple[str, str, str]] = []
        new = 0
        for reading in readings:
            said = reading.sighting
            if said is None:
                continue
            item = said.item or _item_of_path(renamed.get(reading.path, reading.path))
            versions = known.get(item) or known.get(reading.replaces) or []
            old = _predecessor(versions, said.place, renamed.get(reading.path), change)
            if old is None or old.place != said.place:
                last += 1
            number = old.number if old and old.place == said.place else last
            new += old is None
            said = _next_version(said, item, number, old)
            if reading.guessed:
                said = _with_lasting_guess(db, said, guesses)
            known[item] = [*(o for o in known.get(item, ()) if o is not old), said]
            if old:
                change.before.append(old)
            written.append(said)
            payloads.append((number, reading.payload))
            numbers[reading.path] = number
        db.many("ledger_put", guesses)
        change.after.extend(written)
        change.old_payloads = (
            {o.number: payload_of(db, o.number) for o in change.before} if context.judge else {}
        )
        _write(db, context, change, written, payloads)
        db.many(
            "file_put",
            [
                (
                    context.source,
                    r.path,
                    r.size,
                    r.mtime,
                    r.digest,
                    r.outcome,
                    r.reason,
                    r.repairs,
                    numbers.get(r.path),
                )
                for r in readings
                if files
            ],
        )
        db.many("file_drop", [(context.source, old) for old in renamed.values()])
        changed = settle(db, context.sources, change)
        return Intake(new, changed)


def _item_of_path(path: str) -> str:
    return "path:" + path


def _known_items(
    db: Database, context: Context, readings: Sequence[Reading], renamed: Mapping[str, str]
) -> dict[str, list[Sighting]]:
    """The stored sightings of the items in this batch."""
    db.scope(
        item
        for r in readings
        if r.sighting
        for item in (r.sighting.item or _item_of_path(renamed.get(r.path, r.path)), r.replaces)
    )
    rows = db.rows("sightings_of_items", (context.source,))
    keys = keys_of_numbers(db, [row[0] for row in rows])
    known: dict[str, list[Sighting]] = defaultdict(list)
    for number, item, place, strong, digest, data, _post in rows:
        weak, own = keys[number]
        row = (number, context.source, item, place, strong, data, digest)
        known[item].append(read_sighting(row, context.sources, weak, own))
    return known


def _predecessor(
    versions: Sequence[Sighting], place: str, old_path: str | None, change: Change
) -> Sighting | None:
    """The version that one at ``place`` replaces: of the same place, or of the place that it was moved from."""
    same = next((one for one in versions if one.place == place), None)
    moved = next((one for one in versions if one.place == old_path), None)
    if same is None and moved is not None:
        change.superseded.append(moved.number)
    return same or moved


def _next_version(said: Sighting, item: str, number: int, old: Sighting | None) -> Sighting:
    """Keys only grow and a guessed date stays, unless the strong key names another post (rule 4)."""
    if old is None or (old.strong and said.strong and old.strong != said.strong):
        return replace(said, item=item, number=number, weak=said.own)
    return replace(
        said,
        item=item,
        number=number,
        strong=said.strong or old.strong,
        weak=said.own | old.weak,
        guess=old.guess or said.guess,
    )


def _with_lasting_guess(db: Database, said: Sighting, guesses: list[tuple[str, str, str]]) -> Sighting:
    """A guessed date is that of the first sight, on whatever machine that was: the ledger tells (rule 8)."""
    name = f"{said.source}/{said.item}"
    told = db.value("ledger_get", ("guess", name))
    if told:
        return replace(said, guess=datetime.fromisoformat(told))
    if said.guess:
        guesses.append(("guess", name, said.guess.isoformat()))
    return said


def _write(
    db: Database,
    context: Context,
    change: Change,
    written: Sequence[Sighting],
    payloads: Sequence[tuple[int, bytes]],
) -> None:
    replaced = {one.number for one in change.before}
    db.many("sighting_keys_drop", [(number,) for number in replaced])
    db.many("sighting_drop", [(number,) for number in change.superseded])
    db.many("payload_drop", [(number,) for number in change.superseded])
    db.many(
        "sighting_put",
        [
            (s.number, context.source, s.item, s.place, s.strong, s.digest, sighting_data(s), None)
            for s in written
        ],
    )
    db.many("sighting_key_put", [(k, s.number, k in s.own) for s in written for k in s.weak])
    db.many("payload_put", payloads)
