"""Name the entries of one upstream document so that none of them hides another.

The functions are pure and implement identity rules 2 and 3 (docs/reference/identity.md). An entry is named by its
guid, else its address, else the digest of its text. A name that two different entries of a document share
names neither of them, for good: each gets the next name of :func:`list_names`. A key that entries with different
names share is blocked, because it would join them.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from feeds.identity import Sighting
from feeds.item_keys import build_item_key, shorten_key
from feeds.values.urls import canonicalise, is_address, is_root

_LONG_TEXT = 140  # characters; two posts with the same text of this length are one post


class Naming(NamedTuple):
    """The name of each entry of a document, and the keys that the document blocks."""

    names: tuple[str, ...]
    blocked: frozenset[str]


def list_names(entry: Sighting) -> list[str]:
    """Return the possible names of an entry, the most lasting name first; the last name contains everything."""
    guid = f"id:{entry.guid}" if entry.guid else ""
    address = canonicalise(entry.link) if entry.link and not is_root(entry.link) else ""
    parts = [
        f"url:{address}" if address else "",
        f"text:{date_text(entry)}" if entry.text or entry.title else "",
    ]
    names = [f"{guid} {part}".lstrip() for part in (*filter(None, parts), f"text:{_compute_digest(entry)}")]
    return [shorten_key(name) for name in ([guid, *names] if guid else names)]


def date_text(entry: Sighting) -> str:
    """Return the fingerprint of title, text and stated date of an entry."""
    return date_fingerprint(_hash(f"{entry.title}\n{entry.text}"), entry.published or entry.updated)


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
        stored: The names of the first entries, which they keep unless another entry has the same name.
    """
    # Other names cost digests, and most entries keep their first name.
    choices = [[name] if name else [] for name in stored] + [[] for _ in entries[len(stored) :]]
    found: set[str] = set()
    while True:
        taken = found.union(blocked)
        for choice, entry in zip(choices, entries, strict=True):
            if len(choice) < 2 and (not choice or build_item_key(source, choice[0]) in taken):
                choice[:] = dict.fromkeys([*choice, *list_names(entry)])
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


def match_renamed(departed: Sequence[Sighting], new: Sequence[Sighting]) -> dict[str, str]:
    """Match new entries with entries that left the document: their upstream feed has renamed them.

    An entry is matched by its guid without scheme and host, by title and stated date, or by its text; never an
    entry with a strong key, and never one of several that are alike. Texts repeat, so a text counts only together with
    the same date, or with the same title if it is long.

    Returns:
        The old item of each new item.
    """
    before = [entry for entry in departed if not entry.strong]
    after = [entry for entry in new if not entry.strong]
    found: dict[str, str] = {}
    for key in (_get_guid_path, _get_title_and_date, _get_text):
        old, now = _index_single(before, key), _index_single(after, key)
        pairs = [(now[value], old[value]) for value in old.keys() & now.keys()]
        pairs = [
            (entry, former) for entry, former in pairs if key is not _get_text or _is_same(entry, former)
        ]
        found |= {entry.item: former.item for entry, former in pairs}
        before = [entry for entry in before if entry.item not in found.values()]
        after = [entry for entry in after if entry.item not in found]
    return found


def _index_single(entries: Iterable[Sighting], key: Callable[[Sighting], str]) -> dict[str, Sighting]:
    """Map each value of ``key`` that exactly one entry has to this entry."""
    found: dict[str, list[Sighting]] = defaultdict(list)
    for entry in entries:
        if value := key(entry):
            found[value].append(entry)
    return {value: alike[0] for value, alike in found.items() if len(alike) == 1}


def _get_guid_path(entry: Sighting) -> str:
    path = entry.guid.partition("://")[2].partition("/")[2] if is_address(entry.guid) else ""
    return path.strip("/")


def _get_title_and_date(entry: Sighting) -> str:
    return f"{entry.published.timestamp()} {entry.title}" if entry.published and entry.title else ""


def _get_text(entry: Sighting) -> str:
    return entry.text


def _is_same(entry: Sighting, former: Sighting) -> bool:
    is_dated = entry.published and former.published
    if is_dated and entry.published == former.published:
        return True
    return entry.title == former.title and (not is_dated or entry.length >= _LONG_TEXT)


def _choose_name(source: str, choices: Sequence[str], blocked: Collection[str]) -> str:
    return next((name for name in choices[:-1] if build_item_key(source, name) not in blocked), choices[-1])


def _find_shared_names(names: Sequence[str], entries: Sequence[Sighting]) -> set[str]:
    """Return the names of several entries that are not equal in everything."""
    counts = Counter(names)
    found: dict[str, set[str]] = defaultdict(set)
    for name, entry in zip(names, entries, strict=True):
        # A digest costs time, and most names are those of a single entry.
        if counts[name] > 1:
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
