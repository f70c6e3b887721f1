"""Decode the bytes of an upstream document to text that XML parsers accept.

:func:`decode` finds the encoding as RFC 7303, 3 defines: byte order mark, charset of HTTP, XML declaration, UTF-8.
Servers often declare a wrong encoding, so a label that the bytes contradict is ignored. A bad byte becomes a replacement
character; it never changes the encoding of the whole document.
"""

from __future__ import annotations

import codecs
import re
import sys
from html.entities import html5
from typing import Final

from feeds.parser.feeds.charset_detection import guess

_DECLARED = re.compile(rb"""^\s*<\?xml\s[^>]{0,200}?\bencoding\s*+=\s*+(?:["']\s*+)?([A-Za-z0-9._:\-]+)""")
_CHARSET = re.compile(r"""charset\s*+=\s*+(?:["']\s*+)?([A-Za-z0-9._:\-]+)""", re.IGNORECASE)
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# The first character of a feed without a byte order mark, after white space, is "<", "{" or "[" (XML 1.0, F.1).
_WIDE: Final = (
    (re.compile(rb"[<{\[\s]\0\0\0", re.DOTALL), "utf-32-le"),
    (re.compile(rb"\0\0\0[<{\[\s]", re.DOTALL), "utf-32-be"),
    (re.compile(rb"[<{\[\s]\0[^\0]\0", re.DOTALL), "utf-16-le"),
    (re.compile(rb"\0[<{\[\s]\0[^\0]", re.DOTALL), "utf-16-be"),
)

# Browsers map these labels to supersets (WHATWG Encoding), and authors use characters of the supersets.
_MEANING: Final = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "johab": "cp949",
    "shift_jis": "cp932",
    "shift_jisx0213": "cp932",
    "shift_jis_2004": "cp932",
    "big5": "big5hkscs",
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "iso8859-11": "cp874",
    "utf-16": "utf-16-le",
    "utf-32": "utf-32-le",
}
_LABELS: Final = {
    "windows-31j": "cp932",
    "x-sjis": "cp932",
    "windows-949": "cp949",
    "ksc_5601": "cp949",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "x-x-big5": "big5hkscs",
    "cn-big5": "big5hkscs",
    "x-euc-jp": "euc_jp",
    "unicode": "utf-16-le",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "windows-874": "cp874",
    "iso-8859-8-i": "iso8859-8",
    "x-mac-cyrillic": "mac_cyrillic",
    "utf8mb4": "utf-8",
}
# Encodings with escape sequences are ASCII bytes, so they would pass every test for UTF-8.
_ESCAPING: Final = frozenset(["iso2022_jp", "iso2022_kr", "hz", "utf-7"])
# Codecs of Python that are not encodings of documents; some run in quadratic time.
_NOT_TEXT: Final = frozenset(
    ["utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"]
)

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_ILLEGAL = re.compile("[\ufffe\uffff\ud800-\udfff]")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,9}));?|&#[xX]?[0-9a-fA-F]{9,}+;?")
# The two halves of a character beyond the first 65,536, each as a reference of its own, which XML forbids.
_HALVES = re.compile(
    r"&#(?:[xX]0{0,4}([dD][89abAB][0-9a-fA-F]{2})|0{0,4}(5[56]\d{3}));&#(?:[xX]0{0,4}([dD][c-fC-F][0-9a-fA-F]{2})|0{0,4}(5[67]\d{3}));"
)
_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,31});")
_BARE = re.compile(r"&(?![A-Za-z][A-Za-z0-9]{0,31};|#[0-9]{1,9};|#[xX][0-9a-fA-F]{1,8};)")
_DECLARATION = re.compile(r"^\s*<\?xml(?=[\s?])[^>]{0,500}\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE\b", re.IGNORECASE)
_DOCTYPE_END = re.compile(r"""[\[>]|"[^"]*+"|'[^']*+'""")
_SUBSET_PART = re.compile(r"""\]\s*>|"[^"]*+"|'[^']*+'|<!--""")
_ENTITY = re.compile(
    r"""<!ENTITY\s+([A-Za-z][\w.\-]{0,63})\s+(?:"([^"&%<]{0,200})"|'([^'&%<]{0,200})')\s*>"""
)
_CONTROLS: Final = bytes([*range(9), 11, 12, *range(14, 32)])
# Only tags of 2,000 characters or more can have enough attributes to be slow.
_LONG_TAG = re.compile(r"(<[A-Za-z_][\w:.\-]*+)(?=[^<>]{2000})[^<>]*?(/?)>")
_MOST_ATTRIBUTES = 150
_FIRST_WINDOWS = 0x80
_MOST_ENTITIES = 256
_HEAD = 4096


