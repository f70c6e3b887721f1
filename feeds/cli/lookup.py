"""Find a post by what users know of it: the path of its file, its URL, its id or the value of an identity key."""

from __future__ import annotations

from pathlib import Path

from feeds.config import Config
from feeds.errors import UsageError
from feeds.item_keys import derive_keys, shorten_key
from feeds.storage.interface import Searches
from feeds.storage.lookup import NoPost, Wanted
from feeds.values.patterns import compile_pattern
from feeds.values.urls import canonicalise, is_address


def find_post(db: Searches, config: Config, wanted: str) -> int:
    """Return the number of a post in the database.

    Raises:
        UsageError: no post matches, or only a file or an entry that is not a post.
    """
    found = db.find_item(_build_wanted(config, wanted), by_title=False)
    if found is None:
        raise _build_error(wanted)
    if isinstance(found, NoPost):
        raise UsageError(f"{found.source}: {found.path or wanted}: {found.state}: {found.reason}")
    return found


def find_item(db: Searches, config: Config, wanted: str) -> int | NoPost:
    """Return the number of a post, or the file or entry that is known but is not a post; a title is enough.

    Raises:
        UsageError: nothing matches.
    """
    found = db.find_item(_build_wanted(config, wanted), by_title=True)
    if found is None:
        raise _build_error(wanted)
    return found


def _build_error(wanted: str) -> UsageError:
    return UsageError(f"{wanted}: no post has this path, URL or id; `feedd status` lists the sources")


def _build_wanted(config: Config, text: str) -> Wanted:
    """Return what a text may name: an id, an address, or a path within a source of this configuration."""
    path, source = _make_relative(config, text)
    keys = _derive_keys(config, text) if is_address(text) else ()
    return Wanted(text, text.removeprefix("NW"), keys, path, source)


def _derive_keys(config: Config, address: str) -> list[str]:
    """Return the keys of a post with this address, the strong key first."""
    rules = [(rule.name, compile_pattern(rule.pattern)) for rule in config.identity]
    strong = derive_keys("", "", "", address, rules, lambda: "").strong
    url = canonicalise(address)
    return [*([strong] if strong else []), shorten_key(f"url:{url}"), shorten_key(f"page:{url}")]


def _make_relative(config: Config, wanted: str) -> tuple[str, str]:
    """Return the path within its source, and the name of the source; without a name if no source has the path."""
    # Users complete paths in the shell from any folder.
    full = Path(wanted).absolute()
    for source in config.folders:
        if full.is_relative_to(source.path):
            return full.relative_to(source.path).as_posix(), source.name
    return wanted, ""
