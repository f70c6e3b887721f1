"""The Markdown library, brought near to kramdown as Jekyll uses it (input GFM). Its only importer.

Differences of the library that are mended here: headings have ids and need a space after ``#``, lists nest by the
column of their text and may follow a paragraph directly, fences may be indented and say more than a language, attribute
lists need a colon and stand in lines of their own, tables need no head, ``{:toc}`` is a table of contents, ``~~`` strikes
out, ``$$`` stays as text, footnote ids have the post's prefix. Typography stays as it is written.
"""

from __future__ import annotations

import re
from functools import cache
from xml.etree import ElementTree

from markdown import Markdown
from markdown.blockprocessors import HashHeaderProcessor
from markdown.extensions import Extension
from markdown.extensions.attr_list import AttrListTreeprocessor
from markdown.extensions.footnotes import FootnoteExtension, FootnoteReorderingProcessor
from markdown.inlinepatterns import InlineProcessor, SimpleTagInlineProcessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from feeds.sanitizer.kramdown_lines import TOC, Fences, Lists, Marks
from feeds.sanitizer.kramdown_tables import Tables

_STASHED = re.compile("\x02[^\x02\x03]*+\x03")
_ESCAPED = re.compile("\x02([0-9]{2,6})\x03")
_NOT_IN_ID = re.compile(r"[^\w\- ]")
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))


def convert(text: str, prefix: str) -> str:
    """HTML of Markdown; may raise whatever the library raises.

    Args:
        text: The Markdown.
        prefix: Put into the ids of footnotes, so that they differ from post to post.
    """
    library, footnotes = _library()
    footnotes.prefix = prefix
    return library.reset().convert(text)


def forget() -> None:
    """Start with a fresh library after it failed: its state may be anything."""
    _library.cache_clear()


@cache
def _library() -> tuple[Markdown, _Footnotes]:
    footnotes = _Footnotes(BACKLINK_TITLE="", USE_DEFINITION_ORDER=False)
    extensions = ["fenced_code", "tables", "def_list", "abbr", "attr_list", "md_in_html", "sane_lists"]
    return Markdown(extensions=[*extensions, footnotes, _Kramdown()], output_format="html"), footnotes


class _Footnotes(FootnoteExtension):
    """Footnotes whose ids are kramdown's: ``fn:1`` and ``fnref:1``, with the post's prefix."""

    prefix = ""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the library's name for it
        super().extendMarkdown(md)
        md.treeprocessors.register(_NotesInOrder(self), "footnote-reorder", 19)

    def makeFootnoteId(self, id: str) -> str:  # noqa: N802, A002 - the library's name for it
        return f"fn:{self.prefix}{id}"

    def makeFootnoteRefId(self, id: str, found: bool = False) -> str:  # noqa: N802, A002
        return self.unique_ref(f"fnref:{self.prefix}{id}", found)


class _NotesInOrder(FootnoteReorderingProcessor):
    """Puts notes in the order of their references; the library's own fails for an empty one."""

    footnotes: _Footnotes

    def reorder_footnotes(self, parent: ElementTree.Element) -> None:
        """Sort the items of the list; notes that nobody refers to come last."""
        places = {
            self.footnotes.makeFootnoteId(one): n for n, one in enumerate(self.footnotes.footnote_order)
        }
        for notes in parent.findall("ol"):
            notes[:] = sorted(notes, key=lambda one: places.get(one.get("id", ""), len(places)))


