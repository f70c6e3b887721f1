"""Convert between text and HTML in upstream entries, and make addresses absolute."""

from __future__ import annotations

import re
from html import escape

from feeds.values.references import unescape
from feeds.values.urls import resolve

_BLOCK = re.compile(r"</?(?:p|div|br|li|h[1-6]|tr|blockquote|pre|table|ul|ol)\b[^<>]*+>", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*+>")
# ASCII: without it "ſ" is an "s" in another case, and "ſcript" is not an element of HTML.
_HIDDEN = re.compile(r"<(script|style)\b[^<>]*+>|<!--", re.IGNORECASE | re.ASCII)
_HIDDEN_ENDS = {
    "": re.compile("-->"),
    "script": re.compile(r"</script\s*+>", re.IGNORECASE),
    "style": re.compile(r"</style\s*+>", re.IGNORECASE),
}
_PARAGRAPH = re.compile(r"\n[ \t\r]*\n\s*")
_ADDRESS = re.compile(
    r"""(?<=\s)(href|src|srcset|poster|cite|longdesc|data|background)(\s*=\s*)("[^"<>]*+"|'[^'<>]*+'|[^\s"'<>]++)""",
    re.IGNORECASE,
)
_ELEMENT = re.compile(r"<(/?)([a-zA-Z][\w:.-]*+)([^<>]*+)>")
_XML_BASE = re.compile(r"""\bxml:base\s*=\s*(?:"([^"<>]*+)"|'([^'<>]*+)')""", re.IGNORECASE)
_CANDIDATE_END = re.compile(r"(?<=\d[wx]),\s*|,\s+")
_VOID = frozenset("area br col embed hr img input link meta source track wbr".split())  # noqa: SIM905
_DEEPEST = 1_000
_OPENING = re.compile(r"<[a-zA-Z][^<>]*+>")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8}){0,4}", re.IGNORECASE)
# A title or summary of this length is hostile.
_LIMIT = 2_000_000
_CHARACTER_DATA = re.compile(r"\s*+(?:<|&lt;)!\[CDATA\[(.*)\]\](?:>|&gt;)\s*+", re.DOTALL)
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


def html_title_to_text(html: str) -> str:
    """Return the text of a title in HTML; an element without attributes and end tag is a word: ``How <select> works``."""
    if "<" not in html:
        return fold_spaces(unescape(html))
    bare = _BLOCK.sub(" ", _drop_hidden(html[:_LIMIT]))
    closed = {found[2].lower() for found in _ELEMENT.finditer(bare) if found[1]}

    def drop(found: re.Match[str]) -> str:
        slash, name, rest = found.groups()
        is_markup = slash or name.lower() in closed | _VOID or "=" in rest or rest.endswith("/")
        return "" if is_markup else found[0]

    return fold_spaces(unescape(_ELEMENT.sub(drop, bare)))


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
    found = _CHARACTER_DATA.fullmatch(text) if "![CDATA[" in text else None
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
    """Return the HTML with the addresses in its attributes resolved against ``base`` (RFC 3986, 5).

    An element with an ``xml:base`` of its own has another base (XML Base, 3). If ``base`` is empty, only the addresses
    in such elements change.
    """
    if "xml:base" in html:
        return _rebase_nested(html, base)
    if not base or "=" not in html:
        return html
    return _OPENING.sub(lambda tag: _rebase_tag(tag[0], base), html)


def _rebase_tag(tag: str, base: str) -> str:
    """Return a start tag with its addresses resolved; fragments stay, because they link inside the body."""

    def rebase_address(found: re.Match[str]) -> str:
        value = unescape(found[3].strip("\"'"))
        if found[1].lower() == "srcset":
            return f'{found[1]}{found[2]}"{escape(_rebase_srcset(value, base))}"'
        absolute = resolve(base, value) if value and not value.startswith("#") else ""
        return f'{found[1]}{found[2]}"{escape(absolute)}"' if absolute else found[0]

    return _ADDRESS.sub(rebase_address, tag) if base and "=" in tag else tag


def _rebase_srcset(value: str, base: str) -> str:
    found = []
    for candidate in _CANDIDATE_END.split(value):
        reference, space, descriptor = candidate.strip().partition(" ")
        found.append((resolve(base, reference) or reference) + space + descriptor)
    return ", ".join(found)


def _rebase_nested(html: str, base: str) -> str:
    """Return the HTML with its addresses resolved against the ``xml:base`` of the elements around them."""
    opened: list[tuple[str, str]] = []
    bases = [base]

    def rebase(found: re.Match[str]) -> str:
        slash, name, rest = found.groups()
        if slash:
            if opened and opened[-1][0] == name.lower():
                opened.pop()
                bases.pop()
            return found[0]
        stated = _XML_BASE.search(rest)
        own = unescape(stated[1] or stated[2] or "").strip() if stated else ""
        here = (resolve(bases[-1], own) if own else "") or bases[-1]
        if name.lower() not in _VOID and not rest.endswith("/") and len(opened) < _DEEPEST:
            opened.append((name.lower(), here))
            bases.append(here)
        return _rebase_tag(found[0], here)

    return _ELEMENT.sub(rebase, html)


def normalise_language_tag(stated: str) -> str:
    """Return a language tag in the case that RFC 5646, 2.1.1 recommends (``zh-CN``); empty if it is not a tag."""
    text = stated.strip().replace("_", "-")
    if not _LANGUAGE.fullmatch(text):
        return ""
    first, *rest = text.split("-")
    return "-".join([first.lower(), *(_CASES.get(len(part), str.lower)(part) for part in rest)])
