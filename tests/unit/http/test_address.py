"""Which addresses are fetched at all, and how they are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.errors import AddressRefused
from feeds.http.address import is_same_site, parse_address, redact_address
from feeds.http.ip_ranges import is_global

NOT_GLOBAL = """
0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1
172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1
203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1
::ffff:10.0.0.1 ::ffff:7f00:1 ::ffff:93.184.216.34 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::10.0.0.1
64:ff9b:1::1 100::1 2001::1 2001:2::1 2001:10::1 2001:db8::1 2002:7f00:1:: 2002:5db8:d822:: 3fff::1
5f00::1 fc00::1 fd00::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 2606:2800:220:1::1%eth0 localhost 127.1
0x7f000001 2130706433 example.org
"""
GLOBAL = """
1.1.1.1 93.184.216.34 100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.1 192.0.1.1 198.17.255.255
198.20.0.1 223.255.255.255 2606:2800:220:1::1 2a00:1450::1 64:ff9b::1.1.1.1
"""


@pytest.mark.parametrize(
    "ip",
    NOT_GLOBAL.split(),
)
def test_refuses_what_is_not_globally_reachable(ip: str) -> None:
    assert not is_global(ip)


@pytest.mark.parametrize(
    "ip",
    GLOBAL.split(),
)
def test_lets_through_what_is(ip: str) -> None:
    assert is_global(ip)


@given(st.ip_addresses(v=4))
def test_translated_forms_are_never_more_reachable_than_the_address_in_them(ip: object) -> None:
    assert is_global(f"64:ff9b::{ip}") == is_global(str(ip))
    assert not is_global(f"::ffff:{ip}")


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
