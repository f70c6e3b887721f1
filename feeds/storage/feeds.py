"""Assign ids and slugs, and load what documents show.

Ids and slugs are assigned after a whole batch was stored, in an order that depends only on the posts.
So every order of reading gives the same ids and slugs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType
from typing import NamedTuple

from feeds.identity import Group, Shown, Sighting
from feeds.models import Kind
from feeds.post_ids import PendingId, build_urn, derive_id, prepare_id
from feeds.storage.feed_membership import leave_feeds
from feeds.storage.ledger import load_pending_kinds, parse_time, remove_pending_kinds
from feeds.storage.neighbourhood import load_blocked_keys
from feeds.storage.serialization import read_shown, read_sighting
from feeds.storage.sqlite import Database

# A fixed namespace: the ids of feeds must be equal in every rebuild.
_FEEDS = bytes.fromhex("3b0a7a529a535c3e8f436d0d5d0e6c11")
# A first build has a new post for each file; more of them at once take too much memory.
_BATCH = 2000


@dataclass(frozen=True, slots=True)
class StoredFeed:
    """A feed that has a slug. ``updated`` is in seconds since 1970."""

    number: int
    kind: Kind
    name: str
    slug: str
    uid: str
    updated: int


@dataclass(frozen=True, slots=True)
class DirtyFeed(StoredFeed):
    """A feed whose documents may be out of date. ``wanted`` is its revision."""

    wanted: int


@dataclass(frozen=True, slots=True)
class ListedFeed(StoredFeed):
    """A feed with its number of posts; 0 if they are not counted yet."""

    posts: int


class StoredPost(NamedTuple):
    """The fields of a post that its entry is rendered from. ``updated`` is in seconds since 1970."""

    number: int
    uid: str
    updated: int
    shown: Shown


def assign_post_ids(
    db: Database,
    sources: dict[int, tuple[str, int]],
    blocked: frozenset[str] = frozenset(),
    former: Mapping[int, str] = MappingProxyType({}),
) -> int:
    """Assign an id to every new post that can be published; return the number of new ids.

    Implements identity rule 7 (docs/reference/identity.md). ``blocked`` adds to the blocked keys of the store.
    ``former`` maps sightings of files to the keys from which earlier versions derived their ids.
    """
    # Most runs have no new post, and loading the ledger takes time.
    if not db.rows("posts_unminted"):
        return 0

    # Only a collision needs it, so the sightings of the post are loaded only then.
    def derive_again(number: int, taken: Callable[[str], bool]) -> str:
        return derive_id(load_groups(db, sources, [number], former)[number], blocked, taken)

    if former:  # the prepared ids were derived without these keys
        db.namings.clear()

    with db.transaction():
        numbers = [row[0] for row in db.rows("posts_unminted")]
        # Inside the transaction, because a document may have blocked keys meanwhile.
        blocked |= load_blocked_keys(db)
        ledger = {(kind, name): value for kind, name, value in db.rows("ledger_all")}
        new = [db.namings[number] for number in numbers if number in db.namings]
        others = [number for number in numbers if number not in db.namings]
        new += [
            prepare_id(number, post, blocked)
            for start in range(0, len(others), _BATCH)
            for number, post in load_groups(db, sources, others[start : start + _BATCH], former).items()
        ]
        # Ids must not depend on the order of reading, so that every machine assigns the same.
        new.sort(key=itemgetter(0, 1, 2))
        _assign_ids(db, new, ledger, derive_again)
    # They hold the keys of all new posts, which are not needed any more.
    db.namings.clear()
    return len(numbers)


def _assign_ids(
    db: Database,
    posts: Sequence[PendingId],
    ledger: dict[tuple[str, str], str],
    derive_again: Callable[[int, Callable[[str], bool]], str],
) -> None:
    """Assign ids to posts in this order, and restore what the ledger has of their past."""
    assigned: set[str] = set()
    last = db.value("last_minted")
    # In a new store no id is taken, so the index need not be searched for each post.
    db.scope(post.preferred for post in posts if last)
    refused = {row[0] for row in db.rows("uids_taken")}

    # These ids have an owner among the new posts, so no other post may get or derive them by a weaker key.
    first = {ledger[line] for post in posts if (line := ("id", post.key)) in ledger}

    def is_taken(uid: str) -> bool:
        return uid in assigned or db.value("uid_taken", (uid,)) is not None

    rows, lines, appeared_again = [], [], []
    for post in posts:
        preferred = post.preferred
        # Rare: two posts had the same key or guid. Only then the sightings are loaded to derive another id.
        if preferred in assigned or preferred in refused or preferred in first:
            preferred = derive_again(post.number, lambda uid: uid in first or is_taken(uid))
        recorded = _find_ids(ledger, post.key, {*post.keys, *post.former, post.name}, first)
        uid = next((old for old in recorded if not is_taken(old)), preferred)
        assigned.add(uid)
        last += 1
        rows.append((uid, last, post.key, post.number))
        # The ledger keeps only what a rebuild would not derive by itself, not even after the post is gone that has
        # the preferred id.
        if uid != post.preferred or ledger.get(("id", post.key), uid) != uid:
            lines.append(("id", post.key, uid))
        appeared, _, updated = ledger.get(("surfaced", uid), "").partition(" ")
        if updated:
            appeared_again.append((parse_time(appeared), parse_time(updated), post.number))
    db.many("post_mint", rows)
    out = [(number, ledger["withdrawn", uid]) for uid, _, _, number in rows if ("withdrawn", uid) in ledger]
    db.many("post_resurface", appeared_again)
    db.many("member_resurface", [(appeared, number) for appeared, _, number in appeared_again])
    db.scope(number for _, _, number in appeared_again)
    # Dates of posts have moved, so the counted figures of their feeds are not right any more.
    db.run("feeds_unsure")
    db.many("key_put", ((key, post.number) for post in posts for key in post.keys))
    db.many("ledger_put", lines)
    # A withdrawn post that a source shows again must not be published again.
    for number, since in out:
        leave_feeds(db, [number])
        db.run("post_withdraw", (parse_time(since), "", number))


def _find_ids(
    ledger: dict[tuple[str, str], str], id_key: str, keys: Collection[str], first: Collection[str]
) -> list[str]:
    """Return the ids that the ledger has for a post: first by the key of its id, then by its other keys.

    By other keys it gets neither an id in ``first``, which is for another post, nor the id of an alias.
    """
    if not ledger:
        return []
    others = [ledger[line] for key in sorted(keys) if (line := ("id", key)) in ledger]
    others = [uid for uid in others if uid not in first and ("alias", uid) not in ledger]
    return [ledger["id", id_key], *others] if ("id", id_key) in ledger else others


def load_bare_files(db: Database, sources: dict[int, tuple[str, int]]) -> list[tuple[int, str]]:
    """Load number and title of the files that have no key but their path, of the posts that get an id next."""
    numbers = [row[0] for row in db.rows("posts_unminted")]
    return [
        (sighting.number, sighting.title)
        for start in range(0, len(numbers), _BATCH)
        for post in load_groups(db, sources, numbers[start : start + _BATCH]).values()
        for sighting in post.sightings
        if sighting.place and not sighting.strong and not sighting.link
    ]


def load_groups(
    db: Database,
    sources: dict[int, tuple[str, int]],
    numbers: Sequence[int],
    former: Mapping[int, str] = MappingProxyType({}),
) -> dict[int, Group]:
    """Load the sightings of these posts; ``former`` maps sightings to keys of earlier rules."""
    # One query gets the sightings and their keys: a first build has as many posts as files.
    db.scope(numbers)
    members: dict[int, list[Sighting]] = defaultdict(list)
    for _, found in groupby(db.rows("sightings_of_posts_with_keys"), itemgetter(0)):
        # A row for each key: a left join gives one row with nulls for a sighting without keys.
        rows = list(found)
        weak = frozenset(row[8] for row in rows if row[8] is not None)
        own = weak if all(row[9] for row in rows) else frozenset(row[8] for row in rows if row[9])
        sighting = read_sighting(rows[0], sources, weak, own)
        if sighting.number in former:
            sighting = sighting._replace(former=former[sighting.number])
        members[rows[0][7]].append(sighting)
    return {
        number: Group(next((s.strong for s in found if s.strong), ""), tuple(found))
        for number, found in members.items()
    }


def drop_unfit_slugs(db: Database, is_fit: Callable[[str], bool]) -> None:
    """Remove slugs that lead out of a feed's folder, and after a restore slugs that differ from the ledger.

    Such feeds then get a slug like new feeds. An unfit slug can only come from a store that feedd did not write.
    """
    # Only after a restore can the ledger have a slug that the store does not know.
    restored = "slug" in load_pending_kinds(db)
    recorded = dict(db.rows("ledger_of_kind", ("slug",))) if restored else {}
    wrong = [
        (number,)
        for number, kind, name, slug in db.rows("feeds_slugs")
        if not isinstance(slug, str) or not is_fit(slug) or recorded.get(f"{kind}/{name}", slug) != slug
    ]
    if wrong or restored:
        with db.transaction():
            db.many("feed_touch", wrong)
            db.many("feed_unname", wrong)
            remove_pending_kinds(db, {"slug"})


def assign_feed_slugs(
    db: Database, slug: Callable[[str], str], distinct: Callable[[str, str, Collection[str]], tuple[str, str]]
) -> int:
    """Assign slug and id to every new feed, the feed with the earliest post first; return their number.

    ``slug`` makes a slug from a name. ``distinct(slug, name, taken)`` returns a slug that differs from
    every slug in ``taken`` on every file system, and the form in which slugs are compared.
    """
    # Most runs have no new feed; this query is cheaper than a transaction.
    if not db.rows("feeds_nameless"):
        return 0
    with db.transaction():
        nameless = db.rows("feeds_nameless")
        taken: dict[str, set[str]] = {}
        recorded = {name: value for kind, name, value in db.rows("ledger_all") if kind == "slug"}
        rows, lines = [], []
        for number, kind, name, _first, _uid in nameless:
            if kind not in taken:
                taken[kind] = {row[0] for row in db.rows("slugs_taken", (kind,))}
            # The feed of all posts has no folder of its own, so its slug is only a mark.
            preferred = slug(name) if kind != "all" else "-"
            assigned, folded = distinct(recorded.get(f"{kind}/{name}", preferred), name, taken[kind])
            taken[kind].add(folded)
            rows.append((assigned, folded, build_urn(_FEEDS, f"{kind}/{name}"), number))
            # The ledger has only what a rebuild could not derive by itself.
            if assigned != preferred:
                lines.append(("slug", f"{kind}/{name}", assigned))
        db.many("feed_mint", rows)
        db.many("ledger_put", lines)
    return len(nameless)


def load_dirty_feeds(db: Database) -> list[DirtyFeed]:
    """Load the feeds whose documents may be out of date."""
    return [DirtyFeed(*row) for row in db.rows("feeds_dirty")]


def load_feeds(db: Database) -> list[ListedFeed]:
    """Load every feed that has a slug, whether its documents are out of date or not."""
    return [
        ListedFeed(number, kind, name, slug, uid, updated, posts or 0)
        for number, kind, name, slug, uid, updated, posts in db.rows("feeds_all")
    ]


def find_feed(db: Database, kind: str, name: str) -> int | None:
    """Find the number of a feed; None if no post was ever in it."""
    number: int | None = db.value("feed_number", (kind, name))
    return number


def find_slugs(db: Database, names: Iterable[tuple[Kind, str]]) -> dict[tuple[Kind, str], str]:
    """Find the slug of each of these feeds, by kind and name; empty for a feed that has none."""
    return {name: db.value("feed_slug", name) or "" for name in names}


def find_latest_change(db: Database, feed: int) -> int:
    """Find when a post of a feed changed last, in seconds since 1970; 0 for a feed without posts."""
    return db.value("feed_latest", (feed,)) or 0


def load_tombstones(db: Database, feed: int, since: int, most: int) -> list[tuple[str, int]]:
    """Load id and time of at most ``most`` posts that left a feed since a time, the latest first (RFC 6721)."""
    return db.rows("tombstones_of_feed", (feed, since, most))


def load_feed_figures(db: Database) -> dict[int, tuple[int, int | None]]:
    """Load the number of posts of each dirty feed, and the time of their last change.

    The time is in seconds since 1970, None for a feed without posts. Unknown figures are counted.
    """
    with db.transaction():
        db.run("feeds_count")
    return {number: (posts, latest) for number, posts, latest in db.rows("feeds_figures")}


class ShownPost(NamedTuple):
    """A post in a document, with what decides its place. ``published`` is in seconds since 1970."""

    post: int
    uid: str
    published: int


def load_window(db: Database, feed: int, entries: int) -> list[ShownPost]:
    """Load the posts that appeared last in a feed, at most ``entries``."""
    return [ShownPost(*row) for row in db.rows("window", (feed, entries))]


def load_shown_posts(db: Database, feeds: Mapping[int, bool], entries: int) -> dict[int, list[ShownPost]]:
    """Load the posts of subscription documents: those that appeared last, and the unarchived entries.

    ``feeds`` maps the number of a feed to whether it has archives.
    """
    found = {}
    for feed, archived in feeds.items():
        rows = db.rows("window", (feed, entries))
        if archived:
            # Readers that follow the archives would miss entries between the document and the last archive.
            rows += [(row[1], row[2], row[3]) for row in db.rows("log_open", (feed,))]
        # A post may be in the window and unarchived; it is shown once, at its first place.
        found[feed] = [ShownPost(*row) for row in dict.fromkeys(rows)]
    return found


def load_posts(db: Database, numbers: Collection[int]) -> dict[int, StoredPost]:
    """Load the fields from which the entries of these posts are rendered."""
    db.scope(numbers)
    return {row[0]: StoredPost(row[0], row[1], row[3], read_shown(row[4])) for row in db.rows("posts_shown")}


def load_entries(db: Database, numbers: Collection[int]) -> list[tuple[int, str, int, bytes]]:
    """Load number, id, date of publication (seconds since 1970) and packed entry of the rendered posts."""
    db.scope(numbers)
    return db.rows("entries_get")


def find_missing_entries(db: Database, wanted: Mapping[int, int]) -> list[int]:
    """Return the posts whose entry is not rendered to the wanted extent, sorted by number."""
    db.scope(wanted)
    # An entry that was rendered to a greater extent also serves a smaller extent.
    known = dict(db.rows("entries_known"))
    return sorted(number for number, extent in wanted.items() if known.get(number, -1) < extent)


def save_entries(db: Database, entries: Iterable[tuple[int, bytes, int]]) -> None:
    """Store number, packed entry and extent of rendered posts."""
    with db.transaction():
        db.many("entry_put", entries)


def exclude_invalid_posts(db: Database, invalid: Sequence[tuple[int, str]]) -> dict[int, int]:
    """Remove invalid posts from all feeds and store the reason for each.

    Returns:
        The feeds that had the posts, each with the revision that is published. The revision that is
        wanted of each grows by one.
    """
    with db.transaction():
        # One invalid entry would make every document with it invalid.
        touched = leave_feeds(db, [number for number, _ in invalid])
        db.many("post_state", [("invalid", reason, number) for number, reason in invalid])
        db.scope(touched)
        return dict(db.rows("feeds_published"))


def load_wanted_revisions(db: Database) -> dict[int, int]:
    """Load the wanted revision of each feed whose documents may be out of date.

    It is read before ids are assigned: only what was there then is marked as published afterwards.
    """
    return dict(db.rows("feeds_wanted"))