def decode(data: bytes, content_type: str = "") -> str:
    """Return the text of an upstream document.

    The XML declaration and the document type are removed, and simple entities of the document are replaced.
    Control characters are dropped and surrogates replaced, because XML forbids them. Nothing is fetched, and no entity
    is expanded twice. :func:`repair_xml` repairs the rest of the parts that are parsed.

    Args:
        data: The body, without any content coding.
        content_type: The value of the HTTP field, or empty.
    """
    name, skip, decoded = _find_encoding(data, content_type)
    text = data[skip:].decode(name, "replace") if decoded is None else decoded
    ascii_like = name not in _ESCAPING and not name.startswith(("utf-16", "utf-32"))
    if (
        not ascii_like
        or len(data.translate(None, _CONTROLS)) != len(data)
        or "\ufffe" in text
        or "\uffff" in text
    ):
        text = _ILLEGAL.sub("\ufffd", _CONTROL.sub(_replace_control, text))
    text = text.removeprefix("\ufeff")
    # JSON has no prolog, entities or references.
    if text.lstrip()[:1] in ("{", "["):
        return text
    return _without_prolog(text)


def _replace_control(found: re.Match[str]) -> str:
    """Return a space for a vertical tab or form feed, which separate words; nothing for other controls."""
    return " " if found[0] in "\x0b\x0c" else ""


def repair_xml(text: str) -> str:
    """Return a decoded XML document, or a part of it, that a strict parser accepts.

    Named references of HTML outside CDATA become characters. Bare ampersands and references to forbidden characters
    are replaced. A comment or CDATA section that is open at the end is closed.
    """
    # Sections are closed first, because an open comment would hide the tags behind it.
    text = _LONG_TAG.sub(_without_attributes, _close_sections(text))
    return _replace_references(text, {})


def _without_attributes(found: re.Match[str]) -> str:
    """Return a tag without its attributes if it has more than any format defines.

    The time of feedparser grows with the square of the number of attributes.
    """
    return found[0] if found[0].count("=") <= _MOST_ATTRIBUTES else found[1] + found[2] + ">"


def _without_prolog(text: str) -> str:
    text = _DECLARATION.sub("", text, count=1).lstrip()
    if _DOCTYPE.search(text, 0, _HEAD):
        text, entities = _without_doctype(text)
        # Only this function knows the entities of the document. References of HTML are replaced later, and only in
        # the entries that are parsed.
        return _replace_references(text, entities) if entities else text
    return text


def _close_sections(text: str) -> str:
    """Return the text with an unclosed comment escaped and an unclosed CDATA section closed.

    feedparser would search for the missing end from each start, which takes quadratic time.
    """
    last = text.rfind("-->") + 1
    if text.find("<!--", last) >= 0:
        text = text[:last] + text[last:].replace("<!--", "&lt;!--")
    last = text.rfind("]]>") + 1
    first = text.find("<![CDATA[", last)
    if first >= 0:
        text = text[: first + 9] + text[first + 9 :].replace("<![CDATA[", "") + "]]>"
    return text


def _find_encoding(data: bytes, content_type: str) -> tuple[str, int, str | None]:
    """Return the codec of a document, the length of its byte order mark, and its text if it was already decoded."""
    for mark, name in _MARKS:
        if data.startswith(mark) and not _is_contradicted(data, name, len(mark)):
            return name, len(mark), None
    # Without a mark, the zero bytes around the first character show the width.
    for pattern, name in _WIDE:
        if pattern.match(data[:8]):
            return name, 0, None
    # RFC 7303 gives the charset of HTTP precedence over the declaration.
    label = _CHARSET.search(content_type)
    sent = _find_codec(label[1]) if label else ""
    found = _DECLARED.match(data[:400])
    declared = _find_codec(found[1].decode("ascii")) if found else ""
    name, decoded = _choose_encoding(data, sent, declared)
    return name, 0, decoded


def _is_contradicted(data: bytes, name: str, skip: int) -> bool:
    """Return whether the bytes contradict a byte order mark of UTF-16: they contain no zero byte."""
    return name.startswith("utf-16") and len(data) > skip + 8 and 0 not in data[skip : skip + 400]


def _find_codec(label: str) -> str:
    """Return Python's name of the encoding of a label; empty if it is unknown or not a text encoding."""
    label = label.strip().lower().strip(".:-_")
    name = _LABELS.get(label, label)
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    # Python also has codecs from bytes to bytes, such as zlib.
    if not getattr(found, "_is_text_encoding", True) or found.name in _NOT_TEXT:
        return ""
    return _MEANING.get(found.name, found.name)


