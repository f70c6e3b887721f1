"""What a reader could take for HTML in published documents, read by a real HTML parser.

Stricter than any reader: every text of a feed, titles and names too, is parsed as HTML; only content may hold
elements, and only those of the list. A tree is written out and parsed again, for what mutates.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import html5lib
from lxml import etree

from tests.conftest import ROOT

_LISTS = tomllib.loads((ROOT / "feeds" / "data" / "html.toml").read_text("utf-8"))
TAGS = frozenset(_LISTS["tags"].split())
ATTRIBUTES = {tag: frozenset(names.split()) for tag, names in _LISTS["attributes"].items()}
PROPERTIES = frozenset((ROOT / "feeds" / "data" / "css_properties.txt").read_text("utf-8").split())
_ADDRESSES = frozenset(
    ("href", "src", "srcset", "cite", "poster", "action", "formaction", "background", "data", "ping")
)
_IGNORED = re.compile("[\x00-\x20\x7f-\xa0\u2000-\u200f\u2028\u2029\ufeff]")
_IMAGE = re.compile(r"data:image/(?:png|gif|jpe?g|webp|avif|bmp|x-icon|vnd\.microsoft\.icon)[;,]")
_STYLE = re.compile(
    r"url\(|expression|behavio|binding|javascript|position|z-index|opacity|content\s*:|\\|@|/\*|var\(|image-set|-moz|attr\("
)
_NAMES = frozenset(("link", "url", "uri", "id", "guid", "logo", "icon", "docs", "comments"))
_PROGRAM = re.compile(r"(?:javascript|vbscript|livescript|data|file):")
_LINKS = frozenset(("href", "url", "src", "xmlUrl", "htmlUrl", "uri", "resource"))
_JSON_LINKS = frozenset(
    ("url", "external_url", "home_page_url", "feed_url", "next_url", "image", "icon", "banner_image")
)
_XHTML = "{http://www.w3.org/1999/xhtml}"


def dangers(html: str) -> list[str]:
    """What content must not have."""
    if "<" not in html:
        return []
    found: list[str] = []
    for container in ("div", "td"):
        tree = html5lib.parseFragment(html, container=container)
        _walk(tree, found)
    again = html5lib.serialize(tree, quote_attr_values="always", omit_optional_tags=False)
    _walk(html5lib.parseFragment(again), found)
    return found


def markup(text: str) -> list[str]:
    """Elements of a text that is to be a text even where it is taken for HTML."""
    if "<" not in text:
        return []
    tree = html5lib.parseFragment(text)
    return [str(one.tag) for one in tree.iter() if isinstance(one.tag, str) and one is not tree]


def _walk(tree: Any, found: list[str]) -> None:
    for element in tree.iter():
        if element is tree or not isinstance(element.tag, str):
            continue
        tag = element.tag.removeprefix(_XHTML)
        if tag not in TAGS:
            found.append(f"<{tag}>")
        for name, value in element.attrib.items():
            found += _attribute(tag, str(name), value)


def _attribute(tag: str, name: str, value: str) -> list[str]:
    if name in ("id", "name"):
        return [] if value.startswith("user-content-") else [f"{tag} {name}={value}"]
    if name == "hidden" or name not in ATTRIBUTES["*"] | ATTRIBUTES.get(tag, frozenset()):
        return [f"{tag} {name}"]
    if name in _ADDRESSES:
        return [f"{tag} {name}={one}" for one in _addresses(name, value) if not _harmless(tag, name, one)]
    if name == "style":
        return _style(value)
    return []


def _addresses(name: str, value: str) -> list[str]:
    if name != "srcset":
        return [value]
    return [one.split()[0] for one in re.split(r",\s+|,$", value) if one.split()]


def _harmless(tag: str, name: str, value: str) -> bool:
    plain = _IGNORED.sub("", value).lower()
    if not plain or (name == "href" and plain.startswith("#")):
        return True
    if plain.startswith(("https://", "http://")):
        return True
    if name == "href":
        return plain.startswith(("mailto:", "tel:"))
    return tag in ("img", "source") and _IMAGE.match(plain) is not None


def _style(value: str) -> list[str]:
    low = value.lower()
    found = (
        [value] if _STYLE.search(low) or re.search(r"margin[^;]*:[^;]*-\d|text-indent[^;]*-\d", low) else []
    )
    names = (one.partition(":")[0].strip() for one in low.split(";"))
    return found + [f"property {name}" for name in names if name and name not in PROPERTIES]


def wrong_in_document(path: Path) -> list[str]:
    """What could run or mislead in one published file."""
    if path.suffix in (".xml", ".opml"):
        return list(_in_xml(path.read_bytes()))
    if path.suffix == ".json":
        return list(_in_json(json.loads(path.read_bytes())))
    return _in_page(path.read_text("utf-8")) if path.suffix == ".html" else []


def _in_xml(data: bytes) -> Iterator[str]:
    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    if root.getroottree().docinfo.doctype:
        yield "a document type"
    for element in root.iter():
        if not isinstance(element.tag, str):
            yield f"an instruction: {element}"
            continue
        name = etree.QName(element).localname
        text = element.text or ""
        holds_html = name == "encoded" or (name in ("content", "summary") and element.get("type") == "html")
        yield from (f"{name}: {one}" for one in (dangers if holds_html else markup)(text))
        if name in _NAMES and _PROGRAM.match(_IGNORED.sub("", text).lower()):
            yield f"{name}: {text[:80]}"
        for key, value in element.attrib.items():
            if etree.QName(key).localname in _LINKS and not value.startswith(("https://", "http://", "#")):
                yield f"{name} {key}={value[:80]}"
            yield from (f"{name} {key}: {one}" for one in markup(value))


def _in_json(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _in_json(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _in_json(inner, name)
    elif isinstance(value, str):
        yield from (f"{name}: {one}" for one in (dangers if name == "content_html" else markup)(value))
        if name in _JSON_LINKS and not value.startswith(("https://", "http://")):
            yield f"{name}: {value[:80]}"


def _in_page(text: str) -> list[str]:
    """A page may name its own script and style, and holds bodies; nothing else can act."""
    found = []
    tree = html5lib.parse(text)
    scripts = 0
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        tag = element.tag.removeprefix(_XHTML)
        if tag == "script":
            scripts += 1
            if element.text or not re.fullmatch(r"(?:\.\./)*assets/[\w.-]+\.js", element.get("src", "")):
                found.append("a script that is not ours")
        elif tag in (
            "iframe",
            "object",
            "embed",
            "form",
            "base",
            "frame",
            "applet",
            "math",
            "style",
            "template",
        ):
            found.append(f"<{tag}>")
        for name, value in element.attrib.items():
            if str(name).startswith("on") or name in ("srcdoc", "formaction", "action"):
                found.append(f"{tag} {name}")
            if name in ("href", "src") and re.match(
                r"(?!https?:|mailto:|tel:|data:image/(?:png|gif|jpe?g|webp|avif|bmp|x-icon))[a-z][a-z0-9+.-]*:",
                _IGNORED.sub("", value).lower(),
            ):
                found.append(f"{tag} {name}={value[:80]}")
            if name == "style":
                found += _style(value)
    return found if scripts <= 1 else [*found, f"{scripts} scripts"]


def wrong_in_tree(output: Path) -> list[str]:
    """What could run or mislead anywhere in an output tree."""
    return [
        f"{path.relative_to(output)}: {one}"
        for path in sorted(output.rglob("*"))
        if path.is_file() and ".feedd-tmp" not in path.parts
        for one in wrong_in_document(path)
    ]
