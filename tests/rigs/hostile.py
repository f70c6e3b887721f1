"""Documents and posts that are slow, deep or large for a parser that does more work than it has to."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from html import escape
from typing import NamedTuple

MANY = 30_000
_JSON = "https://jsonfeed.org/version/1.1"


class Hostile(NamedTuple):
    """A document and how it is sent."""

    body: bytes
    kind: str = "application/xml"
    coding: str = ""


def build_channel(inside: str, head: str = "") -> bytes:
    """Build an RSS document around its items."""
    return f"{head}<rss version='2.0'><channel><title>t</title>{inside}</channel></rss>".encode()


def build_items(inside: Callable[[int], str], count: int = 4) -> bytes:
    """Build an RSS document of items with guids of their own."""
    return build_channel("".join(f"<item><guid>h{n}</guid>{inside(n)}</item>" for n in range(count)))


def build_entry(inside: str) -> bytes:
    """Build an Atom document with one entry."""
    return (
        "<feed xmlns='http://www.w3.org/2005/Atom'><id>urn:x:f</id><title>t</title>"
        f"<entry><id>urn:x:1</id><title>t</title>{inside}</entry></feed>"
    ).encode()


def build_text(text: str) -> bytes:
    """Build an RSS document of items with the same description."""
    return build_items(lambda n: f"<description>{escape(text)}</description>")


def build_json(**item: object) -> Hostile:
    """Build a JSON Feed with one item."""
    feed = {"version": _JSON, "title": "t", "items": [{"id": "1", "content_text": "x", **item}]}
    return Hostile(json.dumps(feed).encode(), "application/feed+json")


def build_json_text(items: str) -> Hostile:
    """Build a JSON Feed around the text of its items."""
    return Hostile(
        f'{{"version": "{_JSON}", "title": "t", "items": {items}'.encode(), "application/feed+json"
    )


def build_entities(levels: int, width: int) -> bytes:
    """Build a document whose only title grows by ``width`` at each of the levels."""
    nested = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * width}'>" for n in range(1, levels))
    return build_channel(
        f"<item><guid>1</guid><title>&e{levels - 1};</title></item>",
        f"<!DOCTYPE rss [<!ENTITY e0 'bomb'>{nested}]>",
    )


DOCUMENTS: dict[str, bytes | Hostile] = {
    # People and dates
    "words of an address": build_channel("<managingEditor>" + "a-" * MANY + "@</managingEditor>"),
    "an address without an end": build_channel(f"<managingEditor>a@{'b.' * MANY}!</managingEditor>"),
    "authors of entries": build_items(lambda n: f"<author>{'a.b-' * 5000}@{'c.' * 500}</author>"),
    "names with brackets": build_items(lambda n: f"<author>{'a@b (' * 200}</author>"),
    "dates of spaces": build_items(lambda n: f"<pubDate>2024年1月1日{' ' * 5000}x</pubDate>"),
    "dates of words": build_items(lambda n: f"<pubDate>{'(' * 2000}mon {'1 ' * 2000}</pubDate>"),
    "dates of digits": build_items(lambda n: f"<pubDate>{'9' * 20_000}-01-01</pubDate>"),
    "dates of no calendar": build_items(
        lambda n: f"<pubDate>Mon, 99 Feb {n}99999999 99:99:99 +{'9' * 500}</pubDate>"
    ),
    "huge numbers": build_channel(
        f"<ttl>{'9' * 50_000}</ttl><item><guid>1</guid>"
        f"<enclosure url='https://h.example/a' length='{'9' * 50_000}' type='a/b'/></item>"
    ),
    # Markup inside entries
    "scripts without an end": build_text("<script>" * 3000),
    "tags without an end": build_text("<a b=" * 3000),
    "deep HTML": build_text("<div>" * 3000),
    "very deep HTML": build_items(lambda n: f"<description>{escape('<b><i>' * 20_000)}</description>", 2),
    "tables in tables": build_text("<table><td>" * 2000),
    "hidden elements": build_text("<p hidden><b>x" * 1000),
    "references": build_items(lambda n: f"<description>{'&amp;#' * 5000}</description>"),
    "an attribute of megabytes": build_items(
        lambda n: f"<description>{escape('<a title=' + chr(34) + 'x' * 1_500_000)}</description>", 1
    ),
    "an element with many attributes": build_text("<p " + "".join(f"a{n}=b " for n in range(5000)) + ">x"),
    "a name of an element without an end": build_text("<" + "x" * 100_000 + ">text"),
    "links": build_items(lambda n: f"<description>{escape('<a href=/a>a</a> ' * 100_000)}</description>", 1),
    "addresses of data": build_text(f"<img src='data:image/png;base64,{'A' * 50_000}'>"),
    "styles": build_text(f"<p style='{'color:red;' * 5000}'>x"),
    "formatting that is never closed": build_text("<b><p>" * 2000),
    "headings in forms in selections": build_text("<form><select><option><h1>" * 1000),
    "foreign elements": build_text("<svg><math><mi><desc>" * 1000),
    # XML
    "deep XML": build_channel(f"<item><guid>1</guid>{'<a>' * 20_000}"),
    "deep XML inside an entry": build_items(lambda n: "<a>" * 1000 + "</a>" * 1000, 10),
    "deep XHTML": build_entry(
        "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>"
        + "<p>" * 20_000
        + "</p>" * 20_000
        + "</div></content>"
    ),
    "attributes": build_channel(f"<item {'a=b ' * MANY}>"),
    "an attribute of XML without an end": build_channel("<item a='" + "b" * 1_000_000),
    "names of XML": build_channel(f"<item><{'n' * 500_000}>x</{'n' * 500_000}></item>"),
    "elements without an end": build_channel("<item><title>" * 5000),
    "sections without an end": build_channel("<![CDATA[" * MANY),
    "sections": build_items(lambda n: f"<description>{'<![CDATA[x]]>' * 1000}</description>"),
    "brackets of sections": build_items(lambda n: f"<title><![CDATA[{']]' * 2_000}]]></title>"),
    "comments without an end": build_channel("<!--" * MANY),
    "instructions": build_channel("<?a b?>" * MANY),
    "namespaces": b"<rss " + b"xmlns:a='b' " * MANY + b"><channel></channel></rss>",
    "different namespaces": b"<rss "
    + b" ".join(b"xmlns:a%d='urn:%d'" % (n, n) for n in range(5000))
    + b"><channel><item><guid>1</guid></item></channel></rss>",
    "namespaces of entries": build_items(
        lambda n: "".join(f"<x{m}:a xmlns:x{m}='urn:{n}:{m}'>x</x{m}:a>" for m in range(200))
    ),
    # Entities
    "entities": b"<!DOCTYPE rss [" + b"<!ENTITY a 'b" * MANY + b"<rss>",
    "entities in entities": build_entities(12, 10),
    "a long entity many times": build_channel(
        f"<item><guid>1</guid><title>{'&a;' * 20_000}</title></item>",
        f"<!DOCTYPE rss [<!ENTITY a '{'x' * 20_000}'>]>",
    ),
    "an entity of a file": build_channel(
        "<item><guid>1</guid><title>&a;</title></item>",
        "<!DOCTYPE rss [<!ENTITY a SYSTEM 'file:///dev/zero'><!ENTITY % b SYSTEM '/dev/zero'>%b;]>",
    ),
    "an entity of itself": build_channel(
        "<item><guid>1</guid><title>&a;</title></item>", "<!DOCTYPE rss [<!ENTITY a '&b;'><!ENTITY b '&a;'>]>"
    ),
    # Many of everything
    "guids of markup": build_items(lambda n: f"<guid>{' ' * 2000}<{' ' * 2000}</guid>"),
    "terms": build_items(lambda n: "".join(f"<category>{n} {m}</category>" for m in range(200))),
    "terms of one entry": build_items(
        lambda n: "".join(f"<category>c{m}</category>" for m in range(2_000)), 1
    ),
    "enclosures": build_items(
        lambda n: "<enclosure url='https://h.example/a' length='1' type='audio/mpeg'/>" * 5000, 1
    ),
    "authors": build_entry("".join(f"<author><name>a{n}</name></author>" for n in range(2000))),
    "links of an entry": build_entry("".join(f"<link href='https://h.example/{n}'/>" for n in range(2000))),
    "contents of an entry": build_entry("<content type='html'>x</content>" * 2000),
    "entries": build_items(lambda n: f"<title>{n}</title>", 600),
    "entries of the same guid": build_channel("<item><guid>1</guid><title>x</title></item>" * 600),
    "entries in entries": build_channel("<item><guid>1</guid>" * 600),
    "titles": build_items(lambda n: "<title>x</title>" * 5000, 1),
    # Bytes
    "bytes of no encoding": b"<rss><channel><title>" + bytes(range(128, 256)) * 1000,
    "an encoding that does not exist": b"<?xml version='1.0' encoding='" + b"x" * MANY + b"'?><rss>",
    "an encoding that packs": b"<?xml version='1.0' encoding='zlib'?>" + zlib.compress(b"<rss>" * MANY),
    "an encoding that is none": Hostile(build_items(lambda n: "<title>é</title>"), "text/xml; charset=hex"),
    "UTF-7": b"<?xml version='1.0' encoding='utf-7'?><rss>" + b"+ADw-" * MANY,
    "UTF-16 of half a character": "<?xml version='1.0' encoding='utf-16'?><rss>".encode("utf-16")
    + b"\xd8" * 9_999,
    "NUL": build_channel("\0" * MANY),
    "content in Base64": build_entry(f"<content type='image/png'>{'QUJD' * MANY}</content>"),
    "content in Base64 of a wrong length": build_entry(
        f"<content type='text/html' mode='base64'>{'Q' * MANY}=QQ</content>"
    ),
    "packed zeros": Hostile(gzip.compress(bytes(64_000_000), 9), coding="gzip"),
    "packed zeros in packed zeros": Hostile(
        gzip.compress(gzip.compress(bytes(64_000_000), 9), 9), coding="gzip, gzip"
    ),
    "packed text": Hostile(
        gzip.compress(b"<rss><channel><item><title>" + b"a" * 12_000_000, 9), coding="gzip"
    ),
    # Lists
    "a list": b"<opml><body>" + b"<outline xmlUrl='x' text='" * MANY,
    "a deep list": b"<opml><body>" + b"<outline text='a'>" * MANY,
    # JSON
    "JSON of brackets": build_json_text("[" * MANY),
    "JSON of objects": build_json_text('{"a":' * MANY),
    "JSON with surrogates": Hostile(
        json.dumps(
            {
                "version": _JSON,
                "title": "t",
                "items": [
                    {"id": f"{n}\ud800", "title": "\ud800", "content_html": "<p>\udfff" * 500}
                    for n in range(50)
                ],
            }
        ).encode(),
        "application/feed+json",
    ),
    "JSON of huge numbers": build_json_text(
        f'[{{"id": {"9" * 100_000}, "content_text": "x", "attachments": [{{"url": "https://h.example/a", '
        f'"mime_type": "a/b", "size_in_bytes": {"9" * 5000}, "duration_in_seconds": 1e999999}}]}}]}}'
    ),
    "JSON of no numbers": build_json_text('[{"id": NaN, "content_text": "x", "size": -Infinity}]}'),
    "JSON dates": build_json(date_published="9" * MANY, date_modified={"a": []}),
    "JSON of deep HTML": build_json(content_html="<div>" * 20_000),
    "JSON attachments": build_json(attachments=[{"url": "https://h.example/a", "mime_type": "a/b"}] * 5000),
    "JSON authors": build_json(authors=[{"name": f"a{n}"} for n in range(2000)]),
    "JSON tags": build_json(tags=[f"t{n}" for n in range(20_000)]),
    "JSON of wrong types": build_json(
        title=["x"] * 1000, authors="x" * 1000, tags={"a": 1}, attachments=[[]] * 1000, url=[{}]
    ),
    "JSON keys": build_json(**{f"k{n}": n for n in range(MANY)}),
}
"""Of fetched feeds, by kind."""

LISTS: dict[str, bytes | Hostile] = {
    "outlines without an end": b"<opml><body>" + b"<outline xmlUrl='x' text='" * MANY,
    "deep outlines": b"<opml><body>" + b"<outline text='a'>" * MANY,
    "entities in entities": build_entities(12, 10).replace(b"rss", b"opml"),
    "attributes": b"<opml><body><outline " + b"a='b' " * MANY + b"/></body></opml>",
    "addresses": b"<opml><body><outline type='rss' xmlUrl='http://" + b"a." * MANY + b"'/></body></opml>",
    "categories": b"<opml><body><outline type='rss' xmlUrl='http://h.invalid/' category='"
    + b"/a,b" * MANY
    + b"'/></body></opml>",
    "packed zeros": Hostile(gzip.compress(bytes(64_000_000), 9), coding="gzip"),
}
"""Of fetched lists of feeds, by kind."""


def build_post(body: str) -> str:
    """Build a post with this body."""
    return f"---\ntitle: t\n---\n{body}"


POSTS = {
    # Front matter
    "header of colons": "---\n" + "a: " * MANY + "\n---\ntext",
    "header of brackets": "---\ntags: " + "[" * 20_000 + "\n---\ntext",
    "header of braces": "---\na: " + "{b: " * 20_000 + "\n---\ntext",
    "header of deep lists": "---\ntags:\n" + "".join(" " * n + "-\n" for n in range(1000)) + "---\ntext",
    "header of dashes": "---\ntags: \n" + "- " * 20_000 + "\n---\ntext",
    "header of anchors": "---\n"
    + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    + "---\ntext",
    "header of aliases": "---\na0: &a0 [x, x]\n"
    + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    + "tags: *a29\n---\ntext",
    "header of merges": "---\na0: &a0 {x: 1}\n"
    + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], y{n}: 1}}\n" for n in range(1, 40))
    + "---\ntext",
    "header of itself": "---\ntags: &a [*a, *a]\ntitle: &b {c: *b}\n---\ntext",
    "header of keys": "---\n" + "".join(f"k{n}: v\n" for n in range(3000)) + "---\ntext",
    "header of tags": "---\ntags: [" + ", ".join(f"t{n}" for n in range(10_000)) + "]\n---\ntext",
    "header of numbers": f"---\nweight: {'9' * MANY}\nid: 1e{'9' * 5000}\n---\ntext",
    "header of types": "---\ntitle: !!python/object/apply:os.system ['x']\na: !!binary "
    + "A" * MANY
    + "\n---\ntext",
    "header without an end": "---\n" + "title: x\n" * 20_000,
    "header of dates": f"---\ndate: 2024年1月1日{' ' * MANY}x\n---\ntext",
    "header of zones": f"---\ndate: 2024-01-01 10:00 {'+' * MANY}99\n---\ntext",
    "header in TOML": "+++\na = " + "[" * 20_000 + "\n+++\ntext",
    "header in TOML with deep keys": "+++\n" + ".".join("a" * 3000) + " = 1\n+++\ntext",
    "header in TOML with tables": "+++\n"
    + "".join(f"[{'a.' * 20}b{n}]\n" for n in range(1000))
    + "+++\ntext",
    "header in TOML with numbers": f"+++\na = {'9' * 50_000}\ndate = 9999-99-99\n+++\ntext",
    "header in JSON": '{"a": ' + "[" * 20_000,
    "header in JSON with numbers": '{"title": "t", "a": ' + "9" * 50_000 + "}\ntext",
    # Liquid
    "Liquid that repeats": build_post("{% for a in (1..99999) %}" * 4 + "x" + "{% endfor %}" * 4),
    "Liquid that doubles": build_post(
        "{% assign a = 'x' %}" + "{% assign a = a | append: a %}" * 60 + "{{ a }}"
    ),
    "Liquid that replaces": build_post(
        "{% assign a = 'xxxxxxxx' %}" + "{% assign a = a | replace: 'x', 'xxxxxxxx' %}" * 20 + "{{ a }}"
    ),
    "Liquid of filters": build_post("{{ 'a' " + "| upcase " * 5000 + "}}"),
    "Liquid of deep conditions": build_post("{% if true %}" * 2000 + "x" + "{% endif %}" * 2000),
    "Liquid without an end": build_post("{% highlight a='" * 5000),
    "Liquid parameters": build_post("{% include " + "a" * MANY + "='x %}"),
    "Liquid of brackets": build_post("{{ a[" * 5000),
    "Liquid of braces": build_post("{{" * 20_000),
    "Liquid of numbers": build_post(f"{{{{ {'9' * 5000} | times: {'9' * 5000} | times: {'9' * 5000} }}}}"),
    # Markdown
    "brackets": build_post("[" * 20_000),
    "quotations": build_post("> " * 20_000),
    "lists in lists": build_post("".join(" " * 2 * n + "- a\n" for n in range(500))),
    "list marks": build_post("- " * 20_000),
    "emphasis": build_post("*a_ " * 20_000),
    "asterisks": build_post("*" * 20_000 + "a" + "*" * 20_000),
    "code marks": build_post("".join("`" * n + " " for n in range(1, 400))),
    "links without an end": build_post("[a](<b " * 10_000),
    "100,000 links": build_post("[a](/a) " * 100_000),
    "links by reference": build_post("[a][b] " * 20_000 + "\n\n[b]: " + "x" * 20_000),
    "definitions": build_post("".join(f"[a{n}]: /b\n" for n in range(2000))),
    "footnotes": build_post("".join(f"[^{n}] " for n in range(1000)) + "\n\n[^1]: " + "[^1]" * 1000),
    "tables": build_post("|" + "a|" * 1000 + "\n|" + "-|" * 1000 + "\n" + "|x\n" * 50),
    "abbreviations": build_post(
        "".join(f"*[{'a ' * 300}{n}]: x\n" for n in range(300)) + "\n" + "a " * 20_000
    ),
    "extensions": build_post("{::" + "a" * MANY + "}\n" * 10),
    "attribute lists": build_post("a\n{: " + ".a #b c='d' " * 10_000 + "}\n"),
    "mathematics": build_post("$$" * 10_001),
    "HTML without an end": build_post("<a b='" * 10_000 + "<p hidden>"),
    "deep HTML": build_post("<div>" * 5000),
    "deep HTML with Markdown": build_post('<div markdown="1">\n' * 500),
    "a line of megabytes": build_post("a" * 1_000_000),
    "lines": build_post("a\n\n" * 20_000),
    "line breaks": build_post("\\\n" * 20_000),
    "entities": build_post("&" * 20_000 + "&#9999999999;" * 2000),
}
"""Of folders, by kind."""
