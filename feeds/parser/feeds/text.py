"""Convert between text and HTML in upstream entries, and make addresses absolute."""

from __future__ import annotations

import re
from html import escape

from feeds.values.references import unescape
from feeds.values.urls import resolve

_BLOCK = re.compile(r"</?(?:p|div|br|li|h[1-6]|tr|blockquote|pre|table|ul|ol)\b[^<>]*+>", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*+>")
_HIDDEN = re.compile(r"<(script|style)\b[^<>]*+>|<!--", re.IGNORECASE)
_HIDDEN_ENDS = {
    "": re.compile("-->"),
    "script": re.compile(r"</script\s*+>", re.IGNORECASE),
    "style": re.compile(r"</style\s*+>", re.IGNORECASE),
}
_PARAGRAPH = re.compile(r"\n[ \t\r]*\n\s*")
_ADDRESS = re.compile(
    r"""(?<=\s)(href|src|poster|cite|longdesc|data|background)(\s*=\s*)("[^"<>]*+"|'[^'<>]*+'|[^\s"'<>]++)""",
    re.IGNORECASE,
)
_OPENING = re.compile(r"<[a-zA-Z][^<>]*+>")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8}){0,4}", re.IGNORECASE)
# A title or summary of this length is hostile.
_LIMIT = 2_000_000
_CHARACTER_DATA = re.compile(r"\s*+<!\[CDATA\[(.*)\]\]>\s*+", re.DOTALL)
_CLOSED_VOID = re.compile(
    r"(<(area|br|col|embed|hr|img|input|source|track|wbr)\b[^<>]*+>)\s{0,9}</\2\s{0,9}>", re.IGNORECASE
)
_CASES = {2: str.upper, 4: str.capitalize}
"""How parts of a language tag are written, by length: regions and scripts."""


def html_to_text(html: str) -> str:
    """Return the text of HTML on one line, references decoded once."""
    if "<" in html:
        html = _TAG.sub("", _BLOCK.sub(" ", _drop_hidden(html[:_LIMIT])))
    return fold_spaces(unescape(html))


def _drop_hidden(html: str) -> str:
    """Replace comments, scripts and styles by a space; those without an end stay."""
    parts: list[str] = []
    position, endless = 0, set()
    for start in _HIDDEN.finditer(html):
        kind = (start[1] or "").lower()
        if start.start() < position or kind in endless:
            continue
        end = _HIDDEN_ENDS[kind].search(html, start.end())
        if end is None:
            endless.add(kind)  # searching again from each further start would take quadratic time
            continue
        parts += html[position : start.start()], " "
        position = end.end()
    parts.append(html[position:])
    return "".join(parts)


def unwrap_character_data(text: str) -> str:
    """Return the text in a CDATA section whose marks were escaped: ``<![CDATA[a]]>`` becomes ``a``."""
    found = _CHARACTER_DATA.fullmatch(text) if "<![CDATA[" in text else None
    return found[1] if found and "]]>" not in found[1] else text


def drop_void_ends(html: str) -> str:
    """Return the HTML with ``<br></br>`` as ``<br>``: both are one break in XHTML, but the first is two in HTML."""
    return _CLOSED_VOID.sub(r"\1", html) if "</" in html else html


def fold_spaces(text: str) -> str:
    """Return the text with each run of white space collapsed to a space."""
    return " ".join(text.split())


def text_to_html(text: str) -> str:
    """Return plain text as HTML: escaped, with paragraphs at empty lines and breaks at line ends."""
    parts = [part.strip() for part in _PARAGRAPH.split(text.replace("\r\n", "\n"))]
    return "\n".join(
        f"<p>{escape(part, quote=False).replace(chr(10), '<br>' + chr(10))}</p>" for part in parts if part
    )


def rebase_addresses(html: str, base: str) -> str:
    """Return the HTML with the addresses in its attributes resolved against ``base`` (RFC 3986, 5)."""
    if not base or "=" not in html:
        return html

    def rebase_address(found: re.Match[str]) -> str:
        value = found[3].strip("\"'")
        # Fragments stay, because they link inside the body.
        absolute = resolve(base, unescape(value)) if value and not value.startswith("#") else ""
        return f'{found[1]}{found[2]}"{escape(absolute)}"' if absolute else found[0]

    return _OPENING.sub(lambda tag: _ADDRESS.sub(rebase_address, tag[0]) if "=" in tag[0] else tag[0], html)


def normalise_language_tag(stated: str) -> str:
    """Return a language tag in the case that RFC 5646, 2.1.1 recommends (``zh-CN``); empty if it is not a tag."""
    text = stated.strip().replace("_", "-")
    if not _LANGUAGE.fullmatch(text):
        return ""
    first, *rest = text.split("-")
    return "-".join([first.lower(), *(_CASES.get(len(part), str.lower)(part) for part in rest)])
