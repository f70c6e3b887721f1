"""Files become readings, and bodies clean HTML, with the settings of this process."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeds.errors import PostRejected, StoreError
from feeds.fetcher.folder import compute_digest
from feeds.models import Item, Skipped
from feeds.parser.posts.jekyll import FolderSettings, read_site_config
from feeds.storage.records import Reading
from feeds.workers import ingest_tasks
from feeds.workers.task_types import Settings, SourceSettings

SECOND = 1_000_000_000
MTIME = 1_700_000_000 * SECOND


@pytest.fixture(autouse=True)
def root(tmp_path: Path) -> Path:
    parse = FolderSettings("https://a.example/", "UTC", "", read_site_config(""))
    source = SourceSettings("news", 3, tmp_path, parse, ("added",), True, False)
    ingest_tasks.begin(
        Settings(
            {"news": source},
            (("code", r"code=(?P<key>\d+)"),),
            None,
            3,
            5,
            ("atom",),
            "https://a.example/",
            "en",
        )
    )
    return tmp_path


def post(root: Path, name: str, body: str = "Text", **values: str) -> tuple[str, int, int]:
    header = "".join(
        f"{key}: {value}\n" for key, value in {"title": "T", "date": "2024-01-02", **values}.items()
    )
    (root / name).write_text(f"---\n{header}---\n{body}\n", "utf-8")
    return name, 100, MTIME


def read(root: Path, *files: tuple[str, int, int], known: dict[str, bytes] | None = None) -> list[object]:
    return ingest_tasks.read_files(("news", list(files), known or {}))


def test_a_file_becomes_a_reading(root: Path) -> None:
    (reading,) = read(
        root,
        post(
            root,
            "a.md",
            permalink="/a/",
            link="https://up.example/?code=7",
            id="g",
            tags="[x]",
            authors="[A]",
        ),
    )
    assert isinstance(reading, Reading)
    data = (root / "a.md").read_bytes()
    assert reading[:6] == ("a.md", 100, MTIME, compute_digest(data), "item", "")
    assert (reading.guessed, reading.expires, reading.replaces) == (False, None, "")
    found = reading.sighting
    assert found is not None
    assert (found.source, found.rank, found.item, found.place, found.strong) == (
        "news",
        3,
        "id:g",
        "a.md",
        "!code:7",
    )
    assert found.weak == found.own == {"url:https://up.example/?code=7", "guid:news:g", f"page:{found.page}"}
    assert (found.title, found.link, found.authors) == ("T", "https://up.example/?code=7", ("A",))
    assert found.published == datetime(2024, 1, 2, tzinfo=UTC)
    assert (found.categories, found.tags) == (("added",), ("x",))
    assert (found.guid, found.former, found.length) == ("g", "", 4)
    assert ingest_tasks.decompress(reading.document).endswith(b"\n" + data)


def test_known_rejected_and_skipped_files(root: Path) -> None:
    same = post(root, "same.md")
    draft = post(root, "draft.md", published="false")
    missing = ("missing.md", 5, 6)
    digest = compute_digest((root / "same.md").read_bytes())
    found = read(root, same, draft, missing, known={"same.md": digest, "draft.md": b"other"})
    assert found[0] == ("same.md", 100, MTIME)
    lost, skipped = found[1:]
    assert isinstance(lost, Reading)
    assert (lost.size, lost.mtime, lost.digest, lost.outcome) == (-1, 6, b"", "rejected")
    assert lost.reason.startswith("cannot be read: No such file")
    assert isinstance(skipped, Reading)
    assert (skipped.outcome, skipped.sighting) == ("unpublished", None)


def test_a_post_that_includes_files_is_read_again(root: Path) -> None:
    (root / "part.md").write_text("one")
    file = post(root, "a.md", "{% include_relative part.md %}")
    (first,) = read(root, file)
    assert isinstance(first, Reading)
    assert first.size == -1
    assert read(root, file, known={"a.md": first.digest}) == [("a.md", -1, MTIME)]
    (root / "part.md").write_text("two")
    assert isinstance(read(root, file, known={"a.md": first.digest})[0], Reading)


def test_times_of_a_file_system_are_bounded(root: Path) -> None:
    name, size, _ = post(root, "a.md")
    for stated, kept in ((1 << 70, (1 << 63) - 1), (-(1 << 70), -(1 << 63))):
        (found,) = read(root, (name, size, stated), known={name: compute_digest((root / name).read_bytes())})
        assert found == (name, size, kept)
        task = ("news", [(name, size, stated)], {})
        (rejected,) = ingest_tasks.reject_file(task, "slow")
        assert isinstance(rejected, Reading)
        assert (rejected.mtime, rejected.reason, rejected.outcome) == (kept, "slow", "rejected")
        digest = compute_digest((root / name).read_bytes())
        assert rejected.digest == digest
        assert ingest_tasks.reject_file(("news", [(name, size, stated)], {name: digest}), "slow") == [
            (name, size, kept)
        ]
    assert ingest_tasks.split_files(("news", [("a", 1, 2), ("b", 3, 4)], {"k": b""})) == [
        ("news", [("a", 1, 2)], {"k": b""}),
        ("news", [("b", 3, 4)], {"k": b""}),
    ]


def test_without_a_date_the_time_of_the_file_is_a_guess(root: Path) -> None:
    (root / "a.md").write_text(
        "---\ntitle: T\nexpiryDate: 2030-01-01 00:00:00.5\n---\nSome text that is long enough\n"
    )
    (reading,) = read(root, ("a.md", 1, MTIME))
    assert isinstance(reading, Reading)
    assert reading.sighting is not None
    assert reading.guessed
    assert reading.sighting.guess == datetime.fromtimestamp(1_700_000_000, UTC)
    assert reading.expires == 1_893_456_000
    assert reading.sighting.item == ""
    assert reading.sighting.former == ""


def test_terms_are_cleaned_and_limited() -> None:
    item = Item(
        "", "", "", "", (), None, None, None, ("b", "added", " c "), ("t", "toolong", "t"), "", "html"
    )
    assert ingest_tasks.select_terms(item, ("added",), True) == (("added", "b", "c"), ())
    assert ingest_tasks.select_terms(item, (), False) == ((), ())
    few = item._replace(categories=())
    assert ingest_tasks.select_terms(few, ("added",), True) == (("added",), ("t", "toolo"))


def test_damage_and_failures_have_their_errors(root: Path) -> None:
    with pytest.raises(StoreError, match="the store"):
        ingest_tasks.decompress(b"damaged")
    with pytest.raises(PostRejected):
        ingest_tasks.parse_file("news", "a.md", b"---\ndate: never\npublished: maybe\nexpiryDate: x\n---\n")
    assert isinstance(ingest_tasks.parse_file("news", "d.md", b"---\npublished: false\n---\nx"), Skipped)
    assert ingest_tasks.get_link_resolver("news") is not None
    assert ingest_tasks.get_link_resolver("up") is None
    assert ingest_tasks.get_settings().most_terms == 3
    assert [name for name, _ in ingest_tasks.get_rules()] == ["code"]
