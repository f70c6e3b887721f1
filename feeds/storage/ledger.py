"""``ledger.jsonl``: what the sources cannot tell again, as a text file fit for git.

One JSON object a line, sorted: ``{"id": "<key>", "value": "urn:…"}`` for an id that differs from
its derivation, ``sealed`` for the places of a post's older versions in archives, ``slug`` for a slug that does, ``guess`` for a date that was guessed from a file's
mtime, ``keys`` for addresses and other keys that a file had in earlier versions, ``alias`` for the
id of a post that became part of another, ``surfaced`` for a post that surfaced out of the order of
publication or changed at a time that nothing states, ``burnt`` for a key that joins nothing (an
operator may add such a line), ``withdrawn`` for the id of a post that stays out. A rebuild on a new
machine reads it first and gives the same feeds.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

from feeds.errors import StoreError
from feeds.storage.sqlite import Database

KINDS = ("alias", "burnt", "guess", "id", "keys", "sealed", "slug", "surfaced", "withdrawn")
_TIMES = {"guess": 1, "surfaced": 2, "withdrawn": 1, "sealed": 0}
"""How many times the value of a line has; 0 for any number."""


def read_ledger(text: str, name: str) -> list[tuple[str, str, str]]:
    """The lines of a ledger as ``(kind, name, value)``.

    Raises:
        StoreError: a line is damaged; the text names it.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
            kind = next(kind for kind in KINDS if kind in values)
            value = str(values.get("value", ""))
            _check_times(kind, value)
            found.append((kind, str(values[kind]), value))
        except (ValueError, TypeError, StopIteration) as error:
            raise StoreError(
                f"{name}:{number}: not a line of a ledger; restore the file from its history or delete the line"
            ) from error
    return found


def _check_times(kind: str, value: str) -> None:
    """Raises ValueError for a line with times whose times are none."""
    if kind not in _TIMES:
        return
    times = [datetime.fromisoformat(one) for one in value.split()]
    if any(one.tzinfo is None for one in times) or len(times) != (_TIMES[kind] or len(times)):
        raise ValueError(value)


def write_ledger(lines: list[tuple[str, str, str]]) -> str:
    """The text of a ledger."""
    return "".join(
        json.dumps({kind: name, "value": value} if value else {kind: name}, ensure_ascii=False) + "\n"
        for kind, name, value in sorted(lines)
    )


def load(db: Database, path: Path) -> bool:
    """Take up lines of the file that the store does not know; whether keys were burnt."""
    if not path.exists():
        return False
    there = path.read_bytes()
    if db.value("meta_get", ("ledger_file",)) == _digest(there):
        return False  # as this store wrote it
    known = set(db.rows("ledger_all"))
    new = [line for line in read_ledger(there.decode(), str(path)) if line not in known]
    if not new:
        return False
    with db.transaction():
        db.many("ledger_put", new)
        db.many("burnt_add", [(name,) for kind, name, _ in new if kind == "burnt"])
    return any(kind == "burnt" for kind, _, _ in new)


def note(db: Database) -> None:
    """Take down what the store knows and the sources cannot tell again: merged posts, posts out of order."""
    since = int(db.value("meta_get", ("ledger",)) or 0)
    surfaced = db.rows("surfaced_out_of_order", {"since": since})
    aliases = dict(db.rows("aliases_all"))
    known = dict(db.rows("ledger_of_kind", ("alias",)))
    parted = [uid for uid in known.keys() - aliases.keys() if db.value("uid_live", (uid,))]
    last = int(db.value("surfaced_last") or 0)
    if last == since and not surfaced and not parted and aliases.items() <= known.items():
        return
    with db.transaction():
        db.many(
            "ledger_put",
            [surfaced_line(uid, when, updated) for uid, when, updated in surfaced],
        )
        db.many("ledger_put", [("alias", uid, heir) for uid, heir in aliases.items()])
        db.many("ledger_drop", [("alias", uid) for uid in parted])
        db.run("meta_put", ("ledger", str(last)))


def surfaced_line(uid: str, surfaced: int, updated: int) -> tuple[str, str, str]:
    """When a post surfaced and when it changed."""
    return "surfaced", uid, f"{iso(surfaced)} {iso(updated)}"


def seconds(text: str) -> int:
    """Seconds since 1970 of a time in the ledger."""
    return int(datetime.fromisoformat(text).timestamp())


def iso(seconds: int) -> str:
    """A time as the ledger writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def changed(db: Database, there: bytes) -> bytes | None:
    """The ledger as it should stand in the file; None if that is ``there`` already.

    Neither is written out or read for that if both are as :func:`noted` knows them.
    """
    rows = db.rows("ledger_all")
    if not rows and not there:
        return None
    marks = [db.value("meta_get", (name,)) for name in ("ledger_rows", "ledger_file")]
    if marks == [_digest(repr(rows).encode()), _digest(there)]:
        return None
    text = write_ledger(rows).encode()
    if text == there:
        noted(db, text)
        return None
    return text


def noted(db: Database, written: bytes) -> None:
    """Remember that the file holds what the store knows."""
    with db.transaction():
        db.run("meta_put", ("ledger_rows", _digest(repr(db.rows("ledger_all")).encode())))
        db.run("meta_put", ("ledger_file", _digest(written)))


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
