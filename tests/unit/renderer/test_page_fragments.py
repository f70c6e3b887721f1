"""The fragments of a post that pages join."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from feeds.errors import UsageError
from feeds.models import Extent, Term
from feeds.renderer.catalog import CatalogueHead
from feeds.renderer.page_fragments import PageStyle, check_templates, render_page_parts
from feeds.renderer.templates import read_templates
from tests.unit.renderer.test_entries import PLAIN

LOOK = PageStyle(
    CatalogueHead("Site", "", "en", "https://a.example/"), read_templates(), ("atom", "rss"), True
)
ENTRY = PLAIN._replace(terms=(Term("tag", "茶", "茶", "茶"), Term("category", "s", "secret", "Secret")))


@pytest.mark.parametrize(
    ("extent", "pages", "full", "teaser"),
    [
        (Extent.ARCHIVED, True, False, False),
        (Extent.SHOWN, True, False, False),
        (Extent.ON_PAGE, True, True, False),
        (Extent.ON_FRONT, True, True, True),
        (Extent.ON_FRONT, False, False, True),
    ],
)
def test_only_what_a_page_shows_is_rendered(extent: Extent, pages: bool, full: bool, teaser: bool) -> None:
    found = render_page_parts(ENTRY, replace(LOOK, pages=pages), extent)
    assert tuple(map(bool, found)) == (full, teaser)


def test_terms_link_to_pages_or_documents() -> None:
    full, teaser = render_page_parts(ENTRY, LOOK, Extent.ON_FRONT)
    assert b'href="../../tag/%E8%8C%B6/"' in full
    assert b'href="tag/%E8%8C%B6/"' in teaser or b"tag/" not in teaser
    assert b'href="../../category/secret/"' in full


def test_a_private_feed_is_never_named() -> None:
    look = replace(LOOK, private=("category/secret",))
    assert not look.may_show("category", "secret")
    assert look.may_show("category", "secrets")
    assert look.may_show("tag", "secret")
    assert b"ecret" not in b"".join(render_page_parts(ENTRY, look, Extent.ON_FRONT))


def test_every_template_is_tried(tmp_path: Path) -> None:
    check_templates(LOOK)
    check_templates(replace(LOOK, pages=False))
    for name in ("entry.html", "teaser.html", "feed.html", "status.html"):
        if name not in dict(LOOK.templates.texts):
            continue
        (tmp_path / name).write_text("{{ nothing }}", "utf-8")
        with pytest.raises(UsageError, match=name):
            check_templates(replace(LOOK, templates=read_templates(tmp_path)))
        (tmp_path / name).unlink()
