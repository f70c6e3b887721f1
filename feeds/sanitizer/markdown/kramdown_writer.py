"""Write the HTML of kramdown's dialect from the events of the library.

Marks are replaced by what they represent, and each list item is loose or tight by itself.
"""

from __future__ import annotations

import re

from feeds.sanitizer.markdown.headings import Heading, write_contents
from feeds.sanitizer.markdown.items import NOWHERE, Item, find_tight, is_blank_after, is_blank_before
from feeds.sanitizer.markdown.marked_writer import MarkedWriter
from feeds.sanitizer.markdown.marks import (
    ANY_MARK,
    IN_PARAGRAPHS,
    MARK,
    ONLY_MARKS,
    Attributes,
    Kept,
)
from feeds.sanitizer.markdown.notes import REFERENCE
from feeds.sanitizer.markdown.source import Source
from feeds.sanitizer.markdown.writer import TAGS, Frame

_NOT_IN_CONTENTS = re.compile(r"</?a\b[^<>]*+>|<img\b[^<>]*+>")
_MARK_BYTES = MARK.encode()


class KramdownWriter(MarkedWriter):
    """Writes the HTML of one text in kramdown's dialect.

    Args:
        source: The text with its marks.
        text: What the library reads, in which its events have their places.
        prefix: As for :class:`~feeds.sanitizer.markdown.writer.Writer`.
    """

    def __init__(self, source: Source, text: str, prefix: str) -> None:
        super().__init__(source, prefix)
        self._data = text.encode()
        self._last_block = NOWHERE
        """Where the tag of the block is that ended last."""
        self._last_list: Frame | None = None
        """The list that just ended, if nothing is behind it."""
        self._pending: dict[str, str] = {}
        """Attributes of the block that follows."""
        self._lists: list[list[Item]] = []
        """The items of each list in this output."""
        self._headings: list[Heading] = []
        self._strong = (NOWHERE, NOWHERE)
        """Where in the output the strong text that ended last begins and ends."""
        self._contents: tuple[list[str], int] | None = None
        """The output and the place in it where the table of contents belongs."""
        self.starts |= {
            "Strikethrough": self._start_struck,
            "DefinitionList": self._start_definitions,
            "DefinitionListDefinition": self._start_definition,
            "Item": self._start_item,
            "TableRow": self._start_body_row,
        }
        self.ends |= {
            **dict.fromkeys(("Strong", "Link"), self._end_span),
            **dict.fromkeys(("BlockQuote", "CodeBlock", "Table"), self._end_block),
            "Emphasis": self._end_emphasis,
            "Strikethrough": self._end_struck,
            "Item": self._end_item,
            "Paragraph": self._end_paragraph,
            "TableHead": self._end_head,
        }

    def finish(self) -> str:
        """Return the HTML with the table of contents and the notes."""
        self._remove_paragraphs()
        if self._contents:
            # The table of contents may be before the headings that it lists.
            out, place = self._contents
            out[place] = write_contents(self._headings)
        return super().finish()

    def read_language(self, word: str) -> str:
        """Return the language without the options of a highlighter behind ``?``."""
        return word.partition("?")[0]

    def write_break(self, kind: str) -> str:
        """Write the end of a line, or a rule; each line of a title in a definition list is a title."""
        if kind == "Rule":
            self._last_list = None
        elif self.open and self.open[-1].kind == "DefinitionListTitle":
            return "</dt>\n<dt>"
        return super().write_break(kind)

    def start(self, frame: Frame) -> str:
        """Begin an element."""
        self.target = NOWHERE
        parent = self.open[-1] if self.open else None
        if parent and parent.kind == "Item":
            parent.state.children += 1
            if frame.kind == "Paragraph" and parent.state.children == 1:
                parent.state.start = frame.at
        handler = self.starts.get(frame.kind)
        return handler(frame) if handler else TAGS[frame.kind][0]

    def _start_struck(self, frame: Frame) -> str:
        return "~" if self._is_one_tilde(frame) else TAGS[frame.kind][0]

    def _start_definitions(self, frame: Frame) -> str:
        """Begin a definition list; one behind the other they are one."""
        if not self.out or self.out[-1] != TAGS[frame.kind][1]:
            return TAGS[frame.kind][0]
        self.out[-1] = ""
        return ""

    def _start_definition(self, frame: Frame) -> str:
        frame.state = is_blank_before(self._data, frame.start)
        return TAGS[frame.kind][0]

    def _start_item(self, frame: Frame) -> str:
        frame.state = Item()
        return TAGS[frame.kind][0]

    def _end_item(self, frame: Frame) -> str:
        self.open[-1].state.append(frame.state)
        return TAGS[frame.kind][1]

    def start_code(self, frame: Frame) -> str:
        """Begin a block of code, in which marks become what they represented."""
        self.in_code = True
        return super().start_code(frame)

    def start_heading(self, frame: Frame) -> str:
        """Begin a heading."""
        self.heading = {}
        return super().start_heading(frame)

    def _end_span(self, frame: Frame) -> str:
        """End an element that attributes may follow."""
        self.target = frame.at
        if frame.kind == "Strong":
            self._strong = (frame.at, len(self.out))
        return TAGS[frame.kind][1]

    def _end_emphasis(self, frame: Frame) -> str:
        """End emphasis; of text that is strong as well, the strong element is outside in kramdown."""
        self.target = frame.at
        # Both parsers accept `***text***`, but nest the elements in opposite order.
        if self._strong != (frame.at + 1, len(self.out) - 1):
            return TAGS[frame.kind][1]
        self.out[frame.at], self.out[frame.at + 1], self.out[-1] = "<strong>", "<em>", "</em>"
        return "</strong>"

    def _end_struck(self, frame: Frame) -> str:
        return "~" if self._is_one_tilde(frame) else self._end_span(frame)

    def end_image(self, frame: Frame) -> str:
        """Write an image."""
        self.target = frame.at
        return super().end_image(frame)

    def _end_block(self, frame: Frame) -> str:
        """End a block that attributes may follow."""
        self.in_code = False
        self._last_block, self._last_list = frame.at, None
        return TAGS[frame.kind][1]

    def _is_one_tilde(self, frame: Frame) -> bool:
        """Return whether text is between single tildes, which strike nothing out in kramdown."""
        return self._data[frame.start + 1] != ord("~")

    def _end_paragraph(self, frame: Frame) -> str:
        """End a paragraph, or remove its tags if it consists of block marks or begins a tight item."""
        self._last_list = None
        if self._data.startswith(_MARK_BYTES, frame.start) and self._replace_block_marks(frame):
            return "\n"
        if self._pending:
            self.add_attributes(frame.at, self._pop_pending())
        parent = self.open[-1] if self.open else None
        if parent and parent.kind == "DefinitionListDefinition":
            if frame.at == parent.at + 1 and not parent.state:
                self.out[frame.at] = ""
                return ""
        elif parent and parent.kind == "Item" and parent.state.start == frame.at:
            parent.state.end = len(self.out)
            parent.state.blank = is_blank_after(self._data, frame.end)
        return self._end_block(frame)

    def _replace_block_marks(self, frame: Frame) -> bool:
        """Write a paragraph that consists of block marks only; return whether it does."""
        source = self._data[frame.start : frame.end].decode().strip()
        marks = [kept for mark in ANY_MARK.finditer(source) if (kept := self._source.marks.find(mark))]
        if not marks:
            return False
        first = marks[0].kind
        # A paragraph with text beside its marks stays a paragraph.
        if first != "span html" and (first in IN_PARAGRAPHS or not ONLY_MARKS.fullmatch(source)):
            return False
        self.out[frame.at] = ""
        for kept in marks:
            self._apply_block_mark(kept)
        return True

    def _apply_block_mark(self, kept: Kept) -> None:
        if kept.kind == "contents" and self._contents is None:
            self._contents = (self.out, len(self.out))
            self.out.append("")
        elif kept.kind == "next":
            self._pending.update(self.parse(kept.attributes))
        elif kept.kind == "block" and self._last_block != NOWHERE:
            attributes = self.parse(kept.attributes)
            self.add_attributes(self._last_block, attributes)
            self._change_heading(attributes)

    def _change_heading(self, attributes: Attributes) -> None:
        """Give the last heading in the table of contents another id, or leave it out, if the attributes are its own."""
        last = self._headings[-1] if self._headings else None
        if last and last.place == self._last_block and last.out is self.out:
            self._headings.pop()
            if "no_toc" not in attributes.get("class", ""):
                self._headings.append(last._replace(id=attributes.get("id", last.id)))

    def _pop_pending(self) -> dict[str, str]:
        pending, self._pending = self._pending, {}
        return pending

    def end_heading(self, frame: Frame) -> str:
        """End a heading, which the table of contents names unless its class is ``no_toc``."""
        attributes = self._pop_pending() | self.heading
        text = self.pop_plain()
        if "id" not in attributes:
            attributes["id"] = self.ids.make(text)
        if "no_toc" not in attributes.get("class", ""):
            # Links inside the links of the table of contents would be invalid HTML.
            html = _NOT_IN_CONTENTS.sub("", REFERENCE.sub("", "".join(self.out[frame.at + 1 :])))
            level = int(frame.value["level"][1])
            self._headings.append(Heading(level, attributes["id"], html, self.out, frame.at))
        self._last_block, self._last_list = frame.at, None
        return self.wrap_heading(frame, attributes)

    def start_list(self, frame: Frame) -> str:
        """Begin a list or continue the list before: in kramdown another bullet does not begin another list."""
        last = self._last_list
        end_tag = super().end_list(frame)
        if last and self.out[-1] == end_tag and self._is_next(last, frame):
            self.out[-1] = ""
            frame.at, frame.state = last.at, last.state
            return ""
        frame.state = []
        self._lists.append(frame.state)
        return "<ul>\n" if frame.value is None else "<ol>\n"

    def _is_next(self, last: Frame, frame: Frame) -> bool:
        """Return whether nothing is between two lists; even a link definition, which shows nothing, separates them."""
        return not self._data[last.end : frame.start].strip(b" \t\n>")

    def end_list(self, frame: Frame) -> str:
        """End a list, unless the next list continues it."""
        self._last_list, self._last_block = frame, frame.at
        return super().end_list(frame)

    def _remove_paragraphs(self) -> None:
        """Remove the tags of first paragraphs that are only text.

        kramdown decides by all items of a list, so this runs when the list is complete.
        """
        for items in self._lists:
            for item in find_tight(items):
                self.out[item.start] = ""
                if item.end != NOWHERE:
                    self.out[item.end] = "" if item.children == 1 else "\n"
        self._lists = []

    def _end_head(self, frame: Frame) -> str:
        """End the head of a table, which goes if only the library wanted it."""
        if not self.is_headless:
            return TAGS[frame.kind][1]
        self.is_headless = False
        del self.out[frame.at :]
        return "<tbody>\n"

    def _start_body_row(self, frame: Frame) -> str:
        self.row = frame.at
        return super().start_row(frame)

    def start_note(self, frame: Frame) -> str:
        """Begin a note."""
        self._reset_places()
        html = super().start_note(frame)
        frame.state, self._lists = (frame.state, self._lists), []
        return html

    def end_note(self, frame: Frame) -> str:
        """End a note."""
        self._reset_places()
        self._remove_paragraphs()
        frame.state, self._lists = frame.state
        return super().end_note(frame)

    def _reset_places(self) -> None:
        """Reset all places in the output, because the writer continues in another output."""
        self.target = self._last_block = NOWHERE
        self._last_list = None
