"""What upstreams do wrong or in their own way, by name: with articles, with the text, with the answer."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html import escape

from benchmarks.same.articles import Article, Channel, write_article


@dataclass(frozen=True)
class Asked:
    """A request; the names of its headers are in lower case."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What the server sends back."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    chunked: bool = False


QUIRKS = {
    "undated": "rss20",
    "future": "rss20",
    "odd-dates": "rss20",
    "edited": "atom10",
    "new-guids": "rss20",
    "same-guid": "rss20",
    "same-link": "rss20",
    "title-only": "rss20",
    "mirror": "json11",
    "code": "rss20",
    "code-again": "atom10",
    "relative": "atom10",
    "media": "rss20",
    "hostile": "rss20",
    "long": "rss20",
    "terms": "atom10",
    "shrinking": "rss20",
    "tombstone": "atom10",
    "hints": "rss20",
    "broken": "rss20",
    "entities": "rss20",
    "truncated": "atom10",
    "empty": "rss20",
    "page": "rss20",
    "past": "atom10",
    "no-validators": "rss20",
    "last-modified": "rss20",
    "gzip": "atom10",
    "deflate": "rss10",
    "chunked": "json10",
    "moved": "rss20",
    "found": "rss20",
    "loop": "rss20",
    "failing": "rss20",
    "busy": "rss20",
    "gone": "rss20",
    "bad-json": "json11",
}
"""Name of each quirk, and the format of the upstream that has it."""

SETTINGS = {
    "edited": 'title = "Renamed here"\n',
    "mirror": 'categories = ["mirrors"]\nterms = "none"\n',
    "long": "max_mb = 1\n",
    "hints": 'every = "2h"\n',
    "terms": 'keep = "6"\n',
}
"""More lines of the configuration of an upstream with a quirk."""

_HOSTILE = (
    '<p style="position:fixed;color:red">Text<script>alert(1)</script></p><iframe src="https://x.example/"></iframe>'
    '<a href="javascript:alert(1)">one</a><a href=" data:text/html,x">two</a><svg onload="x()"><g/></svg>'
    '<img src="x" onerror="alert(1)"><form action="/"><input></form><p>&#0;&#xD800;&nbsp;&unknown;</p><!-- c -->'
    "<details><summary>More</summary><p>Hidden</p></details><math><mi>x</mi></math><p>unclosed <b>bold"
)
_MEDIA = (
    "<itunes:duration>12:30</itunes:duration><itunes:image href='https://pod.example/i.png'/>"
    "<itunes:episode>3</itunes:episode><itunes:explicit>no</itunes:explicit>"
    "<podcast:person role='host'>Ada Quay</podcast:person>"
    "<podcast:transcript url='/t.vtt' type='text/vtt'/><podcast:chapters url='/c.json' type='application/json'/>"
    "<media:content url='/a.mp4' fileSize='7' type='video/mp4'/><media:thumbnail url='/a.png'/>"
)
_ODD_DATES = (
    "2021年12月23日",
    "2021-12-23T08:00:00",
    "23 Dec 2021 08:00 CST",
    "Thursday, 23-Dec-21 08:00:00 GMT",
    "1640217600",
    "12/23/2021",
    "next week",
    "Do, 23 Dez 2021 08:00:00 +0100",
)
_HINTS = (
    "<ttl>90</ttl><skipHours><hour>3</hour><hour>4</hour></skipHours><skipDays><day>Sunday</day></skipDays>"
    "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>"
    "<copyright>Ours</copyright><image><url>https://h.example/i.png</url><title>t</title>"
    "<link>https://h.example/</link></image><atom:link rel='hub' href='https://hub.example/'/>"
)


