"""Posts that are kept for a while, and older versions of posts."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from feeds import api, load_config
from feeds.cli.text_diff import find_changes
from feeds.config.checks import check_keep, parse_keep
from tests.integration.publisher.test_archives import Site
from tests.rigs.chain import archives, chain, newest, read


@pytest.fixture
def site(tmp_path: Path) -> Site:
    one = Site(tmp_path)
    for number in range(30):
        one.write(number)
    one.build()
    return one


def count(site: Site) -> int:
    return len(newest(chain(site.output, "atom.xml"))) if (site.output / "atom.xml").exists() else 0


def test_only_the_newest_are_kept_and_nothing_comes_back_as_new(site: Site) -> None:
    before = archives(site.output)
    site.set("[store]", 'keep = "12"\n[store]')
    site.build()
    assert count(site) == 12
    site.write(3, "Edited.")
    report = site.build()
    assert (report.new, count(site)) == (0, 12)
    site.write(30)
    site.build()
    assert count(site) == 12
    assert set(archives(site.output)) >= set(before), "an archive that is left empty stays for the chain"
    assert read(site.output, "atom.xml").deleted == ()
    assert "keep" in str(api.explain(load_config(site.config), "_posts/2020-01-01-p3.md")["why_not"])
    site.set('keep = "12"\n', "")
    site.build()
    assert count(site) == 31
    assert site.build().written == []


def test_posts_of_a_source_are_kept_for_a_time(site: Site) -> None:
    site.set('name = "news"\n', 'name = "news"\nkeep = "1d"\n')
    site.now = datetime.fromisoformat("2020-01-02T12:00:00+00:00")
    site.build()
    assert 0 < count(site) < 30
    site.now = datetime.fromisoformat("2021-01-01T00:00:00+00:00")
    site.build()
    assert count(site) == 0


def test_what_keep_may_say() -> None:
    assert parse_keep("2y") == (2 * 366 * 86400, 0)
    assert parse_keep("500") == (0, 500)
    for wrong in ("", "0", "2 years", "-1", "y"):
        assert check_keep(wrong)


def test_explain_shows_what_changed_in_words(site: Site) -> None:
    site.set("[[sources]]", "history = 2\n[[sources]]")
    for text in ("The old harbour opens.", "The new harbour opens.", "The new harbour opens today."):
        site.write(5, text)
        site.build()
    done = site.run("explain", "_posts/2020-01-01-p5.md", "--json")
    history = json.loads(done.stdout)["history"]
    assert len(history) == 2
    assert history[0]["text"] == ["new harbour opens{+ today+}."]
    assert history[1]["text"] == ["The [-old-]{+new+} harbour opens."]
    assert "[-old-]{+new+}" in site.run("explain", "_posts/2020-01-01-p5.md").stdout


def test_words_of_scripts_without_spaces_are_told_apart() -> None:
    assert find_changes("港口今天开放", "港口明天开放") == ["港口[-今-]{+明+}天开放"]
    assert find_changes("same", "same") == []


def test_an_older_post_returns_when_a_newer_one_is_removed(site: Site) -> None:
    site.set("[store]", 'keep = "12"\n[store]')
    site.build()
    newest, oldest = "2020-01-01-p29.md", "_posts/2020-01-01-p17.md"
    assert count(site) == 12
    assert api.explain(load_config(site.config), oldest)["state"] == "expired"
    path = site.posts / newest
    text = path.read_text("utf-8")
    path.unlink()
    site.build(allow_removals=True)
    assert count(site) == 12
    assert api.explain(load_config(site.config), oldest)["state"] == "live"
    path.write_text(text, "utf-8")
    site.build()
    assert count(site) == 12
    assert api.explain(load_config(site.config), oldest)["state"] == "expired"
