"""Sections of ``feedd.toml``: each key with its type, default, bounds, meaning and an example."""

from __future__ import annotations

from collections.abc import Container, Iterator
from pathlib import Path
from typing import Annotated, Literal

from msgspec import field

from feeds.config import checks
from feeds.config.declare import FOREVER, NOT_EMPTY, Details, Section, number
from feeds.models import Format, Kind


class Site(Section, frozen=True, kw_only=True):
    """The site that the feeds belong to."""

    title: Annotated[
        str, "Title of the site and of the feed of all posts.", Details("Harbour News", checks.check_text)
    ]
    url: Annotated[
        str,
        "URL at which the output folder is published; every URL in a feed is absolute and begins with it. A missing slash at the end is added.",
        Details("https://news.example/feeds/", checks.check_url, adapt=checks.end_with_slash),
    ]
    language: Annotated[
        str, "Language tag (RFC 5646), with a hyphen: `zh-CN`.", Details("zh-CN", checks.check_language)
    ] = "en"
    timezone: Annotated[
        str,
        "Time zone of dates without an offset, by its IANA name.",
        Details("Asia/Shanghai", checks.check_zone),
    ] = "UTC"
    author: Annotated[
        str, "Author of posts that name none.", Details("Newsroom", checks.check_text, fallback="the title")
    ] = ""
    description: Annotated[
        str,
        "One sentence about the site.",
        Details("News of the harbour", checks.check_text, fallback="the title"),
    ] = ""


class Output(Section, frozen=True, kw_only=True):
    """What is published, and where."""

    dir: Annotated[
        Path,
        "Folder of the documents. Files in it that feedd did not write are never changed.",
        Details("../public/feeds", default="../output"),
    ]
    formats: Annotated[
        tuple[Format, ...], "Formats of every feed, at least one.", NOT_EMPTY, Details(["atom"])
    ] = ("atom", "rss", "json")
    entries: Annotated[int, "Posts in a subscription document.", number(1, 100_000, "posts"), Details(20)] = (
        50
    )
    keep: Annotated[
        str,
        'How long posts are kept: `"2y"`, `"6m"`, `"4w"` or `"90d"` after publication, or a number of the newest posts such as `"5000"`. Older posts are in [no document](output.md#retention).',
        Details("2y", checks.check_keep, fallback=FOREVER),
    ] = ""
    archive: Annotated[
        tuple[Format, ...],
        "Formats of the whole history ([archives](output.md#archives), RFC 5005), out of `output.formats`; `[]` for none.",
        Details(["atom", "json"]),
    ] = ("atom",)
    archive_kinds: Annotated[
        tuple[Kind, ...],
        "Kinds of feeds that have archives. This limits their size on disk.",
        NOT_EMPTY,
        Details(["all", "category"]),
    ] = ("all", "category", "tag")
    slugs: Annotated[
        Literal["ascii", "unicode"],
        'Names of folders: `"ascii"` converts them to pinyin and ASCII, `"unicode"` keeps their letters. A slug never changes once it is assigned.',
        Details("unicode"),
    ] = "ascii"
    pages: Annotated[
        bool,
        "Whether each feed has an [HTML page](pages.md). With `false` only the front page is written, and it links to the feeds themselves.",
        Details(False),
    ] = True
    templates: Annotated[
        Path | None,
        "Folder of [your own templates](pages.md#own-templates), words and styles for pages. It may be empty; it must exist. `feedd check` names mistakes in it with file and line.",
        Details("../templates", fallback="the built-in pages"),
    ] = None

    def find_conflicts(self, given: Container[str]) -> Iterator[tuple[str, str]]:
        """Yield formats of archives that are not published."""
        missing = [form for form in self.archive if form not in self.formats]
        if missing and "archive" in given:
            yield (
                "archive",
                f'contains a format that is not published; add "{missing[0]}" to output.formats',
            )


class Store(Section, frozen=True, kw_only=True):
    """The database."""

    url: Annotated[
        str,
        "The SQLite file, as a path or as `sqlite:///` and a path. `ledger.jsonl` is beside it.",
        Details("sqlite:////var/lib/feedd/feedd.db", checks.check_store),
    ] = "../state/feedd.db"
    history: Annotated[
        int,
        "How many [older versions](output.md#older-versions) of a post are kept; `feedd explain` shows what changed.",
        number(0, 1000, "versions"),
        Details(5),
    ] = 0


class IdentityRule(Section, frozen=True, kw_only=True):
    """Which URLs are the same post."""

    name: Annotated[
        str,
        "Name of the rule, unique; part of the ids assigned with it.",
        Details("story", checks.check_name),
    ]
    pattern: Annotated[
        str,
        "Regular expression, searched in the source URL. What its group `key` matches is the key; a group `date` (`YYYYMMDD`) dates posts without a date. It takes linear time (RE2); a pattern that needs lookaround, backreferences or possessive quantifiers is slow, and `feedd check` names it.",
        Details(r"[?&]story=(?P<key>\d+)", checks.check_pattern),
    ]


INFO_CODES = tuple(
    IdentityRule(name="infoCode", pattern=pattern)
    for pattern in (
        r"[?&]infoCode=NW(?P<key>(?:(?P<date>(?:19|20)\d{6})[^&#\s]|\d)[^&#\s]{0,199})",
        r"[?&]infoCode=(?P<key>(?P<date>(?:19|20)\d{6})?[^&#\s]{1,200})",
    )
)
"""The rules that apply without any ``[[identity]]``: ``NW`` before digits is not part of the key."""


class Clean(Section, frozen=True, kw_only=True):
    """What is removed from posts."""

    boilerplate: Annotated[
        tuple[str, ...] | None,
        "Regular expressions: last lines of a body that match one as a whole are removed. `[]` removes none.",
        Details(["Back to .*"], checks.check_expressions, fallback="built-in patterns"),
    ] = None


class Limits(Section, frozen=True, kw_only=True):
    """Limits of what is accepted."""

    terms: Annotated[int, "Most categories and tags of a post.", number(1, 1000, "terms"), Details(50)] = 30
    term_length: Annotated[
        int, "Most characters of a category or tag.", number(1, 1000, "characters"), Details(60)
    ] = 100
    removals: Annotated[
        int,
        "Largest share of a source's posts that may be removed at once; up to 20 posts always may, unless none is left. A larger removal is refused and reported until the files are back or `feedd build --allow-removals` accepts it.",
        number(1, 100, "%"),
        Details(50),
    ] = 10
    item_seconds: Annotated[
        int,
        "Time limit for processing a post or entry; one that takes longer is rejected.",
        number(1, 600, "seconds"),
        Details(10),
    ] = 20
    document_seconds: Annotated[
        int,
        "Time limit for a feed document, or a thousand files; the rest is rejected.",
        number(1, 3600, "seconds"),
        Details(120),
    ] = 60


class Labels(Section, frozen=True, kw_only=True):
    """Labels of categories and tags: the key is the name in posts, the value is what readers see."""

    category: Annotated[
        dict[str, str], "Labels of categories by their names in posts.", Details(check=checks.check_text)
    ] = field(default_factory=dict)
    tag: Annotated[
        dict[str, str], "Labels of tags by their names in posts.", Details(check=checks.check_text)
    ] = field(default_factory=dict)
