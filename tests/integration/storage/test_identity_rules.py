"""The rules of identity, written a second time from their text without any cleverness, against the store.

Whatever is read from two sources in whatever batches, whichever keys are burnt and whenever it is
published in between: the store has the posts of these rules, and a published id stays where it is.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Collection, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.identity import Shown, Sighting
from feeds.protocols import Version
from feeds.storage import feeds, ledger, upstreams
from feeds.storage.records import Context, Reading
from feeds.storage.serialization import read_shown
from feeds.storage.sightings import SourceBatch, ingest_batches
from feeds.storage.sqlite import Database
from feeds.storage.withdrawal import remove_sightings

NOW = datetime(2025, 1, 1, tzinfo=UTC)
SOURCES = {1: ("one", 0), 2: ("two", 1)}
ADDRESSES = [f"url:{n}" for n in range(5)]

Name = tuple[str, str, int]
"""Source and item of a sighting, and how often its strong key has changed (rule 4)."""
Block = frozenset[Name]


def together(
    sightings: Collection[Sighting], burnt: set[str], reserved: Collection[str]
) -> list[list[Sighting]]:
    """Rules 1 to 3: strong posts, and the loose ones joined again and again until nothing joins any more."""
    joining = {(s.source, s.item): keys for s, keys in list_joining_keys(sightings, burnt, reserved)}

    def find_keys(members: Iterable[Sighting]) -> set[str]:
        return {key for s in members for key in joining[s.source, s.item]}

    posts: dict[str, list[Sighting]] = {}
    for one in sightings:
        if one.strong:
            posts.setdefault(one.strong, []).append(one)
    weak_of_strong = {strong: find_keys(members) for strong, members in posts.items()}
    alone = []
    left = [one for one in sightings if not one.strong]
    while left:
        members = [left.pop()]
        keys = find_keys(members)
        while more := [one for one in left if keys & find_keys([one])]:
            members += more
            left = [one for one in left if one not in more]
            keys |= find_keys(more)
        wanted = sorted(strong for strong, weak in weak_of_strong.items() if keys & weak)
        if wanted:
            posts[wanted[0]] += members
        else:
            alone.append(members)
    return [*posts.values(), *alone]


def list_joining_keys(
    sightings: Collection[Sighting], burnt: set[str], reserved: Collection[str]
) -> Iterable[tuple[Sighting, set[str]]]:
    """The keys that join, where the page of a file takes the place of the address of its copies (rule 2)."""
    owners: dict[str, Sighting] = {}
    for address in {
        key for s in sightings if not s.place for key in s.weak if key.startswith("url:")
    } - burnt:
        page = address.replace("url:", "page:")
        files = [s for s in sightings if s.place and page in s.weak]
        if files:
            owners[address] = min(files, key=lambda s: (page not in s.own, s.source, s.item, s.place))
    for s in sightings:
        keys = {key for key in s.weak if not key.startswith("page:")} - burnt
        if s.place:
            keys |= {address.replace("url:", "page:") for address, file in owners.items() if file is s}
        else:
            pages = {key: key.replace("url:", "page:") for key in keys}
            keys = {pages[key] if key in owners or pages[key] in reserved else key for key in keys}
        yield s, keys


def said_by(members: Iterable[Sighting]) -> dict[str, Any]:
    """Rule 5: what a post shows. Copies of the page of a file say nothing; upstreams add terms to files on request."""

    def place(one: Sighting) -> tuple[Any, ...]:
        stated = one.updated or one.published
        age = NOW.timestamp() - stated.timestamp() if stated else float("inf")
        return one.rank, one.length == 0, age, -one.length, one.source, one.item, one.place

    everyone = sorted(members, key=place)
    pages = {key.replace("page:", "url:") for s in everyone if s.place for key in s.weak if "page:" in key}
    ranked = [s for s in everyone if s.place or not pages & s.weak]
    has_file = any(s.place for s in everyone)
    teachers = [s for s in everyone if s.place or s.merges_terms or not has_file]

    def first(name: str) -> Any:
        return next((value for one in ranked if (value := getattr(one, name))), None)

    body = next((one for one in ranked if one.length), ranked[0])
    return {
        "title": first("title") or "",
        "link": first("link") or first("page") or "",
        "authors": first("authors") or (),
        "published": first("published") or first("guess"),
        "updated": body.updated,
        "categories": {name for one in teachers for name in one.categories},
        "tags": {name for one in teachers for name in one.tags},
        "body": (body.source, body.item),
    }


@dataclass
class Rules:
    """What was read so far."""

    now: dict[tuple[str, str], Sighting] = field(default_factory=dict)
    changes: dict[tuple[str, str], int] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    drafts: dict[str, str] = field(default_factory=dict)
    """The page of each unpublished file."""

    def read(self, said: Sighting, replaces: str = "") -> None:
        """Rule 4: weak keys grow, but those of a file's text and path; another strong key is another sighting."""
        said = said._replace(item=said.item or f"path:{said.place}")
        name = (said.source, said.item)
        if replaces:  # both names are free for other items afterwards
            for changed in (name, (said.source, replaces)):
                self.changes[changed] = self.changes.get(changed, 0) + 1
        old = self.now.pop((said.source, replaces)) if replaces else self.now.get(name)
        if old and old.strong and said.strong not in ("", old.strong):
            self.changes[name] = self.changes.get(name, 0) + 1
        elif old:
            passing = ("text:", "item:") if said.place else ("-",)
            weak = {key for key in old.weak if not key.startswith(passing)}
            said = said._replace(strong=said.strong or old.strong, weak=said.weak | weak)
        self.now[name] = said

    def block(self, names: Iterable[tuple[str, str]]) -> Block:
        return frozenset((*name, self.changes.get(name, 0)) for name in names)

    def posts(self) -> dict[Block, dict[str, Any]]:
        found = together(list(self.now.values()), self.blocked, self.drafts.values())
        return {self.block((s.source, s.item) for s in members): said_by(members) for members in found}

    def find_hidden(self) -> set[Block]:
        """Posts without a file that have the page of an unpublished file as their address."""
        pages = {page.replace("page:", "url:") for page in self.drafts.values()} - self.blocked
        found = {}
        for block in self.posts():
            members = [self.now[source, item] for source, item, _ in block]
            found[block] = not any(s.place for s in members) and any(pages & s.weak for s in members)
        return {block for block, is_hidden in found.items() if is_hidden}

    def strong(self, block: Block) -> str:
        return next((key for source, item, _ in block if (key := self.now[source, item].strong)), "")


