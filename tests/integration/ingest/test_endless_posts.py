"""Posts and entries on which a pattern or a library once never came to an end: the program publishes them all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from html import escape

import pytest

from tests.conftest import ROOT, Project
from tests.integration.ingest.test_upstreams import subscribe, titles
from tests.integration.test_build import entries
from tests.rigs.servers import Answer, UpstreamServer, UpstreamThread

MANY = 100_000
BODIES = {
    "quotation with a lazy line": "> x\n" * 25 + "lazy\n",
    "quotation with lazy lines": ("> x\n" * 20 + "lazy\n") * 20,
    "quotations in a quotation": "> > x\n" * 40 + "lazy\n> x\n",
    "quotation with a lazy item": "> x\n" * 40 + "- lazy\n",
    "quotation without spaces": ">x\n" * 400 + "lazy",
    "spaced marks": "- " * 24 + "x",
    "more spaced marks": "- " * 29 + "x",
    "widely spaced marks": "-   " * 29 + "x",
    "quotation marks in a line": "> " * 29 + "x",
    "numbers in a line": "1. " * 29 + "x",
    "mixed marks in a line": "* + - > 1. " * 5 + "x",
    "marks after tabs": "-\t" * 29 + "x",
    "rule with a word": "* " * 29 + "* x",
    "long tag": "<" + "a" * MANY,
    "long tag with digits": "words <" + "a1" * MANY + ' b="',
    "long end tag": "words </" + "a" * MANY,
    "long attribute": "<a " + "b" * MANY,
    "long hidden tag": "<p hidden>x</p><" + "a" * MANY,
    "opening signs": "<" * MANY,
    "opening tags": "<a" * MANY,
    "separator that is no separator": "|a\n" + "|-" * MANY + "x",
    "separator of equals signs": "|a\n" + "|=" * MANY + "x",
    "backticks in a cell": "|" + ("`" * 150 + "a" * 2000) * 10 + "\n|b",
    "wide table with short rows": "|" + "a|" * 2000 + "\n|" + "-|" * 2000 + "\n" + "|a\n" * 2000,
    "underlined headings": "a\n-\n" * 20_000,
    "heading with spaces": "# a" + " " * MANY + "\\\nx",
    "fence with spaces": "```" + " " * MANY + "`",
    "fence of waves": "~" * 150 + " " * MANY + "`",
    "brackets without an end": "a [" * 5_000,
    "brackets in brackets": "a [" * 2_500 + "] a" * 2_500,
    "images without an end": "![" * 8_000,
    "attributes after spaces": "# a" + " " * MANY + "{",
    "attribute lists in a heading": "# a" + " {: a" * 2000,
    "importance of a style": f"<p style='color: red{' ' * 1900}x'>a</p>" * 500,
    "number of a reference": "&#" + "1" * MANY + ";",
}
"""Each with some word that is to be read afterwards, or not."""


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    with UpstreamThread() as server:
        yield server


def build(project: Project) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "feeds", "build", "-c", str(project.config), "-j", "2"]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=ROOT)


def test_posts_that_once_hung_are_published(project: Project) -> None:
    project.set("entries = 50", "entries = 500")
    for number, (name, body) in enumerate(BODIES.items()):
        project.post(f"2024-01-02-p{number:02}.md", name, body)
    project.post("2024-01-03-next.md", "Next")
    run = build(project)
    assert (run.returncode, run.stderr) == (0, "")
    assert titles(project) == sorted([*BODIES, "Next"])
    found = {str(one["title"]): str(one["content"]) for one in entries(project.output / "atom.xml")}
    assert "lazy" in found["quotation with a lazy line"]
    assert "x" in found["spaced marks"]


def test_entries_that_once_hung_are_published(project: Project, upstream: UpstreamServer) -> None:
    project.set("entries = 50", "entries = 500")
    items = "".join(
        f"<item><guid>g{n}</guid><title>{name}</title><link>https://blog.example/{n}</link>"
        f"<description>{escape(body)}</description></item>"
        for n, (name, body) in enumerate(BODIES.items())
    )
    upstream.routes["/feed"] = Answer(
        body=f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>".encode()
    )
    subscribe(project, upstream)
    run = build(project)
    assert (run.returncode, run.stderr) == (0, "")
    assert titles(project) == sorted(BODIES)


HEADERS = {
    "date of spaces": f"date: 2024-01-02 03:04:05{' ' * MANY}x",
    "offset of spaces": f"date: '{' ' * MANY}x'",
    "title of quotes": 'title: "' + '" ' * MANY,
    "title of a reference": "title: '&#" + "1" * MANY + ";'",
    "title of tags": "title: '" + "<a" * MANY + "'",
    "link of dots": "link: https://a.example/" + "../" * MANY,
    "tags of brackets": "tags: " + "[" * MANY,
}


def test_headers_that_are_odd_reject_their_post_at_most(project: Project) -> None:
    for number, header in enumerate(HEADERS.values()):
        path = project.posts / f"2024-01-02-p{number}.md"
        path.write_text(f"---\ncategories: news\n{header}\n---\nText.\n", "utf-8")
    project.post("2024-01-03-next.md", "Next")
    run = build(project)
    assert run.returncode in (0, 1)
    assert "takes longer" not in run.stderr
    assert "Traceback" not in run.stderr
    assert "Next" in titles(project)


CHANNELS = {
    "title of a reference": "<title>&amp;#" + "1" * MANY + ";</title>",
    "attributes of a tombstone": "<at:deleted-entry " + "a:" * MANY + ">",
    "hours without an end": "<skipHours " * 20_000,
    "person of letters": "<managingEditor>" + "a" * MANY + "</managingEditor>",
    "publisher of references": "<dc:publisher>" + "&amp;#65;" * MANY + "</dc:publisher>",
    "person of spaces": "<managingEditor>a@b" + " " * 400 + "(</managingEditor>",
    "title of spaces": "<title>" + " " * MANY + "x</title>",
}


@pytest.mark.parametrize("name", CHANNELS)
def test_a_head_that_is_odd_stops_no_other_upstream(
    name: str, project: Project, upstream: UpstreamServer
) -> None:
    item = "<item><guid>1</guid><title>{}</title><link>https://blog.example/{}</link></item>"
    for path, head in (("/odd", CHANNELS[name]), ("/usual", "<title>t</title>")):
        upstream.routes[path] = Answer(
            body=f"<rss version='2.0' xmlns:at='http://purl.org/atompub/tombstones/1.0'><channel>{head}"
            f"{item.format(path, path)}</channel></rss>".encode()
        )
        subscribe(project, upstream, path, path[1:])
    run = build(project)
    assert run.returncode == 0
    assert "Traceback" not in run.stderr
    assert "takes longer" not in run.stderr
    assert "/usual" in titles(project)
