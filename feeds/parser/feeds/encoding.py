"""From the bytes of an upstream's document to text that any parser can read.

:func:`decode` finds the encoding as RFC 7303, 3 says (byte order mark, charset of HTTP, XML declaration,
UTF-8) and as servers practise it: a label that the bytes contradict is not believed. One bad byte is one
replacement character, never another encoding for the whole document.
"""

from __future__ import annotations

import codecs
import re
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

# Labels mean what browsers take them for (WHATWG Encoding): the superset that authors really use.
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
    "ms_kanji": "cp932",
    "windows-949": "cp949",
    "ks_c_5601-1987": "cp949",
    "ksc5601": "cp949",
    "ksc_5601": "cp949",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "big5-hkscs": "big5hkscs",
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
_ESCAPING: Final = frozenset(["iso2022_jp", "iso2022_kr", "hz", "utf-7"])
_NOT_TEXT: Final = frozenset(
    ["utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"]
)

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_ILLEGAL = re.compile("[\ufffe\uffff\ud800-\udfff]")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,9}));?|&#[xX]?[0-9a-fA-F]{9,}+;?")
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
_LONG_TAG = re.compile(r"(<[A-Za-z_][\w:.\-]*+)(?=[^<>]{2000})[^<>]*?(/?)>")
_MOST_ATTRIBUTES = 150
_FIRST_WINDOWS = 0x80
_MOST_ENTITIES = 256
_HEAD = 4096


def decode(data: bytes, content_type: str = "") -> str:
    """The text of an upstream's document, fit for a parser.

    The XML declaration and the document type are gone, and simple entities of the document itself are
    characters; control characters are dropped and surrogates replaced, since XML forbids them. Nothing is fetched and no
    entity is expanded twice. :func:`mended` does the rest, for what is really parsed.

    Args:
        data: The body, without any content coding.
        content_type: The value of the HTTP field, or empty.
    """
    name, skip, fitting = _encoding_of(data, content_type)
    text = data[skip:].decode(name, "replace") if fitting is None else fitting
    ascii_like = name not in _ESCAPING and not name.startswith(("utf-16", "utf-32"))
    if (
        not ascii_like
        or len(data.translate(None, _CONTROLS)) != len(data)
        or "\ufffe" in text
        or "\uffff" in text
    ):
        text = _ILLEGAL.sub("\ufffd", _CONTROL.sub(_control, text))
    text = text.removeprefix("\ufeff")
    if text.lstrip()[:1] in ("{", "["):
        return text
    return _without_prolog(text)


def _control(found: re.Match[str]) -> str:
    """Control characters say nothing, but a vertical tab and a form feed part words."""
    return " " if found[0] in "\x0b\x0c" else ""


def mended(text: str) -> str:
    """A decoded XML document, or a part of one, that no parser stumbles over.

    Named references of HTML outside CDATA become characters, bare ampersands and references to what XML
    forbids are replaced, and what is opened at the end without being closed (a comment, CDATA) is closed.
    """
    text = _LONG_TAG.sub(_without_attributes, _closed(text))
    return _references(text, {})


def _without_attributes(found: re.Match[str]) -> str:
    """A tag without its attributes if it has more than any format knows: the library is quadratic in them."""
    return found[0] if found[0].count("=") <= _MOST_ATTRIBUTES else found[1] + found[2] + ">"


def _without_prolog(text: str) -> str:
    text = _DECLARATION.sub("", text, count=1).lstrip()
    if _DOCTYPE.search(text, 0, _HEAD):
        text, entities = _without_doctype(text)
        # They are known only here; references of HTML can wait until an entry is really parsed.
        return _references(text, entities) if entities else text
    return text


def _closed(text: str) -> str:
    """The text with a cut-off comment made text and a cut-off CDATA section closed; each is quadratic to look for."""
    last = text.rfind("-->") + 1
    if text.find("<!--", last) >= 0:
        text = text[:last] + text[last:].replace("<!--", "&lt;!--")
    last = text.rfind("]]>") + 1
    first = text.find("<![CDATA[", last)
    if first >= 0:
        text = text[: first + 9] + text[first + 9 :].replace("<![CDATA[", "") + "]]>"
    return text


def _encoding_of(data: bytes, content_type: str) -> tuple[str, int, str | None]:
    """The codec of a document, the length of its byte order mark, and its text if that had to be tried."""
    for mark, name in _MARKS:
        if data.startswith(mark) and not _contradicts(data, name, len(mark)):
            return name, len(mark), None
    for pattern, name in _WIDE:
        if pattern.match(data[:8]):
            return name, 0, None
    label = _CHARSET.search(content_type)
    sent = _codec(label[1]) if label else ""
    found = _DECLARED.match(data[:400])
    declared = _codec(found[1].decode("ascii")) if found else ""
    name, fitting = _believable(data, sent, declared)
    return name, 0, fitting


