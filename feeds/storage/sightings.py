"""Storing what a source was read to say, in one transaction with its change tokens.

A reading becomes a sighting; its keys only grow; what a version replaces is kept until the
difference that it makes for the posts is written (:mod:`feeds.storage.posts`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from feeds.identity import Sighting, lasting_keys
from feeds.storage.bulk_insert import take_alone
from feeds.storage.posts import Change, keys_of_numbers, payload_of, settle
from feeds.storage.records import Context, Reading, Said, item_of_path
from feeds.storage.serialization import read_sighting, sighting_data
from feeds.storage.sqlite import Database


@dataclass(frozen=True, slots=True)
class Intake:
    """What taking a batch of readings did."""

    new: int
    changed: int


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
    with db.transaction():
        if token:
            token()
        change = Change(context)
        numbers, rest = take_alone(db, context.source, change, readings, renamed)
        taken = take_any(db, context, change, rest, renamed) if rest else Taken({}, 0, 0)
        if renamed is not None:
            write_files(db, context.source, readings, numbers | taken.numbers)
            db.many("file_drop", [(context.source, old) for old in renamed.values()])
    return Intake(len(numbers) + taken.new, taken.changed)


class Taken(NamedTuple):
    """What :func:`take_any` did; ``numbers`` are those of the sightings, by path."""

    numbers: dict[str, int]
    new: int
    changed: int


def take_any(
    db: Database,
    context: Context,
    change: Change,
    readings: Sequence[Said],
    renamed: Mapping[str, str] | None,
) -> Taken:
    """Take readings whatever is known of them: what they join, replace or part is computed again."""
    moved = renamed or {}
    lying = _lying_at(db, context, readings, moved) if renamed is not None else {}
    names = {new: lying[old][0].item for new, old in moved.items() if old in lying}
    known = _known_items(db, context, readings, names)
    batch = _Batch(db, change, context.rekey)
    for one, said in readings:
        item = said.item or names.get(one.path) or item_of_path(one.path)
        batch.add(one, said._replace(item=item), moved.get(one.path), known, lying.get(one.path))
    batch.write(context)
    return Taken(batch.numbers, batch.new, settle(db, context.sources, change))


class _Batch:
    """The readings of a transaction as they become sightings, each the next version of what was known."""

    def __init__(self, db: Database, change: Change, rekey: bool) -> None:
        self.change = change
        self.new = 0
        self._rekey = rekey
        self.numbers: dict[str, int] = {}
        """Number of the sighting of each path."""
        self._db = db
        self._last = db.value("last_sighting")
        self._payloads: list[tuple[int, bytes]] = []
        self._lines: list[tuple[str, str, str]] = []
        self._past = _PastKeys(db)
        self._moved: dict[int, int] = {}
        """Number of the sighting that each one replaces at another place."""

    def add(
        self,
        reading: Reading,
        said: Sighting,
        old_path: str | None,
        known: dict[str, list[Sighting]],
        lying: tuple[Sighting, int] | None,
    ) -> None:
        """Take up what a reading says, after what ``known`` has of its item and what lay at its path."""
        item = said.item
        versions = known.get(item) or known.get(reading.replaces) or []
        old = self._predecessor(versions, said.place, old_path)
        if lying and lying[0].item != item:
            if old is None and not versions and _is_path(item) != _is_path(lying[0].item):
                old = lying[0]
            else:
                self._replace_other(*lying)
        if old and old.place == said.place:
            number = old.number
        else:
            self._last += 1
            number = self._last
            if old:
                self._moved[number] = old.number
        said = self._past.next_version(said, _next_version(said, item, number, old, self._rekey), old)
        if reading.guessed:
            said = self._with_lasting_guess(said)
        known[item] = [*(o for o in known.get(item, ()) if o is not old), said]
        if old:
            self.change.before.append(old)
        self.new += old is None
        self.change.after.append(said)
        self._payloads.append((number, reading.payload))
        self.numbers[reading.path] = number

    def _predecessor(self, versions: Sequence[Sighting], place: str, old_path: str | None) -> Sighting | None:
        """The version that one at ``place`` replaces: of the same place, or of the place that it was moved from."""
        same = next((one for one in versions if one.place == place), None)
        moved = next((one for one in versions if one.place == old_path), None)
        if same is None and moved is not None:
            self.change.superseded.append(moved.number)
        return same or moved

    def _replace_other(self, lying: Sighting, post: int) -> None:
        """Another item lies at a path now: what the file said before is gone."""
        self.change.before.append(lying)
        self.change.superseded.append(lying.number)
        self.change.posts.add(post)

    def _with_lasting_guess(self, said: Sighting) -> Sighting:
        """A guessed date is that of the first sight, on whatever machine that was: the ledger tells (rule 8)."""
        name = f"{said.source}/{item_of_path(said.place) if _is_path(said.item) else said.item}"
        told = self._db.value("ledger_get", ("guess", name))
        if told:
            return said._replace(guess=datetime.fromisoformat(told))
        if said.guess:
            self._lines.append(("guess", name, said.guess.isoformat()))
        return said

    def write(self, context: Context) -> None:
        """Write the sightings with their keys, payloads and guesses; keep the payloads that they replace."""
        self._db.many("ledger_put", self._lines)
        self._past.write()
        if context.judge:
            old = [one.number for one in self.change.before]
            self.change.old_payloads = {number: payload_of(self._db, number) for number in old}
        self._db.scope(self._moved.values())
        held = dict(self._db.rows("posts_of_sightings")) if self._moved else {}
        self.change.inherited = {new: held[old] for new, old in self._moved.items() if old in held}
        self.change.posts.update(self.change.inherited.values())
        _write(self._db, context, self.change, self.change.after, self._payloads)


class _PastKeys:
    """Keys that files had in earlier versions, which the ledger tells a machine that never read those (rule 8).

    Upstreams are left out: what they said before is not read again anyway.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._told = dict(db.rows("ledger_of_kind", ("keys",)))
        self._now = dict(self._told)

    def next_version(self, read: Sighting, said: Sighting, old: Sighting | None) -> Sighting:
        """``said`` with the keys that the file at its place had, if only the ledger knows them."""
        name = f"{said.source}/{said.place}"
        if not said.place:
            return said
        if old is None and name in self._told:
            keys = lasting_keys(self._told[name].split("\n"))
            strong = next((key for key in keys if key.startswith("!")), "")
            said = said._replace(strong=said.strong or strong, weak=said.weak | (keys - {strong}))
        past = {key for key in said.weak - said.own if "\n" not in key}
        if said.strong != read.strong:
            past.add(said.strong)
        if old and old.place != said.place:
            self._now.pop(f"{old.source}/{old.place}", None)
        if past:
            self._now[name] = "\n".join(sorted(past))
        else:
            self._now.pop(name, None)
        return said

    def write(self) -> None:
        """Bring the ledger up to date."""
        changed = self._now.items() - self._told.items()
        self._db.many("ledger_put", [("keys", name, value) for name, value in sorted(changed)])
        self._db.many("ledger_drop", [("keys", name) for name in self._told.keys() - self._now.keys()])


