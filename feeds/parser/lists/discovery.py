"""Find the addresses of the feeds that a web page may have: declared, linked, or usual for its site.

This module fetches nothing; it returns candidates in the order in which to try them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urldefrag, urlsplit

from feeds.values.urls import is_address, resolve, without_user

if TYPE_CHECKING:
    from bs4 import Tag

LARGEST = 1 << 20
"""Bytes or characters of a page that are scanned."""
MOST = 60
"""Limit of candidates for a page: each costs a request to somebody's server."""
_MOST_TAGS = 1000
_LONGEST_TAG = 2000

_ATOM, _RSS, _JSON = "application/atom+xml", "application/rss+xml", "application/feed+json"
_TYPES = {
    _ATOM: _ATOM,
    _RSS: _RSS,
    _JSON: _JSON,
    "application/rdf+xml": _RSS,
    "application/x-rss+xml": _RSS,
    "application/x-atom+xml": _ATOM,
    "text/rss+xml": _RSS,
    "text/atom+xml": _ATOM,
    "application/rss": _RSS,
    "application/atom": _ATOM,
}
# Types that are a feed only if the address or the ``rel`` of the link confirms it.
_VAGUE = frozenset(["application/xml", "text/xml", "application/json"])
_FEED_PATH = re.compile(
    r"(?:^|/)(?:feeds?|rss2?|atom|index)(?:\.(?:xml|rss|atom|rdf|json))/?$|(?:^|/)(?:feed|rss2?|atom)/?$"
    r"|\.(?:rss2?|atom|rdf)$|(?:^|/)(?:feed|rss|atom)[-_.][^/]{1,40}\.xml$|[^/][-_.](?:feed|rss|atom)\.xml$"
    r"|(?:^|/)feeds/(?:posts/default|all\.atom\.xml)$",
    re.IGNORECASE,
)
_FEED_QUERY = re.compile(
    r"(?:^|&)(?:feed=(?:rss2?|atom|rdf|json)|format=(?:rss|atom)|flav=(?:rss|atom))(?:&|$)", re.IGNORECASE
)
# Feeds of comments in the languages of the most common blog systems.
_COMMENTS = re.compile(r"\bcomments?\b|评论|commentaires|kommentare|comentarios", re.IGNORECASE)
# Comments and scripts contain no elements, even where their end is missing.
_UNREAD = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1|\Z)", re.IGNORECASE | re.DOTALL)
# Start tags of elements that may name a feed. Possessive quantifiers prevent backtracking on hostile pages.
_ELEMENT = re.compile(r"<(?:link|base|a)\b(?>(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+'){0,200})>", re.IGNORECASE)
_HINT = re.compile("feed|rss|atom|rdf|xml|json", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]*>?")
# The most usual names first, because each wrong guess costs the site a request.
_USUAL = (
    ("feed", ""),
    ("feed.xml", ""),
    ("atom.xml", _ATOM),
    ("rss.xml", _RSS),
    ("index.xml", ""),
    ("feed.json", _JSON),
    ("rss", _RSS),
    ("feed.atom", _ATOM),
    ("index.rdf", _RSS),
)
_SECTIONS = ("blog/", "news/")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address that may be a feed; ``why`` names its origin, ``type`` is a media type or empty."""

    url: str
    title: str
    type: str
    why: str


def find_candidates(html: bytes | str, url: str) -> tuple[Candidate, ...]:
    """Return the feeds that a page may have, the most likely first, each once.

    The order is: ``link`` elements that declare feeds, addresses that well-known sites give to their feeds, links that
    look like feeds on the same host, the usual paths. Feeds of comments come last.

    Args:
        html: The page; if it is empty, candidates come from the address alone.
        url: Address of the page after all redirects.
    """
    # A login must not reach the candidates, which are shown and stored.
    page = urldefrag(without_user(url))[0]
    if not is_address(page):
        return ()
    found: dict[str, Candidate] = {}
    tags = _parse_elements(html)
    base = next((resolve(page, _get_attribute(tag, "href")) for tag in tags if tag.name == "base"), "")
    base = base if is_address(base) else page
    steps = (
        _find_declared(tags, base),
        _find_site_feeds(page),
        _find_linked(tags, base, page),
        _list_usual_paths(page),
    )
    for candidate in (candidate for step in steps for candidate in step):
        if len(found) >= MOST:
            break
        if is_address(candidate.url) and candidate.url == without_user(candidate.url):
            found.setdefault(candidate.url, candidate)
    return tuple(sorted(found.values(), key=_is_comment_feed))


def _is_comment_feed(candidate: Candidate) -> bool:
    return bool(_COMMENTS.search(candidate.title) or _COMMENTS.search(urlsplit(candidate.url).path))


def _parse_elements(html: bytes | str) -> list[Tag]:
    """Return the elements ``link``, ``base`` and those ``a`` that may lead to a feed, in the order of the page.

    Only these reach the parser, and never nested: a whole page that is nested or unclosed on purpose would keep it busy
    for minutes.
    """
    from bs4 import BeautifulSoup

    text = _UNREAD.sub("", html[:LARGEST] if isinstance(html, str) else _decode(html[:LARGEST]))
    pieces = list(islice(_find_pieces(text), _MOST_TAGS))
    return (
        list(BeautifulSoup("".join(pieces), "html.parser").find_all(["link", "a", "base"])) if pieces else []
    )


def _find_pieces(text: str) -> Iterator[str]:
    """Yield start tags with the text behind them, each closed."""
    for match in _ELEMENT.finditer(text):
        # The parser may see the end of a quoted value elsewhere, so no other tag may begin inside.
        tag, is_link = "<" + match[0][1:].replace("<", "&lt;"), match[0][1] in "aA"
        # Most links of a page lead to other pages; only those that mention a feed are parsed.
        if len(tag) > _LONGEST_TAG or (is_link and not _HINT.search(tag)):
            continue
        behind = re.split("</a", text[match.end() : match.end() + 300], maxsplit=1, flags=re.IGNORECASE)[0]
        yield f"{tag}{_MARKUP.sub(' ', behind)}</a>" if is_link else tag


def _decode(html: bytes) -> str:
    """Return the decoded text, in UTF-8 or the declared encoding; a character cut at the end is ignored."""
    from bs4 import UnicodeDammit

    try:
        return html.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start > len(html) - 4:
            return html.decode("utf-8", "ignore")
    return UnicodeDammit(html, is_html=True).unicode_markup or html.decode("utf-8", "replace")


def _get_attribute(tag: Tag, name: str) -> str:
    value = tag.get(name, "")
    return value if isinstance(value, str) else " ".join(value or ())


def _find_declared(tags: list[Tag], base: str) -> Iterator[Candidate]:
    """Yield the feeds that ``link`` elements declare.

    RSS autodiscovery and HTML, 4.6.7.1: ``rel=alternate`` with the type of a feed, or ``rel=feed``.
    """
    for tag in tags:
        rel = _get_attribute(tag, "rel").lower().split()
        if tag.name != "link" or not {"alternate", "feed"} & set(rel) or "stylesheet" in rel:
            continue
        media = _get_attribute(tag, "type").partition(";")[0].strip().lower()
        address = _resolve_target(tag, base)
        if "feed" in rel or media in _TYPES or (_may_be_feed(tag, media) and _is_feed_address(address)):
            yield _make_candidate(tag, address, media, "declared by a link element of the page")


def _may_be_feed(tag: Tag, media: str) -> bool:
    """Return whether a vague or missing type may be a feed; ``hreflang`` marks a translation of the page instead."""
    return media in _VAGUE or (not media and not tag.has_attr("hreflang"))


def _find_linked(tags: list[Tag], base: str, page: str) -> Iterator[Candidate]:
    """Yield the ``a`` elements that lead to what looks like a feed on the host of the page or its subdomains.

    Feeds on other hosts belong to other people.
    """
    host = (urlsplit(page).hostname or "").removeprefix("www.")
    for tag in tags:
        if tag.name != "a":
            continue
        address = _resolve_target(tag, base)
        rel = _get_attribute(tag, "rel").lower().split()
        if not ("feed" in rel or _is_feed_address(address)):
            continue
        there = urlsplit(address).hostname or ""
        if there == host or there.endswith("." + host) or there.startswith("feeds."):
            yield _make_candidate(tag, address, _get_attribute(tag, "type").lower(), "linked on the page")


def _resolve_target(tag: Tag, base: str) -> str:
    """Return the absolute address without fragment that an element leads to, or empty."""
    href = _get_attribute(tag, "href")[:2000]
    # Old pages link to feeds by a scheme of their own.
    for scheme in ("feed:http", "FEED:http"):
        href = href[5:] if href.startswith(scheme) else href
    if href[:7].lower() == "feed://":
        href = "http://" + href[7:]
    address = urldefrag(resolve(base, href))[0] if href.strip() else ""
    return address if is_address(address) else ""


def _is_feed_address(address: str) -> bool:
    parts = urlsplit(address)
    return bool(_FEED_PATH.search(parts.path) or _FEED_QUERY.search(parts.query))


def _make_candidate(tag: Tag, address: str, media: str, why: str) -> Candidate:
    title = _get_attribute(tag, "title") or tag.get_text()
    return Candidate(address, " ".join(title.split())[:200], _TYPES.get(media) or _guess_type(address), why)


def _guess_type(address: str) -> str:
    """Return the media type that an address suggests, or an empty string."""
    name = urlsplit(address).path.lower().rstrip("/").rpartition("/")[2]
    if name.endswith(".json"):
        return _JSON
    if "atom" in name:
        return _ATOM
    return _RSS if "rss" in name or name.endswith(".rdf") else ""


def _find_site_feeds(page: str) -> Iterator[Candidate]:
    """Yield the addresses that well-known sites give to their feeds."""
    parts = urlsplit(page)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("old.").removeprefix("m.")
    steps = [quote(step, safe="@._-~%") for step in parts.path.split("/") if step]
    if not steps:
        return
    rule = {
        "youtube.com": _find_youtube_feeds,
        "github.com": _find_github_feeds,
        "reddit.com": _find_reddit_feeds,
        "medium.com": _find_medium_feeds,
    }.get(host)
    if rule:
        for address, media in rule(steps, parse_qs(parts.query[:2000], max_num_fields=None)):
            yield Candidate(address, "", media, f"as {host} names its feeds")
    elif len(steps) == 1 and re.fullmatch(r"@\w[\w.-]*", steps[0]):
        yield Candidate(
            f"{parts.scheme}://{parts.netloc}/{steps[0]}.rss", "", _RSS, "as Mastodon names its feeds"
        )


def _find_youtube_feeds(steps: list[str], query: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    root = "https://www.youtube.com/feeds/videos.xml?"
    if len(steps) > 1 and steps[0] == "channel":
        yield f"{root}channel_id={steps[1]}", _ATOM
    elif len(steps) > 1 and steps[0] == "user":
        yield f"{root}user={steps[1]}", _ATOM
    elif query.get("list"):
        yield f"{root}playlist_id={quote(query['list'][0])}", _ATOM


def _find_github_feeds(steps: list[str], _: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    if len(steps) == 1:
        yield f"https://github.com/{steps[0]}.atom", _ATOM
        return
    repository = f"https://github.com/{steps[0]}/{steps[1]}"
    names = ["releases", "tags", "commits"]
    if len(steps) > 2 and steps[2] in names:
        names.sort(key=lambda name: name != steps[2])
    for name in names:
        yield f"{repository}/{name}.atom", _ATOM


def _find_reddit_feeds(steps: list[str], _: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    if len(steps) > 1 and steps[0] in ("r", "u", "user"):
        yield f"https://www.reddit.com/{steps[0]}/{steps[1]}/.rss", _ATOM


def _find_medium_feeds(steps: list[str], _: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    yield f"https://medium.com/feed/{steps[0]}", _RSS


def _list_usual_paths(page: str) -> Iterator[Candidate]:
    """Yield the usual paths of feeds: below the folder of the page, then below the root of its site."""
    parts = urlsplit(page)
    root = f"{parts.scheme}://{parts.netloc}/"
    here = (
        parts.path
        if parts.path.endswith("/") or "." not in parts.path.rpartition("/")[2]
        else parts.path.rpartition("/")[0]
    )
    folder = f"{root}{here.strip('/')}/" if here.strip("/") else root
    for place in dict.fromkeys((folder, root)):
        for path, media in _USUAL:
            yield Candidate(place + path, "", media, "a usual path")
    for section in _SECTIONS:
        for path, media in _USUAL[:3]:
            yield Candidate(root + section + path, "", media, "a usual path")
