"""All tables and keys that ``feedd.toml`` may have, for messages, the reference and the JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from feeds.config.declare import Key, list_keys
from feeds.config.mistakes import suggest
from feeds.config.settings import Settings


class Table(NamedTuple):
    """A table, or an array of tables, that the file may have."""

    name: str
    """Its path, such as ``serve.private``."""
    key: Key
    keys: dict[str, Key]
    """Its keys that hold values; those of all kinds, if it has several."""

    @property
    def header(self) -> str:
        """Its header in the file."""
        return f"[[{self.name}]]" if self.key.is_array else f"[{self.name}]"


@cache
def list_tables() -> dict[str, Table]:
    """Return every table by its name, an inner table after the table that it is in."""
    return {table.name: table for table in _walk("", list_keys(Settings))}


def _walk(prefix: str, keys: Mapping[str, Key]) -> Iterator[Table]:
    for name, key in keys.items():
        if key.sections or key.is_mapping:
            inner = merge_kinds(key)
            values = {name: held for name, held in inner.items() if not held.sections and not held.is_mapping}
            yield Table(prefix + name, key, values)
            yield from _walk(f"{prefix}{name}.", inner)


def merge_kinds(key: Key) -> dict[str, Key]:
    """Return the keys of the tables of every kind that a key holds."""
    merged: dict[str, Key] = {}
    for section in key.sections.values():
        for name, inner in list_keys(section).items():
            merged.setdefault(name, inner)
    return merged


def list_kinds(key: Key, name: str) -> list[str]:
    """Return the kinds of tables that have an inner key."""
    return [kind for kind, section in key.sections.items() if name in list_keys(section)]


def suggest_key(name: str, place: str, keys: Mapping[str, object]) -> str:
    """Return the end of a message on a key that a table with these ``keys`` does not have."""
    return suggest(name, keys, _describe_elsewhere(re.sub(r"\[\d+\]", "", place)))


@cache
def _describe_elsewhere(table: str) -> dict[str, str]:
    """Return the tables that have a key, in words, for each key of another table."""
    found: dict[str, list[str]] = {}
    for other in list_tables().values():
        for name in other.keys if other.name != table else ():
            found.setdefault(name, []).append(other.header)
        if table and "." not in other.name:
            found[other.name] = [f"the top level, as {other.header}"]
    return {name: " and ".join(headers) for name, headers in found.items()}
