"""Run the Liquid of a post, as Jekyll does, within bounds.

The library python-liquid evaluates tags, filters and conditions. It stops at the first mistake, so
:mod:`feeds.parser.posts.liquid_source` first repairs the source: it removes tags that mean nothing here and closes
blocks. Whatever is removed or fails is reported, and text that a condition hides is never shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from feeds.parser.posts.liquid_source import Convert as Convert
from feeds.parser.posts.liquid_source import Include as Include
from feeds.parser.posts.liquid_source import Link as Link


@dataclass(frozen=True, slots=True)
class DroppedTag:
    """A tag or variable that means nothing here; ``line`` counts from 1 in the text."""

    line: int
    text: str


def find_no_file(_tag: str, _name: str) -> str | None:
    """Find no file to include; this is the default for texts outside a site."""
    return None


def keep_text(text: str) -> str:
    """Return Markdown as it is; this is the default for texts that are not published."""
    return text


def render_liquid(
    text: str,
    scope: Mapping[str, object],
    link: Link,
    include: Include = find_no_file,
    convert: Convert = keep_text,
) -> tuple[str, tuple[DroppedTag, ...]]:
    """Run the Liquid of a text and return the result, with what was dropped. Never fails; linear in the text.

    Args:
        text: The body of a post.
        scope: Values by name, such as ``site`` and ``page``. Strings that YAML reads as numbers count as numbers.
        link: Finds the pages that ``link`` and ``post_url`` name.
        include: Finds the files that ``include`` and ``include_relative`` name.
        convert: Converts Markdown to HTML for ``markdownify``.
    """
    # Loading the library takes long (docs/reference/late-imports.md), and most posts have no Liquid.
    if "{%" not in text and "{{" not in text:
        return text, ()
    from feeds.parser.posts.liquid_engine import Rendering

    rendering = Rendering(scope, link, include, convert)
    result = rendering.render(text)
    # A tag in a loop fails in each round, but one report is enough.
    return result, tuple(DroppedTag(line, tag) for line, tag in sorted(set(rendering.dropped)))
