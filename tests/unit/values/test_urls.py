"""Addresses: which are one, which are none, and how they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.values.urls import (
    CANONICAL_RULE,
    canonicalise,
    canonicalise_unusual,
    convert_unusual_iri,
    escape_address,
    find_feed_address,
    has_login,
    iri_to_uri,
    is_absolute_iri,
    is_address,
    is_entry_id,
    is_root,
    resolve,
    resolve_unusual,
    without_user,
)
from tests.rigs.examples import examples


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://a.example", "https://a.example/"),
        ("https://a.example/", "https://a.example/"),
        ("https://a.example/a/b?q=1&p", "https://a.example/a/b?q=1&p"),
        ("https://a.example/?utm_source=x", "https://a.example/"),
        ("https://a.example/?utm_source=x&b=1&FBCLID=2&c", "https://a.example/?b=1&c"),
        ("https://a.example/?autm_source=x&utm=1&spm", "https://a.example/?autm_source=x&utm=1"),
        ("https://a.example/?q=a=utm_x", "https://a.example/?q=a=utm_x"),
        ("https://A.Example./x", "https://a.example/x"),
        ("  https://a.example/x\n", "https://a.example/x"),
        ("http://a.example:80/x", "https://a.example/x"),
        ("https://a.example:443/x", "https://a.example/x"),
        ("https://a.example:80/x", "https://a.example:80/x"),
        ("http://a.example:8080", "https://a.example:8080/"),
        ("http://me:secret@a.example/x", "https://a.example/x"),
        ("https://a.example/%7e%2f%e4%b8%ad", "https://a.example/~%2F%E4%B8%AD"),
        ("https://a.example/中 文", "https://a.example/%E4%B8%AD%20%E6%96%87"),
        ("https://a.example/x?q=中#片", "https://a.example/x?q=%E4%B8%AD#%E7%89%87"),
        ("https://a.example/x#", "https://a.example/x"),
        ("https://a.example/x?", "https://a.example/x"),
        ("https://münchen.example/", "https://xn--mnchen-3ya.example/"),
        ("https://straße.example/x", "https://xn--strae-oqa.example/x"),
        ("https://STRASSE.example/x", "https://strasse.example/x"),
        ("https://STRAẞE.example/x", "https://xn--strae-oqa.example/x"),
        ("https://stra%C3%9Fe.example/x", "https://xn--strae-oqa.example/x"),
        ("https://me@straße.example:81/x", "https://xn--strae-oqa.example:81/x"),
        ("https://xn--strae-oqa.example/x", "https://xn--strae-oqa.example/x"),
        ("https://βόλος.example/", "https://xn--nxasmm1c.example/"),
        ("https://ΒΌΛΟΣ.example/", "https://xn--nxasmq6b.example/"),
        ("https://न\u094d\u200dष.example/", "https://xn--l2b4a0dw70k.example/"),
        ("https://日本語。ＪＰ/", "https://xn--wgv71a119e.jp/"),
        ("https://☃.example/", "https://xn--n3h.example/"),
        ("https://i❤.example/", "https://xn--i-7iq.example/"),
        ("https://ü_x.example/", "https://xn--_x-wka.example/"),
        ("https://１２７.０.０.１/", "https://127.0.0.1/"),
        ("https://[::FFFF:1]:8080/x", "https://[::ffff:1]:8080/x"),
        ("https://localhost/x", "https://localhost/x"),
        ("https://a..ü.example/", ""),
        ("http://a.example:443/x", "https://a.example/x"),
        ("https://%61.example/", "https://a.example/"),
        ("https://a.example/%%37e", "https://a.example/%257e"),
        ("https://a.example/\ud800x", "https://a.example/%EF%BF%BDx"),
        ("https://[fe80::1%25eth0]/", ""),
        ("https://[1:2]/", ""),
        ("https://[v1.a:b]/", ""),
        ("HTTPS://LINUX/", "https://linux/"),
        ("https://a%58/", "https://ax/"),
        ("https://%ff.example/", ""),
        ("https://a..\ud800ü/", ""),
        ("https://a%20b.example/", ""),
        ("https://a^b.example/", ""),
        ("https://./", ""),
        ("ftp://a.example/", ""),
        ("https:///x", ""),
        ("https://a.example:port/", ""),
        ("https://[bad/", ""),
        ("/x", ""),
        ("", ""),
    ],
)
def test_the_form_in_which_addresses_of_one_page_are_equal(address: str, expected: str) -> None:
    assert canonicalise(address) == canonicalise_unusual(address) == expected
    assert CANONICAL_RULE == 3, "a rule that makes other keys has another number"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://a.example", True),
        ("https://a.example/", True),
        ("HTTP://A.example:80/", True),
        ("HTTP://A.example", True),
        ("https://a..\ud800ü/", False),
        ("https://a.example/#top", True),
        ("https://a.example/x", False),
        ("https://a.example/?p=1", False),
        ("HTTPS://a.example/x", False),
        ("HTTPS://a.example?p=1", False),
        ("mailto:a@b.example", False),
        ("", False),
    ],
)
def test_the_root_of_a_site_names_no_page(address: str, expected: bool) -> None:
    assert is_root(address) is expected


@pytest.mark.parametrize(
    ("text", "address", "iri"),
    [
        ("https://a.example/x", True, True),
        ("HTTP://a.example", True, True),
        ("https://a.example/x#f", True, True),
        ("https://a.example/a b", False, False),
        ("https://a.example/\x7f", False, False),
        ("https://a.example\\x", False, False),
        ("https://", False, False),
        ("http:x", False, False),
        ("https://a.example/{x}", True, False),
        ("https://a.example/<x>", True, False),
        ("ftp://a.example/", False, True),
        ("urn:uuid:X", False, True),
        ("https://a..\ud800ü/", False, False),
        ("tag:a.example,2024:中", False, True),
        ("urn:", False, False),
        ("urn", False, False),
        ("1a:b", False, False),
        ("x+y.z-1:b", False, True),
        ("urn:a b", False, False),
        ('urn:"', False, False),
        ("urn:^", False, False),
        ("javascript:alert(1)", False, False),
        ("JavaScript:alert(1)", False, False),
        ("vbscript:x", False, False),
        ("livescript:x", False, False),
        ("data:,x", False, False),
        ("HTTPS:nothing", False, False),
        ("", False, False),
    ],
)
def test_what_is_an_address_and_what_an_absolute_iri(text: str, address: bool, iri: bool) -> None:
    assert is_address(text) is address
    assert is_absolute_iri(text) is iri


@pytest.mark.parametrize(
    ("base", "reference", "expected"),
    [
        ("https://a.example/b/c", "d", "https://a.example/b/d"),
        ("https://a.example/b/", "d/e", "https://a.example/b/d/e"),
        ("https://a.example/b/", "../d", "https://a.example/d"),
        ("https://a.example/b/", "", "https://a.example/b/"),
        ("https://a.example/b/", "?q=1", "https://a.example/b/?q=1"),
        ("https://a.example/b/", "d e", "https://a.example/b/d e"),
        ("https://a.example/b/", " d\n/\te ", "https://a.example/b/d/e"),
        ("https://a.example/b/", "d\x00", ""),
        ("https://a.example/b/", "d\\e", ""),
        ("http://a.example/b/", "//o.example/x", "http://o.example/x"),
        ("/nowhere", "//o.example/x", "https://o.example/x"),
        ("", "//o.example/x", "https://o.example/x"),
        ("https://a.example/b/", "mailto:x@y.example", "mailto:x@y.example"),
        ("https://a.example/b/", "HTTP://o.example", "HTTP://o.example"),
        ("https://a.example/b/", "http://[x", "http://[x"),
        ("https://[x", "d", ""),
        ("", "d", ""),
        ("/a/", "d", ""),
    ],
)
def test_a_reference_on_a_page(base: str, reference: str, expected: str) -> None:
    assert resolve(base, reference) == resolve_unusual(base, reference) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://a.example/x?q=1#f", "https://a.example/x?q=1#f"),
        ("https://a.example/%E4%B8%AD", "https://a.example/%E4%B8%AD"),
        ("https://a.example/%e4", "https://a.example/%e4"),
        ("https://a.example/中?q=文#片", "https://a.example/%E4%B8%AD?q=%E6%96%87#%E7%89%87"),
        ("https://a.example/100% sure", "https://a.example/100%25%20sure"),
        ("https://Ä.example:8080/", "https://xn--4ca.example:8080/"),
        ("https://Ä.example:0/", "https://xn--4ca.example:0/"),
        ("https://ü:p@Ä.example/", "https://%C3%BC:p@xn--4ca.example/"),
        ("https://a.example/[x]", "https://a.example/%5Bx%5D"),
        ("https://a.example:9999999/中", "https://a.example:9999999/%E4%B8%AD"),
        ("https://a.example:x/中#片", "https://a.example:x/%E4%B8%AD#%E7%89%87"),
        ("ftp://[::1]/中", "ftp://[::1]/%E4%B8%AD"),
        ("ftp://Ä.example/", "ftp://%C3%84.example/"),
        ("http:///中", "http:///%E4%B8%AD"),
        (
            "https://\ud800:p@a.example/\ud800?\ud800#\ud800",
            "https://%EF%BF%BD:p@a.example/%EF%BF%BD?%EF%BF%BD#%EF%BF%BD",
        ),
        ("https://a.example:x/\ud800", "https://a.example:x/%EF%BF%BD"),
        ("mailto:中@a.example", "mailto:%E4%B8%AD@a.example"),
        ("urn:x:\ud800", "urn:x:%EF%BF%BD"),
    ],
)
def test_an_address_in_ascii(address: str, expected: str) -> None:
    assert iri_to_uri(address) == convert_unusual_iri(address) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://a.example/x?q=中#f", "https://a.example/x?q=中#f"),
        (" https://a.example/x ", "https://a.example/x"),
        ("https://a.example/a b", "https://a.example/a%20b"),
        ('https://a.example/"<{|}>"', "https://a.example/%22%3C%7B%7C%7D%3E%22"),
        ("https://a.example/a\\b", "https://a.example/a%5Cb"),
        ("mailto:me@a.example", ""),
        ("https://a b.example/", ""),
        ("no address", ""),
        ("", ""),
    ],
)
def test_an_address_that_may_be_published(text: str, expected: str) -> None:
    assert escape_address(text) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://me:secret@a.example/x", "https://a.example/x"),
        ("//me@a.example/x", "//a.example/x"),
        (" https://me@a.example/x", " https://a.example/x"),
        ("https://a@b@c.example/x", "https://c.example/x"),
        ("https://a.example/@me", "https://a.example/@me"),
        ("https://a.example?q=x@y", "https://a.example?q=x@y"),
        ("mailto:me@a.example", "mailto:me@a.example"),
    ],
)
def test_user_names_and_passwords_are_not_shown(address: str, expected: str) -> None:
    assert without_user(address) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("HTTP://Example.com:80/a%7eb?utm_source=x&b=1#f", "https://example.com/a~b?b=1#f"),
        ("https://example.com", "https://example.com/"),
        ("mailto:a@b", ""),
        ("https://[bad", ""),
        ("http://example.com:443/a", "https://example.com/a"),
        ("https://example.com:80/a", "https://example.com:80/a"),
        ("https://[::1]:443/a", "https://[::1]/a"),
        ("http://[fe80::1%25eth0]/", ""),
        ("http://[::%%26]/", ""),
        ("http://ex%61mple.com./a", "https://example.com/a"),
        ("http://%E4%BE%8B.example/", "https://xn--fsq.example/"),
        ("http://a%2Fb/", ""),
        ("http://a>b/", ""),
        ("http://%2e/", ""),
        ("http://a/%3%30", "https://a/%2530"),
        ("http://a/100%", "https://a/100%"),
        ("http://a/\udcf2", "https://a/%EF%BF%BD"),
    ],
)
def test_canonical_addresses(address: str, expected: str) -> None:
    assert canonicalise(address) == expected
    assert canonicalise(canonicalise(address)) == expected


@given(st.text(), st.text())
@examples(200)
def test_resolving_never_fails(base: str, reference: str) -> None:
    resolve("https://a.example/b/", reference)
    resolve(base, reference)
    canonicalise(reference)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("feed://a.example/x", "http://a.example/x"),
        ("feed:https://a.example/x", "https://a.example/x"),
        ("feed:http://a.example/x", "http://a.example/x"),
        ("FEED:HTTPS://a.example/x", "HTTPS://a.example/x"),
        ("feed://https://a.example/x", "https://a.example/x"),
        ("itpc://a.example/x", "http://a.example/x"),
        ("pcast://a.example/x", "http://a.example/x"),
        ("podcast://a.example/x", "http://a.example/x"),
        ("//a.example/x", "https://a.example/x"),
        ("www.a.example/x", "https://www.a.example/x"),
        (" https://a.example/my feed.xml ", "https://a.example/my%20feed.xml"),
        ("https://a.example/feed://b", "https://a.example/feed://b"),
        ("mailto:a@a.example", "mailto:a@a.example"),
        ("feed", "feed"),
    ],
)
def test_an_address_for_feed_readers_is_a_web_address(text: str, address: str) -> None:
    assert find_feed_address(text) == address
    assert find_feed_address(address) == address


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("urn:uuid:85c4ae4f-c2ed-58a6-a3dd-77c9dade0f65", True),
        ("URN:UUID:85C4AE4F-C2ED-58A6-A3DD-77C9DADE0F65", True),
        ("urn:uuid:85c4ae4f", False),
        ("urn:uuid:85c4ae4f-c2ed-58a6-a3dd-77c9dade0f65x", False),
        ("urn:x:1", True),
        ("tag:a.example,2024:1", True),
        ("1", False),
    ],
)
def test_an_id_that_is_called_a_uuid_is_one(text: str, valid: bool) -> None:
    assert is_entry_id(text) is valid


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://ann:secret@a.example/", True),
        ("https://ann@a.example/", True),
        ("//ann:secret@a.example/", True),
        ("https://a.example/@ann", False),
        ("https://a.example/?to=ann@b.example", False),
        ("mailto:ann@a.example", False),
    ],
)
def test_a_login_in_an_address_is_found(address: str, expected: bool) -> None:
    assert has_login(address) is expected
