"""Access to private feeds: which requests get which answer, and what is wrong with secrets."""

from __future__ import annotations

from base64 import b64encode

import pytest

from feeds.config import PrivateFeed, Serve
from feeds.errors import ConfigError
from feeds.server.auth import Access, Target

ENVIRONMENT = {
    "LOGIN": "me:pass word",
    "OTHER": "you:word",
    "TOKEN": "t0ken",
    "SECRET": "s" * 16,
    "SHORT": "short",
}


def basic(login: str) -> bytes:
    return b"Basic " + b64encode(login.encode())


@pytest.fixture
def access() -> Access:
    rules = (
        PrivateFeed(feed="tag/a", auth="env:LOGIN"),
        PrivateFeed(feed="/tag/b/", secret="env:SECRET"),
    )
    return Access(Serve(private=rules), ENVIRONMENT)


def test_a_public_document_needs_nothing(access: Access) -> None:
    assert access.needed
    assert not access.everything
    assert access.locate("/atom.xml", None) == Target("atom.xml")
    assert access.locate("/tag/ab/atom.xml", None) == Target("tag/ab/atom.xml")
    assert not access.is_private("tag/ab/atom.xml")


def test_a_private_feed_needs_its_password(access: Access) -> None:
    path = "/tag/a/atom.xml"
    assert access.locate(path, None) == Target("", 401)
    assert access.locate(path, basic("me:wrong")) == Target("", 401)
    assert access.locate(path, b"Basic not base64!") == Target("", 401)
    assert access.locate(path, b"Bearer " + b64encode(b"me:pass word")) == Target("", 401)
    assert access.locate(path, basic("me:pass word")) == Target("tag/a/atom.xml")
    assert access.locate(path, b"bAsIc  " + b64encode(b"me:pass word")) == Target("tag/a/atom.xml")
    assert access.is_private("tag/a/atom.xml")
    assert access.is_private("tag/a")


def test_a_feed_with_a_secret_address_is_not_there_without_it(access: Access) -> None:
    assert access.locate("/tag/b/atom.xml", basic("me:pass word")) == Target("", 404)
    assert access.locate(f"/private/{'s' * 16}/atom.xml", None) == Target("tag/b/atom.xml")
    assert access.locate(f"/private/{'x' * 16}/atom.xml", None) == Target("", 404)
    assert access.locate("/private/", None) == Target("", 404)


def test_a_whole_server_may_be_private() -> None:
    access = Access(
        Serve(auth="env:LOGIN", private=(PrivateFeed(feed="tag/a", auth="env:OTHER"),)), ENVIRONMENT
    )
    assert access.everything
    assert access.is_private("atom.xml")
    assert access.locate("/atom.xml", None) == Target("", 401)
    assert access.locate("/atom.xml", basic("me:pass word")) == Target("atom.xml")
    assert access.locate("/atom.xml", basic("you:word")) == Target("", 401)
    assert access.locate("/tag/a/atom.xml", basic("you:word")) == Target("tag/a/atom.xml")
    assert access.locate("/tag/a/atom.xml", basic("me:pass word")) == Target("tag/a/atom.xml")
    assert access.allows(basic("me:pass word"))
    assert not access.allows(None)


def test_without_rules_everything_is_public() -> None:
    access = Access(Serve(), {})
    assert not access.needed
    assert access.allows(None)
    assert access.operator(None)
    assert access.locate("/private/x/atom.xml", None) == Target("private/x/atom.xml")


def test_the_token_of_the_operator() -> None:
    access = Access(Serve(token="env:TOKEN"), ENVIRONMENT)
    assert access.operator(b"Bearer t0ken")
    assert access.operator(basic("anybody:t0ken"))
    assert not access.operator(None)
    assert not access.operator(b"Bearer wrong")
    assert not access.operator(b"Digest t0ken")


def test_every_mistake_is_listed_and_no_secret_is() -> None:
    rules = (
        PrivateFeed(feed="tag/a", auth="env:SHORT", secret="env:SHORT"),
        PrivateFeed(feed="/", auth="env:LOGIN"),
        PrivateFeed(feed="tag/c"),
    )
    with pytest.raises(ConfigError) as caught:
        Access(Serve(auth="plain:text", token="env:MISSING", private=rules), ENVIRONMENT)
    text = str(caught.value)
    assert len(caught.value.mistakes) == 6
    assert "serve.auth: write env:NAME" in text
    assert "serve.token: environment variable MISSING is not set" in text
    assert "serve.private[0].auth: environment variable SHORT must hold user:password" in text
    assert "serve.private[0].secret: environment variable SHORT must hold 16 characters or more" in text
    assert "serve.private: '' is not a folder of a feed" in text
    assert "serve.private tag/c: set auth or secret, or both" in text
    assert "plain:text" not in text
