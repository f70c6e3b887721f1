"""What ``feedd lint`` says of a repair."""

from __future__ import annotations

import pytest

from feeds.commands.repair_messages import describe_repair
from feeds.models import Repair

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
