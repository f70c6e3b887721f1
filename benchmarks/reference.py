"""``make reference``: write what is generated from the declarations of the configuration.

These are the tables of keys in ``docs/reference/configuration.md`` and the JSON Schema that ships with the program.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from feeds.config.catalogue import Table, list_tables
from feeds.config.declare import Key, list_keys
from feeds.config.editor import format_value
from feeds.config.json_schema import build_schema

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference" / "configuration.md"
SCHEMA = ROOT / "feeds" / "data" / "feedd.schema.json"
_MARKED = re.compile(r"(<!-- keys of ([a-z_.]+) -->\n).*?(<!-- end of keys -->)", re.DOTALL)
_TYPES = {str: "string", int: "integer", bool: "boolean", Path: "string"}


def main() -> int:
    """Write the files; the exit code is 0."""
    REFERENCE.write_text(write_reference(REFERENCE.read_text("utf-8")), "utf-8")
    SCHEMA.write_text(write_schema(), "utf-8")
    return 0


def write_schema() -> str:
    """Return the text of the JSON Schema."""
    return json.dumps(build_schema(), ensure_ascii=False, indent=2) + "\n"


def write_reference(text: str) -> str:
    """Return the reference with current tables of keys. What is between the marks of a table is replaced."""
    return _MARKED.sub(lambda found: f"{found[1]}\n{write_table(list_tables()[found[2]])}\n{found[3]}", text)


def find_marks(text: str) -> list[str]:
    """Return the names of the tables that the reference has marks for."""
    return [found[2] for found in _MARKED.finditer(text)]


def write_table(table: Table) -> str:
    """Return the rows of a table of keys; for a table with several kinds, rows for each set of kinds."""
    kinds = table.key.sections
    if len(kinds) < 2:
        return _write_rows(table.name, table.keys)
    groups: dict[tuple[str, ...], dict[str, Key]] = {}
    for section in kinds.values():
        for name, key in list_keys(section).items():
            same = tuple(
                kind for kind, other in kinds.items() if _have_same_text(key, list_keys(other).get(name))
            )
            groups.setdefault(same, {})[name] = key
    return "\n".join(_write_group(table, group, keys) for group, keys in groups.items())


def _have_same_text(key: Key, other: Key | None) -> bool:
    return other is not None and other.text == key.text


def _write_group(table: Table, kinds: Sequence[str], keys: Mapping[str, Key]) -> str:
    known = table.key.sections
    if len(kinds) == len(known):
        lines = [f'- `kind = "{kind}"`: {inspect.getdoc(section)}' for kind, section in known.items()]
        default = next(iter(known))
        row = f'| `{table.name}.kind` | string | `"{default}"` | The kind of the source. | `"{kinds[1]}"` |\n'
        return "\n".join(lines) + "\n\nEvery source:\n\n" + _write_rows(table.name, keys) + row
    title = " and ".join(f'`kind = "{kind}"`' for kind in kinds)
    return f"{title}:\n\n{_write_rows(table.name, keys)}"


def _write_rows(prefix: str, keys: Mapping[str, Key]) -> str:
    rows = ["| key | type | default | meaning | example |", "|---|---|---|---|---|"]
    rows += [_write_row(f"{prefix}.{name}", key) for name, key in keys.items()]
    return "\n".join(rows) + "\n"


def _write_row(name: str, key: Key) -> str:
    kind = "array" if key.is_array else "string" if key.choices else _TYPES[key.kind]
    text = key.text
    if key.bounds.le is not None:
        text += f" {key.bounds.ge} to {key.bounds.le} {(key.bounds.extra or {})['unit']}."
    cells = (f"`{name}`", kind, _write_default(key), text, _write_value(key.details.example))
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _write_default(key: Key) -> str:
    if key.required:
        return "required"
    return key.details.fallback or _write_value(list(key.default) if key.is_array else key.default)


def _write_value(value: object) -> str:
    return f"`{format_value('x', value).partition(' = ')[2]}`"


if __name__ == "__main__":
    sys.exit(main())