def differs(before: Version, after: Version) -> bool:
    """The judge of a real change."""
    return (before.title, before.document) != (after.title, after.document)


@dataclass
class Row:
    uid: str | None
    assigned: int | None
    updated: int
    shown: Shown


class Rig:
    """A real store, and what must hold of its ids from one moment to the next."""

    def __init__(self, folder: str) -> None:
        self.rules = Rules()
        self.db = Database.open(Path(folder) / "feedd.db")
        self.now = NOW
        self.before: dict[Block, Row] = {}
        self.once: dict[Block, str] = {}
        """The id that a set of sightings had when it was a post by itself."""
        self.dates: dict[str, int] = {}
        with self.db.transaction():
            for name, _ in SOURCES.values():
                self.db.run("source_add", (name,))

    def read(self, source: int, batch: list[Sighting], replaces: str = "") -> None:
        """Read a batch of a source; its first item is a renamed one if ``replaces`` names what it was."""
        for said, old in zip(batch, [replaces, *[""] * len(batch)], strict=False):
            self.rules.read(said, old)
        context = Context(
            False, self.now, frozenset(self.rules.blocked), differs, True, source=source, sources=SOURCES
        )
        readings = [
            Reading(s.place or s.item, 1, 1, s.digest, "item", sighting=s, document=s.digest) for s in batch
        ]
        if replaces:
            readings[0] = readings[0]._replace(replaces=replaces, renamed=True)
        ingest_batches(self.db, [SourceBatch(context, readings, {} if source == 1 else None)])

    def draft(self, path: str, page: str) -> None:
        """Read an unpublished file with this page; without a page the file is no post any more."""
        self.rules.drafts.pop(path, None)
        self.rules.drafts |= {path: page} if page else {}
        context = Context(False, self.now, frozenset(), differs, True, source=1, sources=SOURCES)
        outcome = "unpublished" if page else "ignored"
        ingest_batches(self.db, [SourceBatch(context, [Reading(path, 1, 1, b"", outcome, page=page)], {})])

    def burn(self, key: str) -> None:
        self.rules.blocked.add(key)
        with self.db.transaction():
            upstreams.block_keys(self.db, SOURCES, {key}, self.now)

    def publish(self) -> None:
        feeds.assign_post_ids(self.db, SOURCES, frozenset(self.rules.blocked))
        ledger.update_ledger(self.db)

    def query(self, sql: str) -> list[Any]:
        return self.db._connection.execute(sql).fetchall()

    def rows(self) -> tuple[dict[Block, Row], dict[Block, dict[str, Any]]]:
        names = {
            n: (SOURCES[source][0], item)
            for n, source, item in self.query("SELECT id, source, item FROM sighting")
        }
        members: dict[int, list[tuple[str, str]]] = {}
        for number, post in self.query("SELECT id, post FROM sighting"):
            members.setdefault(post, []).append(names[number])
        rows, said = {}, {}
        wanted, hidden = set(), set()
        for post, uid, minted, updated, text, state in self.query(
            "SELECT id, uid, minted, updated, shown, state FROM post WHERE state IN ('live', 'hidden')"
        ):
            shown = read_shown(text)
            block = self.rules.block(members.pop(post))
            rows[block] = Row(uid, minted, updated, shown)
            fields = ("title", "link", "authors", "published", "updated")
            said[block] = {name: getattr(shown, name) for name in fields}
            said[block] |= {"categories": set(shown.categories), "tags": set(shown.tags)}
            said[block]["body"] = names[shown.body]
            if state == "hidden":
                hidden.add(block)
                continue
            wanted |= {("all", "", post), *(("category", c, post) for c in shown.categories)}
            wanted |= {("tag", t, post) for t in shown.tags}
        assert not members, "sightings without a living post"
        joined = "SELECT feed.kind, feed.name, member.post FROM member JOIN feed ON feed.id = member.feed"
        assert set(self.query(joined)) == wanted
        assert hidden == self.rules.find_hidden()
        return rows, said

    def check(self) -> None:
        rows, said = self.rows()
        assert said == self.rules.posts()
        live = [row.uid for row in rows.values() if row.uid]
        assert len(live) == len(set(live))
        for row in rows.values():
            if row.uid:
                assert row.updated >= self.dates.get(row.uid, 0)
                self.dates[row.uid] = row.updated
        self.check_ids(rows)
        self.before = rows

    def check_ids(self, rows: dict[Block, Row]) -> None:
        """A post keeps its id, or takes that of a post published earlier that it turned out to be (rule 7)."""
        known = {
            uid: (minted, strong, key)
            for uid, minted, strong, key in self.query(
                "SELECT uid, minted, strong, mint_key FROM post WHERE uid IS NOT NULL"
            )
        }
        for block, row in rows.items():
            strong = self.rules.strong(block)
            had = {old.uid for part, old in self.before.items() if part <= block and old.uid}
            had |= {self.once[block]} if block in self.once else set()
            for uid in had - {other.uid for part, other in rows.items() if part != block}:
                minted, was, key = known[uid]
                other = strong and (was not in ("", strong) or (key.startswith("!") and key != strong))
                assert other or (row.assigned is not None and row.assigned <= minted), (block, uid, row)
            if row.uid:
                self.once[block] = row.uid


