"""Each line of a ledger is checked before it is used; a line with a mistake is skipped as a whole."""

from __future__ import annotations

import json

import pytest

from feeds.storage.ledger_lines import KINDS, Line, describe_mistake, read_ledger, write_ledger

UID, TIME = "urn:uuid:00000000-0000-5000-8000-000000000001", "2024-01-02T03:04:05Z"
VALID = {
    "alias": ("tag:a,2024:1", UID),
    "burnt": ("url:https://a.example/", ""),
    "form": ("file-ids", "path"),
    "guess": ("news/path:a.md", TIME),
    "id": ("item:news:a", UID),
    "keys": ("news/a/b.md", "url:x\n!code:1"),
    "renamed": ("up/id:7", "guid:up:6"),
    "sealed": (UID, f"{TIME} {TIME}"),
    "slug": ("tag/a b", "a-b"),
    "surfaced": (UID, f"{TIME} {TIME}"),
    "withdrawn": (UID, TIME),
}


def test_every_kind_is_tried() -> None:
    assert set(KINDS) == set(VALID)


@pytest.mark.parametrize("kind", VALID)
def test_valid_lines_survive(kind: str) -> None:
    name, value = VALID[kind]
    assert describe_mistake((kind, name, value)) == ""
    text = write_ledger([(kind, name, value)])
    assert read_ledger(text.encode()) == ([Line(kind, name, value)], [])


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("alias", "no iri", UID),
        ("alias", UID, "no iri"),
        ("alias", "tag:a\ufffe", UID),
        ("burnt", "other:x", ""),
        ("burnt", "!", ""),
        ("burnt", "url:x", "value"),
        ("guess", "a.md", TIME),
        ("guess", "news/path:../a.md", TIME),
        ("guess", "news/path:a.md", f"{TIME} {TIME}"),
        ("guess", "news/path:a.md", "2024-01-02T03:04:05"),
        ("guess", "news/path:a.md", "1799-12-31T23:59:59Z"),
        ("guess", "news/path:a.md", "9999-12-31T00:00:00Z"),
        ("guess", "news/path:a.md", ""),
        ("keys", "news/../a.md", "url:x"),
        ("keys", "news/", "url:x"),
        ("keys", "news/a.md", "url:x\nbad"),
        ("slug", "tag/", "a"),
        ("slug", "other/x", "a"),
        ("slug", "tag/x", "../a"),
        ("surfaced", UID, TIME),
        ("withdrawn", UID, "yesterday"),
        ("id", "url:x" + "y" * (1 << 16), UID),
        ("id", "url:a\0b", UID),
        ("id", "url:a\ud800", UID),
    ],
)
def test_mistakes_are_named(kind: str, name: str, value: str) -> None:
    mistake = describe_mistake((kind, name, value))
    assert mistake.startswith("`")
    assert len(mistake) < 200


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"\xff", "not JSON in UTF-8"),
        (b"{", "not JSON in UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "not a JSON object"),
        (b"{}", "must have one of the names"),
        (b'{"other": "x"}', "must have one of the names"),
        (b'{"burnt": "url:x", "id": "url:x"}', "must have one of the names"),
        (b'{"burnt": 1}', "`burnt` is not a string"),
        (b'{"id": "url:x", "value": null}', "`value` is not a string"),
    ],
)
def test_bad_lines_are_skipped_with_their_number(line: bytes, reason: str) -> None:
    lines, bad = read_ledger(b'{"burnt": "url:a"}\n\n' + line + b'\n{"burnt": "url:b"}\n')
    assert [one.name for one in lines] == ["url:a", "url:b"]
    assert [(one.number, one.data) for one in bad] == [(3, line)]
    assert reason in bad[0].reason


def test_lines_are_sorted_and_short() -> None:
    text = write_ledger([("slug", "tag/新", "x"), ("burnt", "url:b", ""), ("burnt", "url:a", "")])
    assert [json.loads(line) for line in text.splitlines()] == [
        {"burnt": "url:a"},
        {"burnt": "url:b"},
        {"slug": "tag/新", "value": "x"},
    ]
    assert "新" in text
