"""Posts to entries, a piece of them at a time."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from feeds.identity import Shown
from feeds.workers import ingest_tasks
from feeds.workers.render_tasks import render, unpack_entries
from feeds.workers.task_types import RenderTask, Settings

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _ready() -> None:
    ingest_tasks.begin(
        Settings(
            sources={},
            identity=(),
            boilerplate=None,
            most_terms=30,
            term_length=100,
            formats=("atom",),
            site_url="https://feeds.example/",
            language="en",
        )
    )


def task(number: int, body: str, page: object = "https://blog.example/", markup: str = "html") -> RenderTask:
    head = json.dumps([markup, page, -1, len(body.encode()), ""], separators=(",", ":"))
    shown = Shown(
        f"Post {number}", f"https://blog.example/{number}", (), NOON, False, None, (), (), number, ""
    )
    payload = ingest_tasks.compress(b"\x01" + head.encode() + b"\n" + body.encode())
    uid = f"urn:uuid:00000000-0000-5000-8000-{number:012}"
    return RenderTask(number, uid, int(NOON.timestamp()), shown, (), payload, "news", f"{number}.md")


def test_the_posts_of_a_piece_are_what_each_is_alone() -> None:
    tasks = [
        task(1, "<p>plain</p>"),
        task(2, "*marked* up", markup="markdown"),
        task(3, '<p><b>crossed <a href="x">links</b> here</a></p>'),
        task(4, ""),
        task(5, '<a href="#n">1</a><p id="n">place</p>'),
        task(6, "text & no element"),
    ]
    together = {one.number: unpack_entries([one.data]) for one in render(tasks)}
    assert together == {one.number: unpack_entries([render([one])[0].data]) for one in tasks}


def test_a_post_that_cannot_be_cleaned_takes_no_other_with_it() -> None:
    damaged = task(2, '<iframe src="x"></iframe>', page=[1])
    found = {one.number: one for one in render([task(1, "<p>one</p>"), damaged, task(3, "<p>three</p>")])}
    assert b"one" in unpack_entries([found[1].data])[0][0]
    assert b"three" in unpack_entries([found[3].data])[0][0]
    assert found[2].data == b""
    assert "cannot be rendered" in found[2].invalid


def test_a_payload_that_does_not_unpack_takes_no_other_with_it() -> None:
    torn = task(2, "<p>two</p>")._replace(document=b"torn")
    found = {one.number: one for one in render([task(1, "<p>one</p>"), torn])}
    assert found[1].data
    assert "cannot be rendered" in found[2].invalid
