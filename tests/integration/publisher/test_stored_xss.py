"""Nothing that comes from outside runs in a reader or misleads it, whichever field of a post or feed it stands in."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest

from feeds.sanitizer.html import clean_html
from feeds.sanitizer.markdown import markdown_to_html
from feeds.sanitizer.text import clean_title
from tests.conftest import Project
from tests.rigs.published import dangers, markup, wrong_in_tree
from tests.rigs.servers import Answer, UpstreamThread

BASE = "https://base.example/p.html"

# The classes that advisories of other sanitisers and readers tell of, each in a few own words.
VECTORS = [
    # handlers, in every spelling of an attribute
    "<img src=x onerror=alert(1)>",
    "<p/onclick=alert(1)//onfocus='x'>text</p>",
    '<b onmouseover\n=\n"alert(1)" style="color:red">text</b>',
    "<a href=x\tonpointerenter=alert(1)>x</a>",
    "<details open ontoggle=alert(1)><summary>s</summary>t</details>",
    "<video><source onerror=alert(1)></video>",
    "<body onload=alert(1)>text",
    "<marquee onstart=alert(1)>text</marquee>",
    # addresses that run
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='jAvA\tsc\nript&colon;alert(1)'>x</a>",
    "<a href='&#x6A;&#97;vascript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "<img srcset='javascript:alert(1) 1x, data:text/html,x 2x'>",
    "<video poster='javascript:alert(1)'></video>",
    "<blockquote cite='javascript:alert(1)'>q</blockquote>",
    "<form action='javascript:alert(1)'><button formaction='javascript:alert(2)'>go</button></form>",
    "<base href='javascript:/'><a href='alert(1)'>x</a>",
    "[x](javascript:alert(1)) ![y](data:text/html,z) <javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[a][x] text",
    # other languages inside HTML
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate xlink:href=#x attributeName=href values=javascript:alert(1) /><a id=x><text>t</text></a></svg>",
    "<svg><use href='data:image/svg+xml;base64,PHN2Zz4='/></svg>",
    "<svg><foreignObject><iframe srcdoc='<script>alert(1)</script>'></iframe></foreignObject></svg>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<math href='javascript:alert(1)'>x</math>",
    # what changes when it is parsed again
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=alert(1)&gt;'>",
    "<svg></p><style><a id='</style><img src=x onerror=alert(1)>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><p></template><img src=x onerror=alert(1)>",
    "<select><style></select><img src=x onerror=alert(1)></style>",
    "<table><td><svg><desc><td><a href='javascript:alert(1)'>x",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'>",
    "<xmp><img title='</xmp><img src=x onerror=alert(1)>'></xmp>",
    "<plaintext><script>alert(1)</script>",
    "<a title='&lt;/a>&lt;img src=x onerror=alert(1)>'>x</a>",
    "<svg><title><![CDATA[</title><img src=x onerror=alert(1)>]]></svg>",
    "<p title=`a`onmouseover=alert(1)`>text</p>",
    # comments and declarations
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--!><img src=x onerror=alert(1)>",
    "<!-- --!><script>alert(1)</script> -->",
    "<![if !IE]><script>alert(1)</script><![endif]>",
    "<?php echo '<script>'; ?><script>alert(1)</script>",
    "<!DOCTYPE x [<!ENTITY e '<script>alert(1)</script>'>]>&e;",
    # styles
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<p style='width:expression(alert(1))'>x</p>",
    "<p style='position:fixed;top:0;left:0;z-index:9;width:100%;height:100%'>over</p>",
    "<p style='\\62 ackground:u\\72l(//x.example)'>x</p>",
    "<style>@import '//x.example';</style><link rel=stylesheet href=//x.example>",
    "<p style='color:red;/*' title='*/behavior:url(x)'>x</p>",
    "<p style='opacity:0.01;margin:-99px'>x</p>",
    # what loads or moves
    "<iframe src=//x.example></iframe><object data=x></object><embed src=x>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=import href=//x.example>",
    "<input autofocus onfocus=alert(1)><textarea autofocus></textarea>",
    # names of the reader's own page
    "<img name=body id=getElementById><form id=document><input name=cookie></form><a href='#document'>x</a>",
    # text taken for HTML, twice and three times escaped
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;img src=x onerror=alert(1)&amp;gt;",
    "&#60;svg/onload=alert(1)&#62;",
    "a < b <script>alert(1)</script> & c",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<\x00script>alert(1)</script>",
    "＜script＞alert(1)＜/script＞",
    "<ſcript>alert(1)</ſcript>",
    # out of what it stands in
    "]]><script>alert(1)</script>",
    "--></channel></rss><script>alert(1)</script>",
    "'\"><script>alert(1)</script>",
    "</content></entry><entry><title>forged</title></entry>",
    "</script><script>alert(1)</script>",
    "{{ 7 * 7 }}{% include 'x' %}${7*7}",
    "\u202etxt.exe\u2066<b>x",
    "%0d%0aSet-Cookie:x=1\r\nX-Header: y",
]

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")


def _mutated(vector: str) -> Iterator[str]:
    """The same in other clothes."""
    yield vector
    yield _TAG.sub(lambda m: f"<{m[1]}{m[2].swapcase()}", vector)
    yield vector.replace(" ", "/").replace("=", " = ")
    yield vector.replace("javascript:", "java\nscript:").replace("alert(1)", "alert`1`")
    yield f"<div><table><tr><td>{vector}</table><p>after"
    yield f"<svg><desc>{vector}</desc></svg>{vector}"
    yield f"<a href='https://x.example/'>{vector}"
    yield f"<!-- {vector} --> {vector} <!--"
    yield vector.replace(">", "", 1)
    yield vector.replace("<", "<<").replace("'", "\x00'")
    yield escape(vector)
    yield f"**{vector}** `{vector}`\n\n> {vector}\n\n| a |\n|---|\n| {vector} |\n"


MUTATED = [one for vector in VECTORS for one in _mutated(vector)]


def test_no_vector_survives_as_html_or_as_markdown() -> None:
    bad = []
    for vector in MUTATED:
        for html in (
            clean_html(vector, BASE),
            clean_html(markdown_to_html(vector), BASE),
            clean_html(vector, ""),
        ):
            bad += [(vector, found) for found in dangers(html)]
    assert bad == []


def test_two_vectors_together_are_no_third() -> None:
    """What one opens, another may close."""
    bad = []
    for one, two in itertools.product(VECTORS[::2], VECTORS[1::3]):
        html = clean_html(one + two, BASE)
        bad += [(one, two, found) for found in dangers(html)]
    assert bad == []


def test_a_title_is_text_even_where_it_is_taken_for_html() -> None:
    bad = [(vector, found) for vector in MUTATED for found in markup(clean_title(vector))]
    assert bad == []


def _xml(text: str) -> str:
    return escape(re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text))


def write_posts(project: Project, vectors: list[str]) -> None:
    """A post for each, with the vector in every field that a post has."""
    for number, vector in enumerate(vectors):
        head = {
            "title": vector,
            "date": "2024-01-02 03:04:05",
            "tags": [vector],
            "categories": [vector[:60], "news"],
            "author": vector,
            "link": vector if number % 3 == 0 else f"https://x.example/{number}",
            "id": vector if number % 7 == 0 else "",
            "excerpt": vector,
            "lang": vector,
        }
        text = f"{json.dumps(head)}\n\n{vector}\n\ntext {vector}\n"
        (project.posts / f"2024-01-02-v{number}.{'md' if number % 2 else 'html'}").write_text(text, "utf-8")


def rss_of(vectors: list[str]) -> bytes:
    """An RSS feed with the vector in every field of an item."""
    items = "".join(
        f"<item><guid isPermaLink='{'true' if number % 2 else 'false'}'>{x if number % 3 else number}</guid>"
        f"<link>{x if number % 4 == 0 else f'https://r.example/{number}'}</link><title>{x}</title><author>{x}</author>"
        f"<dc:creator>{x}</dc:creator><category domain='{x}'>{x}</category><comments>{x}</comments>"
        f'<enclosure url="{x}" type="{x}" length="12"/><enclosure url="https://e.example/?{x}" type="audio/mpeg"/>'
        f"<description>{x}</description><content:encoded>{x}</content:encoded><itunes:duration>{x}</itunes:duration>"
        f'<itunes:image href="{x}"/><media:content url="{x}" type="{x}"><media:title>{x}</media:title></media:content>'
        f"<itunes:title>{x}</itunes:title><itunes:summary>{x}</itunes:summary>"
        f'<podcast:transcript url="https://p.example/{x}" type="{x}"/><podcast:person href="{x}">{x}</podcast:person>'
        f'<source url="{x}">{x}</source></item>'
        for number, x in enumerate(map(_xml, vectors))
    )
    head = _xml(vectors[0])
    return (
        "<?xml version='1.0'?><rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/' "
        "xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd' "
        "xmlns:podcast='https://podcastindex.org/namespace/1.0' "
        f"xmlns:media='http://search.yahoo.com/mrss/'><channel><title>{head}</title><link>javascript:alert(1)</link>"
        f"<description>{head}</description><image><url>javascript:1</url><link>javascript:2</link></image>"
        f"{items}</channel></rss>"
    ).encode()


def atom_of(vectors: list[str]) -> bytes:
    """An Atom feed with the vector in every field of an entry."""
    entries = "".join(
        f"<entry><id>{x if number % 3 == 0 else f'urn:x:{number}'}</id><title type='html'>{x}</title>"
        f"<updated>2024-01-02T03:04:05Z</updated>"
        f'<link href="{x if number % 4 == 0 else f"https://a.example/{number}"}"/>'
        f'<link rel="enclosure" href="{x}" type="{x}"/><link rel="via" href="{x}"/>'
        f"<author><name>{x}</name><uri>{x}</uri><email>{x}</email></author>"
        f'<category term="{x}" label="{x}" scheme="{x}"/><rights type="html">{x}</rights>'
        f'<summary type="html">{x}</summary><content type="{"html" if number % 2 else "text"}" '
        f'xml:base="{x if number % 5 == 0 else "https://a.example/"}" xml:lang="{x}">{x}</content></entry>'
        for number, x in enumerate(map(_xml, vectors))
    )
    head = _xml(vectors[0])
    return (
        "<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><id>javascript:1</id>"
        f"<title type='html'>{head}</title><link href='javascript:alert(1)'/><icon>javascript:3</icon>"
        f"<updated>2024-01-02T03:04:05Z</updated>{entries}</feed>"
    ).encode()


def json_of(vectors: list[str]) -> bytes:
    """A JSON Feed with the vector in every field of an item."""
    items = [
        {
            "id": vector if number % 3 else str(number),
            "url": vector if number % 4 == 0 else f"https://j.example/{number}",
            "external_url": vector,
            "title": vector,
            "content_html": vector,
            "summary": vector,
            "image": vector,
            "authors": [{"name": vector, "url": vector}],
            "tags": [vector],
            "language": vector,
            "attachments": [{"url": vector, "mime_type": vector, "title": vector}],
        }
        for number, vector in enumerate(vectors)
    ]
    head = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": vectors[0],
        "home_page_url": "javascript:1",
    }
    return json.dumps(head | {"icon": "javascript:2", "items": items}).encode()


def test_no_vector_survives_in_any_document_or_page(tmp_path: Path) -> None:
    project = Project(tmp_path, 10_000)
    write_posts(project, VECTORS)
    with UpstreamThread() as server:
        bodies = {"rss": rss_of(VECTORS), "atom": atom_of(VECTORS), "json": json_of(VECTORS)}
        text = project.config.read_text("utf-8")
        for name, body in bodies.items():
            server.routes[f"/{name}"] = Answer(body=body)
            text = text.replace(
                "[[identity]]",
                f'[[sources]]\nname = "{name}"\nkind = "upstream"\nurl = "{server.url("/" + name)}"\n'
                f'allow = ["{server.authority}"]\ngroup = "{name}"\n[[identity]]',
                1,
            )
        project.config.write_text(text, "utf-8")
        done = project.run("build", "--json")
    report = json.loads(done.stdout)
    assert report["troubles"] == []
    assert report["published"] > len(VECTORS) // 2
    assert report["new"] > 4 * len(VECTORS) - 4
    assert wrong_in_tree(project.output) == []
    assert project.run("validate").stdout == "no problems found\n"
    names = {path.name for path in tmp_path.rglob("*")}
    assert not {name for name in names if re.search(r"[<>\"'\x00-\x1f\\]", name)}


SURVIVES = [
    '<table><caption>c</caption><thead><tr><th scope="col">a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>',
    "<p><ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby></p>",
    '<figure><img src="https://base.example/a.png" alt="a &amp; b" width="640" height="480"><figcaption>c</figcaption></figure>',
    "<details><summary>more</summary><p>text</p></details>",
    '<audio controls="" src="https://a.example/a.mp3"></audio>',
    '<video controls="" poster="https://a.example/p.jpg" src="https://a.example/v.mp4"></video>',
    '<pre><code class="language-python">if a &lt; b:\n    x()</code></pre>',
    '<p lang="ar" dir="rtl">نص</p>',
    '<p style="text-align:center">c</p>',
    '<p><a href="https://base.example/x/y.html?a=1&amp;b=2#c">relative before</a></p>',
    "<p>H<sub>2</sub>O, x<sup>2</sup>, <kbd>Ctrl</kbd>, <mark>m</mark>, <del>d</del> <ins>i</ins></p>",
    "<dl><dt>t</dt><dd>d</dd></dl>",
    '<ol start="3" type="a"><li value="5">x</li></ol>',
    '<blockquote cite="https://base.example/q">q</blockquote>',
    '<picture><source srcset="https://a.example/a.webp 1x, https://a.example/b.webp 2x" type="image/webp">'
    '<img src="https://a.example/a.jpg" alt=""></picture>',
    '<p><time datetime="2024-01-02">then</time> <abbr title="World Wide Web">WWW</abbr></p>',
    "<p>1 &lt; 2 &amp;&amp; 3 &gt; 2; Vec&lt;T&gt;</p>",
    "<h2>中文标题</h2><p>“引号”、……——</p>",
]


@pytest.mark.parametrize("html", SURVIVES)
def test_what_a_reader_wants_survives_beside_what_it_must_not_see(html: str) -> None:
    assert clean_html(html, BASE) == html
    for vector in (
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1) width=1 height=1>",
        "<!-- x -->",
    ):
        assert html in clean_html(f"{vector}{html}{vector}", BASE)
