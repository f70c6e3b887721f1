"""The rules of WebSub: requests, signatures, pauses; and feeds that name their hubs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.config import load_config
from feeds.output.validator import check_document
from feeds.renderer import feedgen_writer
from feeds.renderer.documents import join
from feeds.renderer.entries import render_entries
from feeds.websub import protocol
from feeds.websub.protocol import Refusal, SubscriptionRequest, Topics, parse_request
from tests.conftest import CONFIG
from tests.unit.renderer.test_documents import HEAD, URL, entry

FORM = "application/x-www-form-urlencoded"
TOPICS = Topics(
    "https://s.example/feeds/", "https://s.example/feeds/hub", {"old.xml": "atom.xml"}, ("private/",)
)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_wish_or_a_refusal_in_words(body: bytes) -> None:
    found = parse_request(FORM, body, TOPICS)
    assert isinstance(found, Refusal)
    assert 400 <= found.status < 500
    assert found.reason.isprintable()


@given(
    st.sampled_from(["subscribe", "unsubscribe"]),
    st.text(max_size=60),
    st.integers(-5, 10**12),
    st.sampled_from(["https://cb.example/", "https://cb.example:8443/x?y=%20z", "http://8.8.8.8/"]),
)
def test_a_request_is_understood_within_its_bounds(mode: str, secret: str, lease: int, callback: str) -> None:
    values = {"mode": mode, "topic": "https://s.example/feeds/tag/%E6%96%B0/rss.xml", "callback": callback}
    values |= {"secret": secret, "lease_seconds": str(lease), "other": "x"}
    try:
        body = urlencode({f"hub.{name}": value for name, value in values.items()}).encode()
    except UnicodeEncodeError:
        return
    found = parse_request(FORM + "; charset=utf-8", body, TOPICS)
    if mode == "subscribe" and (lease < 0 or len(secret.encode()) >= 200):
        assert isinstance(found, Refusal)
        return
    assert isinstance(found, SubscriptionRequest)
    assert (found.path, found.callback) == ("tag/新/rss.xml", callback)
    asked = parse_qs(urlsplit(protocol.build_verification_url(found, "c")).query)
    assert asked["hub.topic"] == [values["topic"]]
    assert asked["hub.challenge"] == ["c"]
    assert ("hub.lease_seconds" in asked) == (mode == "subscribe")
    if mode == "subscribe":
        assert found.secret == secret
        assert 1 <= found.lease <= protocol.LONGEST_LEASE


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("atom.xml", "atom.xml"),
        ("old.xml", "old.xml"),
        ("tag/x/feed.json", "tag/x/feed.json"),
        ("index.html", ""),
        ("%61tom.xml", ""),
        ("private/t/atom.xml", ""),
    ],
)
def test_only_published_feeds_are_topics(url: str, path: str) -> None:
    assert TOPICS.path(TOPICS.site_url + url) == path


@pytest.mark.parametrize("port", ["0x50", "99999999", ""])
def test_callbacks_with_odd_ports_are_understood_or_refused(port: str) -> None:
    body = {
        "hub.mode": "subscribe",
        "hub.topic": TOPICS.url("atom.xml"),
        "hub.callback": f"http://a.example:{port}/",
    }
    parse_request(FORM, urlencode(body).encode(), TOPICS)


def test_forms_are_bounded() -> None:
    assert parse_request("text/plain", b"", TOPICS) == Refusal(415, "send application/x-www-form-urlencoded")
    assert getattr(parse_request(FORM, b"a" * 20_000, TOPICS), "status", 0) == 413
    assert getattr(parse_request(FORM, b"&".join([b"a=1"] * 100), TOPICS), "status", 0) == 400
    assert getattr(parse_request(FORM, b"hub.mode=subscribe&hub.mode=subscribe", TOPICS), "status", 0) == 400


# Test case 2 of RFC 4231 (SHA-2) and of RFC 2202 (SHA-1).
VECTORS = {
    "sha1": "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
    "sha256": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    "sha384": "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
    "sha512": "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd"
    "caeab1a34d4a6b4b636e070a38bce737",
}


@pytest.mark.parametrize("method", VECTORS)
def test_signatures_are_those_of_the_standards(method: str) -> None:
    body, header = b"what do ya want for nothing?", f"{method}={VECTORS[method]}"
    assert protocol.sign(body, "Jefe", method) == header
    assert protocol.is_signed(body, "Jefe", header)
    assert protocol.is_signed(body, "Jefe", f"{method}={VECTORS[method].upper()}")
    assert not protocol.is_signed(body, "Jefe", header[:-1])
    assert not protocol.is_signed(body, "jefe", header)
    assert not protocol.is_signed(body, "Jefe", VECTORS[method])


@given(st.binary(), st.text(), st.text())
def test_any_header_can_be_checked(body: bytes, secret: str, header: str) -> None:
    secret = secret.encode("utf-8", "ignore").decode()
    assert not protocol.is_signed(body, secret, header)
    assert protocol.is_signed(body, secret, protocol.sign(body, secret))


@given(st.integers(0, 50), st.text(max_size=9), st.integers(0, 10**9))
def test_pauses_grow_to_a_day(tries: int, retry_after: str, spread: int) -> None:
    assert protocol.compute_delay(tries) <= protocol.compute_delay(tries + 1)
    assert (
        protocol.BACKOFF[0] <= protocol.compute_delay(tries, retry_after, spread) <= protocol.DAY * 11 // 10
    )


def test_what_answers_mean() -> None:
    meanings = {status: protocol.classify_status(status) for status in (200, 204, 299, 302, 404, 410, 500)}
    assert [s for s, m in meanings.items() if m == "done"] == [200, 204, 299]
    assert [s for s, m in meanings.items() if m == "gone"] == [410]


def test_documents_name_their_hubs_and_stay_valid() -> None:
    hubs = ("https://s.example/hub", "https://hub.example/?a=1&b=2")
    head = replace(HEAD, hubs=hubs)
    one = entry(1, "a", "b")
    [rendered] = render_entries([one], ("atom", "rss", "json"), URL, "zh-CN")
    documents = {form: join(head, form, [rendered[form]]) for form in ("atom", "rss", "json")}
    for form in ("atom", "rss"):
        feed = feedgen_writer.build_feed(head, form)
        feedgen_writer.add_entry(feed, one, URL, "zh-CN")
        assert documents[form] == feedgen_writer.serialise_feed(feed, form)
    for document in documents.values():
        assert check_document(document) == []
    assert documents["atom"].count(b'rel="hub"') == documents["rss"].count(b'rel="hub"') == 2
    assert documents["rss"].index(b"s.example/hub") < documents["rss"].index(b"hub.example/?a=1&amp;b=2")
    assert f"<link>{URL}</link>".encode() in documents["rss"]
    assert [hub["url"] for hub in json.loads(documents["json"])["hubs"]] == list(hubs)


def test_the_configuration_says_which_hubs_are_named(tmp_path: Path) -> None:
    file = tmp_path / "feedd.toml"
    text = CONFIG.format(entries=5, path=tmp_path)
    file.write_text(text, "utf-8")
    assert load_config(file).push.named == ()
    file.write_text(text + '[push]\nhub = true\nhubs = ["https://hub.example/"]\n', "utf-8")
    push = load_config(file).push
    assert push.named == ("https://site.example/feeds/hub", "https://hub.example/")
    assert push.public == ""
    file.write_text(text + '[push]\nhub = true\npublic = "https://p.example"\n', "utf-8")
    assert load_config(file).push.named == ("https://p.example/hub",)


OWN = protocol.Topics(
    "https://s.example/", "https://s.example/hub", {"old.xml": "rss.xml"}, ("tag/p/", "secret.xml")
)


def parse(**fields: str) -> protocol.SubscriptionRequest | protocol.Refusal:
    values = {
        "hub.mode": "subscribe",
        "hub.topic": "https://s.example/atom.xml",
        "hub.callback": "https://c.example/",
    }
    values |= {name.replace("_", ".", 1): value for name, value in fields.items()}
    return protocol.parse_request(FORM, urlencode(values).encode(), OWN, ("127.0.0.1:80",))


def test_a_request_in_its_simplest_form() -> None:
    assert parse() == protocol.SubscriptionRequest(
        "subscribe", "https://s.example/atom.xml", "atom.xml", "https://c.example/", protocol.LEASE, ""
    )
    assert parse(hub_mode="unsubscribe").mode == "unsubscribe"
    assert parse(hub_callback="http://127.0.0.1/").path == "atom.xml", "it is allowed"
    assert parse(hub_topic="https://s.example/old.xml").path == "old.xml"


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        ({"hub_mode": "publish"}, 400, "detects their changes itself"),
        ({"hub_mode": "x"}, 400, "hub.mode must be"),
        ({"hub_callback": ""}, 400, "hub.callback is missing"),
        ({"hub_callback": "ftp://c.example/"}, 400, "must be an http or https address"),
        ({"hub_callback": "https://c.example/" + "a" * 2040}, 400, "at most 2048 characters"),
        ({"hub_callback": "https://me:pw@c.example/"}, 400, "neither password nor fragment"),
        ({"hub_callback": "https://c.example/#x"}, 400, "neither password nor fragment"),
        ({"hub_callback": "http://127.0.0.1:81/"}, 400, "is not globally reachable"),
        ({"hub_callback": "http://localhost/"}, 400, "is not globally reachable"),
        ({"hub_topic": "https://other.example/atom.xml"}, 404, "not a feed of this site"),
        ({"hub_topic": "https://s.example/tag/p/atom.xml"}, 404, "not a feed of this site"),
        ({"hub_topic": "https://s.example/index.html"}, 404, "not a feed of this site"),
        ({"hub_lease_seconds": "-1"}, 400, "a number of seconds"),
        ({"hub_secret": "x" * 200}, 400, "shorter than 200 bytes"),
    ],
)
def test_a_request_that_is_refused(fields: dict[str, str], status: int, reason: str) -> None:
    found = parse(**fields)
    assert isinstance(found, protocol.Refusal)
    assert found.status == status
    assert reason in found.reason


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("text/plain", b"", 415),
        (FORM + "; charset=utf-8", b"hub.mode=x", 400),
        (FORM, b"a" * (protocol.LONGEST_FORM + 1), 413),
        (FORM, b"a=%ff", 400),
        (FORM, b"&".join(b"a=1" for _ in range(41)), 400),
        (FORM, b"hub.mode=subscribe&hub.mode=subscribe", 400),
    ],
)
def test_a_form_that_is_refused(content_type: str, body: bytes, status: int) -> None:
    assert protocol.parse_request(content_type, body, OWN).status == status


@pytest.mark.parametrize(
    ("requested", "granted"),
    [
        (0, protocol.LEASE),
        (1, 1),
        (protocol.LONGEST_LEASE, protocol.LONGEST_LEASE),
        (10**9, protocol.LONGEST_LEASE),
    ],
)
def test_a_lease(requested: int, granted: int) -> None:
    assert protocol.choose_lease(requested) == granted


def test_private_documents() -> None:
    assert OWN.is_private("tag/p/atom.xml")
    assert OWN.is_private("secret.xml")
    assert not OWN.is_private("tag/px/atom.xml")
    assert protocol.Topics("https://s.example/", "", {}, ("/",)).is_private("atom.xml")


def test_addresses_that_are_called() -> None:
    wish = protocol.SubscriptionRequest(
        "subscribe", "https://t.example/?a", "p", "https://c.example/?x=1", 60
    )
    assert protocol.build_verification_url(wish, "c h") == (
        "https://c.example/?x=1&hub.mode=subscribe&hub.topic=https%3A%2F%2Ft.example%2F%3Fa"
        "&hub.challenge=c+h&hub.lease_seconds=60"
    )
    assert "lease" not in protocol.build_verification_url(replace(wish, mode="unsubscribe"), "c")
    assert protocol.build_denial_url("https://c.example/", "t", "no") == (
        "https://c.example/?hub.mode=denied&hub.topic=t&hub.reason=no"
    )


@pytest.mark.parametrize(
    ("status", "body", "confirmed"),
    [
        (200, b"c", True),
        (204, b" c\n", True),
        (299, b"c", True),
        (300, b"c", False),
        (199, b"c", False),
        (200, b"x", False),
    ],
)
def test_a_confirmation(status: int, body: bytes, confirmed: bool) -> None:
    assert protocol.is_confirmed(status, body, "c") is confirmed


def test_a_signature_needs_the_length_of_its_method() -> None:
    for method in ("sha1", "sha256", "sha384", "sha512"):
        assert protocol.is_signed(
            b"body", "s", protocol.sign(b"body", "s", method).upper().replace(method.upper(), method)
        )
    assert not protocol.is_signed(b"body", "s", protocol.sign(b"other", "s"))
    assert not protocol.is_signed(b"body", "x", protocol.sign(b"body", "s"))
    assert not protocol.is_signed(b"body", "s", "sha256=" + "0" * 40)
    assert not protocol.is_signed(b"body", "s", "md5=" + "0" * 40)


def test_the_link_header_of_a_document() -> None:
    header = protocol.build_link_header(["https://h.example/"], "https://s.example/a")
    assert header == '<https://h.example/>; rel="hub", <https://s.example/a>; rel="self"'


@pytest.mark.parametrize(
    ("status", "meaning"), [(200, "done"), (299, "done"), (300, "retry"), (410, "gone"), (404, "retry")]
)
def test_the_answer_of_a_subscriber(status: int, meaning: str) -> None:
    assert protocol.classify_status(status) == meaning


def test_a_delay() -> None:
    assert [protocol.compute_delay(n) for n in (0, 1, 9, 50)] == [5, 20, protocol.DAY, protocol.DAY]
    assert protocol.compute_delay(0, "100") == 100
    assert protocol.compute_delay(0, "99999999") == protocol.DAY
    assert protocol.compute_delay(0, "soon") == 5
    assert protocol.compute_delay(2, "", 10) == 66
    assert protocol.compute_delay(2, "", 11) == 60
