"""Tables of ``feedd.toml`` against their keys: values with defaults, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from feeds.config import checks
from feeds.config.fields import LISTS, SECTIONS, Key
from feeds.config.lines import line_of, lines_of

LATER = "not available in this version of feedd; remove it"
_TYPES: dict[str, Any] = {"string": str, "integer": int, "boolean": bool, "array": list}
_EMPTY: dict[str, Any] = {"string": "", "integer": 0, "boolean": False, "array": ()}


class Mistakes:
    """What is wrong with a file, key by key."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self.keys: set[str] = set()
        """Those that something is wrong with."""

    def __bool__(self) -> bool:
        return bool(self.found)

    def wrong(self, key: str, text: str) -> None:
        """Note a mistake."""
        self.found.append((key, text))
        self.keys.add(key)

    def report(self, file: object, text: str) -> list[str]:
        """A line each, in the order of the file; those without a line last."""
        lines = lines_of(text)
        ranked = sorted(self.found, key=lambda one: line_of(lines, one[0]) or len(text))
        return [
            f"{file}{f':{line}' if (line := line_of(lines, key)) else ''}: {_printable(key)}: {text}"
            for key, text in ranked
        ]


class Tables(Mistakes):
    """Reads tables by the keys that they may have."""

    def array(self, section: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The tables of an array of tables; names in it are given once."""
        tables = values.get(section, [])
        if not isinstance(tables, list):
            self.wrong(section, f"must be an array of tables; write [[{section}]]")
            return []
        found = [self.values(section, f"{section}[{i}]", table) for i, table in enumerate(tables)]
        seen: set[str] = set()
        for i, one in enumerate(found):
            if one["name"] in seen:
                self.wrong(f"{section}[{i}].name", f"{one['name']!r} is given twice; each needs its own")
            seen.update({one["name"]} - {""})
        return found

    def table(self, section: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a table, which may be missing."""
        if section not in values:
            table: object = {}
            if section == "site":
                self.wrong(section, "is missing; add [site] with title and url")
                return {name: default(key) for name, key in SECTIONS[section].items()}
        else:
            table = values[section]
        return self.values(section, section, table)

    def values(self, section: str, name: str, table: object) -> dict[str, Any]:
        """The values of a table, with defaults; keys that are mistakes have them too."""
        keys = SECTIONS[section]
        found = dict(_defaults(section))
        if not isinstance(table, dict):
            self.wrong(
                name, f"must be a table; write {f'[[{section}]]' if section in LISTS else f'[{section}]'}"
            )
            return found
        kind = table.get("kind", "folder")
        for key in table:
            if key in keys and keys[key].kinds and kind not in keys[key].kinds:
                if kind in keys["kind"].choices:
                    self.wrong(
                        f"{name}.{key}",
                        f"belongs to sources of kind {' and '.join(keys[key].kinds)}; remove it or correct `kind`",
                    )
            elif key not in keys:
                self.wrong(f"{name}.{key}", "unknown key" + checks.suggestion(key, keys))
        for key, spec in keys.items():
            if key in table or spec.required:
                found[key] = self.value(f"{name}.{key}", spec, table.get(key))
        return found

    def value(self, name: str, spec: Key, value: Any) -> Any:  # noqa: ANN401 - any value of TOML
        """A value, or its default where it is missing or wrong."""
        problem = ""
        if value is None:
            problem = f"is missing; add it: {spec.doc}" if spec.required else ""
        else:
            problem = problem_of(spec, value)
        if problem:
            self.wrong(name, problem)
        return default(spec) if problem or value is None else value


def _printable(key: str) -> str:
    """A key in one line, whatever the file calls it."""
    return key[:200] if key.isprintable() else repr(key[:200])[1:-1]


def default(spec: Key) -> Any:  # noqa: ANN401
    """What stands for a key that is not given."""
    return spec.default if spec.default is not None else _EMPTY[spec.type]


@cache
def _defaults(section: str) -> dict[str, Any]:
    return {key: default(spec) for key, spec in SECTIONS[section].items()}


def problem_of(spec: Key, value: Any) -> str:  # noqa: ANN401
    """What is wrong with a value, or nothing."""
    wanted = _TYPES[spec.type]
    if not isinstance(value, wanted) or (isinstance(value, bool) and spec.type != "boolean"):
        return f"must be of type {spec.type}, not {type(value).__name__}; correct it"
    if isinstance(value, list):
        return _array_problem(spec, value)
    if isinstance(value, str) and not value.strip():
        return "must not be empty; fill it in or remove the line"
    if spec.high and not spec.low <= value <= spec.high:
        return f"must lie between {spec.low} and {spec.high}; correct it"
    if spec.choices and value not in spec.choices:
        return f"{value!r} is none of its values" + checks.suggestion(value, spec.choices)
    return spec.check(value) if spec.check else ""


def _array_problem(spec: Key, values: list[Any]) -> str:
    if not all(isinstance(one, str) and one.strip() for one in values):
        return "must be a list of texts; correct it"
    if spec.choices:
        unknown = [one for one in values if one not in spec.choices]
        if unknown:
            return f"{unknown[0]!r} is none of its values" + checks.suggestion(unknown[0], spec.choices)
        if not values and not spec.may_be_empty:
            return f"must not be empty; name at least one of {', '.join(spec.choices)}"
        if len(set(values)) < len(values):
            return "names something twice; remove one"
    return spec.check(values) if spec.check else ""
