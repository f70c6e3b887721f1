"""What kramdown knows of HTML elements: which begin a block, and how their content is read.

The sets are those of kramdown 2.4 (``Kramdown::Parser::Html::Constants``). Its tags are stricter than HTML's: a value
is in quotes or a single word.
"""

from __future__ import annotations

import re

SPAN_ELEMENTS = frozenset(
    "a abbr acronym b big bdo br button cite code del dfn em i img input ins kbd label mark option q rb rbc rp rt rtc "  # noqa: SIM905
    "ruby samp select small span strong sub sup tt u var".split()
)
"""Elements that never begin a block."""

BLOCK_ELEMENTS = frozenset(
    "address article aside applet body blockquote caption col colgroup dd div dl dt fieldset figcaption footer form h1 "  # noqa: SIM905
    "h2 h3 h4 h5 h6 header hgroup hr html head iframe legend menu li main map nav ol optgroup p pre section summary "
    "table tbody td th thead tfoot tr ul".split()
)
"""Elements whose tags are text within a paragraph."""

VOID_ELEMENTS = frozenset(
    "area base br col command embed hr img input keygen link meta param source track wbr".split()  # noqa: SIM905
)
"""Elements without content."""

CONTENT_OF_BLOCKS = frozenset(
    "address applet article aside blockquote body dd details div dl fieldset figure figcaption footer form header "  # noqa: SIM905
    "hgroup iframe li main map menu nav noscript object section summary td".split()
)
"""Elements whose content is blocks if ``markdown="1"`` enables Markdown."""

CONTENT_OF_SPANS = frozenset(
    "a abbr acronym b bdo big button cite caption del dfn dt em h1 h2 h3 h4 h5 h6 i ins label legend optgroup p q rb "  # noqa: SIM905
    "rbc rp rt rtc ruby select small span strong sub sup th tt".split()
)
"""Elements whose content is text with marks within lines; that of all others is raw."""

NAME = r"[a-zA-Z_][\w.-]*+"
ATTRIBUTES = rf"(?>(?:\s++{NAME}(?>(?::{NAME})?)(?>(?:\s*+=\s*+(?:\w++|\"[^\"]*+\"|'[^']*+'))?))*)\s*+"
TAG = re.compile(rf"<(/?)({NAME})({ATTRIBUTES}/?)>|<!--")
"""A tag, with ``/``, its name and its attributes; or the beginning of a comment, without groups."""

BLOCK_TAG = re.compile(rf"[ ]*+<(?:!--|(/?)({NAME})({ATTRIBUTES}/?)>)")
"""A line that begins with a tag or a comment; groups as in :data:`TAG`."""

MARKDOWN_ATTRIBUTE = re.compile(r"\smarkdown\s*+=\s*(?:\"([^\"]*)\"|'([^']*)'|(\w+))")


def has_raw_content(name: str) -> bool:
    """Return whether Markdown within an element is text, whatever surrounds the element."""
    return name not in CONTENT_OF_SPANS and name not in CONTENT_OF_BLOCKS