def version(dice: random.Random) -> tuple[int, Sighting]:
    source = dice.choice((1, 2))
    name, item = SOURCES[source][0], dice.choice("abcdefg")
    strong = dice.choice(("", "", "", "!k:1", "!k:2", "!k:3"))
    choice = [*ADDRESSES, "iri:u", *(f"guid:{name}:{n}" for n in range(2))]
    weak = dice.sample(choice, dice.choice((0, 1, 1, 2)))
    if not weak and not strong:
        chosen = dice.choice(("text:x", "text:y", f"item:{name}:{item}"))
        weak = [f"item:{name}:path:{item}" if source == 1 else chosen]
    if source == 1 and dice.random() < 0.5:
        weak.append(f"page:{dice.randrange(3)}")

    def date() -> datetime | None:
        return NOW - timedelta(days=dice.randint(1, 9)) if dice.random() < 0.6 else None

    return source, Sighting(
        number=0,
        source=name,
        rank=SOURCES[source][1],
        item="" if source == 1 else f"id:{item}",
        place=item if source == 1 else "",
        strong=strong,
        weak=frozenset(weak),
        own=frozenset(weak),
        title=dice.choice(("", "first", "second")),
        link=dice.choice(("", "https://a.example/1", "https://a.example/2")),
        page=dice.choice(("", "https://p.example/")),
        authors=dice.choice(((), ("Ada",), ("Bea",))),
        published=date(),
        updated=date(),
        guess=NOW - timedelta(days=20),
        categories=tuple(dice.sample("CDE", dice.randint(0, 2))),
        tags=tuple(dice.sample("tuv", dice.randint(0, 2))),
        length=dice.choice((0, 5, 9)),
        digest=repr(dice.random()).encode(),
        merges_terms=source == 2 and dice.random() < 0.3,
    )


def live_through(dice: random.Random) -> None:
    """A random life of a store, checked at every moment."""
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(folder)
        with closing(rig.db):
            for _ in range(dice.randint(3, 14)):
                rig.now += timedelta(hours=1)
                chance = dice.random()
                if chance < 0.7:
                    source = dice.choice((1, 2))
                    said = [one for number, one in (version(dice) for _ in range(4)) if number == source]
                    batch = list({s.place or s.item: s for s in said}.values())
                    rig.read(source, batch, choose_replaced(dice, rig, batch) if source == 2 else "")
                elif chance < 0.8:
                    rig.burn(dice.choice(ADDRESSES))
                elif chance < 0.9:
                    rig.draft(dice.choice("xy"), dice.choice(("", "page:0", "page:1", "page:2")))
                else:
                    rig.publish()
                rig.check()