def change_channel(quirk: str, channel: Channel, poll: int) -> Channel:
    """Return the channel as an upstream with this quirk has it."""
    if change := _ARTICLES.get(quirk):
        articles = [change(article, place, poll) for place, article in enumerate(channel.articles)]
        channel = replace(channel, articles=tuple(articles))
    if quirk == "shrinking" and poll in (2, 3):
        return replace(channel, articles=channel.articles[:0])
    if quirk == "hints":
        return replace(channel, extra=_HINTS)
    if quirk == "relative":
        return replace(channel, root=' xml:base="https://relative.example/blog/"')
    if quirk == "past":
        previous = channel.url + "/page/3"
        return replace(channel, extra=f'<link rel="prev-archive" href="{previous}"/>')
    if quirk == "tombstone" and poll >= 3:
        left = tuple(one for one in channel.articles if one is not channel.articles[4])
        extra = (
            f'<at:deleted-entry xmlns:at="http://purl.org/atompub/tombstones/1.0" ref="{channel.articles[4].guid}"'
            ' when="2024-02-01T00:00:00Z"/>'
        )
        return replace(channel, articles=left, extra=extra)
    return channel


def _number(one: Article) -> int:
    return int(one.guid.rpartition(":")[2])


def _edit(one: Article, place: int, poll: int) -> Article:
    site = one.guid[4:].partition(".")[0]
    return write_article(site, _number(one), "en", edition=poll) if place % 2 else one


def _date_oddly(one: Article, place: int, poll: int) -> Article:
    raw = _ODD_DATES[_number(one) % len(_ODD_DATES)]
    return replace(one, published=None, extra=f"<pubDate>{raw}</pubDate>")


def _keep_title(one: Article, place: int, poll: int) -> Article:
    return Article("", "", one.title, "", "", "", (), None, None)


def _mirror(one: Article, place: int, poll: int) -> Article:
    link = f"https://format-rss20.example/articles/{_number(one)}.html?utm_source=mirror&fbclid=1"
    return replace(one, link=link, title=one.title + " (mirrored)")


def _code(one: Article, place: int, poll: int) -> Article:
    number = _number(one)
    day = datetime(2023, 3, 1 + number % 28, tzinfo=UTC)
    return replace(one, link=f"https://wire.example/?infoCode=NW{day:%Y%m%d}{2300000 + number:07}&from=feed")


def _code_again(one: Article, place: int, poll: int) -> Article:
    link = _code(one, place, poll).link.partition("NW")[2].partition("&")[0]
    return replace(one, link=f"https://news.example/news/1351,{link}.html")


def _grow(one: Article, place: int, poll: int) -> Article:
    return replace(one, body=one.body * (400 if place == 1 else 1)) if poll < 4 else one


def _add_terms(one: Article, place: int, poll: int) -> Article:
    odd = ("C++", "  two  words ", "ＦＵＬＬ", "a/b", "..", "naïve", "x" * 150, "科學", "Harbour", "harbour")
    return replace(one, terms=(*one.terms, *odd, *(f"term {n}" for n in range(30))))


_ARTICLES: dict[str, Callable[[Article, int, int], Article]] = {
    "undated": lambda one, place, poll: replace(one, published=None),
    "future": lambda one, place, poll: replace(one, published=datetime(2094, 5, 1, 8, place, tzinfo=UTC)),
    "odd-dates": _date_oddly,
    "edited": _edit,
    "new-guids": lambda one, place, poll: replace(one, guid=f"{one.guid}-{poll}"),
    "same-guid": lambda one, place, poll: replace(one, guid="always"),
    "same-link": lambda one, place, poll: replace(one, link="https://same-link.example/news"),
    "title-only": _keep_title,
    "mirror": _mirror,
    "code": _code,
    "code-again": _code_again,
    "relative": lambda one, place, poll: replace(one, link=f"../posts/{_number(one)}?a=1&amp;b=2#c"),
    "media": lambda one, place, poll: replace(one, extra=_MEDIA),
    "hostile": lambda one, place, poll: replace(
        one, body=one.body + _HOSTILE, title=f"<b>{one.title}</b> & <i>"
    ),
    "long": _grow,
    "terms": _add_terms,
}
"""How each quirk changes an article, by its place in the window and the number of the poll."""


