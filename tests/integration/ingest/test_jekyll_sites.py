"""A Jekyll site as the program reads it: links, a tree without configuration, unreadable files, mistakes."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from tests.conftest import ROOT, Project
from tests.integration.test_build import entries, feedd


def test_links_between_posts_lead_to_their_pages(tmp_path: Path) -> None:
    project = Project(tmp_path)
    (tmp_path / "site/_config.yml").write_text("url: https://h.example\nbaseurl: /blog\n")
    (tmp_path / "site/town/_posts").mkdir(parents=True)
    (tmp_path / "site/town/_posts/2024-01-03-c.md").write_text("---\ntitle: C\n---\nText C.\n")
    (tmp_path / "outside.md").write_text("---\ntitle: Outside\n---\nText.\n")
    (tmp_path / "site/out.md").symlink_to(tmp_path / "outside.md")
    project.post("2024-01-01-a.md", "A", "Text A.")
    project.post(
        "2024-01-02-b.md",
        "B",
        "[1]({% link _posts/2024-01-01-a.md %}) [2]({{ site.url }}{% post_url 2024-01-01-a %}) "
        "[3]({% post_url town/2024-01-03-c %}) [4]({% link out.md %}) [5](#x) [6]({{site.baseurl}}/y)",
    )
    assert project.run("build").returncode == 0
    content = next(e for e in entries(project.output / "atom.xml") if e["title"] == "B")["content"]
    page = "https://h.example/blog/news/2024/01/02/a.html"
    assert content.count(f'href="{page}"') == 2
    assert 'href="https://h.example/blog/town/2024/01/03/c.html"' in content
    assert 'href="https://h.example/blog/y"' in content
    assert "liquid-dropped" in project.run("lint").stdout


def test_a_tree_without_a_configuration_is_recognised_by_its_posts(tmp_path: Path) -> None:
    (tmp_path / "_posts").mkdir()
    (tmp_path / "_posts/2024-01-01-a.md").write_text("---\ntitle: T\n---\nText.\n")
    assert feedd("init", str(tmp_path)).returncode == 0
    assert feedd("build", "-c", str(tmp_path / "config/feedd.toml")).returncode == 0
    assert [e["title"] for e in entries(tmp_path / "feeds/atom.xml")] == ["T"]


def test_a_file_that_cannot_be_read_is_named_and_takes_no_other_with_it(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.post("2024-01-01-a.md", "A")
    with open(os.fsencode(project.posts) + b"/2024-01-02-\xb1\xea.md", "wb") as file:
        file.write(b"---\ntitle: name in GBK\n---\nText.\n")
    (project.posts / "2024-01-03-out.md").symlink_to(tmp_path / "feedd.toml")
    (project.posts / "2024-01-04-nowhere.md").symlink_to(project.posts / "nowhere.md")
    (project.posts / "2024-01-05-in.md").symlink_to(project.posts / "2024-01-01-a.md")
    done = project.run("build", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert (report["read"], report["published"], report["merged"]) == (5, 2, 0)
    reasons = {one["path"].rpartition("/")[2]: one["reason"] for one in report["rejected"]}
    assert "UTF-8" in reasons["2024-01-02-\\xb1\\xea.md"]
    assert "leads out" in reasons["2024-01-03-out.md"]
    assert "No such file" in reasons["2024-01-04-nowhere.md"]
    assert json.loads(project.run("build", "--json").stdout)["written"] == []
    assert "2024-01-03-out.md:1: rejected: a symbolic link" in project.run("lint").stdout


def test_the_docs_name_every_rule_of_lint() -> None:
    code = "".join((ROOT / "feeds" / path).read_text("utf-8") for path in _RULE_FILES)
    rules = set(re.findall(r"\"([a-z]+(?:-[a-z]+)+)\"", code)) - _NO_RULES | {
        "encoding",
        "tab",
        "ignored",
        "rejected",
    }
    text = (ROOT / "docs" / "reference" / "posts.md").read_text("utf-8").partition("## Rules of lint")[2]
    named = set(
        re.findall(
            r"`([a-z-]+)`",
            "\n".join(line.split("|")[1] for line in text.split("\n") if line.startswith("| `")),
        )
    )
    assert named == rules


_RULE_FILES = (
    "parser/posts/post_dates.py",
    "parser/posts/file_encoding.py",
    "parser/posts/front_matter.py",
    "parser/posts/front_matter_repair.py",
    "parser/posts/post.py",
    "cli/lint.py",
)


_NO_RULES = {"utf-8", "utf-16", "external-url", "jekyll-feed"}


def test_lint_names_what_is_wrong_in_the_sites_configuration(tmp_path: Path) -> None:
    project = Project(tmp_path)
    (tmp_path / "site/_config.yml").write_text('title: "a "b" c"\nurl: https://x.example\n')
    assert "_config.yml:1: unescaped-quote: " in project.run("lint").stdout
