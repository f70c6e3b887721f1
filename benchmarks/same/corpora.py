"""The three corpora: what input a project has, and which commands are run over it, step by step."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.corpus import write_posts
from benchmarks.same.checkouts import HERE
from benchmarks.same.session import Session
from benchmarks.same.upstreams import POLLS, UPSTREAMS, Upstream

_POSTS = 1_000
_OLD = 1_700_000_000
"""Seconds since 1970: when every file of the input was written, so that stored file times are equal."""

_SETTINGS = """[site]
title = "Compared"
url = "https://same.example/feeds/"
language = "zh-CN"
timezone = "Asia/Shanghai"
[output]
dir = "output"
entries = {entries}
formats = ["atom", "rss", "json"]
archive = ["atom", "json"]
slugs = "{slugs}"
[store]
url = "state/feedd.db"
history = 3
[labels.category]
c1 = "Harbour"
[aliases]
"feed.xml" = "atom.xml"
[[identity]]
name = "infoCode"
pattern = '(?:infoCode=(?:NW)?|/(?:a/|news/\\d+,))(?P<key>(?P<date>\\d{{8}})\\d{{7,}})'
[[sources]]
name = "posts"
path = "site"
base = "https://same.example/"
"""
_UPSTREAM = """[[sources]]
name = "{name}"
kind = "upstream"
url = "{home}{path}"
allow = ["{authority}"]
group = "{name}"
{settings}"""
_LIST = """[[sources]]
name = "list"
kind = "opml"
url = "{home}/list.opml"
allow = ["{authority}"]
"""
_POST = """---
title: "{title}"
date: 2024-02-0{day} 08:00:00
categories: [quay, c1]
tags: {title}
---
A post *of the folder* about {title}.