def change_text(quirk: str, text: str, poll: int) -> str:
    """Return the document as an upstream with this quirk writes it."""
    if quirk == "broken":
        return text.replace("</title>", "", 3).replace("<p>", "<p>Tea & <b>bread ", 5) + "\x0b trailing"
    if quirk == "entities":
        kind = "<!DOCTYPE rss [<!ENTITY quay 'Quay &amp; Sons'> <!ENTITY far SYSTEM 'file:///etc/hostname'>]>"
        return kind + text.replace("<description>", "<description>&quay; &far; &eacute;&hellip; &#x26; ")
    if quirk == "truncated":
        return text[: len(text) * (poll + 2) // 8]
    if quirk == "bad-json":
        return text[:-2] if poll == 2 else text.replace('"title"', '"title": 7, "titel"', 2)
    return text


def change_answer(quirk: str, answer: Answer, asked: Asked, poll: int) -> Answer:
    """Return the answer as a server with this quirk gives it."""
    kind = answer.headers.get("Content-Type", "")
    if quirk in ("gzip", "deflate"):
        pack = (lambda body: gzip.compress(body, mtime=0)) if quirk == "gzip" else zlib.compress
        return replace(
            answer, body=pack(answer.body), headers={"Content-Type": kind, "Content-Encoding": quirk}
        )
    if quirk == "chunked":
        return replace(answer, chunked=True)
    if quirk == "empty" and poll in (1, 3):
        return replace(answer, body=b"")
    if quirk == "page" and poll != 2:
        return Answer(200, {"Content-Type": "text/html; charset=utf-8"}, _PAGE.encode())
    if quirk in ("moved", "found", "loop"):
        status = {"moved": 301, "found": 302, "loop": 307}[quirk]
        target = asked.path if quirk == "loop" else f"/behind/{quirk}/{poll}"
        return Answer(status, {"Location": target})
    if quirk in _FAILURES and poll in _FAILURES[quirk]:
        status, headers = _FAILURES[quirk][poll]
        return Answer(status, headers, f"<p>{escape(quirk)}</p>".encode())
    return answer


_FAILURES: dict[str, dict[int, tuple[int, dict[str, str]]]] = {
    "failing": {1: (500, {}), 2: (404, {}), 3: (403, {})},
    "busy": {1: (503, {"Retry-After": "7200"}), 2: (429, {})},
    "gone": {3: (410, {}), 4: (410, {})},
}
"""Status and headers of the polls in which a server fails."""

_PAGE = (
    "<!DOCTYPE html><html><head><title>Quay</title>"
    '<link rel="alternate" type="application/rss+xml" title="Notes" href="/feeds/format-rss20">'
    '<link rel="alternate" type="application/atom+xml" href="/feeds/format-atom10"></head>'
    "<body><p>A page, no feed.</p></body></html>"
)


def answer_beside(asked: Asked, poll: int, home: str) -> Answer:
    """Answer for the addresses beside the feeds: targets of redirects, a page, a list of upstreams."""
    if asked.path.startswith("/behind/"):
        quirk, number = asked.path.removeprefix("/behind/").split("/")
        if int(number) % 2:
            return Answer(308, {"Location": f"{home}/behind/{quirk}/{int(number) + 1}"})
        text = (
            f"<rss version='2.0'><channel><title>Behind {quirk}</title><link>https://{quirk}.example/</link>"
        )
        item = f"<item><title>Moved {number}</title><link>https://{quirk}.example/{number}</link>"
        body = f"{text}{item}<pubDate>Mon, 04 Mar 2024 08:00:00 GMT</pubDate></item></channel></rss>"
        return Answer(200, {"Content-Type": "text/xml"}, body.encode())
    if asked.path == "/page.html":
        return Answer(200, {"Content-Type": "text/html"}, _PAGE.encode())
    if asked.path == "/list.opml":
        names = ["listed-one", "listed-two", *(["listed-three"] if poll >= 2 else [])]
        outlines = "".join(f'<outline type="rss" text="{n}" xmlUrl="{home}/listed/{n}"/>' for n in names)
        body = f"<opml version='2.0'><head><title>List</title></head><body>{outlines}</body></opml>"
        return Answer(200, {"Content-Type": "text/x-opml"}, body.encode())
    if asked.path.startswith("/listed/"):
        name = asked.path.rpartition("/")[2]
        item = (
            f"<item><title>{name} {poll // 2}</title><link>https://{name}.example/{poll // 2}</link></item>"
        )
        body = f"<rss version='2.0'><channel><title>{name}</title>{item}</channel></rss>"
        return Answer(200, {"Content-Type": "text/xml"}, body.encode())
    return Answer(404, {"Content-Type": "text/plain"}, b"no such path")
