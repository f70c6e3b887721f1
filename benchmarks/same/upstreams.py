"""The upstream corpus: feeds in every format and encoding, and feeds with everything that upstreams do wrong.

Everything follows from the name of an upstream and the number of the poll: between polls windows move, articles
are edited, servers fail and recover.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from benchmarks.same import quirks
from benchmarks.same.articles import Article, Channel, write_article
from benchmarks.same.formats import FORMATS
from benchmarks.same.quirks import Answer, Asked

POLLS = 5
"""How often every upstream is polled."""
_WINDOW = 8
_DATE = "Mon, {:02} Jan 2024 10:00:00 GMT"

_ENCODINGS = (
    ("gb18030", "zh-CN"),
    ("big5", "zh-TW"),
    ("shift_jis", "ja"),
    ("euc_jp", "ja"),
    ("iso2022_jp", "ja"),
    ("euc_kr", "ko"),
    ("windows-1251", "ru"),
    ("koi8-r", "ru"),
    ("iso-8859-1", "de"),
    ("windows-1252", "fr"),
    ("iso-8859-15", "fr"),
    ("iso-8859-2", "pl"),
    ("windows-1254", "tr"),
    ("iso-8859-7", "el"),
    ("windows-1255", "he"),
    ("windows-1256", "ar"),
    ("cp874", "th"),
    ("utf-16", "ja"),
    ("utf-16-be", "ru"),
    ("utf-32", "ko"),
    ("utf-8-sig", "zh-CN"),
)
_XML = ("rss20", "atom10", "rss10", "atom03", "rss092", "rss091")


@dataclass(frozen=True)
class Upstream:
    """One feed: how it is written, and what is odd about it."""

    name: str
    format: str = "rss20"
    language: str = "en"
    encoding: str = "utf-8"
    labelled: str = "document"
    """Where the encoding is named: ``document``, ``http``, ``nowhere`` or, with another name, ``wrong``."""
    quirk: str = ""
    settings: str = ""
    """More lines of its block in the configuration."""

    @property
    def path(self) -> str:
        """Path of its address."""
        return f"/feeds/{self.name}"


def _list_upstreams() -> tuple[Upstream, ...]:
    formats = [Upstream(f"format-{name}", name) for name in FORMATS]
    places = ("document", "http", "nowhere", "wrong")
    encodings = [
        Upstream(
            f"encoding-{encoding}",
            _XML[number % len(_XML)],
            language,
            encoding,
            "document" if encoding in ("iso2022_jp", "iso-8859-15") else places[number % len(places)],
        )
        for number, (encoding, language) in enumerate(_ENCODINGS)
    ]
    odd = [
        Upstream(f"quirk-{name}", kind, quirk=name, settings=quirks.SETTINGS.get(name, ""))
        for name, kind in quirks.QUIRKS.items()
    ]
    return (*formats, *encodings, *odd)


UPSTREAMS = _list_upstreams()
"""In the order of the configuration."""


def answer_request(upstream: Upstream, asked: Asked, poll: int, home: str) -> Answer:
    """Return what an upstream answers in a poll; ``home`` is the address of the server."""
    channel = build_channel(upstream, poll, home)
    write, media_type = FORMATS[upstream.format]
    text = quirks.change_text(upstream.quirk, write(channel), poll)
    body, content_type = encode_document(upstream, text, media_type)
    answer = Answer(200, {"Content-Type": content_type}, body)
    changed = quirks.change_answer(upstream.quirk, answer, asked, poll)
    return add_validators(upstream, changed, asked, poll)


def build_channel(upstream: Upstream, poll: int, home: str) -> Channel:
    """Return the feed of an upstream as it stands in a poll."""
    moves = poll if len(upstream.name) % 2 else poll // 2  # some do not change in every poll
    first = 2 * moves
    site = f"{upstream.name}".replace("_", "-")
    articles = tuple(
        write_article(site, number, upstream.language) for number in range(first + _WINDOW - 1, first - 1, -1)
    )
    channel = Channel(
        title=f"Notes of {upstream.name}",
        home=f"https://{site}.example/",
        url=f"{home}{upstream.path}",
        language=upstream.language,
        articles=articles,
    )
    return quirks.change_channel(upstream.quirk, channel, poll)


def encode_document(upstream: Upstream, text: str, media_type: str) -> tuple[bytes, str]:
    """Return the bytes of a document and its ``Content-Type``, with the encoding named where it is to be."""
    encoding = upstream.encoding
    label = "utf-8" if encoding == "utf-8-sig" else encoding.replace("_", "-")
    if "json" in media_type:
        return text.encode(encoding), media_type
    declared = {"document": label, "wrong": "iso-8859-1" if label != "iso-8859-1" else "utf-8"}
    name = declared.get(upstream.labelled, "")
    attribute = f' encoding="{name}"' if name else ""
    document = f'<?xml version="1.0"{attribute}?>\n{text}'
    charset = f"; charset={label}" if upstream.labelled == "http" else ""
    return document.encode(encoding, "xmlcharrefreplace"), media_type + charset


def add_validators(upstream: Upstream, answer: Answer, asked: Asked, poll: int) -> Answer:
    """Add an ``ETag`` or a date, or neither; answer 304 to a request that has the present one."""
    if answer.status != 200 or upstream.quirk == "no-validators":
        return answer
    if upstream.quirk == "last-modified":
        value, name, condition = _DATE.format(1 + 7 * (poll // 2)), "Last-Modified", "if-modified-since"
    else:
        value = f'"{hashlib.sha256(answer.body).hexdigest()[:16]}"'
        name, condition = "ETag", "if-none-match"
    headers = {**answer.headers, name: value}
    if asked.headers.get(condition) == value:
        return Answer(304, {name: value})
    return replace(answer, headers=headers)


@dataclass(frozen=True)
class Library:
    """Every address that the server answers, by its path."""

    upstreams: dict[str, Upstream] = field(
        default_factory=lambda: {upstream.path: upstream for upstream in UPSTREAMS}
    )

    def answer(self, asked: Asked, poll: int, home: str) -> Answer:
        """Return the answer to a request; 404 for a path that no upstream has."""
        path, _, page = asked.path.partition("/page/")
        upstream = self.upstreams.get(path)
        if upstream is not None and page:
            return self._answer_page(upstream, int(page), home)
        if upstream is not None:
            return answer_request(upstream, asked, poll, home)
        return quirks.answer_beside(asked, poll, home)

    def _answer_page(self, upstream: Upstream, page: int, home: str) -> Answer:
        """Answer with an archive document; page 1 is the oldest."""
        articles: tuple[Article, ...] = tuple(
            write_article(f"{upstream.name}-past", 10 * page + number, "en") for number in range(5)
        )
        past = f'<link rel="prev-archive" href="{home}{upstream.path}/page/{page - 1}"/>' if page > 1 else ""
        url = f"{home}{upstream.path}/page/{page}"
        channel = Channel(f"Notes of {upstream.name}", "https://past.example/", url, "en", past, "", articles)
        return Answer(200, {"Content-Type": "application/atom+xml"}, FORMATS["atom10"][0](channel).encode())
