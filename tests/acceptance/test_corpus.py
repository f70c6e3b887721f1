"""Builds over real posts and the generated corpus of posts."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Project
from tests.integration.test_build import entries


@pytest.mark.acceptance
def test_the_real_posts_come_through(tmp_path: Path, shared: Path) -> None:
    project = Project(tmp_path, posts=shared / "data" / "site" / "_posts")
    report = json.loads(project.run("build", "--json").stdout)
    assert (report["read"], report["published"], report["rejected"]) == (6, 6, [])
    long = next(e for e in entries(project.output / "atom.xml") if e["title"].startswith("抖音电商"))
    assert long["published"] == "2021-12-23T16:14:00+08:00"
    assert long["link"] == "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202112232224262886"
    assert "返回" not in long["content"]
    assert "NewsShare" not in long["content"]
    source = (shared / "data/site/_posts/2021-12-23-NW202112232224262886.md").read_text("utf-8")
    assert long["content"].count("<img") == source.count("<img")
    assert (project.output / "category/zhongguojingjiwang/atom.xml").exists()
    assert (project.output / "tag/zhongguojingjiwangxinwen/atom.xml").exists()


@pytest.mark.acceptance
@pytest.mark.parametrize(
    ("posts", "read", "merged"), [(1000, 999, 25), pytest.param(10_000, 9993, 284, marks=pytest.mark.stress)]
)
def test_the_generated_corpus_loses_nothing(
    tmp_path: Path, shared: Path, posts: int, read: int, merged: int
) -> None:
    corpus = tmp_path / "corpus"
    generator = [
        sys.executable,
        str(shared / "tools" / "gen_corpus.py"),
        "--posts",
        str(posts),
        "--seed",
        "7",
    ]
    subprocess.run([*generator, "--out", str(corpus)], check=True, capture_output=True)
    project = Project(tmp_path, posts=corpus / "_posts")
    report = json.loads(project.run("build", "--json").stdout)
    assert (report["read"], report["published"], report["merged"]) == (read, read - merged, merged)
    assert report["rejected"] == []
    assert json.loads(project.run("build", "--json").stdout)["written"] == []
    assert project.run("validate").stdout == "no problems found\n"


@pytest.mark.stress
@pytest.mark.acceptance
def test_a_corpus_in_ten_parts_gives_the_bytes_of_one_build_and_of_a_rebuild_from_the_ledger(
    tmp_path: Path, shared: Path
) -> None:
    corpus = tmp_path / "corpus"
    generator = [sys.executable, str(shared / "tools" / "gen_corpus.py"), "--posts", "2000", "--seed", "7"]
    subprocess.run([*generator, "--out", str(corpus)], check=True, capture_output=True)
    (tmp_path / "whole").mkdir()
    whole = Project(tmp_path / "whole", 20_000, corpus / "_posts")
    parts = Project(tmp_path / "parts", 20_000)
    for one in (whole, parts):
        one.set("[store]", "archive = []\n[store]")
    shutil.copy2(corpus / "_config.yml", parts.posts.parent)
    assert whole.run("build").returncode == 0
    files = sorted((corpus / "_posts").iterdir())
    random.Random(5).shuffle(files)
    for part in range(10):
        for path in files[part::10]:
            shutil.copy2(path, parts.posts / path.name)
        assert parts.run("build").returncode == 0
    assert parts.bytes() == whole.bytes()
    for path in (parts.folder / "state").iterdir():
        if path.name != "ledger.jsonl":
            path.unlink()
    shutil.rmtree(parts.output)
    assert parts.run("build").returncode == 0
    assert parts.bytes() == whole.bytes()
