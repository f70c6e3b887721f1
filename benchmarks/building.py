"""The jobs over a folder of posts: full builds, an unchanged run, one new post; feedd, and Hugo beside it."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import markdown_corpus
from benchmarks.corpus import write_posts
from benchmarks.measuring import HERE, digest_of, keep, measure
from feeds.models import DIALECTS

CONFIG = """[site]
title = "Benchmark"
url = "https://bench.example/"
language = "zh-CN"
timezone = "Asia/Shanghai"
[output]
dir = "output"
formats = {formats}
archive = {archive}
[store]
url = "state/feedd.db"
[[sources]]
name = "posts"
path = "site"
base = "https://bench.example/"
{more}
[[identity]]
name = "infoCode"
pattern = '(?:infoCode=(?:NW)?|/(?:a/|news/\\d+,))(?P<key>(?P<date>\\d{{8}})\\d{{7,}})'
"""
_HUGO = """baseURL = "https://bench.example/"
languageCode = "zh-CN"
title = "Benchmark"
contentDir = "site/_posts"
publishDir = "hugo"
timeZone = "Asia/Shanghai"
disableKinds = ["section", "sitemap", "robotsTXT", "404"]
[taxonomies]
category = "categories"
tag = "tags"
[outputs]
page = []
home = ["rss"]
taxonomy = []
term = ["rss"]
[markup.goldmark.renderer]
unsafe = true
"""
_HUGO_RSS = """<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>{{ .Title }}</title>
<link>{{ .Permalink }}</link><description>{{ .Title }}</description>
{{ range first 50 .RegularPages.ByDate.Reverse }}<item><title>{{ .Title }}</title><link>{{ .Permalink }}</link>
<pubDate>{{ .Date.Format "Mon, 02 Jan 2006 15:04:05 -0700" }}</pubDate><guid>{{ .Permalink }}</guid>
<content:encoded>{{ .Content | html }}</content:encoded></item>{{ end }}</channel></rss>
"""
_ATOM = ["atom"]
_EVERY = ["atom", "rss", "json"]
_DIGITS = re.compile(r"\d{15,}")


def bench(posts: int, tree: Path | None, jobs: Sequence[str], hugo: bool) -> None:
    """The jobs over ``posts`` generated posts, or over a copy of a tree of that size."""
    folder = folder_of(posts, tree)
    site = folder / "site"
    _without_new(site)
    about: dict[str, object] = {"posts": posts, "corpus": digest_of(site)}
    for job in jobs:
        _JOBS[job](folder, about)
    if hugo:
        _hugo(folder, about, {"full: RSS": False, "unchanged": False, "one new post": True})


def folder_of(posts: int, tree: Path | None) -> Path:
    """Where the jobs over these posts are done; the posts lie in its ``site``."""
    folder = HERE / "corpora" / (f"tree-{tree.name}" if tree else str(posts))
    if not (folder / "site").exists():
        folder.mkdir(parents=True, exist_ok=True)
        if tree:
            shutil.copytree(tree, folder / "site", copy_function=shutil.copyfile)
        else:
            write_posts(folder / "site", 0, posts, posts)
    return folder


def bench_markdown(posts: int, hugo: bool) -> None:
    """Full builds of posts written in Markdown, in each dialect, and Hugo's beside them."""
    folder = HERE / "corpora" / f"markdown-{posts}"
    if not (folder / "site").exists():
        markdown_corpus.write_posts(folder / "site", 0, posts, posts)
    about: dict[str, object] = {"posts": posts, "corpus": digest_of(folder / "site")}
    for dialect in DIALECTS:
        figures = _build(folder, _ATOM, [], True, f'markdown = "{dialect}"')
        keep({"job": f"full: Atom, Markdown ({dialect})", **about, **figures})
    if hugo:
        _hugo(folder, about, {"full: RSS, Markdown": False})


def _build(
    folder: Path, formats: list[str], archive: list[str], fresh: bool, more: str = ""
) -> dict[str, float]:
    config = folder / "feedd.toml"
    config.write_text(
        CONFIG.format(formats=json.dumps(formats), archive=json.dumps(archive), more=more), "utf-8"
    )
    if fresh:
        for old in ("output", "state"):
            shutil.rmtree(folder / old, ignore_errors=True)
    begun = time.time()
    figures = measure([sys.executable, "-m", "feeds", "build", "-q", "-c", config])
    written = [f for f in (folder / "output").rglob("*") if f.is_file() and f.stat().st_mtime >= begun]
    size = sum(f.stat().st_size for f in written)
    return {**figures, "written": len(written), "written_mb": round(size / 1e6)}


def _full(folder: Path, about: dict[str, object]) -> None:
    keep({"job": "full: Atom", **about, **_build(folder, _ATOM, [], True)})


def _small(folder: Path, about: dict[str, object]) -> None:
    """The small jobs on what a full build in Atom left; one is made if there is none."""
    _build(folder, _ATOM, [], False)
    for _ in range(3):
        keep({"job": "unchanged", **about, **_build(folder, _ATOM, [], False)})
    for number in range(3):
        _new_post(folder / "site", number)
        keep({"job": "one new post", **about, **_build(folder, _ATOM, [], False)})
    _without_new(folder / "site")


def _every(folder: Path, about: dict[str, object]) -> None:
    keep({"job": "full: Atom, RSS, JSON", **about, **_build(folder, _EVERY, [], True)})


def _history(folder: Path, about: dict[str, object]) -> None:
    keep({"job": "full: Atom with its history", **about, **_build(folder, _ATOM, _ATOM, True)})
    _new_post(folder / "site", 0)
    keep({"job": "one new post, with history", **about, **_build(folder, _ATOM, _ATOM, False)})
    _without_new(folder / "site")


_JOBS = {"full": _full, "small": _small, "every": _every, "history": _history}
JOBS = tuple(_JOBS)


def _new_post(site: Path, number: int) -> None:
    """The newest post once more, under other digits: another article in the same feeds."""
    newest = max(one for one in (site / "_posts").iterdir() if "bench" not in one.name)
    text = _DIGITS.sub(lambda found: found[0][:8] + f"99{number:08}", newest.read_text("utf-8"))
    (site / "_posts" / f"{newest.name[:10]}-bench{number}.md").write_text(text, "utf-8")


def _without_new(site: Path) -> None:
    for one in (site / "_posts").glob("*-bench*.md"):
        one.unlink()


def _hugo(folder: Path, about: dict[str, object], jobs: Mapping[str, bool]) -> None:
    """The same posts as RSS per category and tag, fifty entries with their whole text.

    ``jobs`` are in order, each with whether there is a new post.
    """
    program = shutil.which("hugo")
    if program is None:
        print(f"SKIPPED: hugo is not on PATH, so it is not compared with ({', '.join(jobs)})")
        return
    (folder / "hugo.toml").write_text(_HUGO, "utf-8")
    layout = folder / "layouts" / "_default"
    layout.mkdir(parents=True, exist_ok=True)
    (layout / "rss.xml").write_text(_HUGO_RSS, "utf-8")
    shutil.rmtree(folder / "hugo", ignore_errors=True)
    command = [program, "--quiet", "--source", folder]
    for job, is_new in jobs.items():
        if is_new:
            _new_post(folder / "site", 0)
        keep({"program": "hugo", "job": job, **about, **measure(command)})
    _without_new(folder / "site")
