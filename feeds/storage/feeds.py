"""Minting ids and slugs, and reading what a document shows.

Ids and slugs are minted when a whole reading has converged, in an order that depends on the posts
alone, so that any order of reading gives the same ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from feeds.identity import Group, Naming, Shown, Sighting, derive_id, named_urn, naming
from feeds.storage.feed_membership import leave_feeds
from feeds.storage.ledger import finish_pending, pending, seconds
from feeds.storage.serialization import read_shown, read_sighting
from feeds.storage.sqlite import Database

_FEEDS = bytes.fromhex("3b0a7a529a535c3e8f436d0d5d0e6c11")
_MINT_BATCH = 2000


@dataclass(frozen=True, slots=True)
class DirtyFeed:
    """A feed whose documents may differ from what was written; ``wanted`` is its revision."""

    number: int
    kind: str
    name: str
    slug: str
    uid: str
    updated: int
    wanted: int


class StoredPost(NamedTuple):
    """A post as an entry needs it."""

    number: int
    uid: str
    updated: int
    shown: Shown


def mint_posts(db: Database, sources: dict[int, tuple[str, int]], burnt: frozenset[str]) -> int:
    """Give every new post that may appear its id; how many."""
    numbers = [row[0] for row in db.rows("posts_unminted")]
    if not numbers:
        return 0

    def derived(number: int, taken: Callable[[str], bool]) -> str:
        return derive_id(_groups(db, sources, [number])[number], burnt, taken)

    with db.transaction():
        told = {(kind, name): value for kind, name, value in db.rows("ledger_all")}
        new = [db.namings[number] for number in numbers if number in db.namings]
        others = [number for number in numbers if number not in db.namings]
        new += [
            naming(number, one, burnt)
            for start in range(0, len(others), _MINT_BATCH)
            for number, one in _groups(db, sources, others[start : start + _MINT_BATCH]).items()
        ]
        new.sort(key=itemgetter(0, 1, 2))
        _mint(db, new, told, derived)
    db.namings.clear()
    return len(numbers)


def _mint(
    db: Database,
    posts: Sequence[Naming],
    told: dict[tuple[str, str], str],
    derived: Callable[[int, Callable[[str], bool]], str],
) -> None:
    given: set[str] = set()
    last = db.value("last_minted")
    db.scope(one.wish for one in posts if last)
    refused = {row[0] for row in db.rows("uids_taken")}

    def taken(uid: str) -> bool:
        return uid in given or db.value("uid_taken", (uid,)) is not None

    first = {told[line] for one in posts if (line := ("id", one.key)) in told}
    rows, ledger, resurfaced = [], [], []
    for one in posts:
        wish = one.wish
        if wish in given or wish in refused:
            wish = derived(one.number, taken)
        uid = next(
            (
                old
                for old in _told_ids(told, one.key, {*one.keys, *one.former, one.name}, first)
                if not taken(old)
            ),
            wish,
        )
        given.add(uid)
        last += 1
        rows.append((uid, last, one.key, one.number))
        if uid != wish:
            ledger.append(("id", one.key, uid))
        surfaced, _, updated = told.get(("surfaced", uid), "").partition(" ")
        if updated:
            resurfaced.append((seconds(surfaced), seconds(updated), one.number))
    db.many("post_mint", rows)
    out = [(number, told["withdrawn", uid]) for uid, _, _, number in rows if ("withdrawn", uid) in told]
    db.many("post_resurface", resurfaced)
    db.many("member_resurface", [(surfaced, number) for surfaced, _, number in resurfaced])
    db.scope(number for _, _, number in resurfaced)
    db.run("feeds_unsure")
    db.many("key_put", ((key, one.number) for one in posts for key in one.keys))
    db.many("ledger_put", ledger)
    for number, since in out:
        leave_feeds(db, [number])
        db.run("post_withdraw", (seconds(since), "", number))


def _told_ids(
    told: dict[tuple[str, str], str], key: str, keys: Collection[str], first: Collection[str]
) -> list[str]:
    """The ids that the ledger has for a post: by the key it is minted from, else by others.

    Not ``first`` choices of others then, nor ids of posts that became part of another.
    """
    if not told:
        return []
    others = [told[line] for one in sorted(keys) if (line := ("id", one)) in told]
    others = [uid for uid in others if uid not in first and ("alias", uid) not in told]
    return [told["id", key], *others] if ("id", key) in told else others


def _groups(db: Database, sources: dict[int, tuple[str, int]], numbers: Sequence[int]) -> dict[int, Group]:
    """What posts are made of, asked with its keys at once: there are as many of them as files at first."""
    db.scope(numbers)
    members: dict[int, list[Sighting]] = defaultdict(list)
    for _, found in groupby(db.rows("sightings_of_posts_with_keys"), itemgetter(0)):
        rows = list(found)
        weak = frozenset(row[8] for row in rows if row[8] is not None)
        own = weak if all(row[9] for row in rows) else frozenset(row[8] for row in rows if row[9])
        members[rows[0][7]].append(read_sighting(rows[0], sources, weak, own))
    return {
        number: Group(next((s.strong for s in found if s.strong), ""), tuple(found))
        for number, found in members.items()
    }


def drop_unfit_slugs(db: Database, is_fit: Callable[[str], bool]) -> None:
    """Take away slugs that lead out of a feed's folder, and after a restore those that the ledger gives otherwise.

    Such feeds get a slug like new ones. An unfit slug can only come from a store that feedd did not write.
    """
    restored = "slug" in pending(db)
    told = dict(db.rows("ledger_of_kind", ("slug",))) if restored else {}
    wrong = [
        (number,)
        for number, kind, name, slug in db.rows("feeds_slugs")
        if not isinstance(slug, str) or not is_fit(slug) or told.get(f"{kind}/{name}", slug) != slug
    ]
    if wrong or restored:
        with db.transaction():
            db.many("feed_touch", wrong)
            db.many("feed_unname", wrong)
            finish_pending(db, {"slug"})


def mint_feeds(
    db: Database, slug: Callable[[str], str], distinct: Callable[[str, str, Collection[str]], tuple[str, str]]
) -> int:
    """Give every new feed its slug and id, the feed with the earliest post first; how many.

    ``slug`` makes a slug of a name; ``distinct(slug, name, taken)`` gives a slug that none of
    ``taken`` can be confused with, and the form in which it is compared.
    """
    nameless = db.rows("feeds_nameless")
    if not nameless:
        return 0
    with db.transaction():
        taken: dict[str, set[str]] = {}
        told = {name: value for kind, name, value in db.rows("ledger_all") if kind == "slug"}
        rows, ledger = [], []
        for number, kind, name, _first, _uid in nameless:
            if kind not in taken:
                taken[kind] = {row[0] for row in db.rows("slugs_taken", (kind,))}
            wish = slug(name) if kind != "all" else "-"
            given, folded = distinct(told.get(f"{kind}/{name}", wish), name, taken[kind])
            taken[kind].add(folded)
            rows.append((given, folded, named_urn(_FEEDS, f"{kind}/{name}"), number))
            if given != wish:
                ledger.append(("slug", f"{kind}/{name}", given))
        db.many("feed_mint", rows)
        db.many("ledger_put", ledger)
    return len(nameless)


def dirty_feeds(db: Database) -> list[DirtyFeed]:
    """The feeds whose documents may have to be written."""
    return [DirtyFeed(*row) for row in db.rows("feeds_dirty")]


def feed_rows(db: Database) -> list[DirtyFeed]:
    """Every feed that has a slug, dirty or not."""
    return [DirtyFeed(*(*row[:6], 0)) for row in db.rows("feeds_all")]


def figures(db: Database) -> dict[int, tuple[int, int | None]]:
    """How many posts each dirty feed has, and when one of them changed last; what is not known is counted."""
    with db.transaction():
        db.run("feeds_count")
    return {number: (posts, latest) for number, posts, latest in db.rows("feeds_figures")}


def window(db: Database, feed: int, entries: int) -> list[tuple[int, str, int]]:
    """Number, id and date of publication of the ``entries`` posts of a feed that surfaced last."""
    return db.rows("window", (feed, entries))


def stored_posts(db: Database, numbers: Collection[int]) -> dict[int, StoredPost]:
    """These posts, as entries need them."""
    db.scope(numbers)
    return {row[0]: StoredPost(row[0], row[1], row[3], read_shown(row[4])) for row in db.rows("posts_shown")}


def payloads(db: Database, sightings: Collection[int]) -> dict[int, tuple[bytes, str, str]]:
    """Compressed payload, source and place of those sightings that have one."""
    db.scope(sightings)
    return {number: (data, source, place) for number, data, source, place in db.rows("payloads_get")}


def stored_entries(db: Database, numbers: Collection[int]) -> list[tuple[int, str, int, bytes]]:
    """Number, id, date of publication (seconds since 1970) and packed entry of those posts that have one."""
    db.scope(numbers)
    return db.rows("entries_get")


def without_entry(db: Database, wanted: Mapping[int, int]) -> list[int]:
    """Those of the posts that have no entry rendered to the extent that is wanted, in order."""
    db.scope(wanted)
    known = dict(db.rows("entries_known"))
    return sorted(number for number, extent in wanted.items() if known.get(number, -1) < extent)


def leave_out(db: Database, invalid: Sequence[tuple[int, str]]) -> None:
    """Keep posts that no document can hold out of all feeds, with the reason."""
    with db.transaction():
        leave_feeds(db, [number for number, _ in invalid])
        db.many("post_state", [("invalid", reason, number) for number, reason in invalid])
