"""When two sightings are one post, which of them is shown, and which id it gets.

Pure, and small enough to be the specification: :func:`group` recomputes the posts from a set of
sightings, :func:`claim` says which known post each group is, :func:`merge` what a post shows and
:func:`derive_id` the id of a new one. The store applies the same functions to the closed
neighbourhood of what changed, so that incremental and complete results agree.

Keys are text: ``!<rule>:<key>`` for strong ones, and for weak ones ``url:``, ``iri:``,
``guid:<source>:``, ``text:`` and, where nothing else is known, ``item:<source>:``.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from feeds.values.patterns import Pattern
from feeds.values.urls import canonical, canonical_by_rule_2, is_absolute_iri, is_address, is_root

_POSTS = bytes.fromhex("7e1f8d4e5c0a5b1e9c6b0a4f6f2d9a11")
_LONGEST_ADDRESS = 2048
_ITEM = "item:"
FILE_KEYS = 2
"""Number of the rule for the keys of files; a store that has them by another one gets them anew."""
_WEAK_ORDER = ("url:", "iri:", "guid:", "text:")


class Keys(NamedTuple):
    """What an item is recognised by; ``strong`` is empty if no identity rule matches."""

    strong: str
    weak: frozenset[str]


class Sighting(NamedTuple):
    """What one source says of one item, as far as identity and merging need it.

    ``weak`` are all weak keys that it ever had, ``own`` those of its current version.
    """

    number: int
    source: str
    rank: int
    item: str
    place: str
    strong: str
    weak: frozenset[str]
    own: frozenset[str]
    title: str
    link: str
    page: str
    authors: tuple[str, ...]
    published: datetime | None
    updated: datetime | None
    guess: datetime | None
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    length: int
    guid: str = ""
    fixed_id: str = ""
    language: str = ""
    digest: bytes = b""
    former: str = ""
    """A key that files once had: ids are made of it as before, but nothing is recognised by it."""


class Known(NamedTuple):
    """A post that has an id already: in order of ``minted``, the first wins."""

    number: int
    minted: int
    strong: str
    mint_key: str
    body: int = 0
    """Number of the sighting whose body it shows, where several groups have one of its sightings; else 0."""


class Group(NamedTuple):
    """The sightings that are one post."""

    strong: str
    sightings: tuple[Sighting, ...]

    def keys(self, burnt: Collection[str] = ()) -> set[str]:
        """Every key by which this post is recognised; a burnt one stands for its item alone."""
        keys = {item_key(s.source, s.item) if key in burnt else key for s in self.sightings for key in s.weak}
        if self.strong:
            keys.add(self.strong)
        return keys


class Shown(NamedTuple):
    """What a post shows of its sightings; ``body`` is the number of the one whose body it is."""

    title: str
    link: str
    authors: tuple[str, ...]
    published: datetime | None
    guessed: bool
    updated: datetime | None
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    body: int
    language: str


def keys_of(
    source: str,
    item: str,
    guid: str,
    address: str,
    rules: Sequence[tuple[str, Pattern]],
    fingerprint: Callable[[], str],
) -> Keys:
    """The keys of an item with this guid and source address.

    ``fingerprint`` is asked only where there is neither an address nor a strong key.
    """
    strong = strong_key(address, rules) or strong_key(guid, rules)
    weak = set()
    url = canonical(address) if address and not is_root(address) else ""
    if url:
        weak.add("url:" + url)
    if guid:
        across = is_absolute_iri(guid) and not is_address(guid)
        weak.add(f"iri:{guid}" if across else f"guid:{source}:{guid}")
    if not url and not strong and (text := fingerprint()):
        weak.add("text:" + text)
    if not strong and not weak:
        weak.add(item_key(source, item))
    return Keys(strong, frozenset(weak))


def strong_key(text: str, rules: Sequence[tuple[str, Pattern]]) -> str:
    """The key that an identity rule finds in an address or a guid; empty if none does."""
    if len(text) > _LONGEST_ADDRESS:
        return ""
    found = ((name, pattern.search(text)) for name, pattern in rules)
    return next((f"!{name}:{match['key']}" for name, match in found if match and match["key"]), "")


def lasting_keys(keys: Iterable[str]) -> frozenset[str]:
    """Those keys of former versions of a file by which it is still recognised.

    Not its text, which files repeat, nor a path at which another file may be now.
    """
    return frozenset(key for key in keys if not key.startswith(("text:", _ITEM)))


def item_key(source: str, item: str) -> str:
    """The key of an item that has no other: it is one post by itself."""
    return f"{_ITEM}{source}:{item}"


def group(sightings: Iterable[Sighting], burnt: Collection[str] = ()) -> list[Group]:
    """The posts that these sightings make (rules 1 to 3), in a fixed order.

    Equal strong keys are one post. The others are joined by shared weak keys, transitively, and
    belong to the smallest strong key that shares one with any of them.
    """
    posts: dict[str, list[Sighting]] = defaultdict(list)
    strong_of: dict[str, str] = {}
    loose: list[Sighting] = []
    for sighting in sightings:
        if not sighting.strong:
            loose.append(sighting)
            continue
        posts[sighting.strong].append(sighting)
        for key in sighting.weak:
            if key not in burnt:
                strong_of[key] = min(strong_of.get(key, sighting.strong), sighting.strong)
    alone = []
    for component in _components(loose, burnt):
        owners = [strong_of[k] for s in component for k in s.weak if k in strong_of and k not in burnt]
        if owners:
            posts[min(owners)].extend(component)
        else:
            alone.append(Group("", tuple(sorted(component, key=_place))))
    groups = [Group(strong, tuple(sorted(members, key=_place))) for strong, members in posts.items()]
    return sorted(groups + alone, key=lambda one: _place(one.sightings[0]))


def _components(loose: Sequence[Sighting], burnt: Collection[str]) -> Iterable[list[Sighting]]:
    """Connected components under shared weak keys (union-find with path halving)."""
    parent = list(range(len(loose)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first: dict[str, int] = {}
    for i, sighting in enumerate(loose):
        for key in sighting.weak:
            if key not in burnt:
                parent[root(i)] = root(first.setdefault(key, i))
    found: dict[int, list[Sighting]] = defaultdict(list)
    for i, sighting in enumerate(loose):
        found[root(i)].append(sighting)
    return found.values()


def _place(sighting: Sighting) -> tuple[str, str, str]:
    return sighting.source, sighting.item, sighting.place


def claim(
    groups: Sequence[Group],
    owners: Mapping[str, int],
    holders: Mapping[int, int | None],
    known: Mapping[int, Known],
    burnt: Collection[str] = (),
) -> list[int | None]:
    """Which known post each group is; None for a new one.

    ``owners`` says whose a key is, ``holders`` in which post each sighting was. A post goes to one
    group: to one that has the key its id comes from, or else one of its sightings, or else any of
    its keys; of several to the one with the body that it shows. A group takes the post minted first. That a file lies where another one did says less than
    that it is the one that was there.
    """
    wishes: list[tuple[int, bool, bool, bool, int]] = []
    for index, one in enumerate(groups):
        keys = one.keys(burnt)
        held = {holders.get(s.number) for s in one.sightings}
        for number in held.union(owners.get(key) for key in keys):
            post = known.get(number) if number else None
            if post and may_be(one, post.strong):
                moved = post.mint_key.startswith(_ITEM) and number not in held
                named = post.mint_key in keys and not moved
                shows = any(s.number == post.body for s in one.sightings)
                wishes.append((post.minted, not named, number not in held, not shows, index))
    by_minted = {post.minted: post.number for post in known.values()}
    result: list[int | None] = [None] * len(groups)
    taken: set[int] = set()
    for minted, *_, index in sorted(wishes):
        if result[index] is None and minted not in taken:
            result[index] = by_minted[minted]
            taken.add(minted)
    return result


def may_be(one: Group, strong: str) -> bool:
    """Whether a post with this strong key (or none) may be this group: two different ones never are one post."""
    return not (one.strong and strong and one.strong != strong)


def order(sighting: Sighting) -> tuple[object, ...]:
    """The order in which the sightings of a post are asked for what it shows (rule 5)."""
    stated = sighting.updated or sighting.published
    return (
        sighting.rank,
        not sighting.length,
        -(stated.timestamp() if stated else float("-inf")),
        -sighting.length,
        sighting.source,
        sighting.item,
        sighting.place,
    )


def merge(sightings: Sequence[Sighting]) -> Shown:
    """What a post shows: the first value of each kind in order; all categories and tags."""
    if len(sightings) == 1:
        return _show(sightings[0])
    sightings = sorted(sightings, key=order)
    first = sightings[0]
    published = next((s.published for s in sightings if s.published), None)
    body = next((s for s in sightings if s.length), first)
    return Shown(
        title=next((s.title for s in sightings if s.title), ""),
        link=next((s.link for s in sightings if s.link), "")
        or next((s.page for s in sightings if s.page), ""),
        authors=next((s.authors for s in sightings if s.authors), ()),
        published=published or next((s.guess for s in sightings if s.guess), None),
        guessed=published is None,
        updated=body.updated,
        categories=tuple(dict.fromkeys(c for s in sightings for c in s.categories)),
        tags=tuple(dict.fromkeys(t for s in sightings for t in s.tags)),
        body=body.number,
        language=body.language,
    )


def _show(one: Sighting) -> Shown:
    """:func:`merge` of one sighting."""
    return Shown(
        one.title,
        one.link or one.page,
        one.authors,
        one.published or one.guess,
        one.published is None,
        one.updated,
        tuple(dict.fromkeys(one.categories)),
        tuple(dict.fromkeys(one.tags)),
        one.number,
        one.language,
    )


def mint_key(one: Group, burnt: Collection[str] = ()) -> str:
    """The key that the id of a new post comes from: the strong one, else the strongest weak one."""
    if one.strong:
        return one.strong
    own = {key for s in one.sightings for key in s.own if key not in burnt}
    return min(own or one.keys(burnt), key=lambda key: (_strength(key), key))


def id_name(key: str, one: Group) -> str:
    """What an id is derived from: an address as rule 2 wrote it, so that ids do not change with the rule."""
    if "xn--" not in key:
        return key
    links = {said.link for said in one.sightings if f"url:{canonical(said.link)}" == key}
    return min((f"url:{former}" for link in links if (former := canonical_by_rule_2(link))), default=key)


def _strength(key: str) -> int:
    return next((i for i, prefix in enumerate(_WEAK_ORDER) if key.startswith(prefix)), len(_WEAK_ORDER))


def derive_id(one: Group, burnt: Collection[str], taken: Callable[[str], bool]) -> str:
    """The id of a new post (rule 7; RFC 4287 4.2.6), an absolute IRI that never changes again.

    ``taken`` tells whether another post has an id already.
    """
    ranked = sorted(one.sightings, key=order) if len(one.sightings) > 1 else one.sightings
    for said in ranked:
        if said.fixed_id and not taken(said.fixed_id):
            return said.fixed_id
    if not one.strong:
        for said in ranked:
            if is_absolute_iri(said.guid) and not taken(said.guid):
                return said.guid
    key = mint_key(one, burnt)
    former = min((said.former for said in ranked if said.former), default=key, key=_strength)
    minted = named_urn(_POSTS, former)
    if not one.strong and _strength(former) < _strength(key) and not taken(minted):
        return minted
    key = id_name(key, one)
    minted = named_urn(_POSTS, key.removeprefix("!"))
    while taken(minted):
        key += "+"
        minted = named_urn(_POSTS, key)
    return minted


def urn_of(key: str) -> str:
    """The id that is made of a key alone."""
    return named_urn(_POSTS, key)


def named_urn(namespace: bytes, name: str) -> str:
    """A name-based UUID (RFC 9562, 5.5) as ``uuid.uuid5`` makes it, in a quarter of its time."""
    made = bytearray(hashlib.sha1(namespace + name.encode(), usedforsecurity=False).digest()[:16])
    made[6] = made[6] & 0x0F | 0x50
    made[8] = made[8] & 0x3F | 0x80
    digits = made.hex()
    return f"urn:uuid:{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


class Naming(NamedTuple):
    """What naming a post that has no id yet needs; its turn is decided by the first three."""

    first: float
    """When it was published first."""
    key: str
    number: int
    wish: str
    """The id that it gets unless another has it."""
    keys: tuple[str, ...]
    name: str
    """What the id is derived from."""
    former: tuple[str, ...] = ()
    """Keys under which a ledger may have its id."""


def naming(number: int, one: Group, burnt: Collection[str]) -> Naming:
    """How the post of this number, which is this group, wants to be named."""
    dates = [date for s in one.sightings if (date := s.published or s.guess)]
    first = min(dates).timestamp() if dates else 0.0
    keys = one.keys(burnt)
    former = tuple({said.former for said in one.sightings if said.former})
    key = mint_key(one, burnt)
    wish = derive_id(one, burnt, _no_other)
    return Naming(first, key, number, wish, tuple(keys), id_name(key, one), former)


def _no_other(_: str) -> bool:
    return False
