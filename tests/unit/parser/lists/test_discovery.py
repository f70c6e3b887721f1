"""Which feeds a page may have, the likeliest first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.parser.lists.discovery import MOST, Candidate, find_candidates
from feeds.values.urls import is_address
from tests.rigs.examples import examples

PAGE = "https://site.example/blog/2024/post.html"


def urls(html: bytes | str, url: str = PAGE, why: str = "") -> list[str]:
    return [one.url for one in find_candidates(html, url) if why in one.why]


def declared(html: bytes | str, url: str = PAGE) -> list[str]:
    return urls(html, url, "declared")


def link(href: str, type_: str = "application/rss+xml", more: str = "") -> str:
    return f'<link rel="alternate" type="{type_}" href="{href}" {more}>'


def test_link_elements_come_first_in_their_order_and_say_what_they_are() -> None:
    html = (
        "<!doctype html><head>"
        + link("/comments/feed/", more='title="Site &raquo; Comments Feed"')
        + link("/feed/", more='title="Site  &amp;\n News"')
        + link("feed.json", "application/feed+json; charset=utf-8")
        + link("//cdn.example/atom", "APPLICATION/ATOM+XML")
        + "</head><body><a href='/rss.xml'>RSS</a></body>"
    )
    found = find_candidates(html, PAGE)
    assert found[0] == Candidate(
        "https://site.example/feed/",
        "Site & News",
        "application/rss+xml",
        "declared by a link element of the page",
    )
    assert [(one.url, one.type) for one in found[1:4]] == [
        ("https://site.example/blog/2024/feed.json", "application/feed+json"),
        ("https://cdn.example/atom", "application/atom+xml"),
        ("https://site.example/rss.xml", "application/rss+xml"),
    ]
    assert found[3].why == "linked on the page"
    assert found[3].title == "RSS"
    assert found[-1].url == "https://site.example/comments/feed/"


@pytest.mark.parametrize(
    "element",
    [
        "<LINK REL='Alternate Feed' HREF='/f'>",
        "<link rel=feed href=/f>",
        "<link rel='alternate home' type=application/rdf+xml href='/f'/>",
        "<base href='https://site.example/x/'><link rel=alternate type=application/atom+xml href='../f'>",
        "<link rel=alternate type=application/atom+xml href='feed:https://site.example/f#top'>",
        "<body><svg><link rel=alternate type=text/rss+xml href=' https://site.example/f '>",
    ],
)
def test_odd_declarations_are_understood(element: str) -> None:
    assert declared(element) == ["https://site.example/f"]


@pytest.mark.parametrize(
    "element",
    [
        "<link rel=stylesheet type=text/css href=/feed.xml>",
        "<link rel='alternate stylesheet' type=application/rss+xml href=/feed.xml>",
        "<link rel=alternate hreflang=de href=/feed/>",
        "<link rel=alternate type=application/json+oembed href=/feed.json>",
        "<link rel=alternate type=application/json href=/wp-json/wp/v2/posts/1>",
        "<link rel=alternate media=handheld href=/m/>",
        "<link rel=alternate type=application/rss+xml href=''>",
        "<link rel=alternate type=application/rss+xml href='javascript:alert(1)'>",
        "<link rel=alternate type=application/rss+xml href='https://u:p@site.example/feed'>",
        "<!-- <link rel=alternate type=application/rss+xml href=/no> -->",
        "<script>'<link rel=alternate type=application/rss+xml href=/no>'</script>",
    ],
)
def test_what_declares_no_feed(element: str) -> None:
    assert declared(element) == []


@pytest.mark.parametrize(
    "element",
    [link("/feed.xml", "text/xml"), link("/feed.json", "application/json"), "<link rel=alternate href=/rss>"],
)
def test_a_vague_type_counts_with_the_address_of_a_feed(element: str) -> None:
    assert len(declared(element)) == 1


def test_links_count_on_the_same_host_and_hosts_of_feeds() -> None:
    html = "".join(
        f"<a href='{href}'>x</a>"
        for href in (
            "/index.xml",
            "/tag/tea/feed/",
            "/?feed=rss2",
            "https://www.site.example/a.atom",
            "https://feeds.pub.example/site/rss",
            "https://other.example/feed.xml",
            "https://reader.example/subscribe?u=/feed.xml",
            "/about/feeding-cats",
            "/index.html",
            "mailto:feed@site.example",
        )
    )
    assert urls(html, why="linked") == [
        "https://site.example/index.xml",
        "https://site.example/tag/tea/feed/",
        "https://site.example/?feed=rss2",
        "https://www.site.example/a.atom",
        "https://feeds.pub.example/site/rss",
    ]


def test_usual_paths_are_tried_near_the_page_and_at_the_root() -> None:
    found = urls("", "https://me:secret@site.example:8443/blog/#top")
    assert found[:2] == ["https://site.example:8443/blog/feed", "https://site.example:8443/blog/feed.xml"]
    assert "https://site.example:8443/feed.json" in found
    assert len(found) == len(set(found)) <= MOST
    assert urls("", "https://site.example/blog")[0] == "https://site.example/blog/feed"
    assert urls("")[0] == "https://site.example/blog/2024/feed"
    assert "https://site.example/blog/atom.xml" in urls("", "https://site.example")
    assert find_candidates("", "ftp://site.example/") == ()


@pytest.mark.parametrize(
    ("page", "feed"),
    [
        (
            "https://www.youtube.com/channel/UCabc",
            "https://www.youtube.com/feeds/videos.xml?channel_id=UCabc",
        ),
        (
            "https://youtube.com/playlist?list=PL1&x=y",
            "https://www.youtube.com/feeds/videos.xml?playlist_id=PL1",
        ),
        ("https://github.com/who/what", "https://github.com/who/what/releases.atom"),
        ("https://github.com/who/what/commits/main", "https://github.com/who/what/commits.atom"),
        ("https://github.com/who", "https://github.com/who.atom"),
        ("https://old.reddit.com/r/tea/top/", "https://www.reddit.com/r/tea/.rss"),
        ("https://medium.com/@who", "https://medium.com/feed/@who"),
        ("https://social.example/@who", "https://social.example/@who.rss"),
    ],
)
def test_sites_with_their_own_ways(page: str, feed: str) -> None:
    assert urls("", page)[0] == feed


def test_pages_in_other_encodings() -> None:
    html = '<meta charset="gbk"><title>x</title>' + link("/f", more='title="海港新闻"')
    assert find_candidates(html.encode("gbk"), PAGE)[0].title == "海港新闻"
    assert find_candidates(b"\xff\xfe" + html.encode("utf-16-le"), PAGE)[0].title == "海港新闻"
    assert find_candidates(html.encode() + "海".encode()[:2], PAGE)[0].title == "海港新闻"


@examples(200)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(max_size=100),
        st.lists(
            st.sampled_from(
                [
                    "<link ",
                    "<a ",
                    "<base ",
                    "href=",
                    "rel=",
                    "alternate",
                    "feed",
                    "'",
                    '"',
                    ">",
                    "//[",
                    "http://",
                    "/feed",
                    " ",
                    "<?xml",
                    "%",
                    "é",
                    "@",
                    ":9x",
                ]
            ),
            max_size=25,
        ).map("".join),
    ),
    st.one_of(
        st.just(PAGE),
        st.text(max_size=30).map(lambda text: "https://site.example/" + text),
        st.text(max_size=30),
    ),
)
def test_any_page_gives_web_addresses_each_once(html: bytes | str, url: str) -> None:
    found = [one.url for one in find_candidates(html, url)]
    assert all(map(is_address, found))
    assert len(found) == len(set(found))
