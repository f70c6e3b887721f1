"""An entry of an upstream feed whose address is the page of an unpublished file is not published either."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeds.api import build, load_config
from feeds.reports import BuildReport
from tests.conftest import Project
from tests.integration.ingest.test_reserved_pages import prepare
from tests.integration.test_build import entries
from tests.rigs.servers import UpstreamThread

FILE = "2024-01-01-p.md"
HIDDEN = "copies of unpublished files"


@pytest.fixture
def site(project: Project) -> Iterator[Project]:
    """A folder, and an upstream feed with one entry: the page that the file of the folder has or would have."""
    with UpstreamThread() as server:
        prepare(project, server)
        yield project


def publish(site: Project, now: datetime = datetime(2024, 6, 1, tzinfo=UTC)) -> BuildReport:
    report = build(load_config(Path(site.config)), jobs=1, clock=lambda: now)
    assert report.troubles == []
    assert report.entries["read"] == sum(n for name, n in report.entries.items() if name != "read") == 1
    return report


def find_titles(site: Project) -> list[str]:
    path = site.output / "atom.xml"
    return sorted(str(entry["title"]) for entry in entries(path)) if path.exists() else []


@pytest.mark.parametrize(
    ("key", "value", "folder_first"),
    [("published", "false", True), ("draft", "true", False), ("expiryDate", "2024-02-01", True)],
)
def test_the_copy_is_hidden_as_long_as_the_file_is_unpublished(
    site: Project, key: str, value: str, folder_first: bool
) -> None:
    values = {key: value}
    if not folder_first:
        publish(site)
        assert find_titles(site) == ["Copy"]
    file = site.post(FILE, title="Ours", **values)
    report = publish(site)
    assert find_titles(site) == []
    assert report.entries["unpublished"] == 1
    assert report.reasons[HIDDEN] == 1
    assert publish(site).written == []
    site.post(FILE, title="Ours")
    assert publish(site).entries["merged"] == 1
    assert find_titles(site) == ["Ours"]
    site.post(FILE, title="Ours", **values)
    publish(site)
    assert find_titles(site) == []
    file.unlink()
    build(load_config(Path(site.config)), jobs=1, allow_removals=True)
    assert find_titles(site) == ["Copy"]


def test_the_copy_goes_with_the_post_when_it_expires(site: Project) -> None:
    site.post(FILE, title="Ours", expiryDate="2024-07-01")
    publish(site)
    assert find_titles(site) == ["Ours"]
    report = publish(site, datetime(2024, 7, 2, tzinfo=UTC))
    assert find_titles(site) == []
    assert report.reasons[HIDDEN] == 1


def test_the_copy_waits_with_a_future_post(site: Project) -> None:
    site.post(FILE, title="Ours", date="2024-07-01 00:00:00")
    publish(site)
    assert find_titles(site) == []
    publish(site, datetime(2024, 7, 2, tzinfo=UTC))
    assert find_titles(site) == ["Ours"]


def test_a_broken_draft_stays_reserved_and_another_page_does_not(site: Project) -> None:
    file = site.post(FILE, title="Ours", draft="true")
    publish(site)
    good = file.read_bytes()
    file.write_bytes(b"\0" * 200)
    build(load_config(Path(site.config)), jobs=1)
    assert find_titles(site) == []
    file.write_bytes(good)
    site.post(FILE, title="Ours", draft="true", permalink="/elsewhere.html")
    publish(site)
    assert find_titles(site) == ["Copy"]


def test_a_published_file_with_the_page_of_a_draft_is_published(site: Project) -> None:
    site.post("2024-01-01-old.md", title="Old", draft="true", permalink="/posts/p.html")
    site.post(FILE, title="Ours")
    publish(site)
    assert find_titles(site) == ["Ours"]


def test_explain_says_why(site: Project) -> None:
    site.post(FILE, title="Ours", draft="true")
    publish(site)
    done = site.run("explain", "Copy")
    assert "its address is the page of a file that is not published" in done.stdout
