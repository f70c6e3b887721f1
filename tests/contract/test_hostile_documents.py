"""Whatever a hostile document or post holds, the good one beside it is published, and soon."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from feeds.parser.feeds.encoding import decode
from feeds.parser.feeds.feed import parse_outline
from feeds.parser.feeds.splitter import split_entries
from tests.conftest import ROOT, Project
from tests.integration.ingest.test_upstreams import rss, titles
from tests.rigs import hostile
from tests.rigs.servers import Answer, UpstreamServer, UpstreamThread

MANY = hostile.MANY
SECONDS = 60
"""CPU time for all of them together: the budget of one document."""


def build(project: Project, *options: str) -> subprocess.CompletedProcess[str]:
    """Build in an interpreter of its own, whose processor time and that of its workers the system adds up."""
    started = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "feeds", "build", *options, "-c", str(project.config)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert used.ru_utime + used.ru_stime - started.ru_utime - started.ru_stime < SECONDS
    assert run.returncode in (0, 1), run.stderr
    assert "Traceback" not in run.stderr
    assert "takes longer" not in run.stdout + run.stderr
    return run


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    with UpstreamThread() as server:
        yield server


def allow_a_busy_machine(project: Project, entries: int) -> None:
    """Make room for all entries; the deadline is real time, and the tests measure processor time."""
    project.set("entries = 50", f"entries = {entries}")
    project.set("[[identity]]", "[limits]\nitem_seconds = 60\ndocument_seconds = 60\n[[identity]]")


def serve(upstream: UpstreamServer, path: str, document: bytes | hostile.Hostile) -> None:
    """Serve a document in the way that its kind needs."""
    if isinstance(document, bytes):
        document = hostile.Hostile(document)
    headers = {"Content-Type": document.kind}
    if document.coding:
        headers["Content-Encoding"] = document.coding
    upstream.routes[path] = Answer(body=document.body, headers=headers)


def test_each_good_document_beside_a_hostile_document_is_published(
    project: Project, upstream: UpstreamServer
) -> None:
    sources = []
    for number, (name, document) in enumerate(hostile.DOCUMENTS.items()):
        serve(upstream, f"/bad/{number}", document)
        good = rss([("g", f"https://good.example/{number}", f"Good beside {name}")])
        upstream.routes[f"/good/{number}"] = Answer(body=good)
        sources += [(f"bad-{number}", f"/bad/{number}"), (f"good-{number}", f"/good/{number}")]
    for number, document in enumerate(hostile.LISTS.values()):
        serve(upstream, f"/list/{number}", document)
    blocks = [build_block(upstream, name, path, "upstream") for name, path in sources]
    blocks += [build_block(upstream, f"list-{n}", f"/list/{n}", "opml") for n in range(len(hostile.LISTS))]
    project.set("[[identity]]", "".join(blocks) + "[[identity]]")
    allow_a_busy_machine(project, 9000)
    run = build(project, "--json")
    assert "cannot be parsed" not in run.stdout + run.stderr
    assert {f"Good beside {name}" for name in hostile.DOCUMENTS} - set(titles(project)) == set()
    assert json.loads(run.stdout)["asked"] >= len(sources)


def build_block(upstream: UpstreamServer, name: str, path: str, kind: str) -> str:
    """Build the configuration of a source; each has a host group of its own, so that no request waits."""
    return (
        f'[[sources]]\nname = "{name}"\nkind = "{kind}"\nurl = "{upstream.url(path)}"\n'
        f'allow = ["{upstream.authority}"]\ngroup = "{name}"\n'
    )


def test_each_good_post_beside_a_hostile_post_is_published(project: Project) -> None:
    for number, (name, source) in enumerate(hostile.POSTS.items()):
        (project.posts / f"2024-01-02-p{number:03}.md").write_text(source, "utf-8")
        project.post(f"2024-01-03-good{number:03}.md", f"Good beside {name}")
    (project.folder / "site" / "_config.yml").write_text("title: t\n", "utf-8")
    allow_a_busy_machine(project, 900)
    build(project)
    assert {f"Good beside {name}" for name in hostile.POSTS} - set(titles(project)) == set()


@pytest.mark.parametrize(
    "text", ["a-" * MANY, "a@b." * MANY, "a." * MANY + "@", "a@" + "b-." * MANY, "&#65;" * MANY]
)
@pytest.mark.parametrize(
    "element", ["author", "managingEditor", "webMaster", "dc:creator", "itunes:author", "dc:publisher"]
)
def test_the_library_sees_no_long_address(element: str, text: str) -> None:
    """feedparser looks for a mail address in the text of a person with a pattern that takes square time."""
    inside = f"<{element}>{text}</{element}>"
    started = time.process_time()
    for document in (
        hostile.build_channel(inside),
        hostile.build_channel(f"<item><guid>1</guid>{inside}</item>"),
    ):
        parse_outline(split_entries(decode(document, "text/xml")), "https://a.example/", "UTC")
    assert time.process_time() - started < 2
