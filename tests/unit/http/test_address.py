"""Which addresses are fetched at all, and how they are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.errors import AddressRefused
from feeds.http.address import is_same_site, parse_address, redact_address


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "http://",
        "http://:80/",
        "http://[::1",
        "http://a:99999/",
        "x",
        "",
        "http://exa mple.org/",
        "http://a%00b/",
        "javascript:alert(1)",
        "http://example.org:0/",
        "data:,x",
    ],
)
def test_takes_only_web_addresses(url: str) -> None:
    with pytest.raises(AddressRefused):
        parse_address(url)


def test_an_address_is_made_fit_for_a_request() -> None:
    found = parse_address("HTTP://user:p%40ss@Exämple.ORG.:8080/päth x?q=ü y#part")
    assert (found.host, found.port, found.userinfo) == ("xn--exmple-cua.org", 8080, "user:p@ss")
    assert found.url == "http://xn--exmple-cua.org:8080/p%C3%A4th%20x?q=%C3%BC%20y"
    assert parse_address("http://１２７.０.０.１/").host == "127.0.0.1"
    assert parse_address("http://straße.example/").host == "xn--strae-oqa.example", (
        "not strasse.example, another site"
    )
    assert parse_address("https://[::1]:443/").host_header == "[::1]"


@given(st.text(max_size=60))
def test_no_address_smuggles_anything_into_a_request(text: str) -> None:
    try:
        found = parse_address("http://example.org/" + text)
    except AddressRefused:
        return
    assert found.target.isascii()
    assert not any(c <= " " or c == "\x7f" for c in found.target)


def test_messages_hold_no_secret() -> None:
    assert redact_address("https://user:secret@example.org/f?token=secret") == "https://example.org/f?…"


def test_credentials_follow_only_to_the_same_site() -> None:
    home = parse_address("http://example.org/")
    assert is_same_site(home, parse_address("https://example.org/x"))
    for other in ("http://example.org:81/", "http://www.example.org/", "https://example.org:8443/"):
        assert not is_same_site(home, parse_address(other))
    assert not is_same_site(parse_address("https://example.org/"), home)


def test_a_long_address_is_cut_for_messages() -> None:
    long = "https://example.org/" + "a" * 400
    assert redact_address(long) == long[:300]
    assert redact_address(long + "?b=c") == long[:300] + "?…"
