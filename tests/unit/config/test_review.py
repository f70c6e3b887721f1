"""A configuration is compared with its surroundings: each problem has file, line and key, beside all other mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.config.reading import read_file, read_tables
from feeds.config.review import Surroundings, review

SITE = '[site]\ntitle = "T"\nurl = "https://site.example/"\n[output]\ndir = "output"\n[store]\nurl = "state/f.db"\n'
POSTS = '[[sources]]\nname = "a"\npath = "posts"\n'
UPSTREAM = '[[sources]]\nname = "u"\nkind = "upstream"\nurl = "https://a.example/f"\n'


def find(folder: Path, text: str) -> list[str]:
    (folder / "posts" / "below").mkdir(parents=True, exist_ok=True)
    (folder / "site" / "_posts").mkdir(parents=True, exist_ok=True)
    path = folder / "feedd.toml"
    path.write_text(text, "utf-8")
    file = read_file(path)
    reading = read_tables(file)
    review(reading, Surroundings({"LOGIN": "a:b"}, lambda root: (root / "_posts").is_dir()))
    return [line.removeprefix(f"{path}:") for line in reading.mistakes.report(path, text)]


def test_problems_stand_beside_mistakes_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = (
        SITE
        + POSTS
        + '[[sources]]\nname = "b"\npath = "none"\nfutur = true\n'
        + UPSTREAM
        + 'auth = "env:NONE"\n'
    )
    found = find(tmp_path, text)
    assert [line.partition(": ")[0] for line in found] == ["13", "14", "19"]
    assert "sources[1].path" in found[0]
    assert "no such folder" in found[0]
    assert "did you mean `future`?" in found[1]
    assert "sources[2].auth: environment variable NONE is not set" in found[2]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (SITE + POSTS + UPSTREAM + 'auth = "env:LOGIN"\n', []),
        (SITE + POSTS + UPSTREAM + UPSTREAM.replace('"u"', '"v"'), ["18: sources[2].url: the same as in source 'u'"]),
        (SITE + POSTS + POSTS.replace('"a"', '"b"'), ["13: sources[1].path: the same as in source 'a'"]),
        (SITE + POSTS + POSTS.replace('"a"', '"b"').replace('posts"', 'posts/below"'), ["13: sources[1].path: is inside"]),
        (SITE + POSTS.replace("posts", "site"), []),
        (SITE.replace('"output"', '"site/feeds"') + POSTS.replace("posts", "site"), []),
        (SITE.replace('"output"', '"posts/feeds"') + POSTS, ["5: output.dir:"]),
        (SITE.replace('"output"', '"posts/feeds"').replace('"state', '"posts/feeds') + POSTS, ["5: output.dir:", "7: store.url:"]),
        (SITE.replace("state/f.db", "posts") + POSTS, ["7: store.url:"]),
        (SITE.replace("state/f.db", "feedd.toml/f.db") + POSTS, ["7: store.url:"]),
        (SITE + POSTS + 'permalink = "/:yeer/:title"\n', ["11: sources[0].permalink: unknown placeholder `:yeer`"]),
        (SITE + POSTS + "[[identity]]\nname = 'i'\npattern = '(?=a)(?P<key>a)'\n", ["13: identity[0].pattern:"]),
        (SITE + POSTS + "[clean]\nboilerplate = ['(?=a)a']\n", ["12: clean.boilerplate:"]),
        (SITE + POSTS + '[serve]\ntoken = "env:NONE"\nlisten = "a:70000"\n', ["12: serve.token:", "13: serve.listen:"]),
        (SITE + '[[sources]]\nname = "l"\nkind = "opml"\npath = "none"\n', ["11: sources[0].path: "]),
        (SITE.replace("[store]", 'templates = "none"\n[store]') + POSTS, ["6: output.templates: "]),
        (SITE + '[[sources]]\nname = "u"\nurl = "https://a.example/f"\n', ['8: sources[0].kind: is missing; add kind = "upstream"']),
        (SITE + POSTS + "[aliases]\nfeed.xml = 'atom.xml'\n", ['11: aliases.feed: write a key with a dot in quotes: "feed.xml"']),
        (SITE + "[sources.a]\npath = 'posts'\n", ["8: sources: must be an array of tables"]),
        (SITE + POSTS + "[labels.categories]\na = 'A'\n", ["11: labels.categories: unknown key; did you mean `category`?"]),
    ],
)  # fmt: skip
def test_a_problem_is_named_once_with_line_and_key(tmp_path: Path, text: str, messages: list[str]) -> None:
    found = find(tmp_path, text)
    assert len(found) == len(messages), found
    for line, message in zip(found, messages, strict=True):
        assert line.startswith(message), line
