"""Derive the keys by which an item is recognised (docs/reference/identity.md).

Keys are text. A strong key is ``!<name of the pattern>:<key>``. A weak key begins with ``url:``, ``iri:``,
``guid:<source>:`` or ``text:``. An item without any other key has ``item:<source>:<item>``. A file also has
``page:`` with the address of its own page. It joins no files, but reserves the address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from feeds.values.patterns import Pattern
from feeds.values.urls import canonicalise, is_absolute_iri, is_address, is_root

# The patterns come from the configuration and may need quadratic time on long input.
_LONGEST_ADDRESS = 2048
_LONGEST_KEY = 1000  # an index of a database holds no longer text
ITEM = "item:"
ADDRESS = "url:"
PAGE = "page:"


class Keys(NamedTuple):
    """The keys of an item; ``strong`` is empty if no ``[[identity]]`` pattern matches."""

    strong: str
    weak: frozenset[str]


def derive_keys(
    source: str,
    item: str,
    guid: str,
    address: str,
    rules: Sequence[tuple[str, Pattern]],
    fingerprint: Callable[[], str],
) -> Keys:
    """Derive the keys of an item from its guid and its source address.

    ``rules`` are the names and the patterns of ``[[identity]]``. ``fingerprint`` is called only if the
    item has neither an address nor a strong key, because it reads the whole text.
    """
    # The address comes first, because guids often contain the address of another page.
    strong = find_strong_key(address, rules) or find_strong_key(guid, rules)
    weak = set()
    # The root of a site is the address of many items that state no page of their own.
    url = canonicalise(address) if address and not is_root(address) else ""
    if url:
        weak.add("url:" + url)
    if guid:
        weak.add(_build_guid_key(source, guid))
    # Equal texts join only items that nothing else identifies: different posts may have the same short text.
    if not url and not strong and (text := fingerprint()):
        weak.add("text:" + text)
    if not strong and not weak:
        weak.add(build_item_key(source, item))
    return Keys(shorten_key(strong), frozenset(map(shorten_key, weak)))


def build_guid_key(source: str, guid: str) -> str:
    """Return the key of a guid."""
    return shorten_key(_build_guid_key(source, guid))


def _build_guid_key(source: str, guid: str) -> str:
    # An IRI such as `tag:` or `urn:uuid:` is unique in the world, other guids only in their source.
    across = is_absolute_iri(guid) and not is_address(guid)
    return f"iri:{guid}" if across else f"guid:{source}:{guid}"


def shorten_key(key: str) -> str:
    """Return a key, or a name of an item; of a long one its kind and a digest."""
    if len(key) <= _LONGEST_KEY:
        return key
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{key.partition(':')[0]}:sha256:{digest}"


def find_strong_key(text: str, rules: Sequence[tuple[str, Pattern]]) -> str:
    """Return the key that an ``[[identity]]`` pattern finds in an address or a guid; empty if none matches."""
    if len(text) > _LONGEST_ADDRESS:
        return ""
    found = ((name, pattern.search(text)) for name, pattern in rules)
    return next((f"!{name}:{match['key']}" for name, match in found if match and match["key"]), "")


def filter_lasting_keys(keys: Iterable[str]) -> frozenset[str]:
    """Return the keys of earlier versions of a file that still identify the file.

    The text is left out, because files repeat texts, and so is the path, because another file may be there now.
    """
    return frozenset(key for key in keys if not key.startswith(("text:", ITEM)))


def build_item_key(source: str, item: str) -> str:
    """Return the key of an item that shares no other key; such an item is a post by itself."""
    return shorten_key(f"{ITEM}{source}:{item}")


def build_page_keys(permalink: str) -> frozenset[str]:
    """Return the key of a file's own page, if it has one."""
    url = canonicalise(permalink) if permalink and not is_root(permalink) else ""
    return frozenset([to_page_key(shorten_key(ADDRESS + url))] if url else ())


def to_page_key(key: str) -> str:
    """Return the key of the page whose address an address key has; any other key unchanged."""
    return PAGE + key.removeprefix(ADDRESS) if key.startswith(ADDRESS) else key
