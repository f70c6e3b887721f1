"""What follows the change gives what a look at everything gives: lists, counts and documents."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds import load_config, pipeline
from feeds.fetcher import folder
from feeds.protocols import ignore_progress
from feeds.publisher import publisher
from feeds.session import open_session
from tests.integration.publisher.test_archives import Site
from tests.rigs.whole import check_all, counts_of

FILES = st.dictionaries(
    st.sampled_from([f"{folder}{name}" for folder in ("", "a/", "a-b/") for name in "abcdef"]),
    st.tuples(st.integers(0, 2), st.integers(0, 2)),
)


@settings(max_examples=1500, deadline=None)
@given(FILES, FILES)
def test_differences_of_two_looks_are_those_of_their_files(
    found: dict[str, tuple[int, int]], known: dict[str, tuple[int, int]]
) -> None:
    changed, vanished = folder.compare_files(_listed(found), _listed(known))
    assert changed == _listed({path: state for path, state in found.items() if known.get(path) != state})
    assert vanished == tuple(sorted(known.keys() - found.keys()))


def _listed(files: dict[str, tuple[int, int]]) -> list[folder.FileStamp]:
    return sorted((path, *state) for path, state in files.items())


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A Jekyll tree with whatever may lie in one."""
    root = tmp_path / "site"
    for place in (
        "_posts/b.md/_drafts",
        "_posts/.hidden",
        "_posts/_site",
        "city/_posts",
        "assets",
        "_drafts",
    ):
        (root / place).mkdir(parents=True)
    for place in (
        "_posts/a.md",
        "_posts/新闻.MARKDOWN",
        "_posts/b.md/c.htm",
        "_posts/b.md/_drafts/d.md",
        "_posts/.hidden/e.md",
        "_posts/_site/f.md",
        "_posts/picture.png",
        "city/_posts/g.html",
        "assets/h.md",
        "_drafts/i.md",
        "i.md",
    ):
        (root / place).write_text(place)
    (tmp_path / "outside.md").write_text("outside")
    for name, target in {
        "in.md": root / "_posts/a.md",
        "out.md": tmp_path / "outside.md",
        "nowhere.md": root / "missing",
        "folder.md": root / "city",
        "up": tmp_path,
    }.items():
        (root / "_posts" / name).symlink_to(target)
    os.mkfifo(root / "_posts/pipe.md")
    (root / "_posts/to-pipe.md").symlink_to(root / "_posts/pipe.md")
    with open(os.fsencode(root) + b"/_posts/\xb1\xea.md", "wb") as file:
        file.write(b"in GBK")
    return root


def test_a_look_shows_every_post_file_and_nothing_else(tree: Path) -> None:
    seen = folder.scan(tree, True, ())
    expected = {
        "_drafts/i.md",
        "_posts/a.md",
        "_posts/b.md/_drafts/d.md",
        "_posts/b.md/c.htm",
        "_posts/in.md",
        "_posts/nowhere.md",
        "_posts/out.md",
        "_posts/新闻.MARKDOWN",
        "_posts/\\xb1\\xea.md",
        "city/_posts/g.html",
    }
    assert [path for path, _, _ in seen.changed] == sorted(expected)
    sizes = {path: (size, mtime) for path, size, mtime in seen.changed}
    for path in expected - {"_posts/\\xb1\\xea.md"}:
        state = os.stat(tree / path, follow_symlinks=path == "_posts/in.md")
        assert sizes[path] == (state.st_size, state.st_mtime_ns), path
    assert folder.scan(tree, True, list(seen.changed)) == folder.Scan((), len(expected), ())
    everything = folder.scan(tree, False, ()).changed
    assert {path for path, _, _ in everything} == expected | {"assets/h.md", "i.md"}


def test_a_glance_shows_what_a_look_shows(tree: Path) -> None:
    paths = [str(path.relative_to(tree)) for path in tree.rglob("*")]
    assert folder.scan_paths(tree, True, paths, {}).changed == folder.scan(tree, True, ()).changed


def test_what_a_run_counts_is_what_is_there(tmp_path: Path) -> None:
    site = Site(tmp_path, archive="[]")
    for number in range(9):
        site.write(number)
    site.post("2020-01-01-twin.md", "Post 3", id="urn:twin")
    site.post("2020-01-02-twin.md", "Post 3", id="urn:twin")
    site.post("2020-01-03-away.md", "Away", published="false")
    site.post("2099-01-03-ahead.md", "Ahead", date="2099-01-01 00:00:00")
    (site.posts / "2020-01-01-plain.md").write_text("No front matter.")
    (site.posts / "2020-01-01-nowhere.md").symlink_to(site.posts / "missing.md")
    expected = {"read": 15, "published": 10, "merged": 1, "unpublished": 2, "ignored": 1, "rejected": 1}
    report = site.build()
    assert counts_of(report) == expected
    check_all(site, report)
    (site.posts / "2020-01-01-p1.md").unlink()
    site.set("[[identity]]", 'on_remove = "keep"\n[[identity]]')
    (site.posts / "2020-01-01-p2.md").unlink()
    site.post("2020-01-01-p4.md", "Post 4", published="false")
    check_all(site, site.build(allow_removals=True))
    (site.posts / "2020-01-01-p5.md").rename(site.posts / "2020-01-01-p6.md")
    site.set("[store]", 'keep = "3"\n[store]')
    report = site.build(allow_removals=True)
    check_all(site, report)
    assert report.read == sum(counts_of(report).values()) - report.read


def test_a_rehearsal_leaves_nothing(tmp_path: Path) -> None:
    site = Site(tmp_path)
    config = load_config(site.config)
    for posts in (0, 1):
        site.build()
        before = site.snapshot()
        with open_session(config, config.store, 1, lambda: site.now, ignore_progress) as run:
            publisher.warm_up(run)
        assert site.build().written == []
        assert site.snapshot() == before
        site.write(posts)


def test_the_figures_of_feeds_follow_their_posts(tmp_path: Path) -> None:
    site = Site(tmp_path)
    for number in range(6):
        site.write(number)
    check_all(site, site.build())
    site.write(6)
    site.write(1, "Changed.")
    site.write(0, categories="c9")
    config = load_config(site.config)
    with open_session(config, config.store, 1, lambda: site.now, ignore_progress) as run:
        pipeline.ingest(run)
        unknown = "SELECT name FROM feed WHERE posts IS NULL OR (posts > 0 AND latest IS NULL)"
        assert run.db._connection.execute(unknown).fetchall() == [], (
            "a post that comes or changes needs no counting"
        )
    check_all(site, site.build())
