"""A collection of attacks in HTML: none survives sanitising or gets into a document."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from feeds.sanitizer.html import clean_html
from feeds.sanitizer.markdown import markdown_to_html
from feeds.sanitizer.text import clean_title
from tests.conftest import Project
from tests.rigs.active_html import find_dangers
from tests.rigs.published import dangers, markup

BASE = "https://base.example/p.html"


@pytest.mark.acceptance
def test_no_vector_of_the_collection_survives(shared: Path) -> None:
    bad = []
    for line in (shared / "data" / "xss" / "vectors.jsonl").read_text("utf-8").splitlines():
        vector = json.loads(line)
        found = find_dangers(clean_html(vector["input"], BASE)) + find_dangers(
            clean_html(markdown_to_html(vector["input"]), BASE)
        )
        if found:
            bad.append((vector["id"], found))
    assert bad == []


@pytest.mark.acceptance
def test_no_vector_survives_in_any_document(tmp_path: Path, shared: Path) -> None:
    from lxml import etree

    project = Project(tmp_path, 5000)
    text = project.config.read_text("utf-8")
    project.config.write_text(
        text.replace(str(tmp_path / "site"), str(shared / "data" / "xss" / "posts")), "utf-8"
    )
    assert json.loads(project.run("build", "--json").stdout)["published"] == 627
    bad = []
    for path in (*project.output.rglob("*.xml"), project.output / "feeds.opml"):
        for element in etree.fromstring(path.read_bytes()).iter():
            texts = [element.text or "", element.tail or "", *element.attrib.values()]
            bad += [(path.name, found) for text in texts for found in find_dangers(text)]
            addresses = [
                v
                for n, v in element.attrib.items()
                if n.lower() in ("href", "url", "htmlurl", "xmlurl", "src")
            ]
            bad += [(path.name, one) for one in addresses if not one.startswith(("https://", "http://"))]
    for item in json.loads((project.output / "feed.json").read_bytes())["items"]:
        names = [*item.get("tags", []), *(one["name"] for one in item.get("authors", []))]
        bad += find_dangers(item["content_html"] + item["title"] + item.get("summary", "") + " ".join(names))
        bad += [one for one in (item["url"],) if not one.startswith(("https://", "http://"))]
    # Of what a page may have only on purpose, each has as much as the page of a harmless post.
    harmless = Project(tmp_path / "harmless")
    harmless.post("2024-01-01-a.md")
    harmless.run("build")
    own = {}
    for kind in ("", "category", "tag"):
        own[kind] = Counter(
            find_dangers(next((harmless.output / kind).rglob("index.html")).read_text("utf-8"))
        )
    for page in project.output.rglob("index.html"):
        kind = "" if page.parent == project.output else page.relative_to(project.output).parts[0]
        text = page.read_text("utf-8")
        bad += [
            (str(page), one)
            for one in (Counter(find_dangers(text)) - own[kind])
            if one not in ("select", "button")
        ]
    assert bad == []
    assert project.run("validate").returncode == 0


@pytest.mark.acceptance
def test_no_vector_of_the_collection_survives_a_real_parser(shared: Path) -> None:
    bad = []
    for line in (shared / "data" / "xss" / "vectors.jsonl").read_text("utf-8").splitlines():
        vector = json.loads(line)
        for html in (
            clean_html(vector["input"], BASE),
            clean_html(markdown_to_html(vector["input"]), BASE),
        ):
            bad += [(vector["id"], found) for found in dangers(html)]
        bad += [(vector["id"], found) for found in markup(clean_title(vector["input"]))]
    assert bad == []
