"""Plain text: of bodies for summaries and titles, of titles and names as feeds show them."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from feeds.values.references import unescape

_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*+>")
_BREAK = re.compile(
    r"</?(?:p|div|br|li|ul|ol|dl|dd|dt|table|tr|td|th|caption|h[1-6]|blockquote|pre|section|article|aside|header"
    r"|footer|figure|figcaption|hr|center|details|summary|address|main|nav)\b[^<>]*+>"
)
# Not a single space, which stays as it is.
_SPACE = re.compile(r"[ \t\f\v\xa0](?:[ \t\f\v\xa0]+|(?<! ))")

# Not for the eye: controls, direction overrides (their scope is not the title alone), noncharacters.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff]"
)
_FOLDED = re.compile("[ \t\r\n\x0b\x0c\x85\u2028\u2029]+")
_KNOWN_TAG = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|big|blockquote|br|center|cite|code|del|dfn|div|em|font|h[1-6]|hr|i|img|ins|kbd|li|mark|ol"
    r"|p|pre|q|s|samp|small|span|strike|strong|sub|sup|table|tbody|td|th|thead|tr|tt|u|ul|var|wbr|video|audio|source"
    r"|iframe|svg|math|form|input|button|textarea|select|option|object|embed|link|meta|base|style|script|noscript)"
    r"(?:[\s/][^<>]*+)?>",
    re.IGNORECASE,
)
_UNREAD = re.compile(r"<(script|style)\b[^<>]*+>[^<]{0,5000}+</\1\s*+>", re.IGNORECASE)
_COMMENT = re.compile(r"<!--[^<>]{0,2000}+-->")
_MARKUP_START = re.compile(r"<(?=[a-zA-Z/!?])")

# It begins with a set of characters, because that is found fast; which of them it was is looked at afterwards,
# and of full stops in a row at the first alone.
_SENTENCE = re.compile(
    r"[。！？!?….;；\n](?:(?<=[。！？!?…])[。！？!?…]*[”’」』）)\"']*|(?<=[.;；])(?<![.;；]{2})[.;；]*+[”’\"')]*+(?=\s)|(?<=\n))"
)
_TRAILING = "。.；;，,、：:—-– "
_WIRE = re.compile(r"^\s*[（(【\[][^（）()【】\[\]]{0,24}(?:讯|电|消息)[）)】\]]\s*")


def plain_text(html: str) -> str:
    """The text of clean HTML: a line for each block, white space folded, references decoded."""
    text = _BREAK.sub("\n", html.replace("\n", " ")) if "<" in html else html
    text = _TAG.sub("", text) if "<" in text else text
    if "&" in text:
        text = unescape(text)
    lines = (line.strip() for line in _SPACE.sub(" ", text).split("\n"))
    return "\n".join(line for line in lines if line)


def opening(html: str, enough: int) -> str:
    """The beginning of :func:`plain_text`: all of it, or at least ``enough`` characters of it."""
    size = enough * 2
    while size < len(html):
        end = html.rfind("<", 0, size)
        text = plain_text(html[:end].replace("\n", " ")) if end > 0 else ""
        if len(text) >= enough:
            return text
        size *= 2
    return plain_text(html)


def excerpt(text: str, limit: int = 300) -> str:
    """The beginning of a text on one line, at most ``limit`` characters.

    It ends with a sentence if one ends in its last two thirds, else with a word and ``…``; between
    ideographs a word may end anywhere.
    """
    text = " ".join(text.split()) if "\n" in text or "  " in text else text.strip()
    if len(text) <= limit:
        return text
    head = text[:limit]
    ends = [
        found.end() for found in _SENTENCE.finditer(text, 0, limit + 1) if limit // 3 < found.end() <= limit
    ]
    return head[: ends[-1]].rstrip() if ends else _cut(text, limit)


def _cut(text: str, limit: int) -> str:
    """The words of a text that fit into ``limit`` characters, with ``…``."""
    head = text[: max(0, limit - 1)]
    following = text[len(head) : len(head) + 1]
    if _in_word(head[-1:]) and _in_word(following):
        start = head.rfind(" ", limit // 2)
        while start < 0 and head and _in_word(head[-1]) and len(head) > limit // 2:
            head = head[:-1]
        head = head[:start] if start >= 0 else head
    return head.rstrip(_TRAILING) + "…"


def _in_word(character: str) -> bool:
    """Whether a character is part of a word that spaces divide from others."""
    return character.isalnum() and character < "\u2e80"


def title_from(text: str, limit: int = 60) -> str:
    """A title for a post without one: its first sentence, or as much of it as fits; empty for no text.

    A news wire's opening in brackets (``（… 讯）``) is left out.
    """
    text = text.strip()
    text = _WIRE.sub("", text) or text
    found = _SENTENCE.search(text)
    first = text[: found.end()] if found else text
    first = " ".join(first.split()).rstrip(_TRAILING) or " ".join(text[: limit * 4].split())
    return first if len(first) <= limit else _cut(first, limit)


def clean_title(title: str) -> str:
    """A title, name or term as text, on one line, which stays text even where a reader takes it for HTML.

    Tags of HTML are taken out and references decoded; what still looks like the start of a tag gets
    a space behind its ``<``. Quotes and everything else stay as they are. Empty only for a title
    without visible characters.
    """
    if title.isprintable() and "<" not in title and "&" not in title and "  " not in title:
        return title.strip()
    text = _UNSEEN.sub("", title)
    if "<" in text:
        text = _without_tags(text)
    if "&" in text:
        text = _UNSEEN.sub("", unescape(text))
    if "<" in text:
        text = _MARKUP_START.sub("< ", text)
    return _FOLDED.sub(" ", text).strip()


def clean_author(name: str) -> str:
    """Give the name of an author as text, without mail addresses: nobody's address is published as a name.

    Empty if nothing else is left of it.
    """
    text = clean_title(name)
    if "@" not in text and "\uff20" not in text and "mailto:" not in text.lower():
        return text
    words = text.split(" ")
    kept = [word for word in words if not _is_mail(word)]
    return text if len(kept) == len(words) else " ".join(kept).strip(" ,;:|/()[]{}<>\"'-–—")


def _is_mail(word: str) -> bool:
    bare = word.replace("\uff20", "@").strip("<>()[]{},;:.\"'").lower()
    local, _, domain = bare.removeprefix("mailto:").partition("@")
    return bare.startswith("mailto:") or bool(local and domain)


def _without_tags(text: str) -> str:
    """The text without HTML tags, unless nothing would be left."""
    bare = _KNOWN_TAG.sub("", _UNREAD.sub("", _COMMENT.sub("", text)))
    return bare if bare.strip() else text


def fingerprint(title: str, body: str) -> str:
    """32 hex digits that say whether two posts have the same text, whatever its markup, case and spacing.

    A body without text counts as it is written. Empty for an empty body: nothing to compare.
    """
    if not body.strip():
        return ""
    said = _folded(_TAG.sub("", body) if "<" in body else body) or body
    both = f"{_folded(title)}\n{said}"
    return hashlib.blake2b(both.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _folded(text: str) -> str:
    text = unescape(text) if "&" in text else text
    text = "".join(text.split())
    return (
        text.casefold() if text.isascii() else "".join(unicodedata.normalize("NFKC", text).casefold().split())
    )
