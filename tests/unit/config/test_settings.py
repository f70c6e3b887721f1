"""The declarations: the reference, the JSON Schema and the reader follow them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from benchmarks.reference import REFERENCE, SCHEMA, find_marks, write_reference, write_schema
from feeds.config import load_config
from feeds.config.catalogue import list_tables
from feeds.config.declare import Key, list_keys
from feeds.config.editor import format_value
from feeds.config.json_schema import build_schema
from feeds.config.settings import Settings

ROOT = Path(__file__).parents[3]
STALE = "is stale; write it again with `make reference`"
NEEDED: dict[str, dict[str, Any]] = {
    "site": {"title": "T", "url": "https://x.example/"},
    "folder": {"name": "n", "path": "p"},
    "upstream": {"name": "n", "kind": "upstream", "url": "https://b.example/"},
    "opml": {"name": "n", "kind": "opml", "path": "p"},
    "identity": {"name": "a", "pattern": "(?P<key>a)"},
    "podcast": {"email": "a@x.example", "category": ["Arts"], "image": "https://x.example/a.png"},
    "serve.private": {"feed": "tag/x", "auth": "env:X"},
}


def write_toml(tables: dict[str, dict[str, Any]]) -> str:
    text = ""
    for name, values in tables.items():
        known = list_tables()[name]
        text += (
            known.header + "\n" + "".join(format_value(key, value) + "\n" for key, value in values.items())
        )
    return text


def list_examples() -> list[tuple[str, str, str, object]]:
    """Return the table, the kind, the name and the example of every key that has an example."""
    found = []
    for table in list_tables().values():
        for kind, section in table.key.sections.items():
            keys = list_keys(section).items()
            found += [(table.name, kind, name, key.details.example) for name, key in keys]
    return [example for example in found if example[3] is not None]


@pytest.mark.parametrize(("table", "kind", "name", "value"), list_examples())
def test_every_example_is_accepted_by_the_reader_and_the_schema(
    tmp_path: Path, table: str, kind: str, name: str, value: object
) -> None:
    tables = {"site": dict(NEEDED["site"]), "sources": dict(NEEDED[kind or "folder"])}
    tables[table] = tables.get(table, dict(NEEDED.get(table, {}))) | {name: value}
    if kind == "opml" and name == "url":
        del tables[table]["path"]
    file = tmp_path / "feedd.toml"
    file.write_text(write_toml(tables), "utf-8")
    load_config(file)
    jsonschema.Draft202012Validator(build_schema()).validate(tomllib.loads(file.read_text("utf-8")))


def list_declared() -> list[tuple[str, Key]]:
    return [
        (f"{table.name}.{name}", key) for table in list_tables().values() for name, key in table.keys.items()
    ]


@pytest.mark.parametrize(
    ("name", "key"), list_declared(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_key_is_documented_and_has_an_example(name: str, key: Key) -> None:
    assert key.text.endswith(".")
    assert key.details.example is not None
    if key.kind is int:
        assert key.bounds.ge is not None
        assert key.bounds.le is not None
        assert (key.bounds.extra or {})["unit"]
    elif not key.required and key.default in ("", None):
        assert key.details.fallback


def test_the_reference_has_every_table_and_is_not_stale() -> None:
    text = REFERENCE.read_text("utf-8")
    assert sorted(find_marks(text)) == sorted(name for name, table in list_tables().items() if table.keys)
    assert text == write_reference(text), f"{REFERENCE.relative_to(ROOT)} {STALE}"


def test_the_schema_that_ships_is_not_stale() -> None:
    assert SCHEMA.read_text("utf-8") == write_schema(), f"{SCHEMA.relative_to(ROOT)} {STALE}"


def test_a_changed_declaration_makes_the_reference_stale() -> None:
    text = REFERENCE.read_text("utf-8").replace(
        "| `limits.terms` | integer | `30` |", "| `limits.terms` | integer | `31` |"
    )
    assert write_reference(text) != text


def test_every_section_of_the_file_is_declared() -> None:
    names = "site output store sources identity clean limits push labels aliases podcast serve"
    assert list(list_keys(Settings)) == names.split()


def test_the_projects_own_configurations_fit_the_schema() -> None:
    validator = jsonschema.Draft202012Validator(build_schema())
    validator.check_schema(json.loads(SCHEMA.read_text("utf-8")))
    for name in ("config/feedd.toml", "examples/feedd.toml"):
        validator.validate(tomllib.loads((ROOT / name).read_text("utf-8")))


def test_a_configuration_has_the_values_that_follow_from_its_keys(tmp_path: Path) -> None:
    file = tmp_path / "feedd.toml"
    tables = {
        "site": NEEDED["site"],
        "store": {"url": "sqlite:///x.db", "history": 3},
        "sources": NEEDED["folder"],
        "clean": {"boilerplate": ["(?=a)b"]},
        "labels.tag": {"a": "A"},
        "serve.private": NEEDED["serve.private"],
    }
    file.write_text(write_toml(tables), "utf-8")
    config = load_config(file)
    assert (config.store, config.history) == (tmp_path / "x.db", 3)
    assert config.boilerplate == ("(?=a)b",)
    assert config.labels == {"category": {}, "tag": {"a": "A"}}
    assert [source.name for source in config.folders] == ["n"]
    assert not config.polled
    assert [warning.partition(":")[0] for warning in config.find_slow_patterns()] == ["clean.boilerplate"]
    assert [config.is_private(path) for path in ("tag/x/atom.xml", "tag/x", "tag/xy")] == [True, True, False]


def test_a_configuration_with_an_upstream_feed_is_polled(tmp_path: Path) -> None:
    file = tmp_path / "feedd.toml"
    file.write_text(write_toml({"site": NEEDED["site"], "sources": NEEDED["upstream"]}), "utf-8")
    config = load_config(file)
    assert config.polled
    assert config.folders == ()
    assert not config.is_private("atom.xml")