def choose_replaced(dice: random.Random, rig: Rig, batch: list[Sighting]) -> str:
    """Choose a stored item that the first item of a batch, which nobody knows, is under another name."""
    known = {item for source, item in rig.rules.now if source == "two"}
    left = sorted(known - {s.item for s in batch})
    return dice.choice(left) if batch and batch[0].item not in known and left and dice.random() < 0.7 else ""


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_the_store_follows_the_rules_whatever_happens_to_it(seed: int) -> None:
    live_through(random.Random(seed))


@pytest.mark.stress
def test_the_store_follows_the_rules_through_thousands_of_lives() -> None:
    for seed in range(4000):
        live_through(random.Random(seed))


def one(item: str, weak: tuple[str, ...], strong: str = "") -> Sighting:
    keys = frozenset(weak)
    said = version(random.Random(1))[1]
    return said._replace(
        source="one",
        rank=0,
        place=item,
        item="",
        strong=strong,
        weak=keys,
        own=keys,
        digest=item.encode(),
    )


def uids(rig: Rig) -> dict[str, str | None]:
    return {
        "".join(sorted(item[-1] for _, item, _ in block)): row.uid for block, row in rig.rows()[0].items()
    }


def test_a_post_whose_only_key_is_burnt_keeps_its_id(tmp_path: Path) -> None:
    rig = Rig(str(tmp_path))
    with closing(rig.db):
        rig.read(1, [one("a", ("url:1",))])
        rig.publish()
        before = uids(rig)
        rig.burn("url:1")
        assert uids(rig) == before
        rig.read(1, [one("a", ("url:2",), "!k:1")])
        assert uids(rig) == before


def test_posts_that_a_burnt_key_had_made_one_part_with_their_old_ids(tmp_path: Path) -> None:
    rig = Rig(str(tmp_path))
    with closing(rig.db):
        rig.read(1, [one("a", ("url:1",)), one("b", ("url:2",))])
        rig.publish()
        before = uids(rig)
        rig.read(1, [one("b", ("url:1",))])
        assert uids(rig) == {"ab": before["a"]}
        rig.publish()
        rig.burn("url:1")
        assert uids(rig) == before


def test_an_address_that_two_strong_posts_have_does_not_move_an_id_from_one_to_the_other(
    tmp_path: Path,
) -> None:
    rig = Rig(str(tmp_path))
    with closing(rig.db):
        rig.read(1, [one("a", ("url:1",))])
        rig.publish()
        before = uids(rig)["a"]
        # Now it has a strong key; so has another at the same address, read in the same batch.
        rig.read(1, [one("0", ("url:1",), "!k:2"), one("a", (), "!k:1")])
        rig.publish()
        assert uids(rig)["a"] == before
        rig.read(1, [one("c", ("url:1",), "!k:1")])
        assert uids(rig)["ac"] == before


def test_a_key_that_came_after_publication_still_recognises_a_post_that_had_gone(tmp_path: Path) -> None:
    rig = Rig(str(tmp_path))
    with closing(rig.db):
        rig.read(1, [one("a", ("url:1",))])
        rig.publish()
        before = uids(rig)["a"]
        rig.read(1, [one("a", ("url:2",))])
        number = rig.query("SELECT id FROM sighting")[0][0]
        with rig.db.transaction():
            remove_sightings(rig.db, SOURCES, [number], rig.now, frozenset())
        live = "SELECT uid FROM post WHERE state = 'live'"
        assert rig.query(live) == []
        rig.read(1, [one("b", ("url:2",))])
        rig.publish()
        assert rig.query(live) == [(before,)]


def test_a_post_that_parts_again_is_the_one_that_it_was_though_all_its_keys_are_burnt(tmp_path: Path) -> None:
    rig = Rig(str(tmp_path))
    with closing(rig.db):
        rig.read(1, [one("c", ("url:0", "url:1")), one("d", ("item:one:path:d",))])
        rig.publish()
        before = uids(rig)
        rig.read(1, [one("d", ("url:0", "url:1"))])
        assert uids(rig) == {"cd": before["d"]}
        rig.burn("url:1")
        rig.burn("url:0")
        assert uids(rig) == before


def test_the_post_that_an_id_was_assigned_to_has_it_again_when_it_parts(tmp_path: Path) -> None:
    rig = Rig(str(tmp_path))
    with closing(rig.db):
        rig.read(1, [one("z", ("url:1",))])
        rig.publish()
        before = uids(rig)["z"]
        rig.read(1, [one("a", ("url:1",), "!k:1")])
        assert uids(rig) == {"az": before}
        rig.burn("url:1")
        rig.publish()
        assert uids(rig)["z"] == before
