"""The whole history of a feed: sealed archives and the way to them (RFC 5005, section 4)."""

from __future__ import annotations

import json
import random
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feeds import build, load_config
from feeds.api import BuildReport
from feeds.values.document_paths import count_archive_entries
from tests.conftest import Project
from tests.rigs.chain import archives, chain, newest, read

START = datetime(2026, 1, 1, tzinfo=UTC)


class Site(Project):
    """A project that is built in this process, at times of the test's choice."""

    def __init__(self, folder: Path, entries: int = 5, archive: str = '["atom"]') -> None:
        super().__init__(folder, entries)
        self.set(f"entries = {entries}\n", f"entries = {entries}\narchive = {archive}\npages = false\n")
        self.now = START

    def write(self, number: int, text: str = "Text.", **values: str) -> Path:
        day = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=number)
        values = {
            "date": f"{day:%Y-%m-%d %H:%M:%S}",
            "categories": f"c{number % 3}",
            "tags": f"t{number % 5}",
        } | values
        return self.post(f"2020-01-01-p{number}.md", f"Post {number}", text, **values)

    def build(self, **options: bool) -> BuildReport:
        self.now += timedelta(seconds=10)
        return build(load_config(self.config), jobs=1, clock=lambda: self.now, **options)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def ids(output: Path, path: str) -> list[str]:
    return [uid for document in chain(output, path) for uid, _ in document.entries]


def test_a_feed_that_fits_its_subscription_document_has_no_archive(site: Site) -> None:
    for number in range(5):
        site.write(number)
    site.build()
    assert archives(site.output) == {}
    assert read(site.output, "atom.xml").before == ""


