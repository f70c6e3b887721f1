"""Values of sections for the posts below them."""

from typing import Any

import pytest

from feeds.models import Generator, Item, Skipped
from feeds.parser.posts.cascades import Section, build_section, find_section_values
from feeds.parser.posts.jekyll import FolderSettings, JekyllSite
from feeds.parser.posts.post import parse_post


def build(folder: str, values: dict[str, Any], generator: Generator = "hugo") -> tuple[Section, ...]:
    section = build_section(folder, values, generator, lambda date: date > "2026", is_page=True)
    return (section,) if section else ()


def parse(header: str, sections: tuple[Section, ...], path: str = "a/one.md") -> Item | Skipped:
    settings = FolderSettings(
        "https://a.example/", "UTC", "/:title/", JekyllSite(), generator="hugo", sections=sections
    )
    data = f"---\ntitle: t\n{header}---\ntext\n".encode()
    return parse_post(data, path, settings, lambda body: (body, ""), lambda _: None, lambda *_: None)


TO_POSTS = {"kind": "page"}


# What Hugo 0.111 does.
@pytest.mark.parametrize(
    ("values", "header", "published"),
    [
        ({"cascade": {"draft": True}}, "", False),
        ({"cascade": {"draft": True}}, "draft: false\n", False),
        ({"cascade": {"_target": TO_POSTS, "draft": True}}, "", False),
        ({"cascade": {"_target": TO_POSTS, "draft": True}}, "draft: false\n", True),
        ({"cascade": [{"target": {"path": "/a/o*"}, "draft": True}]}, "", False),
        ({"cascade": [{"target": {"path": "/a/{one,two}"}, "draft": True}]}, "", False),
        ({"cascade": [{"_target": {"path": "a/**"}, "draft": True}]}, "", False),
        ({"cascade": [{"_target": {"path": "/a/x*"}, "draft": True}]}, "", True),
        ({"cascade": [{"_target": {"kind": "section"}, "draft": True}]}, "draft: false\n", False),
        ({"publishDate": "2099-01-01"}, "date: 2024-01-01\n", False),
        ({"date": "2099-01-01", "publishDate": "2020-01-01"}, "", True),
        ({"cascade": {"publishdate": "2099-01-01"}}, "", False),
        ({"cascade": [{"_target": {"environment": "development"}, "draft": True}]}, "", True),
        ({"cascade": [{"_target": {"lang": "de", "kind": "page"}, "draft": True}]}, "", False),
        ({"cascade": {"_build": {"list": "never"}, "_target": TO_POSTS}}, "", False),
        (
            {"cascade": [{"_target": TO_POSTS, "draft": False}, {"_target": TO_POSTS, "draft": True}]},
            "",
            True,
        ),
        ({"draft": True}, "", False),
        ({"Draft": True}, "draft: false\n", False),
        ({"draft": False, "cascade": {"draft": True}}, "draft: false\n", True),
        ({"build": {"render": "never"}}, "", True),
        ({"title": "A section"}, "", True),
    ],
)
def test_a_section_decides_about_its_posts(values: dict[str, Any], header: str, published: bool) -> None:
    assert isinstance(parse(header, build("a/", values)), Item if published else Skipped)
    assert isinstance(parse(header, build("a/", values), "other/x.md"), Item)


def test_a_language_of_a_target_is_that_of_the_file() -> None:
    german = build("", {"cascade": [{"_target": {"lang": "de", "kind": "page"}, "draft": True}]})
    assert isinstance(parse("", german, "a/one.de.md"), Skipped)
    assert isinstance(parse("", german, "a/one.en.md"), Item)


def test_the_nearest_section_counts_and_the_post_before_it() -> None:
    outer = build("", {"cascade": {"author": "Ann", "tags": ["outer"], "date": "2024-01-01"}})
    inner = build("a/", {"cascade": {"author": "Ben"}})
    item = parse("tags: [own]\n", (*outer, *inner))
    assert isinstance(item, Item)
    assert (item.authors, item.tags) == (("Ben",), ("own",))
    assert item.published is not None
    assert item.published.isoformat() == "2024-01-01T00:00:00+00:00"


def test_an_expired_section_removes_its_posts() -> None:
    item = parse("expiryDate: 2099-01-01\n", build("a/", {"expiryDate": "2023-01-01"}))
    assert isinstance(item, Item)
    assert item.expires is not None
    assert item.expires.year == 2023


def test_zola_has_draft_sections_and_no_cascade() -> None:
    assert build("a/", {"cascade": {"draft": True}}, "zola") == ()
    hidden, values, expiry = find_section_values(build("a/", {"draft": True}, "zola"), "a/b/c.md", "")
    assert (hidden, values, expiry) == ("its section has draft: true", {}, ())
