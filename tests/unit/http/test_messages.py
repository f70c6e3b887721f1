"""Requests and responses as values: headers, redirects, conditions, errors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.errors import FetchError
from feeds.http import Link, Response
from feeds.http.address import parse_address
from feeds.http.messages import (
    REDIRECTS,
    Conditions,
    Hop,
    NoAnswer,
    Plan,
    build_authorization,
    build_headers,
    build_proxy_headers,
    decode_headers,
    encode_headers,
    explain_error,
    resolve_redirect,
)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (['<https://h.example/>; rel="hub", <https://s.example/f>; rel="self"'], (("https://h.example/",), "https://s.example/f")),
        (["<https://h.example/>; rel=hub", "</f?a=1,2>; rel=self"], (("https://h.example/",), "https://s.example/f?a=1,2")),
        (['<https://a.example/>; title="a; b"; rel="alternate HUB"', "<https://b.example/>;REL=hub"], (("https://a.example/", "https://b.example/"), "")),
        (['<javascript:x>; rel="hub"', "<>; rel=hub", "https://h.example/; rel=hub", '<https://h.example/>; rev="hub"'], ((), "")),
        ([], ((), "")),
    ],
)  # fmt: skip
def test_hubs_are_found_in_headers(fields: list[str], found: tuple[tuple[str, ...], str]) -> None:
    links = parse_links(fields, "https://s.example/feeds/atom.xml")
    hubs = tuple(link.url for link in links if "hub" in link.relations)
    assert (hubs, next((link.url for link in links if "self" in link.relations), "")) == found


def parse_links(fields: list[str], base: str) -> tuple[Link, ...]:
    """Return the links of a response with these ``Link`` headers."""
    return Response(200, base, tuple(("link", field) for field in fields), b"").find_links()


@given(st.lists(st.text(max_size=300)), st.text(max_size=50))
def test_any_link_header_can_be_read(fields: list[str], base: str) -> None:
    links = parse_links(fields, base)
    assert all(link.url.lower().startswith(("http://", "https://")) for link in links)


HERE = parse_address("https://a.example/feed?x=1")


def make_plan(**more: object) -> Plan:
    values = {
        "method": "GET", "headers": {"Accept": "x"}, "body": b"", "conditions": None, "allow": frozenset(),
        "authorization": "", "home": HERE, "proxy": None, "most_bytes": 1,
    }  # fmt: skip
    return Plan(**{**values, **more})


def test_headers_of_a_request() -> None:
    assert build_headers(make_plan(), HERE, "feedd", {}, "") == [
        (b"Host", b"a.example"),
        (b"User-Agent", b"feedd"),
        (b"Accept-Encoding", b"gzip"),
        (b"Accept", b"x"),
    ]
    found = dict(build_headers(make_plan(), HERE, "feedd", {"If-None-Match": '"a"', "X": "a\nb"}, "c=1"))
    assert found[b"If-None-Match"] == b'"a"'
    assert found[b"Cookie"] == b"c=1"
    assert b"X" not in found, "it cannot be sent"
    assert b"Cookie" not in dict(build_headers(make_plan(), HERE, "feedd", {}, "c=\n"))


def test_credentials_go_to_their_own_site_alone() -> None:
    plan = make_plan(authorization="Basic x")
    assert dict(build_headers(plan, HERE, "f", {}, ""))[b"Authorization"] == b"Basic x"
    assert b"Authorization" not in dict(build_headers(plan, parse_address("https://b.example/"), "f", {}, ""))
    with pytest.raises(FetchError, match="header Authorization"):
        build_headers(make_plan(authorization="a\nb"), HERE, "f", {}, "")


def test_a_proxy_gets_its_password_with_plain_requests_alone() -> None:
    plan = make_plan(proxy=parse_address("http://me:pw@proxy.example:3128/"))
    plain = dict(build_headers(plan, parse_address("http://a.example/"), "f", {}, ""))
    assert plain[b"Proxy-Authorization"] == b"Basic bWU6cHc="
    assert b"Proxy-Authorization" not in dict(build_headers(plan, HERE, "f", {}, ""))
    assert build_proxy_headers(parse_address("http://proxy.example/")) == []


@pytest.mark.parametrize(
    ("auth", "value"),
    [
        ("", ""),
        ("me:pw", "Basic bWU6cHc="),
        ("Bearer t", "Bearer t"),
        ("basic x", "basic x"),
        ("Bearer", "Basic QmVhcmVy"),
    ],
)
def test_an_authorization(auth: str, value: str) -> None:
    assert build_authorization(auth) == value


def test_headers_are_sent_byte_for_byte() -> None:
    assert encode_headers([("A", " \xe9\t")]) == [(b"A", b"\xe9")]
    assert decode_headers([(b"ETag", b"\xe9")]) == (("etag", "\xe9"),)
    with pytest.raises(FetchError, match="header A has a character"):
        encode_headers([("A", "\u8336")])


def test_conditions_are_for_one_path() -> None:
    conditions = Conditions("https://a.example/feed?y", {"If-None-Match": '"x"'})
    assert conditions.select_for_hop(HERE) == {"If-None-Match": '"x"'}
    assert conditions.select_for_hop(parse_address("https://a.example/other")) == {}


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/new#part", "https://a.example/new"),
        ("https://me:pw@b.example/", "https://b.example/"),
        ("caf\xc3\xa9", "https://a.example/caf%C3%A9"),
        ("caf\xe9", "https://a.example/caf%C3%A9"),
    ],
)
def test_where_a_redirect_leads(location: str, url: str) -> None:
    assert resolve_redirect(HERE, Response(301, HERE.url, (("location", location),), b"")).url == url


@pytest.mark.parametrize("location", ["", "ftp://a.example/"])
def test_a_redirect_without_a_usable_address(location: str) -> None:
    with pytest.raises(FetchError):
        resolve_redirect(HERE, Response(302, HERE.url, (("location", location),), b""))


def test_values_of_a_response() -> None:
    hops = (
        Hop(301, "https://a.example/1"),
        Hop(308, "https://a.example/2"),
        Hop(302, "https://a.example/3"),
        Hop(301, "x"),
    )
    response = Response(200, "", (("a", "1"), ("b", "2"), ("a", "3")), b"", hops)
    assert (response.get_header("a"), response.get_header("c")) == ("1", "")
    assert response.get_headers("a") == ("1", "3")
    assert response.moved_to == "https://a.example/2"
    assert response._replace(hops=hops[2:]).moved_to == ""


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(111, "Connection refused"), "Connection refused"),
        (OSError(), "the connection was closed"),
        (NoAnswer("line 1"), "no proper HTTP answer (line 1)"),
        (NoAnswer(), "no proper HTTP answer (NoAnswer)"),
    ],
)
def test_an_error_in_words(error: Exception, text: str) -> None:
    assert explain_error(error) == text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_redirects_that_keep_the_method_are_followed(method: str) -> None:
    followed = {status for status in range(300, 400) if status in REDIRECTS[method]}
    # RFC 9110, 15.4: a POST may become a GET with 301 to 303.
    assert followed == ({301, 302, 303, 307, 308} if method == "GET" else {307, 308})
