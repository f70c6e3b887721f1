"""Rules of the W3C feed validator for single values."""

from __future__ import annotations

import pytest
from lxml import etree

from feeds.output.validator_rules import check_atom_values, check_json_addresses, check_rss_values

RSS = (
    '<rss xmlns:a="http://www.w3.org/2005/Atom" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    ' xmlns:media="http://search.yahoo.com/mrss/"><channel>{}</channel></rss>'
)
PODCAST = (
    '<itunes:category text="x"/><itunes:explicit>false</itunes:explicit><itunes:image href="https://a.example/i"/>'
    "<itunes:owner><itunes:email>a@b.example</itunes:email></itunes:owner>"
)


def check_rss(text: str) -> list[str]:
    channel = etree.fromstring(RSS.format(text)).find("channel")
    return [rule for _, rule, _ in check_rss_values(channel)]


def check_item(text: str) -> list[str]:
    return check_rss(f"<item>{text}</item>")


def check_atom(text: str) -> list[str]:
    root = etree.fromstring(f'<feed xmlns="http://www.w3.org/2005/Atom">{text}</feed>')
    return [rule for _, rule, _ in check_atom_values(root)]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ('<link href="https://新.example/a%20b" type="text/html; charset=x" length="0"/>', []),
        ('<link href="https://a.example/a b"/>', ["uri-character"]),
        ('<link href="https://a.example/%zz"/>', ["uri-character"]),
        ('<link href="https://a.example/#a#b"/>', ["uri-character"]),
        ('<link href="https://a.example/[x]"/>', ["uri-character"]),
        ('<link href="https://[::1]/x"/>', []),
        ('<link href="https://[x/"/>', ["uri-character"]),
        ('<link href="https://a.example/" type="html"/>', ["media-type"]),
        ('<link href="https://a.example/" length="1.5"/>', ["enclosure-length"]),
        ("<id>urn:uuid:680e51a6-e50e-5535-a20e-c4ac7bd438ff</id>", []),
        ("<entry><id>urn:uuid:x</id></entry>", ["atom-uuid"]),
        ("<id>tag:a.example,2024:1</id>", []),
    ],
)
def test_values_of_atom(text: str, rules: list[str]) -> None:
    assert check_atom(text) == rules


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("<link>https://a.example/</link>", []),
        ("<link>https://新.example/</link>", ["uri-not-iri"]),
        ("<item><link>a b</link><comments>https://a.example/{</comments></item>", ["uri-character"] * 2),
        ('<a:link href="https://a.example/ü"/>', ["uri-not-iri"]),
        ('<item><media:content url="https://a.example/|"/></item>', ["uri-character"]),
    ],
)
def test_addresses_of_rss(text: str, rules: list[str]) -> None:
    assert check_rss(text) == rules


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("<guid>https://a.example/</guid>", []),
        ("<guid>7</guid>", ["rss-guid"]),
        ('<guid isPermaLink="true">7</guid>', ["rss-guid"]),
        ('<guid isPermaLink="false">7</guid>', []),
        ('<enclosure url="https://a.example/a.mp3" type="audio/mpeg" length="3"/>', []),
        (
            '<enclosure url="https://a.example/a.mp3" type="mp3" length=""/>',
            ["media-type", "enclosure-length"],
        ),
        ("<description>a &amp;amp; b &amp;#10; &lt;b&gt; &lt;/b&gt;</description>", []),
        ("<description>a &amp; b</description>", ["rss-html"]),
        ("<description>1 &lt; 2</description>", ["rss-html"]),
    ],
)
def test_items_of_rss(text: str, rules: list[str]) -> None:
    assert check_item(text) == rules


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("author", "x" * 255, "x" * 256),
        ("block", "Yes", "maybe"),
        ("duration", "1:02:03", "1:60"),
        ("duration", "90", "1:2"),
        ("episode", "1", "0"),
        ("episodeType", "bonus", "Bonus"),
        ("explicit", "True", "clean"),
        ("season", "12", "x"),
        ("subtitle", "x" * 255, "x" * 256),
        ("summary", "x" * 4000, "x" * 4001),
    ],
)
def test_fields_of_itunes(name: str, good: str, bad: str) -> None:
    assert check_item(f"<itunes:{name}>{good}</itunes:{name}>") == []
    assert check_item(f"<itunes:{name}>{bad}</itunes:{name}>") == ["itunes-value"]


def test_elements_of_itunes_come_once_and_together() -> None:
    assert check_rss(PODCAST) == []
    assert check_rss(PODCAST + '<itunes:category text="y"/>') == []
    assert check_rss(PODCAST + "<itunes:explicit>true</itunes:explicit>") == ["itunes-twice"]
    assert check_rss("<itunes:author>A</itunes:author>") == ["itunes-together"] * 4
    assert check_rss(PODCAST.replace("a@b.example", " ")) == ["itunes-together"]
    assert check_item('<itunes:image href="https://a.example/ü"/>') == ["uri-not-iri"]


def test_addresses_of_json() -> None:
    good = {"url": "https://新.example/", "attachments": [{"url": "https://a.example/"}, "x"], "image": 5}
    assert list(check_json_addresses(good)) == []
    bad = {"url": "a b", "external_url": "c d", "image": "e f", "attachments": [{"url": "g h"}]}
    assert len(list(check_json_addresses(bad))) == 4
    assert list(check_json_addresses({"attachments": "x"})) == []
