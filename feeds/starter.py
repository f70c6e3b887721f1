"""What ``feedd init`` writes: a commented configuration, filled from a Jekyll site if there is one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from feeds.parse.jekyll import JekyllSite

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
date: 2024-01-01 12:00:00
categories: news
tags: feedd
---

This post is in the feed of all posts, in that of its category and in that of its tag.
Put your own posts beside it and run `feedd build` again.
"""


def plan_files(folder: Path, jekyll: JekyllSite | None) -> list[tuple[Path, str]]:
    """The files of a new project in ``folder``, with their texts."""
    config = folder / "config" / "feedd.toml"
    if jekyll is not None:
        return [(config, starter_config(jekyll, ".."))]
    return [
        (config, starter_config(None, "../posts")),
        (folder / "posts" / "_posts" / "2024-01-01-welcome.md", _WELCOME),
    ]


def starter_config(jekyll: JekyllSite | None, path: str) -> str:
    """The text of a configuration that :func:`feeds.load_config` accepts."""
    base = jekyll.base if jekyll else ""
    known = jekyll is not None and "jekyll-feed" in jekyll.plugins
    source = [
        f"base = {_quoted(base)}   # of the site that the posts are pages of" if base else "",
        'permalink = "jekyll"' if jekyll else "",
    ]
    if known:
        source.append('ids  = "jekyll-feed"   # the ids that subscribers of the site\'s own feed know')
    aliases = ""
    if known and jekyll is not None:
        aliases = f'\n[aliases]   # old addresses: the same bytes\n{_quoted(jekyll.feed_path)} = "atom.xml"\n'
    return _TEMPLATE.format(
        name="config/feedd.toml",
        title=_quoted((jekyll.title if jekyll else "") or "My site"),
        url=_quoted((base or "https://example.org/") + "feeds/"),
        language=_quoted((jekyll.language if jekyll else "") or "en"),
        timezone=_quoted((jekyll.timezone if jekyll else "") or "UTC"),
        author=f"author   = {_quoted(jekyll.author)}\n" if jekyll and jekyll.author else "",
        description=f"description = {_quoted(jekyll.description)}\n" if jekyll and jekyll.description else "",
        dir='"../feeds"' if jekyll else '"../output"',
        store='"../state/feedd.db"',
        path=_quoted(path),
        source="\n".join(line for line in source if line) + "\n",
        aliases=aliases,
    )


def _quoted(text: str) -> str:
    """A TOML basic string (JSON's escapes are a subset of TOML's, but for DEL)."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
