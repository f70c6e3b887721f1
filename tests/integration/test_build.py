"""The program as its users meet it: a folder of posts, `feedd build`, and what lies in the output."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lxml import etree

from tests.conftest import ROOT, Project, feedd

ATOM = "{http://www.w3.org/2005/Atom}"


def entries(path: Path) -> list[dict[str, str]]:
    root = etree.fromstring(path.read_bytes())
    return [
        {
            "id": e.findtext(ATOM + "id"),
            "title": e.findtext(ATOM + "title"),
            "link": e.find(ATOM + "link").get("href") if e.find(ATOM + "link") is not None else "",
            "published": e.findtext(ATOM + "published"),
            "updated": e.findtext(ATOM + "updated"),
            "content": e.findtext(ATOM + "content"),
        }
        for e in root.findall(ATOM + "entry")
    ]


def test_a_post_is_in_the_feed_of_all_of_its_category_and_of_its_tag_in_each_format(project: Project) -> None:
    project.post("2024-01-02-a.md", "第一篇", "正文。", categories="gangkou", tags="港口新闻")
    assert project.run("build").returncode == 0
    for folder in ("", "category/gangkou/", "tag/gangkouxinwen/"):
        for name in ("atom.xml", "rss.xml", "feed.json"):
            assert "第一篇" in (project.output / folder / name).read_text("utf-8"), folder + name
    assert (project.output / "index.html").exists()
    assert project.run("validate").returncode == 0


def test_an_unchanged_input_writes_nothing(project: Project) -> None:
    for number in range(5):
        project.post(f"2024-01-0{number + 1}-p.md", f"Post {number}")
    project.run("build")
    before = project.snapshot()
    report = json.loads(project.run("build", "--json").stdout)
    assert report["written"] == []
    assert project.snapshot() == before


def test_one_new_post_rewrites_its_feeds_and_the_index_and_nothing_else(project: Project) -> None:
    project.post("2024-01-01-a.md", categories="one", tags="x")
    project.post("2024-01-02-b.md", categories="two", tags="y")
    project.run("build")
    before = project.bytes()
    project.post("2024-01-03-c.md", "New", categories="one", tags="x")
    project.run("build")
    changed = {name for name, data in project.bytes().items() if before.get(name) != data} - {".feedd"}
    folders = ("", "category/one/", "tag/x/")
    expected = {folder + name for folder in folders for name in ("atom.xml", "rss.xml", "feed.json")}
    assert changed == expected | {"index.html", "category/one/index.html", "tag/x/index.html"}


def test_the_same_article_under_two_addresses_is_one_entry(project: Project) -> None:
    project.post("2024-01-01-a.md", body="Text.\n\n<http://a.example/news/1351,202401017654321.html>")
    project.post("2024-01-02-b.md", body="Text.\n\n<http://b.example/x?infoCode=NW202401017654321>")
    report = json.loads(project.run("build", "--json").stdout)
    assert (report["read"], report["published"], report["merged"]) == (2, 1, 1)
    assert len(entries(project.output / "atom.xml")) == 1


def test_broken_front_matter_does_not_lose_a_post(project: Project) -> None:
    project.post("2024-01-01-a.md", 'He said "no" today')
    project.post("2024-01-02-b.md", "", body="这是正文的第一句。第二句。")
    (project.posts / "-202405262391921712.md").write_text("---\ntitle: C\ndate:  +0800\n---\ntext\n", "utf-8")
    assert project.run("build").returncode == 0
    found = {e["title"]: e for e in entries(project.output / "atom.xml")}
    assert set(found) == {'He said "no" today', "这是正文的第一句", "C"}
    assert found["C"]["published"] == "2024-05-26T00:00:00+08:00"
    lint = project.run("lint")
    assert "unescaped-quote" in lint.stdout
    assert lint.returncode == 1


def test_an_edit_moves_updated_and_keeps_the_id(project: Project) -> None:
    path = project.post("2024-01-01-a.md", body="Old text.")
    project.run("build")
    before = entries(project.output / "atom.xml")[0]
    assert before["updated"] == before["published"]
    path.write_text(path.read_text("utf-8").replace("Old", "New"), "utf-8")
    project.run("build")
    after = entries(project.output / "atom.xml")[0]
    assert after["id"] == before["id"]
    assert after["updated"] > before["updated"]
    assert "New text" in after["content"]


def test_a_touched_file_is_no_change(project: Project) -> None:
    path = project.post("2024-01-01-a.md")
    project.run("build")
    before = project.snapshot()
    os.utime(path, (1, 1))
    assert "0 new, 0 changed" in project.run("build").stdout
    assert project.snapshot() == before


def test_a_renamed_file_is_the_same_post(project: Project) -> None:
    path = project.post("a.md", body="Text without any address.")
    project.run("build")
    before = entries(project.output / "atom.xml")[0]["id"]
    path.rename(project.posts / "b.md")
    report = json.loads(project.run("build", "--json").stdout)
    assert report["published"] == 1
    assert [e["id"] for e in entries(project.output / "atom.xml")] == [before]


def test_a_vanished_file_leaves_its_post_in_place_if_it_shall_be_kept(project: Project) -> None:
    project.set('name = "news"\n', 'name = "news"\non_remove = "keep"\n')
    project.post("2024-01-01-a.md").unlink()
    path = project.post("2024-01-02-b.md")
    project.run("build")
    before = project.bytes()
    path.unlink()
    project.run("build")
    assert project.bytes() == before


def test_foreign_files_are_never_overwritten(project: Project) -> None:
    project.post("2024-01-01-a.md")
    project.output.mkdir()
    (project.output / "atom.xml").write_text("mine")
    done = project.run("build")
    assert done.returncode == 1
    assert "atom.xml" in done.stderr
    assert (project.output / "atom.xml").read_text() == "mine"
    assert 'href="atom.xml"' not in (project.output / "index.html").read_text()


def test_a_lost_document_comes_back_and_a_lost_store_gives_the_same_bytes(project: Project) -> None:
    for number in range(3):
        project.post(f"2024-01-0{number + 1}-p.md", f"Post {number}", tags=f"t{number}")
    project.run("build")
    before = project.bytes()
    (project.output / "tag" / "t1" / "rss.xml").unlink()
    project.run("build")
    assert project.bytes() == before
    shutil.rmtree(project.folder / "state")
    project.run("build")
    assert project.bytes() == before


def test_posts_of_the_future_wait_and_drafts_and_unpublished_ones_stay_out(project: Project) -> None:
    project.post("2024-01-01-a.md")
    project.post("2099-01-01-b.md", "Later", date="2099-01-01 00:00:00")
    project.post("2024-01-02-c.md", "Hidden", published="false")
    (project.posts / "2024-01-03-d.md").write_text("no header here")
    report = json.loads(project.run("build", "--json").stdout)
    assert (report["read"], report["published"], report["unpublished"], report["ignored"]) == (4, 1, 2, 1)


def test_names_that_differ_only_in_case_get_different_slugs(project: Project) -> None:
    project.post("2024-01-01-a.md", tags="Tea")
    project.post("2024-01-02-b.md", tags="tea")
    project.run("build")
    slugs = sorted(path.name for path in (project.output / "tag").iterdir())
    assert slugs[0] == "tea"
    assert re.fullmatch(r"tea-[0-9a-f]{4}", slugs[1])


def test_a_dry_run_tells_and_changes_nothing(project: Project) -> None:
    project.post("2024-01-01-a.md")
    done = project.run("build", "--dry-run")
    assert "would write atom.xml" in done.stdout
    assert not project.output.exists()
    assert not (project.folder / "state").exists()


def test_two_builds_at_once_the_second_says_so(project: Project) -> None:
    from feeds.storage.sqlite import lock_store

    project.post("2024-01-01-a.md")
    with lock_store(project.folder / "state" / "feedd.db"):
        done = project.run("build")
    assert done.returncode == 75
    assert "another feedd" in done.stderr


def test_wrong_usage_and_configuration_exit_2_with_every_mistake(project: Project) -> None:
    assert feedd("bild").returncode == 2
    assert "feedd init" in feedd("-c", str(project.folder / "nowhere.toml")).stderr
    project.config.write_text('[site]\ntitle = "x"\nurl = "nowhere"\nlangauge = "en"\n[serve]\nlisten = ""\n')
    done = project.run("build")
    assert done.returncode == 2
    for text in ("site.url", "did you mean `language`", "serve.listen", "sources"):
        assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_folder_is_a_trouble_and_strictly_an_error(project: Project) -> None:
    shutil.rmtree(project.posts.parent)
    assert project.run("build").returncode == 0
    assert project.run("build", "--strict").returncode == 1


def test_explain_finds_a_post_by_path_code_address_and_id(project: Project) -> None:
    project.post("2024-01-01-a.md", body="Text.\n\n<http://a.example/x?infoCode=NW202401017654321>")
    project.run("build")
    uid = entries(project.output / "atom.xml")[0]["id"]
    for wanted in ("2024-01-01-a.md", "202401017654321", "http://b.example/?infoCode=NW202401017654321", uid):
        found = json.loads(project.run("explain", wanted, "--json").stdout)
        assert found["id"] == uid, wanted
    assert project.run("explain", "nothing").returncode == 2


def test_parts_in_any_order_give_the_same_bytes_as_one_build(tmp_path: Path) -> None:
    whole, parts = Project(tmp_path / "whole", 1000), Project(tmp_path / "parts", 1000)
    names = []
    for number in range(30):
        story = number % 20 if number % 3 else number + 100
        address = f"\n\n<http://a.example/x?infoCode=NW2024010176543{story:02}>" if number % 3 else ""
        name = f"2024-01-{number % 28 + 1:02}-p{number}.md"
        names.append(whole.post(name, f"Story {story}", f"Text {story}.{address}", tags=f"t{number % 4}"))
    whole.run("build")
    random.Random(4).shuffle(names)
    for start in range(0, 30, 8):
        for path in names[start : start + 8]:
            shutil.copy2(path, parts.posts / path.name)
        parts.run("build")
    assert parts.bytes() == whole.bytes()


def test_full_writes_every_document_again_with_the_same_bytes(project: Project) -> None:
    project.post("2024-01-01-a.md")
    project.run("build")
    before = project.bytes()
    report = json.loads(project.run("build", "--full", "--json").stdout)
    assert len(report["written"]) == 16  # three feeds in three formats, two pages, two lists, three assets
    assert project.bytes() == before


def kill_after(project: Project, seconds: float) -> None:
    """Kill a build at some moment; what lies there is whole and names nothing that is missing."""
    command = [sys.executable, "-m", "feeds", "build", "-c", str(project.config)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        time.sleep(seconds)
        running.send_signal(signal.SIGKILL)
    named = set()
    for path in project.output.rglob("*") if project.output.exists() else ():
        if ".feedd-tmp" in path.parts:
            continue
        if path.suffix in (".xml", ".opml"):
            root = etree.fromstring(path.read_bytes())
            named |= {outline.get("xmlUrl") for outline in root.iter("outline")}
            named |= {
                link.get("href") for link in root.findall(f"{ATOM}link") if link.get("rel") == "prev-archive"
            }
        elif path.suffix == ".json":
            json.loads(path.read_bytes())
    index = project.output / "index.html"
    text = index.read_text("utf-8") if index.exists() else ""
    site = "https://site.example/feeds/"
    paths = {address.removeprefix(site) for address in named if address and address.startswith(site)}
    for address in paths | set(re.findall(r'href="((?:category|tag)/[^"]+)"', text)):
        assert (project.output / address).exists(), address


def killed_builds(tmp_path: Path, posts: int, kills: int) -> None:
    """First builds killed at moments spread over all of one; the next build does what an undisturbed one does."""
    calm, killed = Project(tmp_path / "calm"), Project(tmp_path / "killed")
    for number in range(posts):
        for one in (calm, killed):
            path = one.post(
                f"2024-01-01-p{number}.md", f"Post {number}", "Text. " * 50, tags=f"t{number % 9}"
            )
            os.utime(path, (1_700_000_000, 1_700_000_000))
    started = time.monotonic()
    calm.run("build")
    whole = time.monotonic() - started
    dice = random.Random(3)
    for _ in range(kills):
        shutil.rmtree(killed.output, ignore_errors=True)
        shutil.rmtree(killed.folder / "state", ignore_errors=True)
        kill_after(killed, dice.uniform(0.05, whole))
        assert killed.run("build").returncode == 0
        assert killed.bytes() == calm.bytes()


def test_a_killed_first_build_is_finished_by_the_next_one(tmp_path: Path) -> None:
    killed_builds(tmp_path, 150, 4)


@pytest.mark.stress
def test_twenty_killed_first_builds_of_2000_posts(tmp_path: Path) -> None:
    killed_builds(tmp_path, 2000, 20)


def test_init_recognises_a_jekyll_site_and_its_feed(tmp_path: Path) -> None:
    (tmp_path / "_posts").mkdir()
    (tmp_path / "_config.yml").write_text(
        'title: "A \\"b\\""\nurl: https://x.example\nlang: zh_CN\nplugins:\n  - jekyll-feed\n'
    )
    (tmp_path / "_posts" / "2024-01-02-a.md").write_text("---\ntitle: T\n---\ntext\n")
    assert feedd("init", str(tmp_path)).returncode == 0
    config = str(tmp_path / "config" / "feedd.toml")
    assert feedd("check", "-c", config).returncode == 0
    assert feedd("build", "-c", config).returncode == 0
    found = entries(tmp_path / "feeds" / "atom.xml")
    assert found[0]["id"] == "https://x.example/2024/01/02/a"
    assert (tmp_path / "feeds" / "feed.xml").read_bytes() == (tmp_path / "feeds" / "atom.xml").read_bytes()
