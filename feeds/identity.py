"""Decide which sightings are one post and what the post shows.

The functions are pure and implement the identity rules (``docs/reference/identity.md``).
:func:`group` computes the posts of a set of sightings, :func:`claim` matches them with known posts,
:func:`merge` computes what a post shows. The id of a new post comes from :mod:`feeds.post_ids`.
The database applies these functions to everything that shares a key with a change. So incremental and
complete results are equal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from feeds.item_keys import ADDRESS, ITEM, PAGE, build_item_key, to_page_key

FILE_KEYS = 3
"""Number of the rule for the keys of files. A store with the keys of another rule derives them again."""
ENTRY_KEYS = 1
"""Number of the rule for the keys of entries of upstream feeds, as for files."""


class Sighting(NamedTuple):
    """The fields of an item that a source states, as far as identity and merging need them.

    ``weak`` has every weak key that any version of it had, ``own`` those of its current version.
    ``length`` is the length of the body; 0 means that it has no body.
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
    """A key by an earlier rule. The id is still derived from it, but it joins no sightings."""
    text: str = ""
    """Fingerprint of text and media of an entry of an upstream feed; empty for a file."""
    merges_terms: bool = False
    """Whether an entry of an upstream feed adds its terms to the post of a folder."""


class Known(NamedTuple):
    """A post that has an id. Of several posts of a group the post with the oldest id wins."""

    number: int
    assigned: int
    """Place of its id in the order of assignment."""
    strong: str
    id_key: str
    """The key that its id was derived from."""
    body: int = 0
    """Number of the sighting whose body it shows, if several groups have one of its sightings; else 0."""


class Group(NamedTuple):
    """The sightings that are one post."""

    strong: str
    sightings: tuple[Sighting, ...]

    def collect_keys(self, blocked: Collection[str] = ()) -> set[str]:
        """Return every key that identifies this post. The item key replaces a blocked key."""
        replaced = find_reserved_addresses(self.sightings).union(blocked)
        keys = {
            build_item_key(s.source, s.item) if key in replaced else key
            for s in self.sightings
            for key in s.weak
            if not key.startswith(PAGE)
        }
        if self.strong:
            keys.add(self.strong)
        return keys


class Shown(NamedTuple):
    """The fields that a post shows. ``body`` is the number of the sighting whose body is shown.

    ``guessed`` is true if no sighting states a date of publication.
    """

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


def group(
    sightings: Iterable[Sighting], blocked: Collection[str] = (), reserved: Collection[str] = ()
) -> list[Group]:
    """Group sightings into posts, in a fixed order. ``reserved`` has the pages of unpublished files.

    Implements identity rules 1 to 3 (docs/reference/identity.md). Sightings with equal strong keys are one
    post. The others are joined by shared weak keys, transitively. A joined set belongs to the post with
    the smallest strong key that shares a weak key with any of them.
    """
    posts: dict[str, list[Sighting]] = defaultdict(list)
    strong_of: dict[str, str] = {}
    loose: list[Sighting] = []
    every = list(sightings)
    joining = _list_joining_keys(every, blocked, reserved)
    for sighting in every:
        if not sighting.strong:
            loose.append(sighting)
            continue
        posts[sighting.strong].append(sighting)
        for key in joining[id(sighting)]:
            strong_of[key] = min(strong_of.get(key, sighting.strong), sighting.strong)
    alone = []
    for component in _connect(loose, joining):
        owners = [strong_of[k] for s in component for k in joining[id(s)] if k in strong_of]
        # The smallest key, so that the result does not depend on the order of reading.
        if owners:
            posts[min(owners)].extend(component)
        else:
            alone.append(Group("", tuple(sorted(component, key=_sort_key))))
    groups = [Group(strong, tuple(sorted(members, key=_sort_key))) for strong, members in posts.items()]
    return sorted(groups + alone, key=lambda post: _sort_key(post.sightings[0]))


def _list_joining_keys(
    sightings: Sequence[Sighting], blocked: Collection[str], reserved: Collection[str]
) -> dict[int, set[str]]:
    """Return the keys by which each sighting joins others, by the identity of the object.

    The address of a file's own page is reserved: an entry of an upstream feed with this address joins the post of
    that file, and no other post by this address. If several files have the page, the first of them counts. A page
    without such a file is reserved by an unpublished file.
    """
    owners = _find_page_owners(sightings, blocked)
    joining = {}
    for s in sightings:
        keys = {key for key in s.weak if key not in blocked and not key.startswith(PAGE)}
        if owners and s.place:
            keys |= {key for key in s.weak if key.startswith(PAGE) and owners.get(key) is s}
        elif owners or (reserved and not s.place):
            keys = {page if (page := to_page_key(key)) in owners or page in reserved else key for key in keys}
        joining[id(s)] = keys
    return joining


def _find_page_owners(sightings: Sequence[Sighting], blocked: Collection[str]) -> dict[str, Sighting]:
    """Return the file that reserves each address; a page of the current version comes first."""
    entries = {key for s in sightings if not s.place for key in s.weak if key.startswith(ADDRESS)}
    wanted = {to_page_key(key) for key in entries if key not in blocked}
    if not wanted:
        return {}
    files = sorted((s for s in sightings if s.place and not wanted.isdisjoint(s.weak)), key=_sort_key)
    owners: dict[str, Sighting] = {}
    for own in (True, False):
        for s in files:
            for key in wanted & (s.own if own else s.weak):
                owners.setdefault(key, s)
    return owners


def find_reserved_addresses(sightings: Iterable[Sighting]) -> frozenset[str]:
    """Return the address keys of the pages that files among these sightings have as their own."""
    return frozenset(
        ADDRESS + key.removeprefix(PAGE)
        for s in sightings
        if s.place
        for key in s.weak
        if key.startswith(PAGE)
    )


