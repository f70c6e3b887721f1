"""The removal of many items at once is refused."""

from __future__ import annotations

import pytest

from feeds.storage.removal_guard import check_removals


@pytest.mark.parametrize(
    ("known", "going", "percent", "reason"),
    [
        (10, 0, 50, ""),
        (0, 0, 50, ""),
        (1, 1, 100, "all 1 posts are gone at once"),
        (100, 100, 100, "all 100 posts are gone at once"),
        (21, 20, 1, ""),
        (1000, 20, 1, ""),
        (1000, 21, 2, "21 of 1000 posts are gone at once"),
        (100, 50, 50, ""),
        (100, 51, 50, "51 of 100 posts are gone at once"),
    ],
)
def test_removals(known: int, going: int, percent: int, reason: str) -> None:
    assert check_removals(known, going, percent) == reason
