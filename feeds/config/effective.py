"""The effective configuration: every value with where it comes from, secrets hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from feeds.config.declare import Key, Section, list_keys
from feeds.config.editor import format_value
from feeds.config.mistakes import find_lines, get_line
from feeds.config.reading import build_config, read_file
from feeds.config.settings import Settings
from feeds.sanitizer.metadata import redact_feed_address


class Setting(NamedTuple):
    """One value of the effective configuration."""

    table: str
    """The place of its table: ``site``, ``sources[0]``."""
    name: str
    """The key in its table."""
    value: Any
    """As TOML and JSON have it: paths are strings, a URL has no password and no token."""
    origin: str
    """``file``, ``default``, or the default in words."""
    line: int | None
    """The line in the file."""

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        key = f"{self.table}.{self.name}".removeprefix(".")
        return {"key": key, "value": self.value, "from": self.origin, "line": self.line}


def load_effective(path: str | Path | None = None) -> tuple[Path, list[Setting]]:
    """Read a configuration; return its path and every value that it has or implies.

    Raises:
        ConfigError: it cannot be read or is wrong.
    """
    file = read_file(path)
    config = build_config(file)
    lines = find_lines(file.text)
    return config.path, list(_list_table("", Settings, config, file.values, lines))


def _list_table(
    place: str, section: type[Section], values: Section, given: Mapping[str, Any], lines: Mapping[str, int]
) -> Iterator[Setting]:
    """Yield the values of a table, then those of the tables in it."""

    def build(table: str, name: str, value: object, written: bool, default: str) -> Setting:
        line = get_line(lines, f"{table}.{name}".removeprefix(".")) if written else 0
        return Setting(table, name, value, "file" if written else default, line or None)

    if kind := section.__struct_config__.tag:
        yield build(place, "kind", kind, "kind" in given, "default")
    keys = [(key, getattr(values, key.attribute)) for key in list_keys(section).values()]
    for key, value in keys:
        if not key.sections and not key.is_mapping:
            fallback = f"default: {key.details.fallback}" if key.details.fallback else "default"
            yield build(place, key.name, _simplify(key, value), key.name in given, fallback)
    for key, value in keys:
        inner = f"{place}.{key.name}" if place else key.name
        if key.is_mapping:
            yield from (build(inner, name, text, True, "") for name, text in value.items())
        elif key.is_array and key.sections:
            written = given.get(key.name) or [{}] * len(value)
            for number, table in enumerate(value):
                yield from _list_table(f"{inner}[{number}]", type(table), table, written[number], lines)
        elif key.sections and value is not None:
            yield from _list_table(inner, type(value), value, given.get(key.name, {}), lines)


def _simplify(key: Key, value: object) -> object:
    """Return a value as TOML has it, without passwords and tokens."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    return hide_secrets(value) if key.details.url and isinstance(value, str) and value else value


def hide_secrets(url: str) -> str:
    """Return a URL with ``***`` for its password and for parameters that may be a token."""
    public = redact_feed_address(url)
    if public == url:
        return url
    scheme, _, rest = public.partition("://")
    user = "***@" if "@" in url.partition("://")[2].partition("/")[0] else ""
    hidden = f"{'&' if '?' in public else '?'}***" if "?" in url else ""
    return f"{scheme}://{user}{rest}{hidden}"


def write_effective(path: Path, settings: list[Setting]) -> str:
    """Return the effective configuration as TOML; a comment on each line states where the value comes from."""
    lines = [f"# {path}"]
    table = None
    for setting in settings:
        if setting.table != table:
            table = setting.table
            plain = re.sub(r"\[\d+\]", "", table)
            lines += ["", f"[[{plain}]]" if table.endswith("]") else f"[{plain}]"]
        if setting.value is None or setting.value == "":
            lines.append(f"# {setting.name} is not set ({setting.origin})")
        else:
            origin = f"line {setting.line}" if setting.line else setting.origin
            lines.append(f"{format_value(setting.name, setting.value):<40} # {origin}")
    return "\n".join(lines) + "\n"
