"""Derive the ids of new posts (identity rule 7, docs/reference/identity.md).

The functions are pure. A derived id depends only on what the sources have, so every machine derives the
same id. :mod:`feeds.storage.feeds` assigns the ids in a fixed order, and the ledger records other ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from typing import NamedTuple

from feeds.identity import Group, Sighting, compute_rank, select_originals
from feeds.item_keys import shorten_key
from feeds.values.urls import canonicalise, canonicalise_by_rule_2, is_entry_id

# The name space of the UUIDs. With another value every post would get another id.
_POSTS = bytes.fromhex("7e1f8d4e5c0a5b1e9c6b0a4f6f2d9a11")
# Identity rule 7 (docs/reference/identity.md): an address makes a more lasting id than a guid or a text.
_WEAK_ORDER = ("url:", "iri:", "guid:", "text:")


def choose_id_key(post: Group, blocked: Collection[str] = ()) -> str:
    """Return the key from which the id of a new post is derived: the strong key, else the best weak key."""
    if post.strong:
        return post.strong
    originals = select_originals(post.sightings)
    own = {key for s in originals for key in s.own if key not in blocked and not key.startswith("page:")}
    return min(own or post.collect_keys(blocked), key=lambda key: (_measure_key(key), key))


def derive_id_name(key: str, post: Group) -> str:
    """Return what an id is derived from: an address as address rule 2 wrote it, so that ids do not change with the rule."""
    if ":sha256:" in key:
        return _find_long_key(key, post) or key
    if "xn--" not in key:
        return key
    links = {sighting.link for sighting in post.sightings if f"url:{canonicalise(sighting.link)}" == key}
    return min((f"url:{former}" for link in links if (former := canonicalise_by_rule_2(link))), default=key)


def _find_long_key(key: str, post: Group) -> str:
    """Return the long key of which ``key`` has the digest: earlier versions derived the id from it."""
    long = {
        text
        for s in post.sightings
        for text in (f"url:{canonicalise(s.link)}", f"iri:{s.guid}", f"guid:{s.source}:{s.guid}")
    }
    return next((text for text in sorted(long) if shorten_key(text) == key), "")


def _measure_key(key: str) -> int:
    return next((i for i, prefix in enumerate(_WEAK_ORDER) if key.startswith(prefix)), len(_WEAK_ORDER))


def derive_id(post: Group, blocked: Collection[str], taken: Callable[[str], bool]) -> str:
    """Derive the id of a new post, an absolute IRI that never changes again (RFC 4287, 4.2.6).

    Implements identity rule 7 (docs/reference/identity.md). ``taken`` returns whether another post has an id.
    """
    originals = select_originals(post.sightings)
    ranked = sorted(originals, key=compute_rank) if len(originals) > 1 else originals
    # Ids that a Jekyll site has published come before everything: its subscribers know them.
    for sighting in ranked:
        if sighting.fixed_id and not taken(sighting.fixed_id):
            return sighting.fixed_id
    if not post.strong:
        for sighting in ranked:
            if is_entry_id(sighting.guid) and not taken(sighting.guid):
                return sighting.guid
    key = choose_id_key(post, blocked)
    # A key that files had under an earlier rule still makes the id that subscribers know.
    former = min((s.former for s in ranked if s.former), default=key, key=_measure_key)
    uid = build_urn(_POSTS, former)
    is_better = former != key and _measure_key(former) <= _measure_key(key)
    if not post.strong and is_better and not taken(uid):
        return uid
    key = derive_id_name(key, post)
    uid = build_urn(_POSTS, key.removeprefix("!"))
    while taken(uid):
        # Two posts may have had the key in succession; a suffix gives the same id on every machine.
        key += "+"
        uid = build_urn(_POSTS, key)
    return uid


def derive_post_urn(key: str) -> str:
    """Return the id that is derived from a key alone."""
    return build_urn(_POSTS, key)


def build_urn(namespace: bytes, name: str) -> str:
    """Return a name-based UUID of version 5 as a URN (RFC 9562, 5.5)."""
    # `uuid.uuid5` takes four times as long, and a first build needs one for each post.
    digest = bytearray(hashlib.sha1(namespace + name.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    digits = digest.hex()
    return f"urn:uuid:{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def is_silent_copy(copy: Sighting, shown: Sighting) -> bool:
    """Return whether a new entry changes neither what a post shows nor its derived id, nor the key of this id.

    ``shown`` is the sighting of the post whose body is shown. The copy comes after it, so it supplies only what
    that sighting lacks (identity rule 5, docs/reference/identity.md).
    """
    has_all = (
        (shown.length or not copy.length)
        and (shown.title or not copy.title)
        and (shown.link or not copy.link)
        and (shown.link or shown.page or not copy.page)
        and (shown.authors or not copy.authors)
        and (shown.published or not copy.published)
        and (shown.published or shown.guess or not copy.guess)
    )
    has_terms = {*copy.categories} <= {*shown.categories} and {*copy.tags} <= {*shown.tags}
    return bool(
        has_all and has_terms and compute_rank(copy) > compute_rank(shown) and not _affects_id(copy, shown)
    )


def _affects_id(copy: Sighting, shown: Sighting) -> bool:
    """Return whether a copy may change the id that is derived for a post, or the key that it is derived from."""
    if copy.fixed_id or copy.former or copy.strong != shown.strong:
        return True
    if is_entry_id(copy.guid) and not is_entry_id(shown.guid):
        return True
    # Such keys need the other forms of all addresses of the post (:func:`derive_id_name`).
    if any("xn--" in key or ":sha256:" in key for key in copy.weak):
        return True
    best, own = (min(((_measure_key(key), key) for key in s.own), default=None) for s in (shown, copy))
    return not shown.strong and (best is None or own is None or own < best)


class PendingId(NamedTuple):
    """What is needed to assign an id to a new post. The first three fields give the order of assignment."""

    first: float
    """The earliest date of publication of its sightings, in seconds since 1970; 0 if none has a date."""
    key: str
    """The key from which the id is derived."""
    number: int
    preferred: str
    """The id that it gets unless another post has it."""
    keys: tuple[str, ...]
    name: str
    """What the id is derived from."""
    former: tuple[str, ...] = ()
    """Keys of earlier rules; the ledger may have its id under them."""


def prepare_id(number: int, post: Group, blocked: Collection[str]) -> PendingId:
    """Compute what is needed to assign an id to the post with this number."""
    dates = [date for s in post.sightings if (date := s.published or s.guess)]
    first = min(dates).timestamp() if dates else 0.0
    keys = post.collect_keys(blocked)
    former = tuple({sighting.former for sighting in post.sightings if sighting.former})
    key = choose_id_key(post, blocked)
    preferred = derive_id(post, blocked, _is_taken)
    return PendingId(first, key, number, preferred, tuple(keys), derive_id_name(key, post), former)


def _is_taken(_: str) -> bool:
    # The ids of other posts are checked when the id is assigned, for all new posts at once.
    return False