class _Kramdown(Extension):
    """Everything else in which kramdown differs."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the library's name for it
        md.preprocessors.register(Fences(md), "kramdown-fences", 27)
        md.preprocessors.register(Marks(md), "kramdown-marks", 18)
        md.preprocessors.register(Lists(md), "kramdown-lists", 15)
        md.parser.blockprocessors.register(Tables(md.parser), "kramdown-tables", 74)
        md.parser.blockprocessors.register(_Headings(md.parser), "hashheader", 70)
        md.inlinePatterns.register(_Verbatim(r"(\$\$[^$]{1,2000}\$\$)"), "math", 185)
        md.inlinePatterns.register(
            SimpleTagInlineProcessor(r"(~~)(?=\S)([^~]{1,2000})~~", "del"), "strike", 65
        )
        md.treeprocessors.register(_Attributes(md), "attr_list", 8)
        md.treeprocessors.register(_HeadingIds(md), "heading-ids", 5)
        md.treeprocessors.register(_Contents(md), "contents", 4)


class _Verbatim(InlineProcessor):
    """Text in which nothing is Markdown."""

    def handleMatch(  # type: ignore[override]  # noqa: N802 - the library's name for it
        self,
        m: re.Match[str],
        data: str,
    ) -> tuple[str, int, int]:
        return m[1], m.start(0), m.end(0)


class _Headings(HashHeaderProcessor):
    """Headings need a space: ``#topic#`` at the beginning of a line is text."""

    RE = re.compile(r"(?:^|\n)(?P<level>#{1,6}+)[ \t]++(?P<header>(?:\\.|[^\\\n])*?)#*+(?:\n|$)")


class _HeadingIds(Treeprocessor):
    """Ids of headings, as kramdown's GFM parser makes them."""

    def run(self, root: ElementTree.Element) -> None:
        """Give each heading without an id one."""
        seen: dict[str, int] = {}
        for element in root.iter():
            if element.tag in _HEADINGS and not element.get("id"):
                text = _STASHED.sub("", "".join(element.itertext())).strip().lower()
                name = _NOT_IN_ID.sub("", text).replace(" ", "-") or "section"
                count = seen[name] = seen.get(name, -1) + 1
                element.set("id", f"{name}-{count}" if count else name)


class _Attributes(AttrListTreeprocessor):
    """Attribute lists with a colon, as kramdown wants them: other braces are text."""

    _LIST = r"\{:[ ]*+([^{}\n ][^{}\n]*+)\}"
    HEADER_RE = re.compile(r"(?<! )[ ]++\{(?::[ ]*+|(?=#))([^{}\n ][^{}\n]*+)\}[ ]*+$")  # type: ignore[misc]
    BLOCK_RE = re.compile(rf"\n[ ]*+{_LIST}[ ]*+$")  # type: ignore[misc]
    INLINE_RE = re.compile(rf"^{_LIST}")  # type: ignore[misc]


class _Contents(Treeprocessor):
    """The table of contents, where a list was marked to become one."""

    def run(self, root: ElementTree.Element) -> None:
        """Put it in place of its mark."""
        marks = [
            (parent, n)
            for parent in root.iter()
            for n, one in enumerate(parent)
            if one.tag == "p" and one.text == TOC and not len(one)
        ]
        for parent, number in marks[:1]:
            parent[number] = _contents(root)
        for parent, number in marks[1:]:
            parent[number].text = ""


def _contents(root: ElementTree.Element) -> ElementTree.Element:
    """Nested lists of links to the headings."""
    top = ElementTree.Element("ul")
    opened = [(0, top)]
    for heading in root.iter():
        if heading.tag not in _HEADINGS or "no_toc" in (heading.get("class") or "").split():
            continue
        level = int(heading.tag[1])
        while opened[-1][0] >= level:
            opened.pop()
        below, place = opened[-1]
        if below and (len(place) == 0 or place[-1].tag != "ul"):
            place = ElementTree.SubElement(place, "ul")
        elif below:
            place = place[-1]
        item = ElementTree.SubElement(place, "li")
        link = ElementTree.SubElement(item, "a", {"href": f"#{heading.get('id', '')}"})
        text = _ESCAPED.sub(lambda one: chr(int(one[1])), "".join(heading.itertext()))
        link.text = AtomicString(_STASHED.sub("", text).strip())
        opened.append((level, item))
    return top
