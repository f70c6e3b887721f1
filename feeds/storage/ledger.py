"""Read and write ``ledger.jsonl``: facts that cannot be derived from the sources again, as text for git.

Each line is a JSON object such as ``{"id": "<key>", "value": "urn:…"}``; lines are sorted. The kinds are:

- ``alias``: the id of a post that was merged into another post.
- ``burnt``: a blocked key, which joins no items. An operator may add such a line.
- ``form``: the rule by which ids without a line are derived; absent in ledgers of earlier versions.
- ``guess``: a date that was guessed from the modification time of a file.
- ``id``: an id that differs from the id that its key gives.
- ``keys``: addresses and other keys that a file had in earlier versions.
- ``renamed``: keys that an entry of an upstream feed had before the feed renamed it.
- ``sealed``: the places of older versions of a post in closed archives.
- ``slug``: a slug that differs from its derivation.
- ``surfaced``: when a post appeared and changed, if no source states it or it was out of order.
- ``withdrawn``: the id of a post that a person withdrew.

A rebuild on a new machine reads the file first and gives the same feeds.

The store has the same lines in a table. If the file differs from what this store wrote last, its lines
are added to the table. After a backup was restored, the file is newer than the store. Then lines that are
not in the file are also removed from the table. This module marks the kinds of new lines, and
:mod:`feeds.storage.ledger_replay` applies them to stored posts.
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
"""Name of the mark of a store that was restored from a backup and has not read the file since then."""
CHECKED = "ledger_checked"
"""Name of the mark of a store whose stored lines were checked; its value is the number of the rules."""
# Increase it when the checks become stricter: then the stored lines are checked again.
_RULES = "1"
# Lines of the other kinds are only looked up when a post is new, so nothing has to be applied.
_REPLAYED = frozenset(("burnt", "keys", "surfaced", "withdrawn"))
_REPLAYED_AFTER_RESTORE = frozenset(("keys", "slug", "surfaced", "undone", "withdrawn"))
_DROPPED_AFTER_RESTORE = ("alias", "keys", "withdrawn")
"""Kinds of lines that feedd removes from the file again; lines of other kinds stay."""
# A wrong file may have thousands of bad lines, and each named line is a line of the report.
_MAX_NAMED = 20


def load_ledger(db: Database, path: Path, troubles: list[str] | None = None) -> bool:
    """Merge the file into the store, and return whether that changed the stored lines.

    Args:
        db: The store.
        path: The path of ``ledger.jsonl``.
        troubles: Gets a sentence for each invalid line. The line is skipped, and stays in the file.

    Raises:
        StoreError: the file cannot be read.
    """
    messages = [] if troubles is None else troubles
    # First, because the lines of the store are merged with those of the file.
    messages += _drop_invalid_lines(db, path)
    data, restored = _read(path), bool(_read_mark(db, RESTORED))
    if data is None:
        if restored:  # without a file, nothing is newer than the backup
            with db.transaction():
                db.run("meta_put", (RESTORED, ""))
        return False
    is_as_written = _read_mark(db, "ledger_file") == _hash(data) and not restored
    # An invalid line is reported by every run until somebody corrects it.
    if is_as_written and not _read_mark(db, "ledger_bad"):
        return False
    lines, bad = read_ledger(data)
    messages += _report_bad_lines(path, bad)
    return not is_as_written and _merge(db, _File(_hash(data), lines, bad), restored)


def _read(path: Path) -> bytes | None:
    if not path.exists():
        return None
    if not path.is_file():
        raise StoreError(f"{path}: is not a file, so the ledger cannot be read or written; move it away")
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error


def _report_bad_lines(path: Path, bad: Sequence[BadLine]) -> list[str]:
    messages = [
        f"{path}:{line.number}: not a line of a ledger ({line.reason}); it is skipped: correct it or delete it"
        for line in bad[:_MAX_NAMED]
    ]
    more = len(bad) - len(messages)
    return [*messages, f"{path}: {more} more lines are not lines of a ledger"] if more else messages


def _drop_invalid_lines(db: Database, path: Path) -> list[str]:
    """Drop invalid lines from the store. They come from another person's backup or from a version without checks."""
    if _read_mark(db, CHECKED) == _RULES:
        return []
    wrong = [(row, mistake) for row in db.rows("ledger_all") if (mistake := describe_mistake(row))]
    with db.transaction():
        db.many("ledger_drop", [row[:2] for row, _ in wrong])
        db.run("meta_put", (CHECKED, _RULES))
    return [
        f"{path}: the store had a line of kind {str(kind)!r} that is not valid in a ledger ({mistake}); it was dropped"
        for (kind, _, _), mistake in wrong
    ]


class _File(NamedTuple):
    digest: str
    lines: Sequence[Line]
    bad: Sequence[BadLine]


