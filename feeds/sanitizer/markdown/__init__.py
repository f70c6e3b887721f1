"""Markdown as HTML, in one of two dialects; the HTML is not clean yet.

``commonmark`` is CommonMark 0.31.2 with tables, footnotes, task lists, definition lists and struck-out text, as the
library (pulldown-cmark, by pyromark) reads it. ``kramdown`` is what Jekyll's sites are written in, and is made of
passes around the same library::

    text -> lines (html_blocks, verbatim, lists, tables) -> spans -> pyromark -> simple or kramdown_writer -> HTML

Before the library, a walk over the lines takes out what only kramdown knows and leaves marks. Where kramdown and the
library mean the same by the rest, the library writes the HTML and marks are replaced in it; else the writer makes HTML of
the library's events and of the marks. Everything takes time in proportion to the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.models import Dialect
from feeds.sanitizer.markdown.links import LINK_INSIDE

if TYPE_CHECKING:
    from pyromark import Options


def markdown_to_html(text: str, dialect: Dialect = "kramdown", prefix: str = "") -> str:
    """Convert a Markdown body to HTML. Never fails.

    Args:
        text: The body.
        dialect: How it is written.
        prefix: Put into the ids of footnotes, so that those of two posts on one page differ.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        # CommonMark 0.31.2, section 2.3: NUL is replaced for security.
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character, which the library does not take
        text = text.encode("utf-8", "replace").decode()
    return (_convert_kramdown if dialect == "kramdown" else _convert_commonmark)(text, prefix)


def choose_options() -> Options:
    """Choose what the library is to read beside CommonMark itself."""
    from pyromark import Options

    return (
        Options.ENABLE_TABLES
        | Options.ENABLE_FOOTNOTES
        | Options.ENABLE_STRIKETHROUGH
        | Options.ENABLE_TASKLISTS
        | Options.ENABLE_DEFINITION_LIST
        | Options.ENABLE_HEADING_ATTRIBUTES
    )


def _convert_commonmark(text: str, prefix: str) -> str:
    import pyromark

    from feeds.sanitizer.markdown.writer import Writer

    options = choose_options()
    if "[^" not in text and not ("#" in text and LINK_INSIDE.search(text)):
        # Fast path: the result differs only in ids that nothing links to.
        return pyromark.html(text, options=options)
    return Writer(prefix).write(pyromark.events_with_range(text, options=options, merge_text=True))


def _convert_kramdown(text: str, prefix: str) -> str:
    import pyromark

    from feeds.sanitizer.markdown.kramdown_writer import KramdownWriter
    from feeds.sanitizer.markdown.lines import prepare
    from feeds.sanitizer.markdown.marks import Marks
    from feeds.sanitizer.markdown.simple import write_simply
    from feeds.sanitizer.markdown.source import Source

    # The library reads ids of headings by other rules than kramdown, so they are parsed here.
    options = choose_options() & ~pyromark.Options.ENABLE_HEADING_ATTRIBUTES
    source = Source(text, Marks())
    prepared = prepare(source)
    if (html := write_simply(prepared, source, options)) is not None:
        return html
    events = pyromark.events_with_range(
        prepared,
        options=options,
        merge_text=True,
        broken_link_callback=source.resolve_link,
    )
    return KramdownWriter(source, prepared, prefix).write(events)