@pytest.mark.parametrize(("form", "name"), [("atom", "atom.xml"), ("rss", "rss.xml"), ("json", "feed.json")])
def test_subscription_document_and_archives_hold_every_post_in_each_format(
    tmp_path: Path, form: str, name: str
) -> None:
    site = Site(tmp_path, archive=json.dumps([form]))
    for number in range(23):
        site.write(number)
    site.build()
    for folder, count in (("", 23), ("category/c0/", 8), ("tag/t1/", 5)):
        documents = chain(site.output, folder + name)
        assert len({uid for one in documents for uid, _ in one.entries}) == count
        assert [len(one.entries) for one in documents[1:]] == [5] * ((count - 1) // 5)
    numbers = [int(Path(one.path).name.split(".")[0]) for one in chain(site.output, name)[1:]]
    assert numbers == list(range(len(numbers), 0, -1))
    assert site.run("validate").returncode == 0


def test_sealed_archives_stay_as_they_are_whatever_comes_later(site: Site) -> None:
    for number in range(40):
        site.write(number)
    site.build()
    sealed = archives(site.output)
    for number in range(40, 60):
        site.write(number)
    site.write(3, "Text that was corrected.")
    site.write(1000, date="1999-05-05 00:00:00")
    site.set("entries = 5", "entries = 7")
    site.set("[store]", '[labels.category]\nc0 = "Other"\n[store]')
    site.build()
    for number in range(60, 80):
        site.write(number)
    site.build(full=True)
    now = archives(site.output)
    assert {path: now[path] for path in sealed} == sealed
    assert len(newest(chain(site.output, "atom.xml"))) == 81


def test_a_corrected_post_comes_again_and_its_archived_version_stays(site: Site) -> None:
    for number in range(20):
        site.write(number)
    site.build()
    first = read(site.output, "archive/1.atom.xml")
    uid = first.entries[0][0]
    site.write(4, "Corrected.")
    site.build()
    assert uid in [one for one, _ in read(site.output, "atom.xml").entries]
    for number in range(20, 40):
        site.write(number)
    site.build()
    assert read(site.output, "archive/1.atom.xml") == first
    versions = [v for one in chain(site.output, "atom.xml") for i, v in one.entries if i == uid]
    assert len(versions) == len(set(versions)) == 2
    assert newest(chain(site.output, "atom.xml"))[uid] == max(versions)


def test_a_version_that_was_never_sealed_is_not_archived(site: Site) -> None:
    for number in range(7):
        site.write(number)
    site.build()
    for text in ("Second.", "Third.", "Fourth."):
        site.write(6, text)
        site.build()
    for number in range(7, 20):
        site.write(number)
    site.build()
    held = [entry for one in chain(site.output, "atom.xml")[1:] for entry in one.entries]
    assert len(held) == len({uid for uid, _ in held})


def test_a_late_past_is_appended_and_the_subscription_document_stays_small(site: Site) -> None:
    for number in range(12):
        site.write(number)
    site.build()
    sealed = archives(site.output)
    for number in range(200):
        site.write(5000 + number, date=f"1999-01-01 00:{number // 60:02}:{number % 60:02}")
    site.build()
    now = archives(site.output)
    assert {path: now[path] for path in sealed} == sealed
    assert len(read(site.output, "atom.xml").entries) <= 10
    assert len(newest(chain(site.output, "atom.xml"))) == 212


def test_an_archive_closes_at_its_size(site: Site) -> None:
    assert count_archive_entries([[10]] * 9, 5, 100) == 5
    assert count_archive_entries([[40, 1]] * 9, 5, 100) == 2
    assert count_archive_entries([[1, 400], [1, 1]], 5, 100) == 1
    for number in range(8):
        site.write(number, "word " * 180_000, categories="c", tags="t")
    site.build()
    sizes = [len(data) for data in archives(site.output).values()]
    assert sizes
    assert max(sizes) < 2_100_000
    assert len(set(ids(site.output, "atom.xml"))) == 8


def test_unchanged_input_writes_nothing_and_one_post_writes_one_archive_a_feed_at_most(site: Site) -> None:
    for number in range(25):
        site.write(number)
    site.build()
    assert site.build().written == []
    site.write(25)
    written = site.build().written
    assert sum("archive/" in path for path in written) <= 3


def test_a_lost_archive_is_made_again_and_foreign_files_stay(site: Site) -> None:
    for number in range(15):
        site.write(number)
    site.build()
    before = site.bytes()
    (site.output / "archive" / "1.atom.xml").unlink()
    site.build()
    assert site.bytes() == before
    (site.output / "archive" / "3.atom.xml").write_text("mine")
    for number in range(15, 40):
        site.write(number)
    report = site.build()
    assert [one["path"] for one in report.held] == ["archive/3.atom.xml"]
    assert (site.output / "archive" / "3.atom.xml").read_text() == "mine"
    assert len(newest(chain(site.output, "atom.xml"))) == 40
    (site.output / "archive" / "3.atom.xml").unlink()
    assert site.build().held == []
    assert len(newest(chain(site.output, "atom.xml"))) == 40
    assert len(read(site.output, "atom.xml").entries) == 5


def test_a_lost_store_gives_the_same_archives(site: Site) -> None:
    for number in range(30):
        site.write(number)
    site.build()
    before = site.bytes()
    shutil.rmtree(site.folder / "state")
    site.build()
    assert site.bytes() == before


def test_a_lost_store_cuts_archives_where_they_were_cut_although_posts_changed(site: Site) -> None:
    dice = random.Random(8)
    site.now = datetime(2020, 1, 1, 3, 50, tzinfo=UTC)
    for number in range(12):
        site.write(number)
    site.build()
    for number in range(12, 48):
        site.now = datetime(2019, 12, 31, 16, tzinfo=UTC) + timedelta(hours=number)
        site.write(number)
        site.build()
        if number % 3 == 0:
            site.write(dice.randrange(number), f"Corrected by {number}.")
            site.build()
        if number % 7 == 0:
            site.write(500 + number, date=f"1999-05-05 00:00:{number:02}")
            site.build()
    before = {path: sorted(set(re.findall(rb"<id>[^<]*</id>", data))) for path, data in site.bytes().items()}
    for file in (site.folder / "state").glob("feedd.db*"):
        file.unlink()
    site.build()
    now = {path: sorted(set(re.findall(rb"<id>[^<]*</id>", data))) for path, data in site.bytes().items()}
    assert now == before


def test_explain_names_the_archive_that_holds_a_post_and_validate_looks_at_all(tmp_path: Path) -> None:
    site = Site(tmp_path, archive='["atom", "json"]')
    for number in range(12):
        site.write(number)
    site.build()
    feeds = json.loads(site.run("explain", "_posts/2020-01-01-p0.md", "--json").stdout)["feeds"]
    assert feeds[0]["why_not"] == "5 newer posts fill it; it is in archive 1"
    assert site.run("validate").returncode == 0
    (site.output / "archive" / "1.json").write_text('{"version": "https://jsonfeed.org/version/1.1"}')
    assert "archive/1.json" in site.run("validate").stdout


def test_archives_only_for_some_kinds_of_feeds_or_for_none(site: Site) -> None:
    site.set("pages = false", 'pages = false\narchive_kinds = ["all"]')
    for number in range(30):
        site.write(number)
    site.build()
    assert {path.partition("/")[0] for path in archives(site.output)} == {"archive"}
    site.set('archive = ["atom"]', "archive = []")
    site.build()
    assert archives(site.output) == {}
    assert not (site.output / "archive").exists()
    assert read(site.output, "atom.xml").before == ""
    site.set("archive = []", 'archive = ["atom", "json"]')
    site.build()
    for name in ("atom.xml", "feed.json"):
        assert len(newest(chain(site.output, name))) == 30


def test_ten_thousand_posts_in_small(tmp_path: Path) -> None:
    life_of_a_site(tmp_path, posts=300, entries=10, more=60, late=8, edits=8, past=80, feeds=8)


@pytest.mark.stress
def test_ten_thousand_posts(tmp_path: Path) -> None:
    life_of_a_site(tmp_path, posts=10_000, entries=50, more=500, late=20, edits=20, past=1000, feeds=50)


def life_of_a_site(
    tmp_path: Path, posts: int, entries: int, more: int, late: int, edits: int, past: int, feeds: int
) -> None:
    dice = random.Random(5)
    site = Site(tmp_path, entries)
    terms = {
        n: {"categories": f"c{dice.randrange(40)}", "tags": f"t{dice.randrange(40)}"}
        for n in range(posts + more)
    }

    def write(numbers: range) -> None:
        for number in numbers:
            site.write(number, f"Text {number}.", **terms[number])

    write(range(posts))
    site.build()
    sealed = archives(site.output)
    assert sealed
    for start in range(posts, posts + more, more // 3):
        write(range(start, min(start + more // 3, posts + more)))
        site.build()
    for number in range(late):
        site.write(20_000 + number, date=f"1990-02-{number + 1:02} 00:00:00", categories="c1", tags="t1")
    site.build()
    for number in dice.sample(range(posts), edits):
        site.write(number, f"Text {number}, corrected.", **terms[number])
    site.build()
    _add_past(site, past)
    site.build()
    now = archives(site.output)
    assert {path: now[path] for path in sealed} == sealed
    _check_feeds(site, dice, feeds)


def _add_past(site: Site, past: int) -> None:
    folder = site.folder / "past" / "_posts"
    folder.mkdir(parents=True)
    for number in range(past):
        (folder / f"1980-01-01-old{number}.md").write_text(
            f"---\ntitle: Old {number}\ndate: 1980-01-01 {number // 60 % 24:02}:{number % 60:02}:00\n"
            f"categories: c{number % 40}\ntags: t{number % 40}\n---\nOld text {number}.\n"
        )
    text = site.config.read_text("utf-8")
    site.config.write_text(
        text.replace("[[identity]]", f'[[sources]]\nname = "past"\npath = "{folder.parent}"\n[[identity]]')
    )


def _check_feeds(site: Site, dice: random.Random, count: int) -> None:
    found = json.loads(site.run("status", "--json").stdout)["feeds"]
    for feed in dice.sample(found, min(count, len(found))):
        documents = chain(
            site.output, feed["folder"].strip("/") + "/atom.xml" if feed["folder"] != "/" else "atom.xml"
        )
        held = [entry for one in documents[1:] for entry in one.entries]
        assert len(held) == len(set(held)), "each version once"
        latest = newest(documents)
        assert len(latest) == feed["posts"]
        for one in documents:
            assert len({uid for uid, _ in one.entries}) == len(one.entries)
            for uid, version in one.entries:
                assert version <= latest[uid], "the newest version is met first"


def test_a_dry_run_tells_the_size_on_disk_before(site: Site) -> None:
    for number in range(25):
        site.write(number)
    report = site.build(dry_run=True)
    assert not site.output.exists()
    done = site.build()
    assert (report.written, report.size, report.archives) == (done.written, done.size, done.archives)
    on_disk = {path: len(data) for path, data in site.bytes().items()}
    assert done.size == sum(on_disk[path] for path in done.written)
    assert done.archives == len(archives(site.output)) > 0
    site.write(25)
    assert "archives; 0." in site.run("build", "--dry-run").stdout
