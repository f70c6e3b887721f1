"""The JSON Schema (draft 2020-12) of ``feedd.toml``, with which editors complete and check keys."""

from __future__ import annotations

import inspect
import re
from typing import Any

import msgspec

from feeds.config.catalogue import list_tables
from feeds.config.declare import Key, Section, list_keys
from feeds.config.settings import Settings

_LINK = re.compile(r"\[([^][]++)\]\([^()]++\)")


def build_schema() -> dict[str, Any]:
    """Return the schema of a whole configuration."""
    sections: list[type[Section]] = [Settings]
    for declared in list_tables().values():
        sections += declared.key.sections.values()
    _, definitions = msgspec.json.schema_components(sections, schema_hook=lambda _: {"type": "string"})
    for section in sections:
        _complete_table(definitions[section.__name__], section)
    whole = definitions.pop(Settings.__name__)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **whole,
        "title": "feedd.toml",
        "$defs": definitions,
    }


def _complete_table(table: dict[str, Any], section: type[Section]) -> None:
    """Add what msgspec does not know of a table."""
    keys = list_keys(section)
    table["description"] = inspect.getdoc(section)
    required = [name for name, key in keys.items() if _is_required(key)]
    kind = table["properties"].get("kind")
    if kind:
        kind["description"] = (section.__doc__ or "").partition("\n")[0]
        required += [] if kind["enum"] == [next(iter(list_tables()["sources"].key.sections))] else ["kind"]
    table["required"] = sorted(required)
    for name, key in keys.items():
        table["properties"][name] = _complete_key(table["properties"][name], key)
    if section.alternatives:
        keyword, *names = section.alternatives
        table[keyword] = [{"required": [name]} for name in names]


def _is_required(key: Key) -> bool:
    """Return whether the file must have a key. A table is required if one of its own keys is."""
    if key.sections and not key.is_array:
        return key.default is not None and any(
            map(_is_required, list_keys(next(iter(key.sections.values()))).values())
        )
    return key.required


def _complete_key(given: dict[str, Any], key: Key) -> dict[str, Any]:
    found = {name: value for name, value in given.items() if name not in ("default", "anyOf")}
    for choice in given.get("anyOf", ()):  # TOML has no null
        found |= choice if choice != {"type": "null"} else {}
    if key.choices and not key.is_array:
        found["type"] = "string"
    for text in (found, found.get("items"), found.get("additionalProperties")):
        if isinstance(text, dict) and text.get("type") == "string" and "enum" not in text:
            text["minLength"] = 1
    if key.is_array:
        found["items"].pop("discriminator", None)
        found |= {"uniqueItems": True} if key.choices else {}
    if key.default not in (msgspec.NODEFAULT, None, "") and not key.sections and not key.is_mapping:
        found["default"] = list(key.default) if key.is_array else key.default
    if key.details.example is not None:
        found["examples"] = [key.details.example]
    return {"description": _LINK.sub(r"\1", key.text), **found}
