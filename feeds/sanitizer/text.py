"""Extract plain text: summaries and titles from bodies, and titles and names as feeds show them."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from feeds.values.markup import remove_markup
from feeds.values.references import unescape

_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*+>")
_BREAK = re.compile(
    r"</?(?:p|div|br|li|ul|ol|dl|dd|dt|table|tr|td|th|caption|h[1-6]|blockquote|pre|section|article|aside|header"
    r"|footer|figure|figcaption|hr|center|details|summary|address|main|nav)\b[^<>]*+>"
)
# A run of white space or a character other than a space. Single spaces do not match: replacing each is slow.
_SPACE = re.compile(r"[ \t\f\v\xa0](?:[ \t\f\v\xa0]+|(?<! ))")

# Controls and noncharacters, which XML forbids or readers do not show, and direction overrides, which would also
# reverse the text around a title.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff]"
)
# All line ends of Unicode: a feed reader may show a title with any of them on two lines.
_FOLDED = re.compile("[ \t\r\n\x0b\x0c\x85\u2028\u2029]+")
_MARKUP_START = re.compile(r"<(?=[a-zA-Z/!?])")

# The pattern begins with a set of characters because the engine finds sets fast. Look-behinds then check which
# character matched; of several full stops only the first is checked.
_SENTENCE = re.compile(
    r"[。！？!?….;；\n](?:(?<=[。！？!?…])[。！？!?…]*[”’」』）)\"']*|(?<=[.;；])(?<![.;；]{2})[.;；]*+[”’\"')]*+(?=\s)|(?<=\n))"
)
_TRAILING = "。.；;，,、：:—-– "
_ADDRESS = re.compile(r'(?<= )(src|srcset|poster|href)="([^"]*+)"')
_QUERY = re.compile(r"\?[^\s\"]*+")
_MEDIA_FILE = re.compile(
    r"\.(?:avif|bmp|gif|heic|ico|jpe?g|png|svg|tiff?|webp|aac|flac|m4[av]|mov|mp[34]|og[agv]|opus|wav|webm)$",
    re.IGNORECASE,
)
_WIRE = re.compile(r"^\s*[（(【\[][^（）()【】\[\]]{0,24}(?:讯|电|消息)[）)】\]]\s*")


def extract_text(html: str) -> str:
    """Return the text of sanitised HTML: a line for each block, white space collapsed, references decoded."""
    text = _BREAK.sub("\n", html.replace("\n", " ")) if "<" in html else html
    text = _TAG.sub("", text) if "<" in text else text
    if "&" in text:
        text = unescape(text)
    lines = (line.strip() for line in _SPACE.sub(" ", text).split("\n"))
    return "\n".join(line for line in lines if line)


def extract_opening(html: str, enough: int) -> str:
    """Return the beginning of :func:`extract_text`: all of it, or at least ``enough`` characters of it."""
    # Titles and excerpts need the first few hundred characters; converting all of a long body would be wasted.
    size = enough * 2
    while size < len(html):
        # Cut before a tag: a cut inside a tag or a reference would leave half of it in the text.
        end = html.rfind("<", 0, size)
        text = extract_text(html[:end].replace("\n", " ")) if end > 0 else ""
        if len(text) >= enough:
            return text
        size *= 2
    return extract_text(html)


def make_excerpt(text: str, limit: int = 300) -> str:
    """Return the beginning of a text on one line, at most ``limit`` characters.

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
    """Return the words of a text that fit into ``limit`` characters, with ``…``."""
    head = text[: max(0, limit - 1)]
    following = text[len(head) : len(head) + 1]
    if _is_in_word(head[-1:]) and _is_in_word(following):
        start = head.rfind(" ", limit // 2)
        while start < 0 and head and _is_in_word(head[-1]) and len(head) > limit // 2:
            head = head[:-1]
        head = head[:start] if start >= 0 else head
    return head.rstrip(_TRAILING) + "…"


def _is_in_word(character: str) -> bool:
    """Return whether a character belongs to a script that separates words by spaces."""
    return character.isalnum() and character < "\u2e80"


def make_title(text: str, limit: int = 60) -> str:
    """Return a title for a post that has none: its first sentence, shortened to ``limit``; empty for no text.

    The opening of a news agency in brackets (``（… 讯）``) is left out.
    """
    text = text.strip()
    text = _WIRE.sub("", text) or text
    found = _SENTENCE.search(text)
    first = text[: found.end()] if found else text
    first = " ".join(first.split()).rstrip(_TRAILING) or " ".join(text[: limit * 4].split())
    return first if len(first) <= limit else _cut(first, limit)


def clean_title(title: str) -> str:
    """Clean a title or summary that may be text or HTML, as :func:`clean_text` does.

    Tags that are used as markup are removed (:func:`feeds.values.markup.remove_markup`).
    """
    return clean_text(remove_markup(_INVISIBLE.sub("", title)) if "<" in title else title)


def clean_text(text: str) -> str:
    """Return text that may contain references as plain text on one line; the references are decoded.

    See :func:`clean_plain_text`.
    """
    return clean_plain_text(unescape(_INVISIBLE.sub("", text)) if "&" in text else text)


def clean_plain_text(text: str) -> str:
    """Return plain text on one line that stays text even where a reader takes it for HTML.

    A space follows each ``<`` that looks like the start of a tag. No word is lost, and ``&amp;`` stays: a text about
    HTML may contain it. The result is empty only for text without visible characters.
    """
    if text.isprintable() and "<" not in text and "  " not in text:
        return text.strip()
    text = _INVISIBLE.sub("", text)
    if "<" in text:
        text = _MARKUP_START.sub("< ", text)
    return _FOLDED.sub(" ", text).strip()


def clean_author(name: str) -> str:
    """Return the name of an author as text without mail addresses, which are private.

    The result is empty if the name is only a mail address.
    """
    text = clean_text(name)
    if "@" not in text and "\uff20" not in text and "mailto:" not in text.lower():
        return text
    words = text.split(" ")
    kept = [word for word in words if not _is_mail(word)]
    return text if len(kept) == len(words) else " ".join(kept).strip(" ,;:|/()[]{}<>\"'-–—")


def _is_mail(word: str) -> bool:
    bare = word.replace("\uff20", "@").strip("<>()[]{},;:.\"'").lower()
    local, _, domain = bare.removeprefix("mailto:").partition("@")
    return bare.startswith("mailto:") or bool(local and domain)


def compute_fingerprint(title: str, body: str) -> str:
    """Return 32 hex digits that are equal for posts with the same text, whatever its markup, case and spacing.

    A body without text is compared as it is written. The result is empty for an empty body.
    """
    if not body.strip():
        return ""
    visible = _fold_text(_TAG.sub("", body) if "<" in body else body) or body
    both = f"{_fold_text(title)}\n{visible}"
    return hashlib.blake2b(both.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _fold_text(text: str) -> str:
    text = unescape(text) if "&" in text else text
    text = "".join(text.split())
    # NFKC changes nothing in ASCII, so ASCII text takes the faster way.
    return (
        text.casefold() if text.isascii() else "".join(unicodedata.normalize("NFKC", text).casefold().split())
    )


def drop_media_queries(html: str) -> str:
    """Return clean HTML without the queries of media addresses, which many sites sign anew at each fetch."""
    return _ADDRESS.sub(_drop_query, html) if "?" in html else html


def _drop_query(found: re.Match[str]) -> str:
    is_link = found[1] == "href"
    if is_link and not _MEDIA_FILE.search(found[2].partition("?")[0]):
        return found[0]
    return f'{found[1]}="{_QUERY.sub("", found[2])}"'
