"""Acceptance over the project's shared data: real posts and the generated corpus come out as they went in."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from feeds.parser.posts.file_encoding import decode
from feeds.parser.posts.front_matter import read_simple, read_tolerant
from tests.conftest import Project

pytestmark = pytest.mark.acceptance

_HEAD = re.compile(
    r'---\nlayout: post\ntitle: "(.*)"\ndate: (.*)\ncategories: (.*)\ntags: (.*)\n---\n(.*)\n\n(<.*>)\n\n\[返回.*$',
    re.DOTALL,
)
_HIDDEN = re.compile(r'<!--.*?-->|<p style="display:none.*?</p>', re.DOTALL)


def squashed(markup: str) -> str:
    """The text of HTML without any white space."""
    return re.sub(r"\s+", "", html.unescape(re.sub(r"<[^>]*>", "", markup)))


def said(body: str) -> str:
    """The text of a body in the corpus, which uses of Markdown only quotations."""
    return squashed(re.sub(r"^> ?", "", _HIDDEN.sub("", body), flags=re.MULTILINE))


def published(project: Project) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads((project.output / "feed.json").read_bytes())["items"]
    return items


def test_each_malformed_kind_comes_out_as_a_readable_post(tmp_path: Path, shared: Path) -> None:
    corpus = tmp_path / "corpus"
    tool = [sys.executable, str(shared / "tools" / "gen_corpus.py"), "--posts", "400", "--seed", "7"]
    subprocess.run([*tool, "--malformed", "0.4", "--out", str(corpus)], check=True, capture_output=True)
    kinds = json.loads((corpus / "MANIFEST.json").read_text())["notes"]
    assert min(kinds.values()) > 5
    project = Project(tmp_path, 100_000, posts=corpus / "_posts")
    report = json.loads(project.run("build", "--json").stdout)
    assert report["read"] == report["published"] + report["merged"]
    by_text: dict[str, dict[str, Any]] = {squashed(one["content_html"]): one for one in published(project)}
    for path in sorted((corpus / "_posts").iterdir()):
        found = _HEAD.match(path.read_text("utf-8"))
        assert found
        title, _, categories, tags, body, _ = found.groups()
        item = by_text[said(body)]  # equal to the source's text
        assert item["title"] == " ".join(title.split()) if title else item["title"]
        assert {*categories.split(), *tags.split()} <= set(item["tags"])
        assert item["content_html"].count("<img") == _HIDDEN.sub("", body).count("<img")
    assert project.run("validate").stdout == "no problems found\n"


def test_the_real_posts_keep_text_and_images(tmp_path: Path, shared: Path) -> None:
    posts = shared / "data" / "site" / "_posts"
    project = Project(tmp_path, posts=posts)
    project.run("build")
    texts = Counter(squashed(one["content_html"]) for one in published(project))
    assert len(texts) == 6
    for path in posts.iterdir():
        _, _, body = path.read_text("utf-8").removeprefix("---\n").partition("\n---\n")
        shown = next(text for text in texts if text and text[:15] in squashed(_HIDDEN.sub("", body)))
        lines = _HIDDEN.sub("", body).rstrip().split("\n")
        while lines and re.fullmatch(r"\s*|<[^<>]*>|\[返回.*", lines[-1]):
            lines.pop()
        wanted = said("\n".join(lines))
        assert shown == wanted, path.name


def test_the_real_posts_take_the_fast_way_and_lose_nothing(shared: Path) -> None:
    for file in sorted((shared / "data" / "site" / "_posts").glob("*.md")):
        text, repairs = decode(file.read_bytes())
        fast = read_simple(text)
        assert fast is not None
        assert fast == read_tolerant(text)
        assert not repairs
        assert text.endswith(fast.body)
