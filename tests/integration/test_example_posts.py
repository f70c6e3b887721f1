"""The example posts: every quirk that the examples' README names comes out as it says; and the example in Python."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, feedd

POSTS = ROOT / "examples" / "posts"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's own configuration, writing elsewhere."""
    folder = tmp_path_factory.mktemp("examples")
    text = (ROOT / "config" / "feedd.toml").read_text("utf-8")
    for old, new in (("../output", "output"), ("../state", "state"), ("../examples", f"{ROOT}/examples")):
        assert old in text
        text = text.replace(f'"{old}', f'"{new}')
    path = folder / "feedd.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.fixture(scope="module")
def report(config: Path) -> dict[str, Any]:
    done = feedd("build", "-c", str(config), "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def items(config: Path, report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Items of the feed of all posts, by title."""
    assert report["written"]
    data = json.loads((config.parent / "output" / "feed.json").read_bytes())
    return {item["title"]: item for item in data["items"]}


def test_no_example_is_lost(report: dict[str, Any]) -> None:
    files = [p for p in POSTS.rglob("*") if p.parent.name in ("_posts", "_drafts")]
    assert report["read"] == len(files)
    assert (report["merged"], report["unpublished"], report["ignored"], report["rejected"]) == (1, 3, 1, [])
    assert report["published"] == report["read"] - 5


def test_the_readme_names_every_example_and_no_other() -> None:
    text = (ROOT / "examples" / "README.md").read_text("utf-8")
    named = set(re.findall(r"^\| `(?:[\w/]*/)?([^`/]+\.(?:md|html))`", text, re.MULTILINE))
    assert named == {p.name for p in POSTS.rglob("*") if p.parent.name in ("_posts", "_drafts")}


TITLES = {
    "渡轮公司宣布，早班船提前到五点半": "an empty title is made from the text",
    "海雾预计在上午十点前散去，航道随后恢复双向通行": "no title at all",
    '渔民称今年"鱼汛"来得早': "unescaped quotes inside a quoted title",
    '老茶馆推出"一元早茶"，街坊说"够暖"': "two pairs of them, one at the end",
    'The bus that "always waits" gets a timetable': "in English",
    "Council: no new car park": "a colon in an unquoted title",
    "It's the harbour master's last day": "apostrophes inside single quotes",
    "A header in TOML": "TOML",
    "A header in JSON": "JSON",
    "A header in plain lines": "Pelican",
}


@pytest.mark.parametrize("title", TITLES, ids=TITLES.values())
def test_titles(items: dict[str, dict[str, Any]], title: str) -> None:
    assert title in items


@pytest.mark.parametrize(
    ("title", "date"),
    [
        (
            "渡轮公司宣布，早班船提前到五点半",
            "2024-03-05T00:00:00+08:00",
        ),  # an offset alone: the identity's date
        ("没有日期的文件名", "2024-03-06T10:00:00+08:00"),  # no offset: the site's zone
        ("The ferry is late", "2024-04-08T00:00:00+08:00"),  # no date: the name's
        ("The library lends tools now", "2024-04-02T12:00:00+00:00"),
    ],
)
def test_dates(items: dict[str, dict[str, Any]], title: str, date: str) -> None:
    assert items[title]["date_published"] == date


WIRE = "https://wire.example/html_News/NewsShare.html?infoCode="


@pytest.mark.parametrize(
    ("title", "there", "gone"),
    [
        (
            "渡轮公司宣布，早班船提前到五点半",
            [
                "<blockquote>",
                'src="https://img.example/ferry.jpg"',
                "https://news.example/timetable.html",
                "票价",
            ],
            ["display:none", "EM_StockImg", "返回", "infoCode", "<span></span>"],
        ),
        ("海雾预计在上午十点前散去，航道随后恢复双向通行", ["<b>打开航行灯</b>"], ["返回", "&lt;&gt;"]),
        ("没有日期的文件名", ["<center>", '<img src="https://img.example/pier.jpg"'], []),
        ("冲泡三步", ["<strong>温杯</strong>", 'style="color:#333"', "https://news.example/"], ["position"]),
        ("茶名的读音", ["<ruby>", "<details>", "<sub>2</sub>"], []),
        ("茶馆里的声音", ["<audio", "<figcaption>"], []),
        ("How the tide table is made", ["language-python", "{{ raw braces }}", "high &amp; low"], ["{%"]),
        ("Watch the launch", ["https://video.example/embed/42"], ["<iframe", "<script", "pixel"]),
        (
            "The museum in one room",
            ["<video", "<sup>3</sup>", "<dl>", "<details>"],
            ["<!--", "<span></span>"],
        ),
        ("Signs in three languages", ['dir="rtl"', 'lang="zh-CN"'], []),
        ('The bus that "always waits" gets a timetable', ["<table>", "<td>07:10</td>"], ["|"]),
    ],
)
def test_bodies(items: dict[str, dict[str, Any]], title: str, there: list[str], gone: list[str]) -> None:
    content = items[title]["content_html"]
    assert [one for one in there if one not in content] == []
    assert [one for one in gone if one in content] == []


def test_addresses_categories_and_authors(items: dict[str, dict[str, Any]]) -> None:
    merged = items["新灯塔本周亮灯"]
    assert merged["url"] == f"{WIRE}NW202403012387654321"
    assert items["春茶开市"]["url"] == "https://tea.example/spring-2024.html"
    assert items["Market day moves to Thursday"]["tags"] == ["town", "market"]
    assert [a["name"] for a in items["Market day moves to Thursday"]["authors"]] == ["Town Desk"]
    assert items["Signs in three languages"]["language"] == "en"
    assert items["Council: no new car park"]["tags"] == ["town-news", "town council"]


def test_each_category_and_tag_has_its_feeds_and_a_page(
    config: Path, items: dict[str, dict[str, Any]]
) -> None:
    output = config.parent / "output"
    folders = [p for kind in ("category", "tag") for p in (output / kind).iterdir()]
    assert len(folders) == len({tag for item in items.values() for tag in item["tags"]})
    for folder in folders:
        assert {"atom.xml", "rss.xml", "feed.json", "index.html"} <= {p.name for p in folder.iterdir()}


def test_lint_names_each_repair_of_the_examples(config: Path) -> None:
    found = feedd("lint", "-c", str(config)).stdout
    for name, rule in (
        ("-202403052391921712.md:4", "empty-date"),
        ("-202403052391921712.md:3", "empty-title"),
        ("2024-03-03-202403032300000003.md:3", "unescaped-quote"),
        ("2024-04-03-colon.md:2", "unquoted-colon"),
        ("2024-04-08-typo.md:3", "bad-date"),
        ("2024-06-04-notes.md:1", "ignored"),
    ):
        assert re.search(rf"{re.escape(name)}: {rule}: ", found), (name, rule)
    assert "liquid-dropped: removing {% include" in found


@pytest.fixture
def example() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "examples" / "build_feeds.py"))


def test_the_example_in_python_builds(config: Path, report: dict[str, Any]) -> None:
    command = [sys.executable, str(ROOT / "examples" / "build_feeds.py"), str(config)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=config.parent)
    assert done.returncode == 0, done.stderr
    assert f"{report['read']} files, {report['published']} posts, 0 documents" in done.stdout


def test_the_example_in_python_tells_of_mistakes(
    tmp_path: Path, example: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "feedd.toml").write_text('[site]\ntitel = "x"\n')
    assert example["main"](tmp_path / "feedd.toml") == 2
    assert "did you mean `title`" in capsys.readouterr().err