<{address}>
"""


def run_examples(session: Session) -> None:
    """Build the example posts as ``make run`` does; edit, remove and withdraw some of them."""
    folder = session.folder
    shutil.copytree(HERE / "examples" / "posts", folder / "examples" / "posts")
    (folder / "config").mkdir()
    settings = folder / "config" / "feedd.toml"
    shutil.copyfile(HERE / "config" / "feedd.toml", settings)
    session.config = "config/feedd.toml"
    set_old_times(folder)
    posts = folder / "examples" / "posts" / "_posts"
    _build_first(session)
    _ask_about(session, "first", sorted(posts.iterdir())[::6])
    session.run("first", "lint")
    session.run("first", "validate")
    market = folder / "examples" / "posts" / "town" / "_posts" / "2024-05-01-market.md"
    edit_post(market, "\nOne more line.\n")
    (posts / "2024-04-03-colon.md").unlink()
    session.change("edited", "build", "--json")
    session.change("withdrawn", "withdraw", "--json", "2024-04-02-library.md")
    session.change("withdrawn", "build")
    session.run("brought back", "withdraw", "2024-04-02-library.md", "--undo")
    session.change("brought back", "build", "--json")
    session.run("kept", "backup", "--json", "backup.db")
    session.change("kept", "restore", "--json", "backup.db")
    session.change("full", "build", "--json", "--full")
    settings.write_text(settings.read_text("utf-8") + "precompress = true\n", "utf-8")
    session.change("packed", "build", "--json")
    session.config = "new/config/feedd.toml"
    shutil.copytree(HERE / "examples" / "posts", folder / "new")
    session.change("begun", "init", "--json", "new")
    session.change("begun", "build", "--json")


def run_posts(session: Session) -> None:
    """Build a thousand posts with all formats and archives; then with some edited, added and removed."""
    folder = session.folder
    (folder / "feedd.toml").write_text(_SETTINGS.format(entries=30, slugs="ascii"), "utf-8")
    write_posts(folder / "site", 0, _POSTS, 1_100)
    set_old_times(folder)
    posts = sorted((folder / "site" / "_posts").iterdir())
    _build_first(session)
    _ask_about(session, "first", posts[::200])
    for number, post in enumerate(posts[::50]):
        edit_post(post, f"\n编辑 {number}。\n")
    for post in posts[7::100]:
        post.unlink()
    write_posts(folder / "site", _POSTS, 20, 1_100)
    set_old_times(folder, since=_OLD)
    session.change("edited", "build", "--json")
    session.report("edited", ["status"], ["explain", str(posts[0])])
    session.run("removed", "build", "--json", "--dry-run", "--full")
    for post in posts[300:500]:
        post.unlink(missing_ok=True)
    session.change("removed", "build", "--json")
    session.change("accepted", "build", "--json", "--allow-removals")


def run_upstreams(session: Session) -> None:
    """Poll every upstream several times; then change the subscriptions by each command that can."""
    folder, server = session.folder, session.server
    (folder / "feedd.toml").write_text(write_settings(session), "utf-8")
    posts = folder / "site" / "_posts"
    posts.mkdir(parents=True)
    for day, (title, address) in enumerate(_SHARED, 1):
        text = _POST.format(title=title, day=day, address=address)
        (posts / f"2024-02-0{day}-{title}.md").write_text(text, "utf-8")
    set_old_times(folder)
    for poll in range(POLLS):
        server.poll = poll
        session.wait(3 * 3600)
        session.change(f"poll {poll}", "build", "--json")
        session.report(f"poll {poll}", ["status"])
    _ask_about(session, "polled", [f"https://{one.name}.example/articles/12.html" for one in UPSTREAMS[::5]])
    session.run("polled", "export")
    session.change("offline", "build", "--offline")
    _change_subscriptions(session)


_SHARED = (
    ("first", "https://format-rss20.example/articles/3.html"),
    ("second", "https://wire.example/?infoCode=NW202303062300005"),
    ("third", "https://elsewhere.example/third"),
)
"""Title and source of posts in the folder; the first two are articles of upstreams too."""


def _change_subscriptions(session: Session) -> None:
    allow = ("--allow", session.server.authority)
    home = session.server.home
    session.change("added", "add", "--json", f"{home}/page.html", f"{home}/feeds/format-cdf", *allow)
    session.run("added", "add", f"{home}/nowhere", *allow)
    list_file = (
        '<opml version="1.0"><body><outline text="L" xmlUrl="https://listed.example/f"/></body></opml>'
    )
    (session.folder / "list.opml").write_text(list_file, "utf-8")
    session.change("imported", "import", "--json", "list.opml")
    session.run("imported", "export")
    (session.folder / "feedd.toml").write_text(write_settings(session), "utf-8")
    session.change("past read", "backfill", "--json", "quirk-past")
    session.change("past read", "build", "--json", "--offline")
    (session.folder / "feedd.toml").write_text(write_settings(session, UPSTREAMS[1:]), "utf-8")
    session.run("forgotten", "build", "--json", "--offline")
    session.run("forgotten", "forget", "--json", UPSTREAMS[0].name)
    session.change("forgotten", "build", "--json", "--offline")
    session.report("forgotten", ["status"], ["check"])


def write_settings(session: Session, upstreams: tuple[Upstream, ...] = UPSTREAMS) -> str:
    """Return the configuration of the upstream corpus."""
    server = session.server
    places = {"home": server.home, "authority": server.authority}
    blocks = [
        _UPSTREAM.format(name=one.name, path=one.path, settings=one.settings, **places) for one in upstreams
    ]
    return _SETTINGS.format(entries=20, slugs="unicode") + "".join(blocks) + _LIST.format(**places)


def _build_first(session: Session) -> None:
    session.run("first", "build", "--json", "--dry-run")
    session.change("first", "build", "--json")
    session.change("unchanged", "build", "--json")
    session.run("unchanged", "build", "-v")


def _ask_about(session: Session, step: str, posts: list[Path] | list[str]) -> None:
    """Run every command that only reports."""
    session.report(step, ["status"], ["check"])
    session.run(step, "lint", "--json")
    session.run(step, "validate", "--json")
    session.report(step, *(["explain", str(post)] for post in posts))


def edit_post(post: Path, text: str) -> None:
    """Add text to a post, and give it a time that both checkouts see."""
    post.write_text(post.read_text("utf-8") + text, "utf-8")
    os.utime(post, (_OLD + 60, _OLD + 60))


def set_old_times(folder: Path, since: int = 0) -> None:
    """Give every file of the input that is newer than the input a fixed time."""
    for path in list_input(folder):
        if path.stat().st_mtime > max(since, _OLD) + 60:
            os.utime(path, (_OLD, _OLD))


def list_input(folder: Path) -> Iterator[Path]:
    """Yield the files that feedd did not write."""
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).parts[0] not in ("output", "state"):
            yield path


CORPORA: dict[str, Callable[[Session], None]] = {
    "examples": run_examples,
    "posts": run_posts,
    "upstreams": run_upstreams,
}
"""What runs each corpus."""
