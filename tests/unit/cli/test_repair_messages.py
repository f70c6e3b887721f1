"""What ``feedd lint`` says of a repair."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from feeds.cli.repair_messages import describe_repair
from feeds.models import Item, Repair

WHEN = datetime(2024, 1, 2, tzinfo=UTC)
ITEM = Item("", "", "", "", (), WHEN, None, None, (), (), "", "html")
NO_TITLE = Repair(1, "empty-title", "title: ", "made from the text")


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (("titel", "date"), " (found `titel`: typo?)"),
        (("Tilte",), " (found `Tilte`: typo?)"),
        (("subtitle", "date"), ""),  # a key with a meaning of its own
        (("title", "titel"), ""),  # the title is there, and empty
        (("layout", "colour"), ""),
        ((), ""),
    ],
)
def test_a_key_that_resembles_the_missing_title_is_suggested(keys: tuple[str, ...], found: str) -> None:
    message = describe_repair(NO_TITLE, keys=keys)
    assert message == f"no `title`{found}; using the first words of the text"


@pytest.mark.parametrize(
    ("repair", "message"),
    [
        (Repair(1, "empty-title", "", ""), "no `title`; using the first words of the text"),
        (Repair(1, "no-timezone", "date: 2024", "2024 +0000"), "2024 has no time zone; using 2024 +0000"),
        (
            Repair(1, "bad-address", "link: x", "https://a.example/"),
            "`link: x` is not valid; using https://a.example/",
        ),
        (Repair(1, "bad-permalink", "permalink: x", "/a"), "`permalink: x` is not valid; using /a"),
        (Repair(1, "other", "", "tag: a"), "missing; adding tag: a"),
        (Repair(1, "other", "", " "), "repaired"),
        (Repair(1, "other", "a: b", "a: c"), "a: b -> a: c"),
        (Repair(1, "other", "a: b", ""), "removing a: b"),
    ],
)
def test_a_message(repair: Repair, message: str) -> None:
    assert describe_repair(repair) == message


def test_the_date_that_is_used() -> None:
    bad, empty = Repair(1, "bad-date", "date: soon ", ""), Repair(1, "empty-date", "date", "")
    assert describe_repair(bad, ITEM) == "soon is not a date; using 2024-01-02"
    guessed = ITEM._replace(published=None, guess=WHEN)
    assert (
        describe_repair(empty, guessed, "2024-01-02-a.md")
        == "`date` has no date; using 2024-01-02 from the file name"
    )
    assert describe_repair(empty, guessed, "a.md") == "`date` has no date; using 2024-01-02"
    assert describe_repair(empty, ITEM, "2024-01-02-a.md") == "`date` has no date; using 2024-01-02"
    assert (
        describe_repair(empty, ITEM._replace(published=None))
        == "`date` has no date; using the time of the file"
    )
    assert describe_repair(bad) == "removing date: soon "