def _merge(db: Database, file: _File, restored: bool) -> bool:
    """Add the lines of the file to the store, and mark the kinds that must be applied to posts."""
    lines, bad = file.lines, file.bad
    known = {(kind, name): value for kind, name, value in db.rows("ledger_all")}
    new = [line for line in lines if _is_newer(line, known.get(line[:2]))]
    # A line that somebody deleted from the file while feedd ran is written again, not dropped.
    gone: list[tuple[str, str]] = []
    if restored and not bad:  # the line that seems to be missing may be a damaged line
        present = {line[:2] for line in lines}
        gone = [key for key in known if key[0] in _DROPPED_AFTER_RESTORE and key not in present]
    todo = {line.kind for line in new} & _REPLAYED | (_REPLAYED_AFTER_RESTORE if restored else frozenset())
    with db.transaction():
        db.many("ledger_put", new)
        db.many("ledger_drop", gone)
        # An operator may block a key by a line in the file.
        db.many("burnt_add", [(line.name,) for line in new if line.kind == "burnt"])
        db.run("meta_put", ("ledger_bad", str(len(bad) or "")))
        # With this digest, a line that is dropped from now on is not read from the file again.
        db.run("meta_put", ("ledger_file", file.digest))
        db.run("meta_put", (RESTORED, ""))
        _put_pending(db, load_pending_kinds(db) | todo)
    return bool(new or gone)


def _is_newer(line: Line, known: str | None) -> bool:
    """Return whether a line differs from the stored line and is not older."""
    # Two machines may date a change differently; the later date wins on both.
    if line.kind == "surfaced" and known:
        return _parse_times(line.value) > _parse_times(known)
    return line.value != known


def _parse_times(value: str) -> list[int]:
    return [parse_time(time) for time in value.split()]


def load_pending_kinds(db: Database) -> set[str]:
    """Load the kinds of lines that were read from the file but are not applied to posts yet."""
    return set((_read_mark(db, "ledger_pending") or "").split())


def remove_pending_kinds(db: Database, kinds: Collection[str]) -> None:
    """Record that lines of these kinds were applied. Call it inside a transaction."""
    _put_pending(db, load_pending_kinds(db) - set(kinds))


def _put_pending(db: Database, kinds: Iterable[str]) -> None:
    db.run("meta_put", ("ledger_pending", " ".join(sorted(kinds))))


def _read_mark(db: Database, name: str) -> str | None:
    value: str | None = db.value("meta_get", (name,))
    return value


def update_ledger(db: Database) -> None:
    """Add the merged posts, and the posts that appeared out of order, to the stored lines."""
    # Only posts after this mark are read, because a store may have millions.
    since = int(db.value("meta_get", ("ledger",)) or 0)
    appeared = db.rows("surfaced_out_of_order", {"since": since})
    aliases = dict(db.rows("aliases_all"))
    known = dict(db.rows("ledger_of_kind", ("alias",)))
    # A merged post that was split off again has its own id, so the alias must not restore the merge.
    split = [uid for uid in known.keys() - aliases.keys() if db.value("uid_live", (uid,))]
    last = int(db.value("surfaced_last") or 0)
    if last == since and not appeared and not split and aliases.items() <= known.items():
        return
    with db.transaction():
        db.many("ledger_put", [build_appearance_line(uid, when, updated) for uid, when, updated in appeared])
        db.many("ledger_put", [("alias", uid, heir) for uid, heir in aliases.items()])
        db.many("ledger_drop", [("alias", uid) for uid in split])
        db.run("meta_put", ("ledger", str(last)))


def build_appearance_line(uid: str, appeared: int, updated: int) -> tuple[str, str, str]:
    """Build the line of a post that appeared and changed at these times, in seconds since 1970."""
    return "surfaced", uid, f"{format_time(appeared)} {format_time(updated)}"


def determine_change_times(db: Database, uid: str | None, appeared: int, now: int) -> tuple[int, int]:
    """Date a change of a post: return when the changed post appears, and when the change was seen.

    ``appeared`` is the time of its last version, in seconds since 1970. Both results are now, unless the
    ledger has a later change than the store: after a backup was restored, this change is an old change.
    """
    recorded = db.value("ledger_get", ("surfaced", uid))
    if recorded:
        later, seen = _parse_times(recorded)
        if later > appeared:
            return later, seen
    # Later than the last version even if the clock went back, so that the order is kept.
    return max(now, appeared + 1), now


def parse_time(text: str) -> int:
    """Parse a time of the ledger into seconds since 1970."""
    return int(datetime.fromisoformat(text).timestamp())


def format_time(seconds: int) -> str:
    """Format seconds since 1970 as the ledger has times: ISO 8601 in UTC."""
    # One form for all machines, so that the file does not differ by time zone.
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def render_changed_ledger(db: Database, present: bytes) -> bytes | None:
    """Return the new content of the file; None if ``present`` is that content already."""
    rows = db.rows("ledger_all")
    if not rows and not present:
        return None
    # Comparing two digests is enough if nothing changed, without the cost of formatting or parsing every line.
    marks = [_read_mark(db, name) for name in ("ledger_rows", "ledger_file")]
    if marks == [_hash(repr(rows).encode()), _hash(present)]:
        return None
    # A person may have written the invalid lines, so they stay, at the end.
    bad = read_ledger(present)[1] if _read_mark(db, "ledger_bad") else []
    text = write_ledger(rows).encode() + b"".join(line.data + b"\n" for line in bad)
    # The marks may be those of another store; equal bytes need no write.
    if text == present:
        mark_ledger_written(db, text)
        return None
    return text


def mark_ledger_written(db: Database, written: bytes) -> None:
    """Record that the file has all stored lines; ``written`` is its content."""
    with db.transaction():
        db.run("meta_put", ("ledger_rows", _hash(repr(db.rows("ledger_all")).encode())))
        db.run("meta_put", ("ledger_file", _hash(written)))


def _hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
