"""Write the files of ``feedd init``: a commented configuration, filled from a Jekyll site if there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from feeds.cli.generator_sites import find_generator_site
from feeds.config import checks
from feeds.config.editor import quote
from feeds.errors import UsageError
from feeds.values.slugs import build_slug

if TYPE_CHECKING:
    from feeds.parser.posts.jekyll import JekyllSite

_PLUGIN = "jekyll-feed"
_MOST_SAMPLED = 200
"""Number of posts to sample: reading thousands would make ``init`` slow."""
_ALIASES = """\
[aliases]   # old paths below the output folder, each with the document to publish there
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
name = "posts"          # identifies the source; a renamed source is a new source
kind = "folder"
path = {path}
{source}
# Which URLs are the same article. The default compares the query parameter infoCode.
# [[identity]]
# name    = "story"
# pattern = '[?&]story=(?P<key>\\d+)'

# [labels.category]
# haigang = "海港"      # the label to publish for a category
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
    """Return the files of a new project in ``folder``, with their texts."""
    config = folder / "config" / "feedd.toml"
    posts = folder if jekyll is not None else folder / "posts"
    other = find_generator_site(folder)
    if other is not None:
        posts = folder / other.posts
        source_line = _have_source_lines(posts, jekyll=False)
        return [
            (config, write_starter_config(other.values, f"../{other.posts}", source_line, other.permalink))
        ]
    source_line = _have_source_lines(posts, jekyll is not None)
    if jekyll is not None:
        return [(config, write_starter_config(jekyll, "..", source_line))]
    return [
        (config, write_starter_config(None, "../posts", source_line)),
        (folder / "posts" / "2024-01-01-welcome.md", _WELCOME),
    ]


def _have_source_lines(posts: Path, jekyll: bool) -> bool:
    """Return whether most posts of a folder end with a source URL, each with a different URL."""
    from feeds.fetcher import folder

    try:
        paths = [path for path, _, _ in folder.scan(posts, jekyll, ()).changed]
    except UsageError:
        return False
    bodies = [
        body
        # Spread over all years, because the habits of authors change.
        for path in paths[:: len(paths) // _MOST_SAMPLED + 1]
        if (body := _read_body(folder.read, posts, path)) is not None
    ]
    # Different addresses: the same last line under every post is navigation.
    return len(set(filter(None, map(_find_source_line, bodies)))) * 2 > len(bodies)


def _read_body(read: Callable[[Path, str], bytes], posts: Path, path: str) -> str | None:
    """Return the body of a post; None for a file that is not a post."""
    from feeds.parser.posts.file_encoding import decode
    from feeds.parser.posts.front_matter import read_front_matter

    try:
        matter = read_front_matter(decode(read(posts, path))[0])
    except OSError:
        return None
    return matter.body if matter else None


def _find_source_line(body: str) -> str:
    """Return the URL at the end of a body, before the usual navigation."""
    from feeds.sanitizer.boilerplate import compile_patterns, load_default_boilerplate, split_tail

    return split_tail(body, compile_patterns(load_default_boilerplate()), lambda _: True)[1]


def write_starter_config(
    jekyll: JekyllSite | None, path: str, source_line: bool = False, permalink: str = "jekyll"
) -> str:
    """Return the text of a configuration that :func:`feeds.load_config` accepts.

    Valid settings of the site are copied; the rest get defaults. ``path`` is the
    folder of posts, as the configuration names it. With ``source_line``, each post ends with its source URL.
    """
    from feeds.sanitizer.text import clean_author

    text = checks.clean_text
    base = jekyll.base if jekyll and not checks.check_url(jekyll.base) else ""
    author, description = (
        (text(clean_author(jekyll.author)), text(jekyll.description)) if jekyll else ("", "")
    )
    return _TEMPLATE.format(
        name="config/feedd.toml",
        title=quote((text(jekyll.title) if jekyll else "") or "My site"),
        url=quote((base or "https://example.org/") + "feeds/"),
        language=quote(jekyll.language if jekyll and not checks.check_language(jekyll.language) else "en"),
        timezone=quote(jekyll.timezone if jekyll and not checks.check_zone(jekyll.timezone) else "UTC"),
        author=f"author   = {quote(author)}\n" if author else "",
        description=f"description = {quote(description)}\n" if description else "",
        dir='"../feeds"' if jekyll and permalink == "jekyll" else '"../output"',
        store='"../state/feedd.db"',
        path=quote(path),
        source="".join(line + "\n" for line in _write_source_lines(jekyll, base, source_line, permalink)),
        aliases=_write_aliases(jekyll),
    )


def _write_source_lines(
    jekyll: JekyllSite | None, base: str, source_line: bool, permalink: str
) -> Iterator[str]:
    if base:
        yield f"base = {quote(base)}   # URL of the site that has the posts as pages"
    if jekyll:
        yield f"permalink = {quote(permalink)}"
    if jekyll and _PLUGIN in jekyll.plugins:
        yield 'ids  = "jekyll-feed"   # the ids of the site\'s own feed, which its subscribers know'
    if source_line:
        yield "source_line = true   # a last line that is only <URL> is the source of the post"


def _write_aliases(jekyll: JekyllSite | None) -> str:
    """Return aliases for the feeds of the site's own plugin at paths that feedd does not publish."""
    if not jekyll or _PLUGIN not in jekyll.plugins:
        return ""
    lines: dict[str, str] = {}
    for old, kind, name in jekyll.feed_paths:
        # Some file systems do not distinguish case.
        place = old.casefold()
        taken = any(
            f"{other}/".startswith(f"{place}/") or f"{place}/".startswith(f"{other}/") for other in lines
        )
        if not taken and not checks.check_alias(old):
            lines[place] = f"{quote(old)} = {quote(_make_document_path(kind, name))}\n"
    return f"\n{_ALIASES}{''.join(lines.values())}" if lines else ""


def _make_document_path(kind: str, name: str) -> str:
    return f"{kind}/{build_slug(name, 'ascii')}/atom.xml" if kind else "atom.xml"


def suggest_next_steps(folder: Path, jekyll: JekyllSite) -> tuple[str, ...]:
    """Return what the user still has to do in a Jekyll site, as sentences."""
    ours = [name for name in ("config", "state") if not {name, f"{name}/", f"/{name}"} & set(jekyll.exclude)]
    found = []
    if ours:
        found.append(
            f"{folder / '_config.yml'}: add {' and '.join(ours)} to `exclude:`, so that Jekyll does not publish "
            "the files of feedd; it has to publish feeds/"
        )
    if _PLUGIN in jekyll.plugins:
        path = jekyll.feed_paths[0][0]
        found.append(
            f"the site's own feed is at /{path}, that of feedd at /feeds/{path}: once feedd publishes, remove "
            f"{_PLUGIN} from `plugins:` and redirect the old URL to the new document"
        )
    return tuple(found)