def _contradicts(data: bytes, name: str, skip: int) -> bool:
    """Whether what follows a byte order mark is plainly in another encoding."""
    return name.startswith("utf-16") and len(data) > skip + 8 and 0 not in data[skip : skip + 400]


def _codec(label: str) -> str:
    """Python's name for what a label means; empty for one that nobody knows or that is no text."""
    label = label.strip().lower().strip(".:-_")
    name = _LABELS.get(label, label)
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    if not getattr(found, "_is_text_encoding", True) or found.name in _NOT_TEXT:
        return ""
    return _MEANING.get(found.name, found.name)


def _believable(data: bytes, sent: str, declared: str) -> tuple[str, str | None]:
    """The first label that the bytes do not contradict, with their text, else what the bytes look like."""
    labels = [name for name in (sent, declared) if name and not name.startswith(("utf-16", "utf-32"))]
    for name in labels:
        if name in _ESCAPING:
            return name, None
    if (text := _fitting(data, "utf-8")) is not None:
        return "utf-8", text
    # A server's default of ISO 8859-1 fits any bytes, so it says nothing against what the document declares.
    labels.sort(key=lambda name: name == "cp1252")
    for name in labels:
        if name not in ("utf-8", "cp1252") and (text := _fitting(data, name)) is not None:
            return name, text
    if labels and "utf-8" not in labels:
        return labels[0], None
    return guess(data, "utf-8" in labels or not labels), None


def _fitting(data: bytes, name: str) -> str | None:
    """The text of bytes that are in this encoding throughout."""
    try:
        return data.decode(name)
    except UnicodeError:
        return None


def _without_doctype(text: str) -> tuple[str, dict[str, str]]:
    """The text without its document type, and the entities of it that are plain text.

    Entities made of entities, and those that lie outside, are left alone: that is how bombs are built.
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
            end = _subset_end(text, part.end())
            subset = text[part.end() : end]
            break
    if end == len(text) and subset == "":
        return text, {}
    entities = {
        match[1]: match[2] or match[3] or ""
        for match, _ in zip(_ENTITY.finditer(subset), range(_MOST_ENTITIES), strict=False)
    }
    return text[: found.start()] + text[end:], entities


def _subset_end(text: str, position: int) -> int:
    """Where an internal subset and its document type end."""
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


def _references(text: str, entities: dict[str, str]) -> str:
    """The text with every reference outside CDATA one that XML knows."""
    if "<![CDATA[" not in text:
        return _plain_references(text, entities)
    pieces = []
    position = 0
    while (start := text.find("<![CDATA[", position)) >= 0:
        end = text.find("]]>", start)
        end = len(text) if end < 0 else end + 3
        pieces += [_plain_references(text[position:start], entities), text[start:end]]
        position = end
    pieces.append(_plain_references(text[position:], entities))
    return "".join(pieces)


def _plain_references(text: str, entities: dict[str, str]) -> str:
    strange = text.count("&")
    # Counting is ten times faster than looking at each; most documents have nothing else.
    if strange == 0 or strange == sum(map(text.count, ("&lt;", "&gt;", "&amp;", "&quot;", "&apos;"))):
        return text
    if "&#" in text:
        text = _REFERENCE.sub(_character, text)
    text = _NAMED.sub(lambda found: _entity(found, entities), text)
    return _BARE.sub("&amp;", text)


def _character(found: re.Match[str]) -> str:
    """A character reference as it is if XML allows it; those of Windows-1252 mean what browsers show."""
    number = int(found[1], 16) if found[1] else int(found[2] or "0")
    if _FIRST_WINDOWS <= number < _FIRST_WINDOWS + 32:
        return bytes([number]).decode("cp1252", "replace")
    legal = (
        number in (9, 10, 13)
        or 0x20 <= number < 0xD800
        or 0xE000 <= number < 0xFFFE
        or 0x10000 <= number <= 0x10FFFF
    )
    if not legal:
        return "\ufffd"
    return found[0] if found[0].endswith(";") else found[0] + ";"


def _entity(found: re.Match[str], entities: dict[str, str]) -> str:
    name = found[1]
    if name in entities:
        return entities[name]
    value = html5.get(name + ";")
    if value is None:
        return "&amp;" + found[0][1:]
    return "".join("&amp;" if c == "&" else "&lt;" if c == "<" else c for c in value)
