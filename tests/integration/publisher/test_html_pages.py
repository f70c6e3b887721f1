"""Pages in the output tree: where they lie, what they name, when they are written and when they go."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin

import pytest

from tests.conftest import Project

SITE = "https://site.example/feeds/"
FORMATS = ("atom.xml", "rss.xml", "feed.json")


class Links(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def of(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [a for name, a in self.tags if name == tag and wanted.items() <= a.items()]


def pages(project: Project) -> dict[str, Links]:
    """Every page by the folder that it is the index of."""
    return {
        path.relative_to(project.output).as_posix().removesuffix("index.html"): Links(path)
        for path in sorted(project.output.rglob("index.html"))
    }


def own(project: Project, folder: str, href: str) -> Path | None:
    """The file or folder of the output that a link leads to; None if it leads elsewhere."""
    address = urljoin(f"{SITE}{folder}", href)
    found = address.startswith(SITE)
    return project.output / unquote(address.removeprefix(SITE).partition("#")[0]) if found else None


def changed(project: Project, before: dict[str, bytes]) -> set[str]:
    after = project.bytes()
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} - {".feedd"}


def test_every_feed_has_a_page_and_names_only_what_is_there(project: Project) -> None:
    project.set('name = "news"\n', 'name = "news"\nbase = "https://posts.example/"\n')
    project.post("2024-01-01-a.md", "第一篇", categories="港口", tags='["a b", "茶叶", "c/d"]')
    project.post("2024-01-02-b.md", "第二篇", categories="town", tags="茶叶", date="2024-02-01 00:00:00")
    assert project.run("build").returncode == 0
    found = pages(project)
    assert len(found) == 1 + 2 + 3
    for folder, page in found.items():
        named = {one["href"] for one in page.of("link", rel="alternate")}
        assert named == {f"{SITE}{folder}{name}" for name in FORMATS}
        for tag, key in (("a", "href"), ("link", "href"), ("script", "src")):
            for one in page.of(tag):
                place = own(project, folder, one.get(key) or "")
                assert place is None or place.exists(), (folder, one)
                if place and place.is_dir():
                    assert (place / "index.html").exists(), (folder, one)
    assert found["tag/chaye/"].of("a", rel="tag"), "terms of posts lead to their pages"
    text = (project.output / "tag/chaye/index.html").read_text("utf-8")
    assert text.index("第二篇") < text.index("第一篇")


def test_a_page_shows_ten_posts_in_full_the_front_page_twenty_in_brief_and_both_say_how_many_there_are(
    project: Project,
) -> None:
    for day in range(1, 26):
        project.post(f"2024-01-{day:02}-p.md", f"Post {day}.", date=f"2024-01-{day:02} 00:00:00", tags="x")
    project.run("build")
    for path, oldest in (("tag/x/index.html", 16), ("index.html", 6)):
        text = (project.output / path).read_text("utf-8")
        shown = re.findall(r">Post (\d+)\.</a>", text)
        assert [int(one) for one in shown] == list(range(25, oldest - 1, -1)), path
        assert "25 篇文章" in text


def test_the_front_page_shows_twenty_posts_whatever_the_document_holds_beside_them(project: Project) -> None:
    """A post with another date alone did not surface again: it is in the document, for no archive holds its new version."""
    project.set("entries = 50", "entries = 25")
    for number in range(60):
        day = f"2024-03-{number % 28 + 1:02}"
        project.post(f"{day}-p{number}.md", f"Post {number}", date=f"{day} 00:00:{number:02}")
    assert project.run("build").returncode == 0
    for number in range(0, 56, 4):
        day = f"2024-03-{number % 28 + 1:02}"
        project.post(f"{day}-p{number}.md", f"Post {number}", date=f"2024-05-01 00:00:{number:02}")
    assert project.run("build", "--full").returncode == 0
    front = (project.output / "index.html").read_text("utf-8")
    assert front.count('class="teaser"') == 20


def test_one_new_post_rewrites_its_feeds_with_their_pages_and_the_front_page(project: Project) -> None:
    project.post("2024-01-01-a.md", categories="one", tags="x")
    project.post("2024-01-02-b.md", categories="two", tags="y")
    project.run("build")
    before = project.snapshot()
    assert json.loads(project.run("build", "--json").stdout)["written"] == []
    assert project.snapshot() == before
    project.post("2024-01-03-c.md", "New", categories="one", tags="x")
    report = json.loads(project.run("build", "--json").stdout)
    feeds = {folder + name for folder in ("", "category/one/", "tag/x/") for name in FORMATS}
    expected = feeds | {"index.html", "category/one/index.html", "tag/x/index.html"}
    assert changed(project, {name: data for name, (_, data) in before.items()}) == expected
    assert set(report["written"]) == expected
    kept = {name for name, state in project.snapshot().items() if before.get(name) == state}
    assert kept == before.keys() - expected - {".feedd"}


def test_lost_pages_and_assets_come_back_with_the_same_bytes(project: Project) -> None:
    project.post("2024-01-01-a.md")
    project.run("build")
    before = project.bytes()
    (project.output / "tag/tag/index.html").unlink()
    shutil.rmtree(project.output / "assets")
    project.run("build")
    assert project.bytes() == before


def test_hostile_text_stays_text(project: Project) -> None:
    bad = "<script>alert(1)</script>"
    project.post(
        "2024-01-01-a.md", f"{bad}&amp;</title>", f"<p onclick='x()'>a{bad}</p>\n\n<javascript:alert(1)>",
        categories=f'["{bad}"]', tags="[\"a'b\", \"../../x\", \"{{ 7*7 }}\"]", author=f"'{bad}'",
    )  # fmt: skip
    assert project.run("build").returncode == 0
    for folder, page in pages(project).items():
        text = (project.output / folder / "index.html").read_text("utf-8")
        assert [one["src"] for one in page.of("script")] == [page.of("script")[0]["src"]], (
            "only its own script"
        )
        assert "<script>" not in text
        assert "49" not in re.findall(r">([^<]*)<", text)
        assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
        assert not any("javascript:" in (attrs.get("href") or "") for _, attrs in page.tags)
    assert not (project.folder / "x").exists()


def test_a_dry_run_names_pages_and_writes_none(project: Project) -> None:
    project.post("2024-01-01-a.md")
    done = project.run("build", "--dry-run")
    assert "would write tag/tag/index.html" in done.stdout
    assert "would write assets/feedd-" in done.stdout
    assert not project.output.exists()


def test_a_foreign_page_is_kept_and_named(project: Project) -> None:
    project.post("2024-01-01-a.md")
    mine = project.output / "tag" / "tag" / "index.html"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    done = project.run("build")
    assert done.returncode == 1
    assert "tag/tag/index.html" in done.stderr
    assert mine.read_text() == "mine"


def test_without_pages_the_front_page_leads_to_documents(project: Project) -> None:
    project.post("2024-01-01-a.md", tags="茶叶")
    project.run("build")
    project.set("[output]", "[output]\npages = false")
    assert project.run("build").returncode == 0
    (front,) = pages(project).values()
    links = {one["href"] for one in front.of("a")}
    assert {"tag/chaye/atom.xml", "category/news/atom.xml"} <= links
    assert not any((href or "").endswith("chaye/") for href in links)


def test_own_templates_act_on_everything_and_go_without_a_trace(project: Project) -> None:
    project.post("2024-01-01-a.md")
    project.run("build")
    before = project.bytes()
    look = project.folder / "look"
    look.mkdir()
    (look / "entry.html").write_text("<article>mine: {{ entry.title }}</article>", "utf-8")
    (look / "extra.css").write_text("body { color: teal }", "utf-8")
    project.set("[output]", '[output]\ntemplates = "look"')
    project.run("build")
    styles = [path.read_text("utf-8") for path in project.output.glob("assets/*.css")]
    assert len(styles) == 1, "the old style sheet is gone"
    assert "teal" in styles[0]
    assert "mine: A post" in (project.output / "tag/tag/index.html").read_text("utf-8")
    (look / "entry.html").write_text("<article>other: {{ entry.title }}</article>", "utf-8")
    project.run("build")
    assert "other: A post" in (project.output / "tag/tag/index.html").read_text("utf-8")
    project.set('templates = "look"\n', "")
    project.run("build")
    assert project.bytes() == before


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("entry.html", "x\n{% if %}", "entry.html:2: "),
        ("feed.html", "\n\n{{ feed.nothing }}", "feed.html:3: "),
        ("words.toml", "x =", "words.toml: "),
        ("", "", "no such file"),
    ],
)
def test_a_mistake_in_a_template_is_one_of_the_configuration(
    project: Project, name: str, text: str, told: str
) -> None:
    project.post("2024-01-01-a.md")
    project.run("build")
    before = project.snapshot()
    project.set("[output]", '[output]\ntemplates = "look"')
    if name:
        (project.folder / "look").mkdir()
        (project.folder / "look" / name).write_text(text, "utf-8")
    for verb, code in (("check", 1), ("build", 2)):
        done = project.run(verb)
        assert done.returncode == code, done.stderr
        assert told in (done.stdout + done.stderr).lower(), done
        assert str(project.folder / "look") in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    assert project.snapshot() == before
