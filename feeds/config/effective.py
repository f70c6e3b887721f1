"""The effective configuration: every value with where it comes from, secrets hidden."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from feeds.config.declare import Key, Section, list_keys
from feeds.config.mistakes import find_lines, get_line
from feeds.config.reading import build_config, read_file
from feeds.config.settings import Settings
from feeds.sanitizer.metadata import public_feed


class Setting(NamedTuple):
    """One value of the effective configuration."""

    table: str
    """The header of its table: ``[site]``, ``[[sources]]``."""
    place: str
    """Its path, with the number of the table in an array: ``sources[0].name``."""
    name: str
    """The key in its table."""
    value: Any
    """As TOML and JSON have it: paths are strings, a URL has no password and no token."""
    origin: str
    """``file``, ``default``, or the default in words."""
    line: int
    """The line in the file; 0 if the value is not in it."""


class Effective(NamedTuple):
    """The effective configuration of a file."""

    path: Path
    settings: tuple[Setting, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        values = [
            {
                "key": setting.place,
                "value": setting.value,
                "from": setting.origin,
                "line": setting.line or None,
            }
            for setting in self.settings
        ]
        return {"path": str(self.path), "settings": values}


def load_effective(path: str | Path | None = None) -> Effective:
    """Read a configuration and return every value that it has or implies.

    Raises:
        ConfigError: it cannot be read or is wrong.
    """
    file = read_file(path)
    lister = _Lister(file.values, find_lines(file.text))
    config = build_config(file)
    return Effective(config.path, tuple(lister.list_table("", "", Settings, config, file.values)))


class _Lister:
    def __init__(self, given: Mapping[str, Any], lines: Mapping[str, int]) -> None:
        self._given, self._lines = given, lines

    def list_table(
        self, header: str, place: str, section: type[Section], values: Section, given: Mapping[str, Any]
    ) -> Iterator[Setting]:
        """Yield the values of a table, then those of the tables in it."""
        prefix = f"{place}." if place else ""
        if kind := section.__struct_config__.tag:
            yield self._build(header, f"{prefix}kind", "kind", kind, given, "default")
        inner = []
        for name, key in list_keys(section).items():
            value = getattr(values, key.attribute)
            if key.sections or key.is_mapping:
                inner.append((name, key, value))
            else:
                yield self._build(
                    header, prefix + name, name, _show(key, value), given, _describe_default(key)
                )
        for name, key, value in inner:
            yield from self._list_inner(f"{prefix}{name}", key, value, given.get(name))

    def _list_inner(self, place: str, key: Key, value: Any, given: Any) -> Iterator[Setting]:  # noqa: ANN401
        name = "".join(part.partition("[")[0] + "." for part in place.split("."))[:-1]
        if key.is_mapping:
            for label, text in value.items():
                yield self._build(f"[{name}]", f"{place}.{label}", label, text, value, "default")
        elif key.is_array:
            for number, table in enumerate(value):
                entry = given[number] if given else {}
                yield from self.list_table(f"[[{name}]]", f"{place}[{number}]", type(table), table, entry)
        elif value is not None:
            section = next(iter(key.sections.values()))
            yield from self.list_table(f"[{name}]", place, section, value, given or {})

    def _build(
        self, header: str, place: str, name: str, value: object, given: Mapping[str, Any], default: str
    ) -> Setting:
        if name in given:
            return Setting(header, place, name, value, "file", get_line(self._lines, place))
        return Setting(header, place, name, value, default, 0)


def _describe_default(key: Key) -> str:
    return f"default: {key.details.fallback}" if key.details.fallback else "default"


def _show(key: Key, value: Any) -> Any:  # noqa: ANN401 - any value of a key
    """Return a value as TOML has it, without passwords and tokens."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    return hide_secrets(value) if key.details.url and value else value


def hide_secrets(url: str) -> str:
    """Return a URL whose password, and whose parameters that may be a token, are replaced by ``***``."""
    public = public_feed(url)
    if public == url:
        return url
    return f"{public}{'&' if '?' in public else '?'}***" if "?" in url else f"{public} (password hidden)"


def write_effective(effective: Effective) -> str:
    """Return the effective configuration as TOML; a comment on each line states where the value comes from."""
    from feeds.config.editor import format_value

    lines = [f"# {effective.path}"]
    table = ""
    for setting in effective.settings:
        start = setting.place[: len(setting.place) - len(setting.name)]
        if start != table:
            table = start
            lines += ["", setting.table]
        if setting.value is None or setting.value == "":
            lines.append(f"# {setting.name} is not set ({setting.origin})")
        else:
            origin = f"line {setting.line}" if setting.line else setting.origin
            lines.append(f"{format_value(setting.name, setting.value):<40} # {origin}")
    return "\n".join(lines) + "\n"
