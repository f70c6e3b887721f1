"""Plain text: of bodies for summaries and titles, of titles and names as feeds show them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from html import unescape

_BLOCK = re.compile(
    r"</?(?:p|div|br|li|ul|ol|table|tr|h[1-6]|blockquote|pre|section|article|figure|figcaption|hr|dd|dt|center|td|th)\b[^<>]*>",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]*>")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_SENTENCE_END = re.compile(r"(?<=[。！？!?…])|(?<=[.;；])\s")
_NAMES = """
a abbr applet article aside audio b base bdi bdo big blockquote body br button canvas center cite code del details
div dl dt em embed font form frame frameset h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins isindex kbd
label layer li link listing main map mark marquee math menu meta nav noscript object ol option p param plaintext pre q
ruby s samp script section select small source span strike strong style sub summary sup svg table tbody td template
textarea th time title tr tt u ul var video wbr xml xmp xss
"""
_MARKUP = re.compile(
    r"<(?=[a-zA-Z/!?])(?![A-Za-z][A-Za-z0-9]{0,15}>)[^<>]*>?|</?(?:" + "|".join(_NAMES.split()) + ")>",
    re.IGNORECASE,
)


def plain_text(html: str) -> str:
    """The text of clean HTML, white space folded."""
    text = _TAG.sub("", _BLOCK.sub(" ", html))
    return " ".join((unescape(text) if "&" in text else text).split())


def excerpt(text: str, limit: int = 300) -> str:
    """The beginning of a text, at most ``limit`` characters, ending with a sentence or word."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    ends = [m.start() for m in _SENTENCE_END.finditer(head) if m.start() > limit // 3]
    if ends:
        return head[: ends[-1]].rstrip()
    cut = head.rfind(" ", limit // 2)
    return (head[:cut] if cut > 0 else head[:-1]).rstrip() + "…"


def title_from(text: str, limit: int = 60) -> str:
    """A title for a post without one: its first sentence, or as much of it as fits."""
    first = _SENTENCE_END.split(text, maxsplit=1)[0].strip().rstrip("。.；;")
    return first if len(first) <= limit else excerpt(first, limit)


def clean_title(title: str) -> str:
    """A title or name as plain text that stays text even where a reader takes it for HTML."""
    text = unescape(title) if "&" in title else title
    if _UNSEEN.search(text):
        text = _UNSEEN.sub("", text)
    for _ in range(8 if "<" in text else 0):
        text, count = _MARKUP.subn("", text)
        if not count:
            break
    return " ".join(text.split())


def fingerprint(title: str, body: str) -> str:
    """Digest of what a text says, whatever its markup and spacing; empty for an empty body."""
    if not body.strip():
        return ""
    text = unescape(_TAG.sub("", body))
    said = "".join(text.split()) or body
    both = unicodedata.normalize("NFKC", "".join(title.split()) + "\n" + said).casefold()
    return hashlib.blake2b(both.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
