"""The data types: what is removed from an item, and the order of extents."""

from __future__ import annotations

from feeds.models import DIALECTS, FORMATS, NEWEST, POLICY, TEASERS, Extent, Item

ITEM = Item("g", "t", "a", "p", (), None, None, None, (), (), "b", "html", "s")


def test_nul_is_removed_from_every_text() -> None:
    assert ITEM.remove_nul() is ITEM
    given = ITEM._replace(
        guid="g\0", title="\0t", address="a\0", permalink="p\0", body="\0b\0", summary="s\0"
    )
    assert given.remove_nul() == ITEM


def test_an_extent_includes_all_lower_extents() -> None:
    assert sorted(Extent) == [Extent.ARCHIVED, Extent.SHOWN, Extent.ON_PAGE, Extent.ON_FRONT]


def test_constants_that_documents_depend_on() -> None:
    assert FORMATS == ("atom", "rss", "json")
    assert DIALECTS == ("kramdown", "commonmark")
    assert (NEWEST, TEASERS) == (10, 20)
    assert POLICY.startswith("default-src 'none'; ")
    assert "unsafe" not in POLICY
