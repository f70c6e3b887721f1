"""Lists of upstreams: read as they are found, written so that nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.errors import UsageError
from feeds.models import Subscription
from feeds.parser.lists.opml import DEEPEST, LARGEST, parse_opml, read_opml
from tests.rigs.examples import examples

A = "https://a.example/feed"


def opml(body: str) -> bytes:
    return f'<?xml version="1.0"?><opml version="2.0"><head><title>L</title></head><body>{body}</body></opml>'.encode()


def one(body: str) -> Subscription:
    [found] = read_opml(opml(body), "list.opml")
    return found


def test_outlines_around_a_subscription_are_its_categories() -> None:
    found = one(
        '<outline text="News"><outline text="China"><outline type="rss" text="t" title="T" language="zh-CN"'
        f' xmlUrl="{A}" htmlUrl="https://a.example/" category="/World/Asia,tea"/></outline></outline>'
    )
    assert found.categories == ("News", "China", "World", "Asia", "tea")
    assert (found.title, found.url, found.link, found.language) == ("T", A, "https://a.example/", "zh-CN")


def test_an_outline_that_is_closed_is_no_category_of_what_follows() -> None:
    found = read_opml(
        opml(
            f'<outline text="X"><outline xmlUrl="{A}"><outline text="note"/></outline></outline>'
            '<outline xmlUrl="https://b.example/"/>'
        ),
        "l",
    )
    assert [s.categories for s in found] == [("X",), ()]


@pytest.mark.parametrize(
    ("outline", "url"),
    [
        ("<outline xmlurl='https://a.example/feed'/>", A),
        ("<OUTLINE XMLURL=https://a.example/feed />", A),
        ('<outline type="rss" url="https://a.example/feed"/>', A),
        ('<outline xmlUrl=" https://a.example/feed\n "/>', A),
        ('<outline xmlUrl="feed:https://a.example/feed"/>', A),
        ('<outline xmlUrl="feed://a.example/feed"/>', "http://a.example/feed"),
        ('<outline xmlUrl="https://a.example/?a=1&copy=2&amp;c=3"/>', "https://a.example/?a=1&copy=2&c=3"),
        ('<outline text="a > b" xmlUrl="https://a.example/feed"></outline>', A),
        ('<!-- <outline xmlUrl="https://no.example/"/> --><outline xmlUrl="https://a.example/feed"/>', A),
    ],
)
def test_sloppy_outlines_are_read(outline: str, url: str) -> None:
    assert one(outline).url == url


def test_names_of_html_entities_and_bare_ampersands_are_text() -> None:
    assert one(f'<outline text="Caf&eacute; &amp; R&D &#x4E2D;" xmlUrl="{A}"/>').title == "Café & R&D 中"


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("gbk", "gb18030"),
        ("", "utf-8"),
        ("utf-8", "gb18030"),
        ("punycode", "utf-8"),
    ],
)
def test_encodings_declared_missing_or_wrong(declared: str, encoding: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    text = f'{head}<opml><body><outline text="海港新闻的标题" xmlUrl="{A}"/></body></opml>'
    assert read_opml(text.encode(encoding), "l")[0].title == "海港新闻的标题"


def test_latin_1_as_declared() -> None:
    text = f'<?xml version="1.0" encoding="ISO-8859-1"?><opml><body><outline text="Café" xmlUrl="{A}"/></body></opml>'
    assert read_opml(text.encode("latin-1"), "l")[0].title == "Café"


def test_entities_of_a_dtd_are_not_expanded_and_what_it_declares_is_no_outline() -> None:
    dtd = (
        '<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">'
        "<!ENTITY y \"<outline xmlUrl='https://no.example/'/>\">]>"
    )
    text = f'{dtd}<opml><body><outline text="&x;&y;" xmlUrl="{A}"/></body></opml>'
    [found] = read_opml(text.encode(), "l")
    assert (found.title, found.url) == ("&x;&y;", A)


def test_what_is_there_twice_is_joined_and_told() -> None:
    body = (
        f'<outline text="A"><outline xmlUrl="{A}"/></outline>\n'
        '<outline text="B"><outline xmlUrl="http://u:secret@A.example:80/feed"/></outline>\n'
        '<outline xmlUrl="ftp://u:secret@x.example/"/>'
    )
    found = parse_opml(opml(body), "list.opml")
    assert [s.categories for s in found.subscriptions] == [("A", "B")]
    assert [note.partition(" ")[0] for note in found.notes] == ["list.opml:2:", "list.opml:3:"]
    assert "line 1" in found.notes[0]
    assert "secret" not in "".join(found.notes)
    assert found.title == "L"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "list:1: is no OPML"),
        (b"<html><body>Not found</body></html>", "list:1: is no OPML"),
        (b'<opml>\n<body><outline text="a', "list:2: a tag is not closed"),
        (b'<opml><body>\n<outline text="a"/>\n', "list:2: ends before </opml>"),
        (
            b'<opml><body>\n<outline text="5" disk"/>\n<outline text=""/></body></opml>',
            "list:2: a tag is not closed",
        ),
        (b"<outline text='a'>" * (DEEPEST + 1), "list:1: outlines are nested"),
        (b" " * (LARGEST + 1), "list: is larger than"),
    ],
)
def test_what_is_no_list_is_an_error_with_its_line(data: bytes, said: str) -> None:
    with pytest.raises(UsageError) as error:
        read_opml(data, "list")
    assert str(error.value).startswith(said)


@examples(200)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from(
                [
                    "<outline ",
                    "</outline>",
                    "/>",
                    ">",
                    "'",
                    '"',
                    "xmlUrl=",
                    "text=",
                    A,
                    "<opml>",
                    "<!--",
                    "&#0;",
                    "é",
                ]
            ),
            max_size=30,
        ).map(lambda parts: "".join(parts).encode()),
    )
)
def test_any_bytes_are_a_list_or_a_usage_error(data: bytes) -> None:
    try:
        found = read_opml(data, "list")
    except UsageError:
        return
    assert all(s.url.startswith("http") for s in found)


def test_an_outline_that_is_a_comment_counts_with_all_in_it() -> None:
    inside = f'<outline text="x"><outline xmlUrl="{A}"/></outline>'
    found = read_opml(
        opml(
            f'<outline isComment="true" text="old">{inside}</outline><outline isComment="TRUE" xmlUrl="{A}"/>'
        ),
        "l",
    )
    assert found == ()
    assert one(f'<outline isComment="true">{inside}</outline><outline xmlUrl="{A}/2"/>').url == f"{A}/2"
    assert one(f'<!-- <outline xmlUrl="{A}"/> --><outline isComment="false" xmlUrl="{A}/2"/>').url == f"{A}/2"


@pytest.mark.parametrize("kind", ["link", "song", "Twitter"])
def test_an_outline_of_a_type_that_is_no_feed_is_named_and_left_out(kind: str) -> None:
    found = parse_opml(opml(f'<outline type="{kind}" xmlUrl="{A}"/>'), "l")
    assert found.subscriptions == ()
    assert kind.lower() in found.notes[0]
