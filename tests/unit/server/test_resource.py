"""One version of a document with its variants and their header fields."""

from __future__ import annotations

import gzip

import pytest

from feeds.server.delta import split
from feeds.server.documents import Document, Sign
from feeds.server.resource import Policy, Resource

OLD = b"<feed><entry>1</entry>" + b" " * 400 + b"</feed>"
NEW = b"<feed><entry>1</entry><entry>2</entry>" + b" " * 400 + b"</feed>"
POLICY = Policy(300, "https://a.example/feeds/", ("https://hub.example/",))


def make(
    path: str = "atom.xml",
    data: bytes = NEW,
    form: str = "atom",
    private: bool = False,
    media: str = "application/atom+xml",
) -> Resource:
    known = {"old": frozenset(split(OLD, "atom").compute_keys())}
    return Resource(
        Document(path, data, "d", 784_111_777, Sign(0, 0, 0), media, form), private, POLICY, known
    )


def fields(resource: Resource, coding: str = "") -> dict[bytes, bytes]:
    return dict(resource.variants[coding].fields)


def test_the_fields_of_a_feed() -> None:
    found = fields(make())
    assert found[b"content-type"] == b"application/atom+xml"
    assert found[b"etag"] == b'"d"'
    assert found[b"last-modified"] == b"Sun, 06 Nov 1994 08:49:37 GMT"
    assert found[b"cache-control"] == b"public, max-age=300"
    assert found[b"vary"] == b"Accept-Encoding, A-IM"
    assert found[b"accept-ranges"] == b"bytes"
    assert (
        found[b"link"] == b'<https://hub.example/>; rel="hub", <https://a.example/feeds/atom.xml>; rel="self"'
    )
    assert b"content-encoding" not in found


@pytest.mark.parametrize(
    ("path", "control"),
    [
        ("assets/feedd-0123456789ab.css", b"public, max-age=31536000, immutable"),
        ("assets/feedd.css", b"public, max-age=300"),
        ("tag/a/archive/12.atom.xml", b"public, max-age=2592000, immutable"),
        ("archive/1.json", b"public, max-age=2592000, immutable"),
        ("archive/x.json", b"public, max-age=300"),
    ],
)
def test_how_long_a_document_may_be_kept(path: str, control: bytes) -> None:
    assert fields(make(path))[b"cache-control"] == control


def test_a_private_document_is_not_kept_and_names_no_hub() -> None:
    found = fields(make(private=True))
    assert found[b"cache-control"] == b"no-store"
    assert b"link" not in found


def test_a_page_and_data_have_other_policies() -> None:
    page = fields(make("index.html", form="", media="text/html; charset=utf-8"))
    assert b"sandbox" not in page[b"content-security-policy"]
    assert page[b"vary"] == b"Accept-Encoding"
    assert b"link" not in page
    assert b"sandbox" in fields(make())[b"content-security-policy"]


def test_a_variant_is_made_once_and_counted() -> None:
    resource = make()
    before = resource.size
    assert resource.choose_coding(("gzip", "")) == "gzip"
    resource.make("gzip")
    variant = resource.variants["gzip"]
    resource.make("gzip")
    assert resource.variants["gzip"] is variant
    assert gzip.decompress(variant.body) == NEW
    assert (variant.etag, fields(resource, "gzip")[b"content-encoding"]) == (b'"d-gzip"', b"gzip")
    assert resource.size == before + len(variant.body)
    assert resource.unchanged["gzip"].headers["etag"] == '"d-gzip"'
    assert resource.unchanged[""].status_code == 304


def test_a_coding_that_saves_nothing_is_not_chosen_again() -> None:
    resource = make(data=b"<feed></feed>")
    resource.make("br")
    assert resource.variants["br"] is None
    assert resource.choose_coding(("br", "")) == ""
    assert resource.choose_coding(("br",)) is None


def test_a_delta_holds_only_newer_entries() -> None:
    resource = make()
    assert resource.find_delta_base(b'W/"old-gzip", "x"') == "old"
    assert resource.find_delta_base(b'"x"') == ""
    resource.make_delta("old", "")
    delta = resource.deltas["old", ""]
    assert b"<entry>2</entry>" in delta.body
    assert b"<entry>1</entry>" not in delta.body
    found = dict(delta.fields)
    assert (found[b"im"], found[b"delta-base"], found[b"etag"]) == (b"feed", b'"old"', b'"d"')
    assert found[b"cache-control"] == b"no-store, im"
    assert delta.whole.status_code == 226
    resource.make_delta("old", "gzip")
    assert dict(resource.deltas["old", "gzip"].fields)[b"content-encoding"] == b"gzip"


def test_without_a_common_entry_there_is_no_delta() -> None:
    resource = make()
    resource.known["other"] = frozenset()
    resource.make_delta("other", "")
    assert resource.deltas["other", ""] is None
