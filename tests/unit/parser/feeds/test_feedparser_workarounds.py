"""Elements that feedparser would change are renamed, and podcast elements keep text and attributes."""

from __future__ import annotations

import re

import pytest

from feeds.models import Extra
from feeds.parser.feeds.feedparser_workarounds import AT, parse_podcast_element, protect_elements


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("<id>x</id>", "<feeddid>x</feeddid>"),
        ("<atom:id>x</atom:id>", "<atom:feeddid>x</atom:feeddid>"),
        ("<guid>x</guid>", "<feeddguid>x</feeddguid>"),
        ("<guid isPermaLink='false'>x</guid>", "<feeddopaque>x</feeddopaque>"),
        ("<guid isPermaLink = 'no'>x</guid>", "<feeddopaque>x</feeddopaque>"),
        ("<guid isPermaLink='true'>x</guid>", "<feeddpage>x</feeddpage>"),
        ("<guid/>", "<feeddguid/>"),
        ("<guid><b>x</b></guid>", "<feeddguid>&lt;b>x&lt;/b></feeddguid>"),
        ("<dc:title>x</dc:title>", "<feeddtitle>x</feeddtitle>"),
        ("<title>x</title>", "<title>x</title>"),
        ("<media:description>x</media:description>", "<feeddmedia>x</feeddmedia>"),
        ("<media:description type='html'>x</media:description>", "<feeddmediahtml>x</feeddmediahtml>"),
        ("<itunes:owner>x</itunes:owner>", "<feeddowner>x</feeddowner>"),
        ("<author>a@b.example</author>", f"<author>a{AT}b.example</author>"),
        ("<author><![CDATA[a@b]]></author>", f"<author><![CDATA[a{AT}b]]></author>"),
        ("<summary>a@b</summary>", "<summary>a@b</summary>"),
        ("<!-- <id>x</id> --><id>y</id>", "<!-- <id>x</id> --><feeddid>y</feeddid>"),
        ("<![CDATA[<id>x</id>]]><id>y</id>", "<![CDATA[<id>x</id>]]><feeddid>y</feeddid>"),
        ("<!-- <id>x</id>", "<!-- <id>x</id>"),
    ],
)
def test_elements_are_renamed(text: str, renamed: str) -> None:
    assert protect_elements(text) == renamed


@pytest.mark.parametrize(
    ("text", "extra"),
    [
        (
            '<podcast:person role="host">Ann</podcast:person>',
            Extra("podcast:person", "Ann", (("role", "host"),)),
        ),
        ("<podcast:person><![CDATA[A & B]]></podcast:person>", Extra("podcast:person", "A & B")),
        (
            "<podcast:chapters url='https://a.example/' type=\"x\"/>",
            Extra("podcast:chapters", "", (("url", "https://a.example/"), ("type", "x"))),
        ),
    ],
)
def test_a_podcast_element_comes_back_whole(text: str, extra: Extra) -> None:
    inner = re.fullmatch(r"<feeddextra1>(.*)</feeddextra1>", protect_elements(text), re.DOTALL)
    assert inner is not None
    unescaped = inner[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert parse_podcast_element(unescaped) == extra


def test_podcast_elements_are_numbered_and_others_stay() -> None:
    text = (
        "<podcast:season>1</podcast:season><podcast:season>2</podcast:season><podcast:other>3</podcast:other>"
    )
    assert protect_elements(text) == (
        "<feeddextra1>season \n1</feeddextra1><feeddextra2>season \n2</feeddextra2><podcast:other>3</podcast:other>"
    )
    broken = "<podcast:season>1<b></podcast:season>"
    assert protect_elements(broken) == broken


def test_long_words_in_names_are_cut() -> None:
    assert protect_elements(f"<author>{'a' * 600} b</author>") == f"<author>{'a' * 500} b</author>"
