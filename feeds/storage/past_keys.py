"""The keys of earlier versions of items, which the ledger keeps for machines that never read those versions."""

from __future__ import annotations

from feeds.identity import Sighting
from feeds.item_keys import filter_lasting_keys
from feeds.storage.sqlite import Database


class PastKeys:
    """The keys of earlier versions of files, from the ledger.

    A new machine never reads those versions (identity rule 8, docs/reference/identity.md). Of upstream feeds only
    the entries are recorded that their feed has renamed, because their past entries are not read again.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        # Read once for each batch, because a first build looks up every file.
        self._recorded = dict(db.rows("ledger_of_kind", ("keys",)))
        self._now = dict(self._recorded)
        self._renamed = dict(db.rows("ledger_of_kind", ("renamed",)))
        self._lines: list[tuple[str, str, str]] = []
        self._dropped: list[tuple[str, str]] = []

    def restore_keys(
        self, read: Sighting, sighting: Sighting, old: Sighting | None, renamed: bool
    ) -> Sighting:
        """Add the past keys of the item that only the ledger has, and record the past keys of ``sighting``.

        ``renamed`` is true for an entry of an upstream feed that was decided to be ``old`` under another name.
        """
        name = f"{sighting.source}/{sighting.place}"
        # Upstream entries have no place.
        if not sighting.place:
            return self._restore_renamed(sighting, old, renamed)
        # A stored version has its past keys already.
        if old is None and name in self._recorded:
            keys = filter_lasting_keys(self._recorded[name].split("\n"))
            strong = next((key for key in keys if key.startswith("!")), "")
            sighting = sighting._replace(
                strong=sighting.strong or strong, weak=sighting.weak | (keys - {strong})
            )
        # A line of the ledger separates keys with line ends, so a key that has one is left out.
        past = {key for key in sighting.weak - sighting.own if "\n" not in key}
        if sighting.strong != read.strong:
            past.add(sighting.strong)
        if old and old.place != sighting.place:
            self._now.pop(f"{old.source}/{old.place}", None)
        # Only keys that the present version lacks: a rebuild derives the others by itself.
        if past:
            self._now[name] = "\n".join(sorted(past))
        else:
            self._now.pop(name, None)
        return sighting

    def _restore_renamed(self, sighting: Sighting, old: Sighting | None, renamed: bool) -> Sighting:
        name = f"{sighting.source}/{sighting.item}"
        if old is None and name in self._renamed:
            return sighting._replace(weak=sighting.weak | set(self._renamed[name].split("\n")))
        # Sorted, so that the line is the same on every machine.
        past = sorted(key for key in sighting.weak - sighting.own if "\n" not in key)
        if renamed and old:
            # The line of the old name would give its keys to another entry that gets this name later.
            self._dropped.append(("renamed", f"{old.source}/{old.item}"))
            self._lines += [("renamed", name, "\n".join(past))] if past else []
        return sighting

    def write(self) -> None:
        """Write the changed lines of the ledger."""
        self._db.many("ledger_drop", self._dropped)
        self._db.many("ledger_put", self._lines)
        changed = self._now.items() - self._recorded.items()
        self._db.many("ledger_put", [("keys", name, value) for name, value in sorted(changed)])
        self._db.many("ledger_drop", [("keys", name) for name in self._recorded.keys() - self._now.keys()])