def is_hidden(post: Group, reserved: Collection[str]) -> bool:
    """Return whether a post is the copy of an unpublished file: it has one of the ``reserved`` pages, and no file."""
    if not reserved or any(s.place for s in post.sightings):
        return False
    return any(
        to_page_key(key) in reserved for s in post.sightings for key in s.weak if key.startswith(ADDRESS)
    )


def list_related_keys(sighting: Sighting) -> set[str]:
    """Return the keys by which stored sightings are found that this sighting may join or part."""
    if sighting.place:
        return {ADDRESS + key.removeprefix(PAGE) if key.startswith(PAGE) else key for key in sighting.weak}
    return {*sighting.weak, *map(to_page_key, sighting.weak)}


def select_originals(sightings: Sequence[Sighting]) -> Sequence[Sighting]:
    """Return the sightings without copies of a file's page in an upstream feed: a post shows nothing of them."""
    reserved = find_reserved_addresses(sightings) if len(sightings) > 1 else frozenset()
    return [s for s in sightings if s.place or reserved.isdisjoint(s.weak)] if reserved else sightings


def _connect(loose: Sequence[Sighting], joining: Mapping[int, set[str]]) -> Iterable[list[Sighting]]:
    """Return the connected components under shared weak keys (union-find with path halving)."""
    parent = list(range(len(loose)))

    def find_root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first: dict[str, int] = {}
    for i, sighting in enumerate(loose):
        for key in joining[id(sighting)]:
            parent[find_root(i)] = find_root(first.setdefault(key, i))
    found: dict[int, list[Sighting]] = defaultdict(list)
    for i, sighting in enumerate(loose):
        found[find_root(i)].append(sighting)
    return found.values()


def _sort_key(sighting: Sighting) -> tuple[str, str, str]:
    return sighting.source, sighting.item, sighting.place


def claim(
    groups: Sequence[Group],
    owners: Mapping[str, int],
    holders: Mapping[int, int | None],
    known: Mapping[int, Known],
    blocked: Collection[str] = (),
) -> list[int | None]:
    """Match each group with a known post. Return the numbers of the posts, None for a new post.

    ``owners`` maps a key to its post, ``holders`` a sighting to the post that had it before. A post goes to
    one group. The group with the key of its id comes first, then a group with one of its sightings, then a group
    with any of its keys. Of several such groups, the group with the body that the post shows comes first. Next is the
    group with its oldest sighting, which existed when the id was assigned. A group gets the post whose id was assigned
    first.
    """
    candidates: list[tuple[int, bool, bool, bool, float, int]] = []
    for index, candidate in enumerate(groups):
        keys = candidate.collect_keys(blocked)
        held = {holders.get(s.number) for s in candidate.sightings}
        for number in held.union(owners.get(key) for key in keys):
            post = known.get(number) if number else None
            if post and may_be(candidate, post.strong):
                # That a file is at the path of another file shows less than that it is the same file.
                replaced = post.id_key.startswith(ITEM) and number not in held
                has_id_key = post.id_key in keys and not replaced
                is_shown = any(s.number == post.body for s in candidate.sightings)
                oldest = min(
                    (s.number for s in candidate.sightings if holders.get(s.number) == number),
                    default=float("inf"),
                )
                place = (not has_id_key, number not in held, not is_shown, oldest, index)
                candidates.append((post.assigned, *place))
    by_age = {post.assigned: post.number for post in known.values()}
    result: list[int | None] = [None] * len(groups)
    taken: set[int] = set()
    # The oldest post chooses first: its id has been known to readers the longest.
    for age, *_, index in sorted(candidates):
        if result[index] is None and age not in taken:
            result[index] = by_age[age]
            taken.add(age)
    return result


def may_be(candidate: Group, strong: str) -> bool:
    """Return whether the post with this strong key, or with none, can be this group.

    Two different strong keys are never one post (identity rule 1, docs/reference/identity.md).
    """
    return not (candidate.strong and strong and candidate.strong != strong)


def compute_rank(sighting: Sighting) -> tuple[object, ...]:
    """Return the sort key by which sightings supply what a post shows; the lowest is first.

    Implements identity rule 5 (docs/reference/identity.md).
    """
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
    """Return what a post shows: the first value of each field in order, and all categories and tags.

    Implements identity rule 5 (docs/reference/identity.md).
    """
    if len(sightings) == 1:
        # Nearly every post has one sighting; this way takes a fraction of the time of the general way.
        return _merge_single(sightings[0])
    terms = _list_terms(sorted(sightings, key=compute_rank))
    sightings = sorted(select_originals(sightings), key=compute_rank)
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
        categories=tuple(dict.fromkeys(c for s in terms for c in s.categories)),
        tags=tuple(dict.fromkeys(t for s in terms for t in s.tags)),
        body=body.number,
        language=body.language,
    )


def _list_terms(sightings: Sequence[Sighting]) -> Sequence[Sighting]:
    """Return the sightings whose terms count: an upstream feed adds terms to the post of a file only on request."""
    has_file = any(s.place for s in sightings)
    return [s for s in sightings if s.place or s.merges_terms] if has_file else sightings


def _merge_single(sighting: Sighting) -> Shown:
    """Do what :func:`merge` does, for one sighting."""
    return Shown(
        sighting.title,
        sighting.link or sighting.page,
        sighting.authors,
        sighting.published or sighting.guess,
        sighting.published is None,
        sighting.updated,
        tuple(dict.fromkeys(sighting.categories)),
        tuple(dict.fromkeys(sighting.tags)),
        sighting.number,
        sighting.language,
    )
