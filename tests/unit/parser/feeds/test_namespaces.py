"""Elements are known by the address of their namespace, whatever the prefix is called."""

import pytest

from feeds.parser.feeds.feed import parse_upstream
from feeds.parser.feeds.namespaces import use_standard_prefixes

MEDIA = "http://search.yahoo.com/mrss/"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
CASES = {
    "another prefix": (
        f'xmlns:pic="{MEDIA}"',
        "<pic:description>A very long caption of a picture</pic:description>",
    ),
    "without the slash": (
        f'xmlns:pic="{MEDIA[:-1]}"',
        "<pic:description>A very long caption of a picture</pic:description>",
    ),
    "declared on the element": (
        "",
        f'<pic:description xmlns:pic="{MEDIA}">A very long caption of a picture</pic:description>',
    ),
    "without a prefix": (
        "",
        f'<content xmlns="{MEDIA}" url="https://a.example/1.jpg"><description>A very long caption</description></content>',
    ),
    "of no known vocabulary": (
        'xmlns:media="https://other.example/ns"',
        "<media:description>Words of another vocabulary</media:description>",
    ),
    "of no known vocabulary, without a prefix": (
        "",
        '<box xmlns="https://other.example/ns"><description>Words of another vocabulary</description></box>',
    ),
}


def parse_item(names: str, inside: str):
    text = (
        f'<rss version="2.0" {names}><channel><title>f</title><link>https://a.example/</link><item><title>t</title>'
        f"<link>https://a.example/1</link><description>Real text</description>{inside}</item></channel></rss>"
    )
    (item,) = parse_upstream(text, "https://a.example/feed", "UTC").items
    return item


@pytest.mark.parametrize("case", CASES)
def test_a_caption_is_never_the_body(case: str) -> None:
    assert parse_item(*CASES[case]).body == "Real text"


def test_content_is_found_under_any_prefix() -> None:
    item = parse_item(f'xmlns:c="{CONTENT}"', "<c:encoded>&lt;p&gt;Full&lt;/p&gt;</c:encoded>")
    assert (item.body, item.summary) == ("<p>Full</p>", "Real text")


def test_content_is_found_without_a_prefix() -> None:
    item = parse_item("", f'<encoded xmlns="{CONTENT}">&lt;p&gt;Full&lt;/p&gt;</encoded>')
    assert item.body == "<p>Full</p>"


def test_swapped_prefixes_are_swapped_back() -> None:
    names = f'xmlns:dc="{MEDIA}" xmlns:media="http://purl.org/dc/elements/1.1/"'
    item = parse_item(
        names, "<dc:description>Caption of it</dc:description><media:creator>Ann</media:creator>"
    )
    assert (item.body, item.authors) == ("Real text", ("Ann",))


def test_a_usual_prefix_that_is_bound_to_another_vocabulary_hides_nothing() -> None:
    names = f'xmlns:c="{CONTENT}" xmlns:content="{MEDIA}" xmlns:media="http://purl.org/dc/elements/1.1/"'
    inside = (
        "<c:encoded>&lt;p&gt;Full&lt;/p&gt;</c:encoded><media:creator>Ann</media:creator>"
        '<content:content url="https://a.example/1.mp4" type="video/mp4"/>'
    )
    item = parse_item(names, inside)
    assert (item.body, item.summary, item.authors) == ("<p>Full</p>", "Real text", ("Ann",))
    assert [medium.url for medium in item.enclosures] == ["https://a.example/1.mp4"]


def test_podcasts_are_read_under_any_prefix() -> None:
    names = 'xmlns:i="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    item = parse_item(names, "<i:season>3</i:season><i:explicit>no</i:explicit>")
    assert {(extra.name, extra.text) for extra in item.extras} == {
        ("itunes:season", "3"),
        ("itunes:explicit", "no"),
    }


def test_a_document_use_standard_prefixes_stays_as_it_is() -> None:
    text = f'<rss xmlns:media="{MEDIA}"><channel><item><media:title>a</media:title></item></channel></rss>'
    assert use_standard_prefixes(text) is text


@pytest.mark.parametrize(
    "text", ["<a xmlns:m='" + MEDIA + "'>" + "<b>" * 20_000, "<x xmlns:media='y' " * 5_000]
)
def test_endless_documents_take_linear_time(text: str) -> None:
    use_standard_prefixes(text)


@pytest.mark.parametrize("inner", ["", "<open>", "<a><b><c>", "<a></a>", "<a/>"])
def test_the_declarations_of_an_element_end_with_it(inner: str) -> None:
    after = "<media:description>A very long caption of a picture</media:description>"
    names = f'xmlns:media="{MEDIA}"'
    element = f'<box xmlns:media="https://other.example/ns">{inner}</box>'
    text = f"<rss {names}><channel><item>{element}{after}</item></channel></rss>"
    assert use_standard_prefixes(text).endswith(f"{after}</item></channel></rss>")
    inside = f'<box xmlns:media="https://other.example/ns">{inner}{after}</box>'
    renamed = use_standard_prefixes(f"<rss {names}><channel><item>{inside}</item></channel></rss>")
    assert after not in renamed