def write_files(db: Database, source: int, readings: Sequence[Reading], numbers: Mapping[str, int]) -> None:
    """Write the change tokens of files; ``numbers`` are those of their sightings."""
    db.many(
        "file_put",
        [
            (
                source,
                r.path,
                r.size,
                r.mtime,
                r.digest,
                r.outcome,
                r.reason,
                r.repairs,
                numbers.get(r.path),
                r.expires,
            )
            for r in readings
        ],
    )


def _is_path(item: str) -> bool:
    """A file that gets an id, or loses it, goes on as the same item."""
    return item.startswith("path:")


def _lying_at(
    db: Database, context: Context, readings: Sequence[Said], moved: Mapping[str, str]
) -> dict[str, tuple[Sighting, int]]:
    """What lay at the paths of this batch, also those that files were moved from, and the post that each was in."""
    db.scope((*(r.path for r, _ in readings), *moved.values()))
    rows = [row for row in db.rows("sightings_of_paths", (context.source,)) if row[7]]
    keys = keys_of_numbers(db, [row[0] for row in rows])
    return {row[3]: (read_sighting(row, context.sources, *keys[row[0]]), row[7]) for row in rows}


def _known_items(
    db: Database, context: Context, readings: Sequence[Said], names: Mapping[str, str]
) -> dict[str, list[Sighting]]:
    """The stored sightings of the items in this batch; ``names`` are those of files that moved, by their paths."""
    db.scope(
        item
        for r, said in readings
        for item in (said.item or names.get(r.path) or item_of_path(r.path), r.replaces)
    )
    rows = db.rows("sightings_of_items", (context.source,))
    keys = keys_of_numbers(db, [row[0] for row in rows])
    known: dict[str, list[Sighting]] = defaultdict(list)
    for number, item, place, strong, digest, data, _post in rows:
        weak, own = keys[number]
        row = (number, context.source, item, place, strong, data, digest)
        known[item].append(read_sighting(row, context.sources, weak, own))
    return known


def _next_version(said: Sighting, item: str, number: int, old: Sighting | None, rekey: bool) -> Sighting:
    """Keys only grow and a guessed date stays, unless the strong key names another post (rule 4)."""
    if old is None or (old.strong and said.strong and old.strong != said.strong):
        return said._replace(item=item, number=number, weak=said.own)
    return said._replace(
        item=item,
        number=number,
        strong=said.strong or old.strong,
        weak=said.own | (lasting_keys(old.weak - old.own if rekey else old.weak) if said.place else old.weak),
        guess=old.guess or said.guess,
    )


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
