"""The same tree through the real Jekyll and through feedd, and what differs between them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urljoin

from lxml import etree, html

ATOM = "{http://www.w3.org/2005/Atom}"
SITE = "https://twins.example"
_DUMP = """---
layout: null
permalink: /dump.json
---
[{% for p in site.posts %}{"id":{{p.id|jsonify}},"url":{{p.url|jsonify}},"title":{{p.title|jsonify}},\
"date":{{p.date|date_to_xmlschema|jsonify}},"terms":{{p.categories|concat:p.tags|jsonify}},\
"content":{{p.content|jsonify}}}{% unless forloop.last %},{% endunless %}{% endfor %}]
"""
_SMART = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "–": "--", "—": "---", "«": "<<", "»": ">>"}
)


def find_jekyll() -> str:
    """Return why Jekyll cannot be asked; empty if it can."""
    if not shutil.which("jekyll"):
        return "SKIPPED FOR WANT OF jekyll: install jekyll and ruby-kramdown-parser-gfm to compare with the real Jekyll"
    return ""


@dataclass(frozen=True)
class Twin:
    """A post as one of the two programs publishes it."""

    id: str
    url: str
    title: str
    date: datetime
    terms: frozenset[str]
    text: str
    links: tuple[str, ...]
    pictures: tuple[str, ...]


def write_tree(root: Path, config: str, posts: dict[str, str]) -> None:
    """Write a Jekyll tree."""
    (root / "_config.yml").parent.mkdir(parents=True, exist_ok=True)
    (root / "_config.yml").write_text(f"url: {SITE}\n{config}", "utf-8")
    for name, text in posts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def run_jekyll(root: Path, work: Path, base: str) -> dict[str, Twin]:
    """Return the posts of a tree as Jekyll makes them, by the address of their page."""
    tree = work / "tree"
    shutil.copytree(root, tree)
    (tree / "dump.json").write_text(_DUMP, "utf-8")
    command = [
        "jekyll",
        "build",
        "--source",
        str(tree),
        "--destination",
        str(work / "site"),
        "--disable-disk-cache",
    ]
    made = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=work)
    assert made.returncode == 0, made.stderr
    found = {}
    for post in json.loads((work / "site" / "dump.json").read_text("utf-8")):
        page = SITE + base + post["url"]
        twin = _build_twin(
            SITE + base + post["id"], page, post["title"], post["date"], post["terms"], post["content"]
        )
        found[twin.url] = twin
    return found


def read_feedd(output: Path) -> dict[str, Twin]:
    """Return the posts that feedd has published, by the address of their page."""
    found = {}
    for entry in etree.fromstring((output / "atom.xml").read_bytes()).findall(ATOM + "entry"):
        page = next(one.get("href") for one in entry.findall(ATOM + "link") if one.get("rel") == "alternate")
        terms = [one.get("label") for one in entry.findall(ATOM + "category")]
        texts = [entry.findtext(ATOM + name) or "" for name in ("id", "title", "published", "content")]
        twin = _build_twin(texts[0], page, texts[1], texts[2], terms, texts[3])
        found[twin.url] = twin
    return found


def find_differences(jekyll: dict[str, Twin], feedd: dict[str, Twin]) -> list[str]:
    """Return a line for each field in which the two differ."""
    found = [f"only Jekyll has {url}" for url in jekyll.keys() - feedd.keys()]
    found += [f"only feedd has {url}" for url in feedd.keys() - jekyll.keys()]
    for url in sorted(jekyll.keys() & feedd.keys()):
        for name in Twin.__dataclass_fields__:
            ours, theirs = getattr(feedd[url], name), getattr(jekyll[url], name)
            if ours != theirs:
                found.append(f"{url}: {name}: Jekyll {theirs!r}, feedd {ours!r}")
    return found


def _build_twin(uid: str, page: str, title: str, date: str, terms: list[str], content: str) -> Twin:
    root = html.fragment_fromstring(content or "<p></p>", create_parent="div")
    links = [one.get("href", "") for one in root.iter("a")]
    return Twin(
        id=unquote(uid),
        url=unquote(page),
        title=" ".join(title.split()),
        date=datetime.fromisoformat(date),
        terms=frozenset(terms),
        text=re.sub(r"[\s↩\ufe0e☐☑]+", "", root.text_content().translate(_SMART)),
        links=tuple(unquote(urljoin(page, link)) for link in links if not link.startswith("#")),
        pictures=tuple(unquote(urljoin(page, one.get("src", ""))) for one in root.iter("img")),
    )
