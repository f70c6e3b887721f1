"""HTML from the events of the Markdown library, as CommonMark means it; with ids of headings and footnotes at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from feeds.sanitizer.markdown.headings import HeadingIds
from feeds.sanitizer.markdown.marks import Attributes, write_attributes
from feeds.sanitizer.markdown.notes import Notes

if TYPE_CHECKING:
    from pyromark.event import Range

TAGS = {
    "Paragraph": ("<p>", "</p>\n"),
    "BlockQuote": ("<blockquote>\n", "</blockquote>\n"),
    "Item": ("<li>", "</li>\n"),
    "DefinitionList": ("<dl>\n", "</dl>\n"),
    "DefinitionListTitle": ("<dt>", "</dt>\n"),
    "DefinitionListDefinition": ("<dd>", "</dd>\n"),
    "CodeBlock": ("<pre><code>", "</code></pre>\n"),
    "HtmlBlock": ("", ""),
    "Table": ("<table>\n", "</tbody>\n</table>\n"),
    "TableHead": ("<thead>\n<tr>\n", "</tr>\n</thead>\n<tbody>\n"),
    "TableRow": ("<tr>\n", "</tr>\n"),
    "Emphasis": ("<em>", "</em>"),
    "Strong": ("<strong>", "</strong>"),
    "Strikethrough": ("<del>", "</del>"),
    "Link": ("", "</a>"),
}
"""Start and end tags of elements that nothing else has to be known of."""

_BREAKS = {"SoftBreak": "\n", "HardBreak": "<br />\n", "Rule": "<hr />\n"}
_CHECKED = ' checked=""'
# Reserved and unreserved characters of URLs, and `%`, so that nothing is encoded twice.
_IN_URLS = "!#$%&'()*+,-./:;=?@_~"


class Frame:
    """An element that is open."""

    __slots__ = ("at", "end", "kind", "start", "state", "value")

    def __init__(self, kind: str, value: Any, at: int, where: Range) -> None:  # noqa: ANN401 - of the library
        self.kind = kind
        self.value = value
        """What the event of the library contains besides its kind."""
        self.at = at
        """Where its start tag is in the output."""
        self.start = where["start"]
        """Byte of the source where it begins."""
        self.end = where["end"]
        self.state: Any = None
        """What its own handlers keep in it."""


def escape_text(text: str) -> str:
    """Escape a text, which mostly needs nothing: to see that takes a fifth of the time."""
    return escape(text, quote=False) if "&" in text or "<" in text or ">" in text else text


class Writer:
    """Writes the HTML of one text. Each handler of an event returns the HTML that represents it.

    Args:
        prefix: Put into the ids of footnotes, so that those of two texts on one page differ.
    """

    def __init__(self, prefix: str) -> None:
        self.out: list[str] = []
        self.open: list[Frame] = []
        self.notes = Notes(prefix)
        self.ids = HeadingIds()
        self.plain: list[str] | None = None
        """The text without marks of the heading or image that is open."""
        self.images = 0
        """How many images are open, one in the description of the other; only their plain text is shown."""
        self._column = 0
        self._alignments: tuple[str, ...] = ()
        self._cell = "td"
        self._handlers: dict[str, Callable[[Any], str]] = {
            "Text": self.write_text,
            "Code": self.write_code,
            "Html": self.write_html,
            "InlineHtml": self.write_html,
            "FootnoteReference": self.notes.refer,
            "TaskListMarker": self.write_checkbox,
        }
        self.starts: dict[str, Callable[[Frame], str]] = {
            "Heading": self.start_heading,
            "CodeBlock": self.start_code,
            "List": self.start_list,
            "Link": self._start_link,
            "Image": self._start_image,
            "Table": self._start_table,
            "TableHead": self.start_row,
            "TableRow": self.start_row,
            "TableCell": self._start_cell,
            "FootnoteDefinition": self.start_note,
        }
        self.ends: dict[str, Callable[[Frame], str]] = {
            "Heading": self.end_heading,
            "List": self.end_list,
            "Image": self.end_image,
            "TableCell": lambda frame: f"</{self._cell}>\n",
            "FootnoteDefinition": self.end_note,
        }

    def write(self, events: Iterable[tuple[Any, Range]]) -> str:
        """Write the HTML of the library's events with their places in the source."""
        for event, where in events:
            if isinstance(event, str):
                html = self.write_break(event)
            else:
                ((kind, value),) = event.items()
                if kind == "Start":
                    html = self._start(value, where)
                elif kind == "End":
                    frame = self.open.pop()
                    handler = self.ends.get(frame.kind)
                    html = handler(frame) if handler else TAGS[frame.kind][1]
                else:
                    html = self._handlers[kind](value)
            if not self.images:
                self.out.append(html)
        return self.finish()

    def finish(self) -> str:
        """Return the HTML with what is known only at its end."""
        return self.notes.finish("".join(self.out))

    def restore(self, text: str) -> str:
        """Return a text that is shown as it was written."""
        return text

    def _start(self, value: str | Mapping[str, Any], where: Range) -> str:
        if isinstance(value, str):
            frame = Frame(value, None, len(self.out), where)
        else:
            ((kind, more),) = value.items()
            frame = Frame(kind, more, len(self.out), where)
        html = self.start(frame)
        self.open.append(frame)
        return html

    def start(self, frame: Frame) -> str:
        """Begin an element."""
        handler = self.starts.get(frame.kind)
        return handler(frame) if handler else TAGS[frame.kind][0]

    def write_break(self, kind: str) -> str:
        """Write the end of a line, or a rule between blocks."""
        if self.plain is not None:
            self.plain.append("\n")
        return _BREAKS[kind]

    def write_text(self, text: str) -> str:
        """Write text that is escaped."""
        if self.plain is not None:
            self.plain.append(text)
        return escape_text(text)

    def write_code(self, text: str) -> str:
        """Write a code span."""
        if self.plain is not None:
            self.plain.append(text)
        return f"<code>{escape_text(text)}</code>"

    def write_html(self, html: str) -> str:
        """Write raw HTML."""
        return html

    def write_checkbox(self, checked: bool) -> str:
        """Write the box of a task."""
        return f'<input disabled="" type="checkbox"{_CHECKED if checked else ""}/>\n'

    def write_address(self, address: str) -> str:
        """Return an address as the value of an attribute, with what URLs may not hold percent-encoded."""
        return escape(quote(address, safe=_IN_URLS))

    def read_language(self, word: str) -> str:
        """Return the language that the first word behind a fence names."""
        return word

    def pop_plain(self) -> str:
        """Return the text without marks of what ends here."""
        plain, self.plain = "".join(self.plain or ()), None
        return plain

    def start_heading(self, frame: Frame) -> str:
        """Begin a heading, whose tag is written when its id is known."""
        # The id is made of the text of the heading, which is complete at its end.
        self.plain = []
        return ""

    def end_heading(self, frame: Frame) -> str:
        """End a heading."""
        stated = frame.value
        attributes = {"id": stated["id"] or self.ids.make(self.pop_plain())}
        self.plain = None
        if stated["classes"]:
            attributes["class"] = " ".join(stated["classes"])
        return self.wrap_heading(frame, attributes)

    def wrap_heading(self, frame: Frame, attributes: Attributes) -> str:
        """Write the start tag of a heading and return its end tag."""
        level = frame.value["level"][1]
        self.out[frame.at] = f"<h{level}{write_attributes(attributes)}>"
        return f"</h{level}>\n"

    def start_code(self, frame: Frame) -> str:
        """Begin a block of code; the first word behind a fence is its language."""
        words = self.restore(frame.value["Fenced"]).split() if isinstance(frame.value, Mapping) else ()
        language = f' class="language-{escape(self.read_language(words[0]))}"' if words else ""
        return f"<pre><code{language}>"

    def start_list(self, frame: Frame) -> str:
        """Begin a list, of which an ordered one may count from another number than 1."""
        first = frame.value
        return "<ul>\n" if first is None else "<ol>\n" if first == 1 else f'<ol start="{first}">\n'

    def end_list(self, frame: Frame) -> str:
        """End a list."""
        return "</ul>\n" if frame.value is None else "</ol>\n"

    def _start_link(self, frame: Frame) -> str:
        scheme = "mailto:" if frame.value["link_type"] == "Email" else ""
        return f'<a href="{self.write_address(scheme + frame.value["dest_url"])}"{self._write_title(frame)}>'

    def _write_title(self, frame: Frame) -> str:
        title = self.restore(frame.value["title"])
        return f' title="{escape(title)}"' if title else ""

    def _start_image(self, frame: Frame) -> str:
        if not self.images:
            frame.state, self.plain = self.plain, []
        self.images += 1
        return ""

    def end_image(self, frame: Frame) -> str:
        """Write an image; one in the description of another is only its own description."""
        self.images -= 1
        if self.images:
            return ""
        description = escape(self.pop_plain())
        self.plain = frame.state
        address = self.write_address(frame.value["dest_url"])
        return f'<img src="{address}" alt="{description}"{self._write_title(frame)} />'

    def _start_table(self, frame: Frame) -> str:
        self._alignments = frame.value
        return TAGS["Table"][0]

    def start_row(self, frame: Frame) -> str:
        """Begin a row of a table."""
        self._column, self._cell = 0, "th" if frame.kind == "TableHead" else "td"
        return TAGS[frame.kind][0]

    def _start_cell(self, frame: Frame) -> str:
        """Begin a cell, aligned as its column is."""
        side = self._alignments[self._column] if self._column < len(self._alignments) else "None"
        self._column += 1
        style = f' style="text-align: {side.lower()}"' if side != "None" else ""
        return f"<{self._cell}{style}>"

    def start_note(self, frame: Frame) -> str:
        """Begin a note, which is written apart."""
        # Notes are written at the end of the text, whatever their place.
        frame.state, self.out = self.out, []
        return ""

    def end_note(self, frame: Frame) -> str:
        """End a note."""
        self.notes.define(frame.value, "".join(self.out))
        self.out = frame.state
        return ""
