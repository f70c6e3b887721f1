"""Load what a change of sightings may affect: the connected sightings, their keys and their posts.

Only sightings that share a key with the change, directly or by other sightings, can move to another post.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from feeds import identity
from feeds.identity import Group, Sighting
from feeds.item_keys import ADDRESS, PAGE, build_item_key, to_page_key
from feeds.storage.bodies import StoredBody
from feeds.storage.records import Circumstances
from feeds.storage.serialization import read_sighting
from feeds.storage.sqlite import Database


@dataclass(slots=True)
class Change:
    """The sightings before and after a change, and the time and settings with which it is applied."""

    context: Circumstances
    before: list[Sighting] = field(default_factory=list)
    after: list[Sighting] = field(default_factory=list)
    superseded: list[int] = field(default_factory=list)
    posts: set[int] = field(default_factory=set)
    """Posts whose sighting was removed."""
    old_bodies: dict[int, StoredBody] = field(default_factory=dict)
    """Bodies of replaced sightings, by number; only if a judge compares them."""
    inherited: dict[int, int] = field(default_factory=dict)
    """The post of a renamed file, by the number of its new sighting: nothing else recognises the file."""

    pages: set[str] = field(default_factory=set)
    """Keys of pages that unpublished files reserve now, or do not reserve any more."""
    parted: int = 0
    """How many posts are separate now that an older rule had joined with others."""

    def add(self, other: Change) -> None:
        """Add the sightings of another source."""
        self.before += other.before
        self.after += other.after
        self.superseded += other.superseded
        self.posts |= other.posts
        self.old_bodies |= other.old_bodies
        self.inherited |= other.inherited
        self.pages |= other.pages

    def is_empty(self) -> bool:
        """Return whether no post can change."""
        return not (self.after or self.before or self.pages)


class PostRow(NamedTuple):
    """The row of a stored post. Times are in seconds since 1970."""

    number: int
    uid: str | None
    assigned: int | None
    id_key: str
    strong: str
    merged_into: int | None
    state: str
    updated: int
    appeared: int
    early: bool
    shown: str
    digest: bytes
    withdrawn: int


def load_neighbourhood(
    db: Database, sources: dict[int, tuple[str, int]], change: Change
) -> tuple[dict[int, Sighting], dict[int, int | None]]:
    """Load every sighting whose post may change, and the present post of each sighting."""
    found: dict[int, Sighting] = {sighting.number: sighting for sighting in change.after}
    holders: dict[int, int | None] = dict.fromkeys(found)
    # Old versions count too: a key that was dropped may part two posts.
    both = (*change.before, *change.after)
    frontier = {key for s in both for key in identity.list_related_keys(s)} - change.context.blocked
    frontier |= {ADDRESS + page.removeprefix(PAGE) for page in change.pages}
    strong = {sighting.strong for sighting in both if sighting.strong}
    seen_keys: set[str] = set()
    affected: set[int] = set(change.posts)

    def load(numbers: Iterable[int]) -> list[Sighting]:
        # Each sighting is loaded once, however many keys lead to it.
        wanted = [n for n in numbers if n not in found]
        if not wanted:
            return []
        db.scope(wanted)
        rows = db.rows("sightings_by_number")
        keys = load_keys(db, [row[0] for row in rows])
        new = [read_sighting(row, sources, *keys[row[0]]) for row in rows]
        for sighting, row in zip(new, rows, strict=True):
            found[sighting.number] = sighting
            holders[sighting.number] = row[7]
            if row[7]:
                affected.add(row[7])
        return new

    if found:
        db.scope(found)
        held = dict(db.rows("posts_of_sightings"))
        holders |= held
        affected.update(held.values())
    # Ends, because every turn removes the keys that were seen before.
    while frontier:
        seen_keys |= frontier
        db.scope(frontier)
        new = load([row[0] for row in db.rows("sightings_by_key")])
        # A sighting with a strong key does not join others by its weak keys (identity rules 1 and 2).
        joining = {key for s in new if not s.strong for key in identity.list_related_keys(s)}
        # But whether a file reserves the address of an entry decides what its address joins.
        entries = (s for s in new if s.strong and not s.place)
        joining |= {key for s in entries for key in identity.list_related_keys(s) - s.weak}
        frontier = joining - seen_keys - change.context.blocked
    db.scope(strong | {sighting.strong for sighting in found.values() if sighting.strong})
    # A strong key joins sightings even if they share no weak key (identity rule 1).
    load([row[0] for row in db.rows("sightings_by_strong")])
    done: set[int] = set()
    # All sightings of an affected post are needed, because its shown values are merged from them.
    while affected - done:
        db.scope(affected - done)
        done |= affected
        load([row[0] for row in db.rows("sightings_by_post")])
    return found, holders


def load_owners(db: Database, groups: Sequence[Group], blocked: frozenset[str]) -> dict[str, int]:
    """Load the published post that owns each key of these groups, by key."""
    if not db.value("keys_owned"):  # no post has an id in a first build, so no key has an owner
        return {}
    db.scope(key for post in groups for key in post.collect_keys(blocked))
    return dict(db.rows("key_owners"))


def load_reserved_pages(db: Database, sightings: Iterable[Sighting]) -> frozenset[str]:
    """Load the pages of unpublished files that entries among these sightings have as their address."""
    if not db.value("pages_exist"):
        return frozenset()
    addresses = {key for s in sightings if not s.place for key in s.weak if key.startswith(ADDRESS)}
    db.scope(map(to_page_key, addresses))
    return frozenset(row[0] for row in db.rows("pages_reserved"))


def load_pages_of_files(db: Database, source: int, paths: Iterable[str]) -> set[str]:
    """Load the pages that unpublished files at these paths reserve."""
    if not db.value("pages_exist"):
        return set()
    db.scope(paths)
    return {row[0] for row in db.rows("pages_of_files", (source,))}


def load_owners_of_blocked(
    db: Database, sightings: Iterable[Sighting], blocked: frozenset[str]
) -> dict[str, int]:
    """Map the item key of each sighting with a blocked key to the post that owned the key before."""
    affected = [s for s in sightings if blocked & s.weak]
    touched = [(build_item_key(s.source, s.item), s.weak & blocked) for s in affected]
    if not touched:
        return {}
    # A blocked key no longer joins posts, but its former owner keeps its id.
    db.scope({key for _, keys in touched for key in keys})
    had = dict(db.rows("key_owners"))
    return {item: had[key] for item, keys in touched for key in sorted(keys, reverse=True) if key in had}


def load_blocked_keys(db: Database) -> frozenset[str]:
    """Load the blocked keys, which join no items (identity rule 3, docs/reference/identity.md)."""
    return frozenset(row[0] for row in db.rows("burnt_all"))


def load_posts(db: Database, numbers: Iterable[int]) -> dict[int, PostRow]:
    """Load the rows of these posts, by number."""
    wanted = set(numbers)
    if not wanted:
        return {}
    db.scope(wanted)
    return {row[0]: PostRow(*row) for row in db.rows("posts_by_number")}


def find_held_outside(db: Database, numbers: Sequence[int], inside: dict[int, Sighting]) -> set[int]:
    """Return the posts that have sightings outside the neighbourhood. No group in it may claim them."""
    if not numbers:
        return set()
    held = set()
    db.scope(numbers)
    for number, sighting in db.rows("sightings_of_posts"):
        # Such a post is not recomputed here, so its row must not be given away.
        if sighting not in inside:
            held.add(number)
    return held


def load_keys(db: Database, numbers: Sequence[int]) -> dict[int, tuple[frozenset[str], frozenset[str]]]:
    """Load the weak keys of these sightings: those of all versions, and those of the current version."""
    every: dict[int, set[str]] = {number: set() for number in numbers}
    own: dict[int, set[str]] = {number: set() for number in numbers}
    if numbers:
        db.scope(numbers)
        for number, key, current in db.rows("keys_of_sightings"):
            every[number].add(key)
            if current:
                own[number].add(key)
    return {number: (frozenset(every[number]), frozenset(own[number])) for number in numbers}
