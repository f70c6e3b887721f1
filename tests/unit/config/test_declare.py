"""A field of a section is a key with everything that is declared of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from feeds.config.declare import NOT_EMPTY, Details, Key, Section, list_keys, number


class Inner(Section, frozen=True, tag_field="kind", tag="inner"):
    """A table."""

    text: Annotated[str, "Text.", Details("t")] = ""


class Other(Section, frozen=True, tag_field="kind", tag="other"):
    """Another table."""


class Table(Section, frozen=True, kw_only=True):
    """A table with every form of key."""

    name: Annotated[str, "Name.", Details("n", str.upper)]
    folder: Annotated[Path, "Folder.", Details("f", default="../f")]
    count: Annotated[int, "Count.", number(1, 5, "posts"), Details(3)] = 2
    choice: Annotated[Literal["a", "b"] | None, "Choice.", Details("a", fallback="none")] = None
    many: Annotated[tuple[Literal["a", "b"], ...], "Many.", NOT_EMPTY] = ("a",)
    labels: Annotated[dict[str, str], "Labels."] = msgspec.field(name="names", default_factory=dict)
    tables: Annotated[tuple[Inner | Other, ...], "Tables."] = ()
    table: Annotated[Inner | None, "Table."] = None


KEYS = list_keys(Table)


def test_keys_have_the_names_of_the_file() -> None:
    assert list(KEYS) == ["name", "folder", "count", "choice", "many", "names", "tables", "table"]
    assert KEYS["names"].attribute == "labels"


def test_a_key_is_required_without_any_default() -> None:
    assert [name for name, key in KEYS.items() if key.required] == ["name"]
    assert (KEYS["folder"].default, KEYS["count"].default, KEYS["names"].default) == ("../f", 2, {})


def test_a_key_has_its_documentation_details_and_bounds() -> None:
    name, count = KEYS["name"], KEYS["count"]
    assert (name.text, name.details.example, name.details.check) == ("Name.", "n", str.upper)
    assert (count.bounds.ge, count.bounds.le, count.bounds.extra) == (1, 5, {"unit": "posts"})
    assert KEYS["many"].bounds.min_length == 1
    assert KEYS["names"].details == Details()


def test_a_key_has_its_form() -> None:
    def describe(key: Key) -> tuple[object, ...]:
        return key.is_array, key.is_mapping, list(key.sections), list(key.choices)

    assert describe(KEYS["name"]) == (False, False, [], [])
    assert describe(KEYS["choice"]) == (False, False, [], ["a", "b"])
    assert describe(KEYS["many"]) == (True, False, [], ["a", "b"])
    assert describe(KEYS["names"]) == (False, True, [], [])
    assert describe(KEYS["tables"]) == (True, False, ["inner", "other"], [])
    assert describe(KEYS["table"]) == (False, False, ["inner"], [])


def test_a_section_is_changed_as_a_copy_and_has_no_conflicts() -> None:
    inner = Inner(text="a")
    assert (inner.change(text="b"), inner) == (Inner(text="b"), Inner(text="a"))
    assert list(inner.find_conflicts({"text"})) == []
