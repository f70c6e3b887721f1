"""What would run or mislead in HTML, found by a second parser."""

from __future__ import annotations

import re
from html.parser import HTMLParser

ACTIVE = frozenset(
    [
        "script",
        "iframe",
        "object",
        "embed",
        "applet",
        "form",
        "input",
        "button",
        "select",
        "textarea",
        "svg",
        "math",
        "style",
        "link",
        "meta",
        "base",
    ]
)
ADDRESSES = (
    "href",
    "src",
    "srcset",
    "poster",
    "cite",
    "action",
    "data",
    "formaction",
    "background",
    "xlink:href",
)


class Dangers(HTMLParser):
    """Collects what must not be in published HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ACTIVE or ":" in tag:
            self.found.append(tag)
        for name, value in attrs:
            text = re.sub(r"[\x00-\x20]", "", value or "").lower()
            if name.startswith("on"):
                self.found.append(name)
            if name in ADDRESSES and text.startswith(
                ("javascript:", "vbscript:", "data:text", "data:application", "livescript:")
            ):
                self.found.append(text[:40])
            if name == "style" and re.search(
                r"url\(|expression|position|z-index|opacity|behavio|binding|\\|@import", text
            ):
                self.found.append(text[:40])


def find_dangers(html: str) -> list[str]:
    parser = Dangers()
    parser.feed(html)
    parser.close()
    return parser.found
