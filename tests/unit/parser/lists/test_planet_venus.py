"""A planet moves: config.ini becomes values and a configuration."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.config.editor import new_configuration
from feeds.errors import UsageError
from feeds.models import Subscription
from feeds.parser.lists.planet_venus import Planet, PlanetSite, is_venus, read_venus
from tests.rigs.examples import examples

INI = b"""\
# The configuration of a planet.
[Planet]
name = Planet Harbour
link = http://planet.example/harbour/index.html
owner_name = Li Wei
owner_email = li@planet.example
items_per_page = 60   ; on each page
locale = zh_CN.UTF-8
cache_directory = /var/cache/planet
output_dir = /var/www/harbour
filters = excerpt.py sifter.py?require=tea
days_per_page = 0
colour = blue
template_files:
  atom.xml.xslt
  rss20.xml.tmpl
  opml.xml.xslt
reading_lists =
  https://lists.example/more.opml

[DEFAULT]
facewidth = 65
where = Harbour

[excerpt.py]
width = 200

[http://alice.example/feed?a=1&b=[2]]
name = Alice
  of the %(where)s, 100%%
link = http://alice.example/
face = alice.png
facewidth = 70

[https://me:secret@bob.example/atom.xml]
name: Bob

[https://lists.example/people.opml]
content_type = opml
name = People

[http://lists.example/people.rdf]
content_type = foaf

[feeds/local.xml]
name = Local
"""


def read(data: bytes = INI) -> Planet:
    return read_venus(data, "config.ini")


def test_the_site_and_its_feeds() -> None:
    planet = read()
    assert planet.site == PlanetSite(
        "Planet Harbour",
        "http://planet.example/harbour/",
        "Li Wei",
        language="zh-CN",
        entries=60,
        aliases=(("rss20.xml", "rss.xml"),),
    )
    assert planet.subscriptions == (
        Subscription(
            "http://alice.example/feed?a=1&b=[2]", "Alice of the Harbour, 100%", "http://alice.example/"
        ),
        Subscription("https://me:secret@bob.example/atom.xml", "Bob"),
        Subscription("https://lists.example/people.opml", "People", type="include"),
        Subscription("https://lists.example/more.opml", type="include"),
    )


def test_what_has_no_counterpart_is_told() -> None:
    notes = "\n".join(read().notes)
    for said in (
        "[http://lists.example/people.rdf] is a list in FOAF",
        "[feeds/local.xml] is no web address",
        "`filters` has no counterpart: feedd cleans",
        "`days_per_page`",
        "`output_dir`",
        "`owner_email`",
        "more without a counterpart: `colour`",
        "`face` of 1 feed has",
        "opml.xml has no counterpart",
    ):
        assert said in notes
    assert "excerpt.py]" not in notes
    assert "cache_directory" not in notes
    assert "secret" not in notes


def test_the_configuration_has_the_values() -> None:
    planet = read()
    edited = new_configuration(planet.site, planet.subscriptions)
    values = tomllib.loads(edited.text)
    assert values["site"] == {
        "title": "Planet Harbour",
        "url": "http://planet.example/harbour/",
        "language": "zh-CN",
        "timezone": "UTC",
        "author": "Li Wei",
    }
    assert values["output"]["entries"] == 60
    assert values["aliases"] == {"rss20.xml": "rss.xml"}
    assert [(s["name"], s["kind"], s["url"]) for s in values["sources"]] == [
        ("alice-of-the-harbour-100", "upstream", "http://alice.example/feed?a=1&b=[2]"),
        ("people", "opml", "https://lists.example/people.opml"),
        ("lists-example", "opml", "https://lists.example/more.opml"),
    ]
    assert "secret" not in edited.text
    assert "auth" in edited.refused[0]


def test_the_smallest_planet() -> None:
    planet = read(b"[planet]\nname=P\noutput_theme=classic_fancy\n")
    assert planet.site == PlanetSite("P", aliases=(("rss20.xml", "rss.xml"), ("rss10.xml", "rss.xml")))
    values = tomllib.loads(new_configuration(planet.site, planet.subscriptions).text)
    assert values["site"]["url"] == "https://example.org/feeds/"


def test_old_encodings_and_repeated_sections_are_read() -> None:
    planet = read(
        "[Planet]\nname = 海港新闻的行星\n[http://a.example/]\n[http://a.example/]\n".encode("gb18030")
    )
    assert planet.site.title == "海港新闻的行星"
    assert len(planet.subscriptions) == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"name = x\n", "config.ini:1: is no config.ini"),
        (b"[Planet]\nname = x\n\nwhat is this\n", "config.ini:4: is neither"),
        (b"[http://a.example/]\nname = x\n", "config.ini: has no section [Planet]"),
        (b" " * (5 << 20), "config.ini: is larger"),
    ],
)
def test_what_is_no_planet_is_an_error_with_its_line(data: bytes, said: str) -> None:
    with pytest.raises(UsageError) as error:
        read(data)
    assert str(error.value).startswith(said)


def test_a_planet_is_told_from_a_list() -> None:
    assert is_venus(INI)
    assert not is_venus(b"<opml><body/></opml>")


@examples(150)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from(
                [
                    "[",
                    "]",
                    "Planet",
                    "[Planet]\n",
                    "http://a.b/",
                    "name",
                    "=",
                    ":",
                    "\n",
                    " ",
                    "%(name)s",
                    "%",
                    ";",
                    "é\0",
                ]
            ),
            max_size=30,
        ).map(lambda parts: "".join(parts).encode()),
    )
)
def test_any_bytes_are_a_planet_or_a_usage_error(data: bytes) -> None:
    for text in (data, b"[Planet]\n" + data):
        try:
            planet = read(text)
        except UsageError:
            continue
        tomllib.loads(new_configuration(planet.site, planet.subscriptions).text)
