"""Store the readings of a source as sightings, in one transaction with their change tokens.

The keys of a sighting only grow. The replaced version is kept until the posts are updated
(:mod:`feeds.storage.posts`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from feeds.identity import Sighting
from feeds.item_keys import filter_lasting_keys
from feeds.storage.bodies import load_bodies
from feeds.storage.bulk_insert import insert_new_items
from feeds.storage.neighbourhood import Change, load_blocked_keys, load_keys, load_pages_of_files
from feeds.storage.past_keys import PastKeys
from feeds.storage.posts import update_posts
from feeds.storage.records import Context, ItemReading, Reading, derive_item_from_path
from feeds.storage.serialization import encode_sighting, read_sighting
from feeds.storage.silent_copies import insert_silent_copies
from feeds.storage.sqlite import Database

_STATED = ("title", "text", "link", "authors", "categories", "tags")
# A server whose clock is slow may date a new entry before our last poll.
_CLOCKS_DIFFER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class IngestCounts:
    """How many items of a batch were new, and how many posts changed."""

    new: int
    changed: int
    parted: int = 0
    """How many posts an older rule had joined with others."""


class SourceBatch(NamedTuple):
    """Readings of one source: files, or the entries of an upstream feed."""

    context: Context
    readings: Sequence[Reading]
    renamed: Mapping[str, str] | None = None
    """Maps the path of a renamed file to its old path; None if the readings are not files."""


def ingest_batches(db: Database, batches: Sequence[SourceBatch]) -> IngestCounts:
    """Store batches of several sources in one transaction, and then update the posts once.

    A post with copies in many sources is computed once, not once for each source. The batches must have the
    same circumstances.
    """
    with db.transaction():
        return write_batches(db, batches, load_blocked_keys(db))


def write_batches(db: Database, batches: Sequence[SourceBatch], blocked: frozenset[str]) -> IngestCounts:
    """Do what :func:`ingest_batches` does, inside a transaction, with these blocked keys."""
    # The set of blocked keys is loaded once for all batches of the transaction.
    contexts = [replace(batch.context, blocked=batch.context.blocked | blocked) for batch in batches]
    change = Change(contexts[0])
    new = sum(
        _store_batch(db, batch._replace(context=context), change)
        for batch, context in zip(batches, contexts, strict=True)
    )
    changed = update_posts(db, contexts[0].sources, change) if not change.is_empty() else 0
    return IngestCounts(new, changed, change.parted)


def _store_batch(db: Database, batch: SourceBatch, change: Change) -> int:
    """Store the readings of one source, add their sightings to ``change``, and return how many are new."""
    context, readings, renamed = batch
    part = Change(context)
    # The bulk insert takes most items of a first build; only the rest needs the general way.
    numbers, rest = insert_new_items(db, context.source, part, readings, renamed)
    # Then copies of stored posts, which would load every other copy.
    copies, rest = insert_silent_copies(db, context, rest) if rest and renamed is None else (0, rest)
    stored = store_items(db, context, part, rest, renamed) if rest else UpdatedItems({}, 0, 0)
    if renamed is not None:
        before = load_pages_of_files(db, context.source, [reading.path for reading in readings])
        write_files(db, context.source, readings, numbers | stored.numbers)
        part.pages |= before ^ {reading.page for reading in readings if reading.page}
        # The old path of a renamed file would otherwise be reported as missing.
        db.many("file_drop", [(context.source, old) for old in renamed.values()])
    change.add(part)
    return len(numbers) + copies + stored.new


class UpdatedItems(NamedTuple):
    """The counts of an update. ``numbers`` maps the path of a reading to the number of its sighting."""

    numbers: dict[str, int]
    new: int
    changed: int


def update_items(
    db: Database,
    context: Context,
    change: Change,
    readings: Sequence[ItemReading],
    renamed: Mapping[str, str] | None,
) -> UpdatedItems:
    """Store readings that may share a key with a stored item, and recompute the posts around them."""
    stored = store_items(db, context, change, readings, renamed)
    return stored._replace(changed=update_posts(db, context.sources, change))


def store_items(
    db: Database,
    context: Context,
    change: Change,
    readings: Sequence[ItemReading],
    renamed: Mapping[str, str] | None,
) -> UpdatedItems:
    """Store readings that may share a key with a stored item; their posts are not updated yet."""
    moved = renamed or {}
    previous = _load_sightings_at_paths(db, context, readings, moved) if renamed is not None else {}
    # A renamed file without a guid keeps the item of its old path.
    names = {new: previous[old][0].item for new, old in moved.items() if old in previous}
    # One query for the whole batch, because a document has up to thousands of readings.
    known = _load_known_items(db, context, readings, names)
    batch = _Batch(db, change, context)
    for reading, sighting in readings:
        item = sighting.item or names.get(reading.path) or derive_item_from_path(reading.path)
        old_path = moved.get(reading.path)
        batch.add(reading, sighting._replace(item=item), old_path, known, previous.get(reading.path))
    batch.write(context)
    return UpdatedItems(batch.numbers, batch.new, 0)


class _Batch:
    """Turn the readings of a transaction into sightings, each the next version of a known item."""

    def __init__(self, db: Database, change: Change, context: Context) -> None:
        self.change = change
        self.new = 0
        self._rekey, self._polled = context.rekey, context.polled
        self.numbers: dict[str, int] = {}
        """Number of the sighting of each path."""
        self._db = db
        # Numbers are assigned here and not by the database, because posts refer to them in the same batch.
        self._last = db.value("last_sighting")
        self._documents: list[tuple[int, bytes]] = []
        self._lines: list[tuple[str, str, str]] = []
        self._past = PastKeys(db)
        self._moved: dict[int, int] = {}
        """Maps the number of a sighting to the number of the sighting that it replaces at another place."""

    def add(
        self,
        reading: Reading,
        sighting: Sighting,
        old_path: str | None,
        known: dict[str, list[Sighting]],
        previous: tuple[Sighting, int] | None,
    ) -> None:
        """Add the sighting of a reading as the next version of its item.

        ``known`` has the stored sightings of each item, ``previous`` the sighting that was stored for the
        path, with its post.
        """
        item = sighting.item
        versions = known.get(item) or known.get(reading.replaces) or []
        old = self._find_predecessor(versions, sighting.place, old_path)
        if previous and previous[0].item != item:
            # A file that gets an id, or loses it, is still the same item.
            if old is None and not versions and _is_path(item) != _is_path(previous[0].item):
                old = previous[0]
            else:
                self._replace_other(*previous)
        # The same place keeps its number, so that references to it stay valid.
        if old and old.place == sighting.place:
            number = old.number
        else:
            self._last += 1
            number = self._last
            if old:
                self._moved[number] = old.number
        next_version = _derive_next_version(sighting, item, number, old, self._rekey)
        if old and self._polled:
            next_version = _keep_dates(next_version, old, self._polled)
        sighting = self._past.restore_keys(sighting, next_version, old, reading.renamed)
        if reading.guessed:
            sighting = self._keep_first_guess(sighting)
        # A later reading of the same batch may be the next version of this item.
        known[item] = [*(o for o in known.get(item, ()) if o is not old), sighting]
        if old:
            self.change.before.append(old)
        self.new += old is None
        self.change.after.append(sighting)
        self._documents.append((number, reading.document))
        self.numbers[reading.path] = number

    def _find_predecessor(
        self, versions: Sequence[Sighting], place: str, old_path: str | None
    ) -> Sighting | None:
        """Return the version that was stored for ``place``, or for the path from which the file was renamed."""
        # The same place is better evidence than a rename, which is only guessed from equal bytes.
        same = next((version for version in versions if version.place == place), None)
        moved = next((version for version in versions if version.place == old_path), None)
        if same is None and moved is not None:
            self.change.superseded.append(moved.number)
        return same or moved

    def _replace_other(self, previous: Sighting, post: int) -> None:
        """Remove the sighting of a path whose file is another item now."""
        self.change.before.append(previous)
        self.change.superseded.append(previous.number)
        self.change.posts.add(post)

    def _keep_first_guess(self, sighting: Sighting) -> Sighting:
        """Use the date that the ledger has, or add the guessed date to the ledger.

        So every machine shows the date of the first reading (identity rule 8, docs/reference/identity.md).
        """
        item = derive_item_from_path(sighting.place) if _is_path(sighting.item) else sighting.item
        name = f"{sighting.source}/{item}"
        recorded = self._db.value("ledger_get", ("guess", name))
        if recorded:
            return sighting._replace(guess=datetime.fromisoformat(recorded))
        if sighting.guess:
            self._lines.append(("guess", name, sighting.guess.isoformat()))
        return sighting

    def write(self, context: Context) -> None:
        """Write the sightings with keys, documents and guessed dates; keep the replaced documents for the judge."""
        self._db.many("ledger_put", self._lines)
        self._past.write()
        # Read before the documents are overwritten below.
        if context.judge:
            old = [sighting.number for sighting in self.change.before]
            self.change.old_bodies = load_bodies(self._db, old)
        self._db.scope(self._moved.values())
        held = dict(self._db.rows("posts_of_sightings")) if self._moved else {}
        self.change.inherited = {new: held[old] for new, old in self._moved.items() if old in held}
        self.change.posts.update(self.change.inherited.values())
        _write(self._db, context, self.change, self.change.after, self._documents)


def write_files(db: Database, source: int, readings: Sequence[Reading], numbers: Mapping[str, int]) -> None:
    """Write the change tokens of files; ``numbers`` maps a path to the number of its sighting."""
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
                r.page,
            )
            for r in readings
        ],
    )


def _is_path(item: str) -> bool:
    return item.startswith("path:")


def _load_sightings_at_paths(
    db: Database, context: Context, readings: Sequence[ItemReading], moved: Mapping[str, str]
) -> dict[str, tuple[Sighting, int]]:
    """Load the stored sightings, each with its post, of the paths of the batch and of the old paths of its files."""
    db.scope((*(r.path for r, _ in readings), *moved.values()))
    # A sighting without a post was removed, and its file is read as new.
    rows = [row for row in db.rows("sightings_of_paths", (context.source,)) if row[7]]
    keys = load_keys(db, [row[0] for row in rows])
    return {row[3]: (read_sighting(row, context.sources, *keys[row[0]]), row[7]) for row in rows}


def _load_known_items(
    db: Database, context: Context, readings: Sequence[ItemReading], names: Mapping[str, str]
) -> dict[str, list[Sighting]]:
    """Load the stored sightings of the items in the batch. ``names`` has the items of renamed files by path."""
    db.scope(
        item
        for r, sighting in readings
        for item in (sighting.item or names.get(r.path) or derive_item_from_path(r.path), r.replaces)
    )
    rows = db.rows("sightings_of_items", (context.source,))
    keys = load_keys(db, [row[0] for row in rows])
    known: dict[str, list[Sighting]] = defaultdict(list)
    for number, item, place, strong, digest, data, _post in rows:
        weak, own = keys[number]
        row = (number, context.source, item, place, strong, data, digest)
        known[item].append(read_sighting(row, context.sources, weak, own))
    return known


def _derive_next_version(
    sighting: Sighting, item: str, number: int, old: Sighting | None, rekey: bool
) -> Sighting:
    """Add the keys and the guessed date of the old version, unless the strong key changed.

    Implements identity rule 4 (docs/reference/identity.md). With ``rekey`` the keys that the old version had
    when it was read are not added: an earlier rule made them.
    """
    if old is None or (old.strong and sighting.strong and old.strong != sighting.strong):
        return sighting._replace(item=item, number=number, weak=sighting.own)
    past = old.weak - old.own if rekey else old.weak
    # Files lose the keys that only one version should have; entries of feeds keep all.
    if sighting.place:
        past = filter_lasting_keys(past)
    return sighting._replace(
        item=item,
        number=number,
        strong=sighting.strong or old.strong,
        weak=sighting.own | past,
        guess=old.guess or sighting.guess,
    )


def _keep_dates(sighting: Sighting, old: Sighting, polled: datetime) -> Sighting:
    """Keep the dates of an unchanged entry whose new dates are only those of the fetch: later than the last poll."""
    # Without a text key nothing shows whether the text of the entry is still the same.
    if not sighting.text or any(getattr(sighting, name) != getattr(old, name) for name in _STATED):
        return sighting
    since = polled - _CLOCKS_DIFFER

    def keep(new: datetime | None, before: datetime | None) -> datetime | None:
        # Some servers date every entry with the time of the request; readers would see them as new each day.
        return before if new and before and new > max(before, since) else new

    return sighting._replace(
        published=keep(sighting.published, old.published), updated=keep(sighting.updated, old.updated)
    )


def _write(
    db: Database,
    context: Context,
    change: Change,
    written: Sequence[Sighting],
    documents: Sequence[tuple[int, bytes]],
) -> None:
    replaced = {sighting.number for sighting in change.before}
    # Keys are written anew below; old rows would keep keys that a rule has dropped.
    db.many("sighting_keys_drop", [(number,) for number in replaced])
    db.many("sighting_drop", [(number,) for number in change.superseded])
    db.many("payload_drop", [(number,) for number in change.superseded])
    db.many(
        "sighting_put",
        [
            (s.number, context.source, s.item, s.place, s.strong, s.digest, encode_sighting(s), None)
            for s in written
        ],
    )
    db.many("sighting_key_put", [(k, s.number, k in s.own) for s in written for k in s.weak])
    db.many("payload_put", documents)
