"""What ``feedd init`` writes: a commented configuration, filled from a Jekyll site if there is one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from feeds.config import checks
from feeds.errors import UsageError
from feeds.values.slugs import build_slug

if TYPE_CHECKING:
    from feeds.parser.posts.jekyll import JekyllSite

_PLUGIN = "jekyll-feed"
_MOST_READ = 200
"""Posts that are looked at, so that thousands of them do not keep anybody waiting."""
_ALIASES = """\
[aliases]   # old addresses, as paths below the output folder: the same bytes as a document
"""
_TEMPLATE = """\
# feedd configuration. Paths are relative to this file. Check it with: feedd check -c {name}

[site]
title    = {title}
url      = {url}   # where the output folder is published
language = {language}
timezone = {timezone}   # for dates without an offset
{author}{description}
[output]
dir     = {dir}
formats = ["atom", "rss", "json"]
entries = 50            # posts in a subscription document
slugs   = "ascii"       # or "unicode": folders keep the names' own letters

[store]
url = {store}

[[sources]]
name = "posts"          # the source's identity; renaming it makes another source
kind = "folder"
path = {path}
{source}
# What makes two addresses the same article; without any, the query parameter infoCode does.
# [[identity]]
# name    = "story"
# pattern = '[?&]story=(?P<key>\\d+)'

# [labels.category]
# haigang = "海港"      # a better name for a category than the written one
{aliases}"""

_WELCOME = """\
---
title: Welcome
date: 2024-01-01 12:00:00 +0000
categories: news
tags: feedd
---

This post is in the feed of all posts, in that of its category and in that of its tag.
Put your own posts beside it and run `feedd build` again.
"""


def plan_files(folder: Path, jekyll: JekyllSite | None) -> list[tuple[Path, str]]:
    """The files of a new project in ``folder``, with their texts."""
    config = folder / "config" / "feedd.toml"
    posts = folder if jekyll is not None else folder / "posts"
    source_line = _have_source_lines(posts, jekyll is not None)
    if jekyll is not None:
        return [(config, starter_config(jekyll, "..", source_line))]
    return [
        (config, starter_config(None, "../posts", source_line)),
        (folder / "posts" / "2024-01-01-welcome.md", _WELCOME),
    ]


def _have_source_lines(posts: Path, jekyll: bool) -> bool:
    """Whether most posts of a folder end with the address that they come from: each with another one."""
    from feeds.fetcher import folder

    try:
        paths = [path for path, _, _ in folder.scan(posts, jekyll, ()).changed]
    except UsageError:
        return False
    bodies = [
        body
        for path in paths[:: len(paths) // _MOST_READ + 1]
        if (body := _body(folder.read, posts, path)) is not None
    ]
    return len(set(filter(None, map(_source_line, bodies)))) * 2 > len(bodies)


def _body(read: Callable[[Path, str], bytes], posts: Path, path: str) -> str | None:
    """The body of a post; None for a file that is none."""
    from feeds.parser.posts.file_encoding import decode
    from feeds.parser.posts.front_matter import read_front_matter

    try:
        matter = read_front_matter(decode(read(posts, path))[0])
    except OSError:
        return None
    return matter.body if matter else None


def _source_line(body: str) -> str:
    """The address with which a body ends, before the usual navigation."""
    from feeds.sanitizer.boilerplate import compile_patterns, default_boilerplate, split_tail

    return split_tail(body, compile_patterns(default_boilerplate()), lambda _: True)[1]


def starter_config(jekyll: JekyllSite | None, path: str, source_line: bool = False) -> str:
    """The text of a configuration that :func:`feeds.load_config` accepts.

    Taken over from the site is what is right there; the rest gets a default. ``path`` is the
    folder of posts, as the configuration names it; ``source_line`` says that they end with their sources.
    """
    from feeds.sanitizer.text import clean_author

    text = checks.cleaned
    base = jekyll.base if jekyll and not checks.url(jekyll.base) else ""
    author, description = (
        (text(clean_author(jekyll.author)), text(jekyll.description)) if jekyll else ("", "")
    )
    return _TEMPLATE.format(
        name="config/feedd.toml",
        title=_quoted((text(jekyll.title) if jekyll else "") or "My site"),
        url=_quoted((base or "https://example.org/") + "feeds/"),
        language=_quoted(jekyll.language if jekyll and not checks.language(jekyll.language) else "en"),
        timezone=_quoted(jekyll.timezone if jekyll and not checks.zone(jekyll.timezone) else "UTC"),
        author=f"author   = {_quoted(author)}\n" if author else "",
        description=f"description = {_quoted(description)}\n" if description else "",
        dir='"../feeds"' if jekyll else '"../output"',
        store='"../state/feedd.db"',
        path=_quoted(path),
        source="".join(line + "\n" for line in _source_lines(jekyll, base, source_line)),
        aliases=_aliases(jekyll),
    )


def _source_lines(jekyll: JekyllSite | None, base: str, source_line: bool) -> Iterator[str]:
    if base:
        yield f"base = {_quoted(base)}   # of the site that the posts are pages of"
    if jekyll:
        yield 'permalink = "jekyll"'
    if jekyll and _PLUGIN in jekyll.plugins:
        yield 'ids  = "jekyll-feed"   # the ids that subscribers of the site\'s own feed know'
    if source_line:
        yield "source_line = true   # a last line that is nothing but <address> is where a post came from"


def _aliases(jekyll: JekyllSite | None) -> str:
    """The documents of the site's own feed plugin, where they are not feedd's already."""
    if not jekyll or _PLUGIN not in jekyll.plugins:
        return ""
    lines: dict[str, str] = {}
    for old, kind, name in jekyll.feed_paths:
        place = old.casefold()
        taken = any(f"{one}/".startswith(f"{place}/") or f"{place}/".startswith(f"{one}/") for one in lines)
        if not taken and not checks.alias(old):
            lines[place] = f"{_quoted(old)} = {_quoted(_document(kind, name))}\n"
    return f"\n{_ALIASES}{''.join(lines.values())}" if lines else ""


def _document(kind: str, name: str) -> str:
    return f"{kind}/{build_slug(name, 'ascii')}/atom.xml" if kind else "atom.xml"


def advice(folder: Path, jekyll: JekyllSite) -> tuple[str, ...]:
    """What is left to do in a Jekyll site, a sentence each."""
    ours = [one for one in ("config", "state") if not {one, f"{one}/", f"/{one}"} & set(jekyll.exclude)]
    found = []
    if ours:
        found.append(
            f"{folder / '_config.yml'}: add {' and '.join(ours)} to `exclude:`, so that Jekyll does not publish "
            "feedd's own files; feeds/ is to be published"
        )
    if _PLUGIN in jekyll.plugins:
        path = jekyll.feed_paths[0][0]
        found.append(
            f"the site's own feed lies at /{path}, the same one of feedd at /feeds/{path}: once feedd publishes, take "
            f"{_PLUGIN} out of `plugins:` and let the web server answer the old address with the new document"
        )
    return tuple(found)


def _quoted(text: str) -> str:
    """A TOML basic string (JSON's escapes are a subset of TOML's, but for DEL)."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
