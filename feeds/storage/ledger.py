"""``ledger.jsonl``: what the sources cannot tell again, as a text file fit for git.

One JSON object a line, sorted: ``{"id": "<key>", "value": "urn:…"}`` for an id that differs from
its derivation, ``sealed`` for the places of a post's older versions in archives, ``slug`` for a slug that does, ``guess`` for a date that was guessed from a file's
mtime, ``keys`` for addresses and other keys that a file had in earlier versions, ``alias`` for the
id of a post that became part of another, ``surfaced`` for a post that surfaced out of the order of
publication or changed at a time that nothing states, ``burnt`` for a key that joins nothing (an
operator may add such a line), ``withdrawn`` for the id of a post that stays out. A rebuild on a new
machine reads it first and gives the same feeds.

The store has the same lines in a table. Where the file differs from what this store wrote last, its
lines are added to those of the store. After a backup was restored the file is the newer of the two:
then the store also drops what the file no longer says. What the new lines mean for posts that the
store has already is marked here and done by :mod:`feeds.storage.ledger_replay`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from feeds.errors import StoreError
from feeds.storage.ledger_lines import BadLine, Line, describe_mistake, read_ledger, write_ledger
from feeds.storage.sqlite import Database

LEDGER = "ledger.jsonl"
"""Name of the file, beside the store."""
RESTORED = "ledger_restored"
"""Name of the mark of a store that was restored from a backup and has not read the file since."""
CHECKED = "ledger_checked"
"""Name of the mark of a store whose own lines were checked; its value is that of the rules."""
_RULES = "1"  # counts up when lines are checked more strictly: then those of the store are checked again
_REPLAYED = frozenset(("burnt", "keys", "surfaced", "withdrawn"))
_REPLAYED_AFTER_RESTORE = frozenset(("keys", "slug", "surfaced", "undone", "withdrawn"))
_DROPPED_AFTER_RESTORE = ("alias", "keys", "withdrawn")
"""Kinds of lines that feedd takes out of the file again; lines of other kinds stay for good."""
_MOST_NAMED = 20


def load(db: Database, path: Path, troubles: list[str] | None = None) -> bool:
    """Take up lines of the file that the store does not know; whether there were any.

    Args:
        db: The store.
        path: Of the file.
        troubles: Gets a sentence for each line that is none of a ledger. It is left out, and stays in the file.

    Raises:
        StoreError: the file cannot be read.
    """
    told = [] if troubles is None else troubles
    told += _drop_mistakes(db, path)
    there, restored = _read(path), bool(_meta(db, RESTORED))
    if there is None:
        if restored:  # nothing is newer than the backup
            with db.transaction():
                db.run("meta_put", (RESTORED, ""))
        return False
    as_written = _meta(db, "ledger_file") == _digest(there) and not restored
    if as_written and not _meta(db, "ledger_bad"):
        return False
    lines, bad = read_ledger(there)
    told += _name_mistakes(path, bad)
    return not as_written and _merge(db, _File(_digest(there), lines, bad), restored)


def _read(path: Path) -> bytes | None:
    if not path.exists():
        return None
    if not path.is_file():
        raise StoreError(f"{path}: is no file, so the ledger cannot be read or written; move it away")
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error


def _name_mistakes(path: Path, bad: Sequence[BadLine]) -> list[str]:
    named = [
        f"{path}:{one.number}: not a line of a ledger ({one.reason}); it is left out: correct it or delete it"
        for one in bad[:_MOST_NAMED]
    ]
    more = len(bad) - len(named)
    return [*named, f"{path}: {more} more lines are none of a ledger"] if more else named


def _drop_mistakes(db: Database, path: Path) -> list[str]:
    """Check the lines in the store: they may come from a backup of somebody else, or from before they were checked."""
    if _meta(db, CHECKED) == _RULES:
        return []
    wrong = [(row, mistake) for row in db.rows("ledger_all") if (mistake := describe_mistake(row))]
    with db.transaction():
        db.many("ledger_drop", [row[:2] for row, _ in wrong])
        db.run("meta_put", (CHECKED, _RULES))
    return [
        f"{path}: the store had a line of kind {str(kind)!r} that is none of a ledger ({mistake}); it was dropped"
        for (kind, _, _), mistake in wrong
    ]


class _File(NamedTuple):
    digest: str
    lines: Sequence[Line]
    bad: Sequence[BadLine]


def _merge(db: Database, file: _File, restored: bool) -> bool:
    """Bring the lines of the file into the store, and mark what they mean for posts as still to be done."""
    lines, bad = file.lines, file.bad
    known = {(kind, name): value for kind, name, value in db.rows("ledger_all")}
    new = [line for line in lines if _is_news(line, known.get(line[:2]))]
    gone: list[tuple[str, str]] = []
    if restored and not bad:  # a damaged line may be the very one that seems to be missing
        stay = {line[:2] for line in lines}
        gone = [one for one in known if one[0] in _DROPPED_AFTER_RESTORE and one not in stay]
    todo = {line.kind for line in new} & _REPLAYED | (_REPLAYED_AFTER_RESTORE if restored else frozenset())
    with db.transaction():
        db.many("ledger_put", new)
        db.many("ledger_drop", gone)
        db.many("burnt_add", [(line.name,) for line in new if line.kind == "burnt"])
        db.run("meta_put", ("ledger_bad", str(len(bad) or "")))
        db.run(
            "meta_put", ("ledger_file", file.digest)
        )  # a line that is dropped from now on does not come back
        db.run("meta_put", (RESTORED, ""))
        _put_pending(db, pending(db) | todo)
    return bool(new or gone)


def _is_news(line: Line, known: str | None) -> bool:
    """Whether a line says something else than the store, and nothing older."""
    if line.kind == "surfaced" and known:
        return _times(line.value) > _times(known)
    return line.value != known


def _times(value: str) -> list[int]:
    return [seconds(one) for one in value.split()]


def pending(db: Database) -> set[str]:
    """Of which kinds new lines came from the file whose meaning for posts is still to be done."""
    return set((_meta(db, "ledger_pending") or "").split())


def finish_pending(db: Database, kinds: Collection[str]) -> None:
    """Remember that this was done. Inside a transaction."""
    _put_pending(db, pending(db) - set(kinds))


def _put_pending(db: Database, kinds: Iterable[str]) -> None:
    db.run("meta_put", ("ledger_pending", " ".join(sorted(kinds))))


def _meta(db: Database, name: str) -> str | None:
    value: str | None = db.value("meta_get", (name,))
    return value


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


def seen_at(db: Database, uid: str | None, surfaced: int, now: int) -> tuple[int, int]:
    """When a change of a post surfaces that had ``surfaced`` before, and when the change was seen.

    Both are now, unless the ledger knows of a later change than the store: after a backup was restored
    the change that is seen now is an old one.
    """
    told = db.value("ledger_get", ("surfaced", uid))
    if told:
        later, seen = _times(told)
        if later > surfaced:
            return later, seen
    return max(now, surfaced + 1), now


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
    marks = [_meta(db, name) for name in ("ledger_rows", "ledger_file")]
    if marks == [_digest(repr(rows).encode()), _digest(there)]:
        return None
    # Lines that are none of a ledger are somebody's all the same: they stay, at the end.
    bad = read_ledger(there)[1] if _meta(db, "ledger_bad") else []
    text = write_ledger(rows).encode() + b"".join(one.data + b"\n" for one in bad)
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
