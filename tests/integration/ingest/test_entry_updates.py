"""What counts as an update of an entry of an upstream feed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from feeds.api import BuildReport, load_config
from feeds.builder import build
from tests.conftest import Project
from tests.integration.ingest.test_upstreams import subscribe
from tests.integration.test_build import entries
from tests.rigs.servers import Answer, UpstreamServer, UpstreamThread

START = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    with UpstreamThread() as server:
        yield server


def build_at(project: Project, hours: int) -> BuildReport:
    return build(load_config(Path(project.config)), jobs=1, clock=lambda: START + timedelta(hours=hours))


def find_entry(project: Project) -> dict[str, object]:
    (entry,) = entries(project.output / "atom.xml")
    return entry


def write_release(token: str, text: str = "Notes") -> Answer:
    picture = f"https://pictures.example/a.png?jwt={token}"
    content = f"&lt;p&gt;{text}&lt;a href='{picture}'&gt;&lt;img src='{picture}&amp;amp;b=1'&gt;&lt;/a&gt;&lt;/p&gt;"
    return Answer(
        body=f"""<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:f</id><title>F</title><updated>2024-05-01T00:00:00Z</updated>
<entry><id>tag:a.example,2008:1</id><title>v1</title><updated>2024-05-01T00:00:00Z</updated>
<link href="https://a.example/v1"/><content type="html">{content}</content></entry></feed>""".encode()
    )


def test_a_picture_with_another_token_is_no_update(project: Project, upstream: UpstreamServer) -> None:
    subscribe(project, upstream)
    for hour, token in enumerate(("T1", "T2", "T3")):
        upstream.routes["/feed"] = write_release(token)
        build_at(project, hour)
        assert str(find_entry(project)["updated"]).startswith("2024-05-01T00:00:00")
        assert f"jwt={token}" in (project.output / "atom.xml").read_text("utf-8")
    upstream.routes["/feed"] = write_release("T3", "Other notes")
    build_at(project, 3)
    assert str(find_entry(project)["updated"]).startswith("2025-03-01T15:00:00")


def write_dated(now: datetime, text: str = "Text") -> Answer:
    date = format_datetime(now)
    item = f"<item><guid>1</guid><link>https://a.example/1</link><title>T</title><pubDate>{date}</pubDate><description>{text}</description></item>"
    return Answer(body=f"<rss version='2.0'><channel><title>F</title>{item}</channel></rss>".encode())


def test_a_date_that_is_always_now_is_no_update(project: Project, upstream: UpstreamServer) -> None:
    subscribe(project, upstream)
    upstream.routes["/feed"] = write_dated(START)
    build_at(project, 0)
    before = (project.output / "atom.xml").read_bytes()
    for hour in (1, 2, 3):
        upstream.routes["/feed"] = write_dated(START + timedelta(hours=hour))
        build_at(project, hour)
        assert (project.output / "atom.xml").read_bytes() == before
    upstream.routes["/feed"] = write_dated(START + timedelta(hours=4), "Changed")
    build_at(project, 4)
    assert "2025-03-01T16:00:00" in str(find_entry(project)["updated"])


def test_a_date_that_its_author_corrects_is_taken_over(project: Project, upstream: UpstreamServer) -> None:
    subscribe(project, upstream)
    upstream.routes["/feed"] = write_dated(START - timedelta(days=9))
    build_at(project, 0)
    upstream.routes["/feed"] = write_dated(START - timedelta(days=5))
    build_at(project, 1)
    assert "2025-02-24" in str(find_entry(project)["published"])
