"""Name the entries of one upstream document so that none of them hides another.

The functions are pure and implement identity rules 2 and 3 (docs/reference/identity.md). An entry is named by its
guid, else its address, else the digest of its text. A name that two different entries of a document share
names neither of them, for good: each gets the next name of :func:`list_names`. A key that entries with different
names share is blocked, because it would join them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from feeds.identity import Sighting, build_item_key, shorten_key
from feeds.values.urls import canonicalise, is_root


class Naming(NamedTuple):
    """The name of each entry of a document, and the keys that the document blocks."""

    names: tuple[str, ...]
    blocked: frozenset[str]


def list_names(entry: Sighting) -> list[str]:
    """Return the possible names of an entry, the most lasting name first; the last name contains everything."""
    guid = f"id:{entry.guid}" if entry.guid else ""
    address = canonicalise(entry.link) if entry.link and not is_root(entry.link) else ""
    parts = [f"url:{address}" if address else "", f"text:{date_text(entry)}" if entry.text else ""]
    names = [f"{guid} {part}".lstrip() for part in (*filter(None, parts), f"text:{_compute_digest(entry)}")]
    return [shorten_key(name) for name in ([guid, *names] if guid else names)]


def date_text(entry: Sighting) -> str:
    """Return the fingerprint of title, text and stated date of an entry."""
    return date_fingerprint(entry.text, entry.published or entry.updated)


def date_fingerprint(text: str, date: datetime | None) -> str:
    """Return the fingerprint of a text together with its stated date; the fingerprint itself without a date."""
    return _hash(f"{text} {date.astimezone(UTC).isoformat()}") if text and date else text


def name_entries(
    source: str,
    entries: Sequence[Sighting],
    blocked: Collection[str],
    stored: Sequence[str] = (),
) -> Naming:
    """Name the entries of one document.

    Args:
        source: The name of the source.
        entries: Every entry of the document, with its own keys.
        blocked: The keys that are blocked already.
        stored: The stored names of the first entries, which they keep unless another entry has the same name.
    """
    known = [*stored, *[""] * (len(entries) - len(stored))]
    choices = [
        list(dict.fromkeys([*filter(None, [old]), *list_names(entry)]))
        for old, entry in zip(known, entries, strict=True)
    ]
    found: set[str] = set()
    while True:
        taken = found.union(blocked)
        names = [_choose_name(source, choice, taken) for choice in choices]
        shared = {build_item_key(source, name) for name in _find_shared_names(names, entries)} - found
        found |= shared
        if not shared:
            return Naming(tuple(names), frozenset(found | _find_shared_keys(names, entries)))


def rename_entry(entry: Sighting, name: str) -> Sighting:
    """Return an entry under another name; the key that was made of its name changes too."""
    old, new = (build_item_key(entry.source, item) for item in (entry.item, name))
    return entry._replace(
        item=name,
        weak=frozenset(new if key == old else key for key in entry.weak),
        own=frozenset(new if key == old else key for key in entry.own),
    )


def _choose_name(source: str, choices: Sequence[str], blocked: Collection[str]) -> str:
    return next((name for name in choices[:-1] if build_item_key(source, name) not in blocked), choices[-1])


def _find_shared_names(names: Iterable[str], entries: Iterable[Sighting]) -> set[str]:
    """Return the names of several entries that are not equal in everything."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, entry in zip(names, entries, strict=True):
        found[name].add(_compute_digest(entry))
    return {name for name, digests in found.items() if len(digests) > 1}


def _find_shared_keys(names: Iterable[str], entries: Iterable[Sighting]) -> set[str]:
    """Return the weak keys that entries with different names have."""
    holders: dict[str, str] = {}
    return {
        key
        for name, entry in zip(names, entries, strict=True)
        for key in entry.own
        if holders.setdefault(key, name) != name
    }


def _compute_digest(entry: Sighting) -> str:
    """Return a digest of everything that an entry states."""
    stated = (
        *(entry.guid, entry.title, entry.link, entry.page, entry.text, entry.length, entry.language),
        *(sorted(entry.authors), sorted(entry.categories), sorted(entry.tags)),
        *(str(entry.published), str(entry.updated)),
    )
    return _hash(repr(stated))


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
