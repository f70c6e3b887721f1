"""Read ``feedd.toml`` key by key, so that every mistake is found at once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from feeds.config.catalogue import list_kinds, merge_kinds, suggest_key
from feeds.config.checks import check_alias, check_target, resolve_path
from feeds.config.conversion import InvalidValueError, convert_value, describe_kind
from feeds.config.declare import Key, Section, list_keys
from feeds.config.mistakes import Mistakes
from feeds.config.sections import INFO_CODES
from feeds.config.services import build_hubs, is_below
from feeds.config.settings import DEFAULT_PATH, Config, Settings
from feeds.config.toml_errors import describe_unreadable
from feeds.errors import ConfigError

_LATER = ("hubs", "rules", "feeds")
"""Sections of later versions."""


class Reading(NamedTuple):
    """What a configuration file holds, with everything that is wrong with it."""

    path: Path
    """Absolute."""
    settings: Settings
    """Must not be used as a whole if there are mistakes: a wrong value has its default."""
    tables: dict[str, Section]
    """Every table of the file by its place, such as ``sources[1]``."""
    mistakes: Mistakes


class File(NamedTuple):
    """A configuration file with its text and its tables."""

    path: Path
    text: str
    values: dict[str, Any]


def load_config(path: str | Path | None = None) -> Config:
    """Read a configuration; without ``path`` that of ``$FEEDD_CONFIG`` or ``config/feedd.toml``.

    Raises:
        ConfigError: it cannot be read or is wrong; it lists every mistake with file, line and key.
    """
    return build_config(read_file(path))


def read_file(path: str | Path | None = None) -> File:
    """Read the file of :func:`load_config`.

    Raises:
        ConfigError: it cannot be read, or it is not valid TOML.
    """
    file = Path(path or os.environ.get("FEEDD_CONFIG") or DEFAULT_PATH)
    try:
        text = file.read_text("utf-8-sig")  # some editors begin a file with a byte order mark
        return File(file, text, tomllib.loads(text))
    except FileNotFoundError as error:
        raise ConfigError([f"{file}: no such file; `feedd init` writes a starter configuration"]) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError([describe_unreadable(file, error)]) from error


def build_config(file: File) -> Config:
    """Build the configuration of a file.

    Raises:
        ConfigError: it is wrong; it lists every mistake with file, line and key.
    """
    reading = read_tables(file)
    if reading.mistakes:
        raise ConfigError(reading.mistakes.report(file.path, file.text))
    return _complete(reading)


def read_tables(file: File) -> Reading:
    """Read every table of a file and collect what is wrong with them."""
    reader = _Reader(file.path.absolute())
    settings = reader.read_settings(file.values)
    return Reading(reader.path, settings, reader.tables, reader.mistakes)


class _Reader:
    """Converts tables to sections and collects what is wrong with them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mistakes = Mistakes()
        self.tables: dict[str, Section] = {}

    def read_settings(self, values: Mapping[str, Any]) -> Settings:
        """Read the whole file; if there are mistakes, the result must not be used."""
        keys = list_keys(Settings)
        for name, value in values.items():
            if name in _LATER:
                self.mistakes.add(name, "not available in this version of feedd; remove it")
            elif name not in keys:
                what = "section" if isinstance(value, dict | list) else "key"
                self.mistakes.add(name, f"unknown {what}{suggest_key(name, '', keys)}")
        found = Settings(**self._read_keys("", keys, values))
        if values.get("sources", []) == []:
            text = 'no sources configured; add a [[sources]] with name, kind = "folder" and path'
            self.mistakes.add("sources", text)
        self._check_aliases(found)
        return found

    def _read_keys(self, prefix: str, keys: Mapping[str, Key], table: Mapping[str, Any]) -> dict[str, Any]:
        return {key.attribute: self._read_key(f"{prefix}{name}", key, table) for name, key in keys.items()}

    def _read_key(self, place: str, key: Key, table: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a type of a key
        """Read one key of a table; a key that is missing or wrong has its default."""
        if key.name not in table:
            return self._read_missing(place, key)
        value = table[key.name]
        if not key.sections:
            return (self._read_mapping if key.is_mapping else self._convert)(place, key, value)
        if key.is_array:
            return self._read_array(place, key, value)
        return self._read_table(place, key, next(iter(key.sections.values())), value)

    def _read_missing(self, place: str, key: Key) -> Any:  # noqa: ANN401 - a type of a key
        if not key.required or (key.is_array and key.sections):
            return self._get_default(key)
        if not key.sections:
            self.mistakes.add(place, f"is missing; add it: {key.text.partition('. ')[0]}")
            return self._get_default(key)
        [section] = key.sections.values()
        if required := [name for name, inner in list_keys(section).items() if inner.required]:
            self.mistakes.add(place, f"is missing; add [{place}] with {' and '.join(required)}")
        return self._build_default(section)

    def _get_default(self, key: Key) -> Any:  # noqa: ANN401 - a type of a key
        if key.required:
            return () if key.is_array else ""
        return convert_value(key, key.default, self.path.parent) if key.details.default else key.default

    def _build_default(self, section: type[Section]) -> Section:
        return section(**{key.attribute: self._get_default(key) for key in list_keys(section).values()})

    def _convert(self, place: str, key: Key, value: object) -> Any:  # noqa: ANN401 - a type of a key
        try:
            return convert_value(key, value, self.path.parent)
        except InvalidValueError as error:
            self.mistakes.add(place, str(error))
            return self._get_default(key)

    def _read_mapping(self, place: str, key: Key, value: object) -> dict[str, str]:
        """Read a table whose keys are free; their values are strings."""
        if not isinstance(value, dict):
            self.mistakes.add(place, f"must be a table; write [{place}]")
            return {}
        element = key._replace(annotated=str, kind=str, default="")
        for name in [name for name, text in value.items() if isinstance(text, dict)]:
            ending = next(iter(value[name]), "")
            self.mistakes.add(f"{place}.{name}", f'write a key with a dot in quotes: "{name}.{ending}"')
        return {
            name: self._convert(f"{place}.{name}", element, text)
            for name, text in value.items()
            if not isinstance(text, dict)
        }

    def _read_array(self, place: str, key: Key, value: object) -> tuple[Section, ...]:
        """Read an array of tables. Names in it are unique."""
        if not isinstance(value, list):
            self.mistakes.add(place, f"must be an array of tables; write [[{place}]]")
            return ()
        found = []
        names: set[str] = set()
        for number, table in enumerate(value):
            at = f"{place}[{number}]"
            section = self._choose_section(at, key, table)
            if section is None:
                continue
            found.append(self._read_table(at, key, section, table))
            name = getattr(found[-1], "name", "")
            if name in names:
                self.mistakes.add(f"{at}.name", f"{name!r} is given twice; each needs its own")
            names |= {name} - {""}
        return tuple(found)

    def _choose_section(self, place: str, key: Key, table: object) -> type[Section] | None:
        """Return the section for the ``kind`` of a table; None if that is not known."""
        kinds = key.sections
        default = next(iter(kinds))
        kind = table.get("kind", default) if default and isinstance(table, dict) else default
        clue = self._find_missing_kind(key, table) if default else ""
        if isinstance(kind, str) and kind in kinds and not clue:
            return kinds[kind]
        self.mistakes.add(f"{place}.kind", clue or describe_kind(kind, list(kinds)))
        if isinstance(table, dict):
            known = merge_kinds(key)
            self._find_unknown(place, key, known, table)
            for name in filter(known.__contains__, table):
                self._convert(f"{place}.{name}", known[name], table[name])
        return None

    def _find_missing_kind(self, key: Key, table: object) -> str:
        """Return a message about the missing `kind` if a table has keys of another kind than the default; else ""."""
        keys = list_keys(next(iter(key.sections.values())))
        if not isinstance(table, dict) or "kind" in table:
            return ""
        if all(name in table for name, inner in keys.items() if inner.required and name != "name"):
            return ""
        others = ((name, list_kinds(key, name)) for name in table if name not in keys)
        name, kinds = next(filter(lambda other: other[1], others), ("", [""]))
        words = " or ".join(f'"{kind}"' for kind in kinds)
        return f"is missing; add kind = {words}, to which `{name}` belongs" if name else ""

    def _read_table(self, place: str, key: Key, section: type[Section], table: object) -> Section:
        if not isinstance(table, dict):
            header = re.sub(r"\[\d+\]", "", place)
            self.mistakes.add(
                place, f"must be a table; write {f'[[{header}]]' if key.is_array else f'[{header}]'}"
            )
            return self._build_default(section)
        keys = list_keys(section)
        self._find_unknown(place, key, keys, table)
        found = section(**self._read_keys(f"{place}.", keys, table))
        self.tables[place] = found
        for name, text in found.find_conflicts(table):
            self.mistakes.add_later(f"{place}.{name}" if name else place, text)
        return found

    def _find_unknown(self, place: str, key: Key, keys: Mapping[str, Key], table: Mapping[str, Any]) -> None:
        known = {*keys, *({"kind"} if len(key.sections) > 1 else ())}
        for name in filter(lambda name: name not in known, table):
            if kinds := list_kinds(key, name):
                text = f"belongs to {key.name} of kind {' and '.join(kinds)}; remove it or correct `kind`"
            else:
                text = "unknown key" + suggest_key(name, place, merge_kinds(key))
            self.mistakes.add(f"{place}.{name}", text)

    def _check_aliases(self, found: Settings) -> None:
        places = {old.casefold(): old for old in found.aliases}
        for old, document in found.aliases.items():
            above = [old[:i].casefold() for i, c in enumerate(old[:4096]) if c == "/"]
            problem = check_alias(old) or check_target(document, found.output.formats)
            if not problem and (places[old.casefold()] != old or any(place in places for place in above)):
                problem = "clashes with another alias on some file systems; rename one"
            if not problem and found.serve and is_below(document, found.serve.private):
                problem = "would open a private feed to everybody; remove it"
            if problem:
                self.mistakes.add_later(f"aliases.{old}", problem)


def _complete(reading: Reading) -> Config:
    """Fill in the defaults that depend on other keys."""
    found = reading.settings
    site, output = found.site, found.output
    site = site.change(author=site.author or site.title, description=site.description or site.title)
    archive = tuple(form for form in output.archive if form in output.formats)
    values = {name: getattr(found, name) for name in Settings.__struct_fields__} | {
        "site": site,
        "output": output.change(archive=archive),
        "database": found.database.change(url=str(resolve_store(reading.path, found.database.url))),
        "identity": found.identity or INFO_CODES,
        "push": build_hubs(found.push, found.serve, site.url),
    }
    return Config(path=reading.path, **values)


def resolve_store(path: Path, url: str) -> Path:
    """Return the SQLite file of ``store.url`` in the configuration at ``path``."""
    return resolve_path(path.parent, url.removeprefix("sqlite:///"))