def _choose_encoding(data: bytes, sent: str, declared: str) -> tuple[str, str | None]:
    """Return the first label that the bytes do not contradict, or else a guess.

    UTF-8 is tried before the labels: text in another encoding is almost never valid UTF-8 by chance.

    Returns:
        The codec, and the text if it was decoded.
    """
    # A document in UTF-16 was recognised by its zero bytes before; this label is wrong.
    labels = [name for name in (sent, declared) if name and not name.startswith(("utf-16", "utf-32"))]
    for name in labels:
        if name in _ESCAPING:
            return name, None
    if (text := _try_decode(data, "utf-8")) is not None:
        return "utf-8", text
    # ISO 8859-1 is the default of many servers and decodes any bytes, so the declaration of the document goes first.
    labels.sort(key=lambda name: name == "cp1252")
    for name in labels:
        if name not in ("utf-8", "cp1252") and (text := _try_decode(data, name)) is not None:
            return name, text
    # A few invalid bytes do not refute a label; a guess would risk the whole text.
    if labels and "utf-8" not in labels:
        return labels[0], None
    return guess(data, "utf-8" in labels or not labels), None


def _try_decode(data: bytes, name: str) -> str | None:
    """Return the decoded text; None if some bytes are invalid in this encoding."""
    try:
        return data.decode(name)
    except UnicodeError:
        return None


def _without_doctype(text: str) -> tuple[str, dict[str, str]]:
    """Return the text without its document type, and its entities that are plain text.

    Entities that contain entities and external entities are not replaced: attacks such as "billion laughs" use them.
    """
    found = _DOCTYPE.search(text, 0, _HEAD)
    assert found
    position = found.end()
    end = len(text)
    subset = ""
    for part in _DOCTYPE_END.finditer(text, position):
        if part[0] == ">":
            end = part.end()
            break
        if part[0] == "[":
            end = _find_subset_end(text, part.end())
            subset = text[part.end() : end]
            break
    # An unclosed document type: removing it would remove the document.
    if end == len(text) and subset == "":
        return text, {}
    entities = {
        match[1]: match[2] or match[3] or ""
        for match, _ in zip(_ENTITY.finditer(subset), range(_MOST_ENTITIES), strict=False)
    }
    return text[: found.start()] + text[end:], entities


def _find_subset_end(text: str, position: int) -> int:
    """Return the position behind an internal subset and its document type."""
    # Quoted values and comments may contain a bracket.
    while part := _SUBSET_PART.search(text, position):
        if part[0][0] == "]":
            return part.end()
        position = part.end()
        if part[0] == "<!--":
            close = text.find("-->", position)
            if close < 0:
                break
            position = close + 3
    return len(text)


def _replace_references(text: str, entities: dict[str, str]) -> str:
    """Return the text with every reference outside CDATA replaced that XML does not define."""
    if "<![CDATA[" not in text:
        return _replace_plain_references(text, entities)
    pieces = []
    position = 0
    while (start := text.find("<![CDATA[", position)) >= 0:
        end = text.find("]]>", start)
        end = len(text) if end < 0 else end + 3
        pieces += [_replace_plain_references(text[position:start], entities), text[start:end]]
        position = end
    pieces.append(_replace_plain_references(text[position:], entities))
    return "".join(pieces)


def _replace_plain_references(text: str, entities: dict[str, str]) -> str:
    strange = text.count("&")
    # Most documents contain only the five references of XML. Counting is ten times faster than matching each.
    if strange == 0 or strange == sum(map(text.count, ("&lt;", "&gt;", "&amp;", "&quot;", "&apos;"))):
        return text
    if "&#" in text:
        text = _REFERENCE.sub(_replace_character, _HALVES.sub(_join_halves, text))
    text = _NAMED.sub(lambda found: _replace_entity(found, entities), text)
    return _BARE.sub("&amp;", text)


def _join_halves(found: re.Match[str]) -> str:
    """Return the character of two surrogates; any other pair stays."""
    high = int(found[1], 16) if found[1] else int(found[2])
    low = int(found[3], 16) if found[3] else int(found[4])
    if not (0xD800 <= high < 0xDC00 <= low < 0xE000):
        return found[0]
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def _replace_character(found: re.Match[str]) -> str:
    """Return a character reference that XML allows; numbers of Windows-1252 become what browsers show."""
    number = int(found[1], 16) if found[1] else int(found[2] or "0")
    # Authors copy characters of Windows-1252 as numbers, although Unicode has controls there.
    if _FIRST_WINDOWS <= number < _FIRST_WINDOWS + 32:
        return bytes([number]).decode("cp1252", "replace")
    legal = number <= sys.maxunicode and not (_CONTROL.match(chr(number)) or _ILLEGAL.match(chr(number)))
    if not legal:
        return "\ufffd"
    return found[0] if found[0].endswith(";") else found[0] + ";"


def _replace_entity(found: re.Match[str], entities: dict[str, str]) -> str:
    name = found[1]
    if name in entities:
        return entities[name]
    value = html5.get(name + ";")
    if value is None:
        return "&amp;" + found[0][1:]
    return "".join("&amp;" if c == "&" else "&lt;" if c == "<" else c for c in value)
