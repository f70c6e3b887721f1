"""Write feeds with feedgen, with workarounds for its defects; the only importer of feedgen."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from feedgen.entry import FeedEntry as _FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.ext.dc import DcEntryExtension, DcExtension
from feedgen.feed import FeedGenerator as _FeedGenerator
from lxml import etree

from feeds.models import Enclosure, Entry, Extra, FeedHead, Format, Origin, Podcast, Term
from feeds.renderer import fast_writer, namespaces
from feeds.values.urls import iri_to_uri

_MEDIA = "http://search.yahoo.com/mrss/"
_PODCASTS = {
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "media": _MEDIA,
}
_ITUNES = f"{{{_PODCASTS['itunes']}}}"
_ATOM_LINK = "{http://www.w3.org/2005/Atom}link"
# Relations that RSS documents need as `atom:link`: for WebSub and RFC 5005.
_RSS_LINKS = ("hub", "prev-archive", "current")
_HISTORY = "http://purl.org/syndication/history/1.0"
_TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
# What validators accept as the address of an enclosure: a host with a domain, such as no machine of a local network has.
_ENCLOSURE_ADDRESS = re.compile(r"https?://(?:[a-z0-9-]++\.)+[a-z0-9-]++(?::\d+)?(?:/|$)", re.IGNORECASE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FeedGenerator(_FeedGenerator):  # type: ignore[misc]
    """A feed with its hubs and archives in RSS too: feedgen writes only the link to itself there."""

    def _create_rss(self, extensions: bool = True) -> tuple[etree._Element, etree._ElementTree]:
        root, tree = super()._create_rss(extensions)
        place = root.find(f"channel/{_ATOM_LINK}")
        for values in reversed(self.link() or ()):
            if values.get("rel") in _RSS_LINKS and place is not None:
                place.addnext(etree.Element(_ATOM_LINK, {"href": values["href"], "rel": values["rel"]}))
        return root, tree


class FeedEntry(_FeedEntry):  # type: ignore[misc]
    """An entry whose Atom links keep ``rel`` and ``type``, which feedgen drops."""

    language = ""
    origin: Origin | None = None

    def rss_entry(self, extensions: bool = True) -> etree._Element:
        """Return the RSS element with its addresses as URIs (called by feedgen)."""
        item: etree._Element = super().rss_entry(extensions)
        for link in item.findall("link"):
            link.text = iri_to_uri(link.text or "")
        for enclosure in item.findall("enclosure"):
            enclosure.set("url", iri_to_uri(enclosure.get("url", "")))
            if not _ENCLOSURE_ADDRESS.match(enclosure.get("url", "")):
                item.remove(enclosure)  # it is in the item as Media RSS
        return item

    def atom_entry(self, extensions: bool = True) -> etree._Element:
        """Return the Atom element (called by feedgen)."""
        entry: etree._Element = super().atom_entry(extensions)
        links = entry.findall("link")
        for element, values in zip(links, self.link() or (), strict=False):
            for name in ("rel", "type", "length"):
                if values.get(name):
                    element.set(name, values[name])
        if self.origin:
            _add_source(entry, self.origin, entry.findtext("updated", ""))
        if self.language:
            entry.set("{http://www.w3.org/XML/1998/namespace}lang", self.language)
        return entry


def _add_source(entry: etree._Element, origin: Origin, updated: str) -> None:
    """Add a complete ``atom:source`` (RFC 4287, 4.2.11); feedgen writes only title and link.

    It has the date of the entry: the date of the upstream feed would change the entry with every poll.
    """
    for written in entry.findall("source"):
        entry.remove(written)
    source = etree.SubElement(entry, "source")
    for name, text in (("id", origin.id), ("title", origin.title), ("updated", updated)):
        etree.SubElement(source, name).text = text
    etree.SubElement(source, "link", href=origin.url, rel="self")
    if origin.link:
        etree.SubElement(source, "link", href=origin.link, rel="alternate")


class PodcastExtension(BaseExtension):  # type: ignore[misc]
    """Declares the namespaces of podcasts and media in every RSS document, for any entry to use."""

    def __init__(self) -> None:
        self.podcast: Podcast | None = None

    def extend_ns(self) -> dict[str, str]:
        """Return prefixes and namespaces (called by feedgen)."""
        return _PODCASTS

    def extend_rss(self, feed: etree._Element) -> etree._Element:
        """Describe the podcast in the channel (called by feedgen)."""
        channel = feed.find("channel")
        if self.podcast and channel is not None:
            _add_podcast(channel, self.podcast)
        return feed


def _add_podcast(channel: etree._Element, podcast: Podcast) -> None:
    for name, text in (
        ("author", podcast.author),
        ("explicit", str(podcast.explicit).lower()),
        ("type", podcast.type),
    ):
        etree.SubElement(channel, f"{_ITUNES}{name}").text = text
    etree.SubElement(channel, f"{_ITUNES}image", href=iri_to_uri(podcast.image))
    owner = etree.SubElement(channel, f"{_ITUNES}owner")
    etree.SubElement(owner, f"{_ITUNES}name").text = podcast.owner
    etree.SubElement(owner, f"{_ITUNES}email").text = podcast.email
    # Subcategories of the same category share its element.
    mains: dict[str, etree._Element] = {}
    for category in podcast.categories:
        main, _, sub = category.partition("/")
        if main not in mains:
            mains[main] = etree.SubElement(channel, f"{_ITUNES}category", text=main)
        if sub:
            etree.SubElement(mains[main], f"{_ITUNES}category", text=sub)
    if podcast.guid:
        etree.SubElement(channel, f"{{{_PODCASTS['podcast']}}}guid").text = podcast.guid


class PodcastEntryExtension(BaseEntryExtension):  # type: ignore[misc]
    """Podcast fields of an entry, and the media besides the single enclosure that RSS allows."""

    def __init__(self) -> None:
        self.values: tuple[Extra, ...] = ()
        self.media: tuple[Enclosure, ...] = ()

    def extend_rss(self, entry: etree._Element) -> etree._Element:
        """Add the fields to the item (called by feedgen)."""
        for extra in self.values:
            prefix, _, local = extra.name.partition(":")
            element = etree.SubElement(entry, f"{{{_PODCASTS[prefix]}}}{local}", dict(extra.attributes))
            element.text = extra.text or None
        for media in self.media:
            attributes = {
                "url": iri_to_uri(media.url),
                "type": media.type,
                "fileSize": str(media.length or ""),
            }
            etree.SubElement(entry, f"{{{_MEDIA}}}content", {k: v for k, v in attributes.items() if v})
        return entry


class ArchiveExtension(BaseExtension):  # type: ignore[misc]
    """Marks a document as a closed archive (``fh:archive``, RFC 5005, section 4)."""

    def extend_ns(self) -> dict[str, str]:
        """Return prefix and namespace (called by feedgen)."""
        return {"fh": _HISTORY}

    def extend_atom(self, feed: etree._Element) -> etree._Element:
        """Add the mark to an Atom feed (called by feedgen)."""
        etree.SubElement(feed, f"{{{_HISTORY}}}archive")
        return feed

    def extend_rss(self, feed: etree._Element) -> etree._Element:
        """Add the mark to an RSS channel (called by feedgen)."""
        channel = feed.find("channel")
        assert channel is not None  # feedgen always writes it
        etree.SubElement(channel, f"{{{_HISTORY}}}archive")
        return feed


class TombstoneExtension(BaseExtension):  # type: ignore[misc]
    """Lists deleted entries (RFC 6721), in Atom only: RSS has no element for them."""

    def __init__(self) -> None:
        self.deleted: tuple[tuple[str, datetime], ...] = ()

    def extend_ns(self) -> dict[str, str]:
        """Return prefix and namespace (called by feedgen)."""
        return {"at": _TOMBSTONES}

    def extend_atom(self, feed: etree._Element) -> etree._Element:
        """Add a tombstone for each deleted entry (called by feedgen)."""
        for uid, when in self.deleted:
            etree.SubElement(feed, f"{{{_TOMBSTONES}}}deleted-entry", ref=uid, when=when.isoformat())
        return feed


def build_feed(head: FeedHead, form: Format) -> Any:  # noqa: ANN401 - feedgen has no types
    """Build a feedgen feed without entries."""
    own = dict(head.self_urls)[form]
    feed = FeedGenerator()
    feed.id(head.id)
    feed.title(head.title)
    feed.subtitle(head.subtitle)
    feed.author({"name": head.author})
    # feedgen's default is the current time, which would change every document.
    feed.updated(head.updated)
    feed.lastBuildDate(head.updated)
    feed.language(head.language)
    feed.generator("feedd")
    # feedgen would add the address of a specification to each document.
    feed.docs("")
    types = {"atom": "application/atom+xml", "rss": "application/rss+xml"}
    feed.link(href=own, rel="self", type=types[form])
    for hub in head.hubs:
        feed.link(href=hub, rel="hub")
    for rel, addresses in (("prev-archive", head.before), ("current", head.current)):
        if form in dict(addresses):
            feed.link(href=dict(addresses)[form], rel=rel, type=types[form])
    if head.deleted and form == "atom":
        feed.register_extension("tombstones", TombstoneExtension, None, atom=True, rss=False)
        feed.tombstones.deleted = head.deleted
    if head.current:
        feed.register_extension("archive", ArchiveExtension, None, atom=True, rss=True)
    # Last, because feedgen uses the last link as the `link` of an RSS channel.
    feed.link(href=head.site_url, rel="alternate", type="text/html")
    feed.register_extension("dc", DcExtension, DcEntryExtension, atom=False, rss=True)
    feed.register_extension("podcasts", PodcastExtension, PodcastEntryExtension, atom=False, rss=True)
    feed.podcasts.podcast = head.podcast
    return feed


def add_entry(feed: Any, entry: Entry, site_url: str, language: str) -> None:  # noqa: ANN401
    """Append an entry to a feedgen feed."""
    element = FeedEntry()
    element.register_extension("dc", DcEntryExtension, atom=False, rss=True)
    element.id(entry.id)
    element.guid(entry.id, permalink=False)
    element.title(entry.title)
    if entry.link:
        element.link(href=entry.link, rel="alternate", type="text/html")
    # A description of RSS is HTML, a summary of Atom is text. The first call also sets the content, so it comes first.
    element.description(fast_writer.write_as_html(entry.summary or entry.title))
    element.summary(entry.summary or entry.title)
    # Escaped HTML and not XHTML: XHTML fails on HTML entities.
    element.content(entry.html or fast_writer.write_as_html(entry.title), type="html")
    element.published(entry.published)
    element.updated(entry.updated)
    if entry.authors:
        element.author([{"name": name} for name in entry.authors])
        element.dc.dc_creator(list(entry.authors))
    if entry.terms:
        element.category([_build_category(term, site_url) for term in entry.terms])
    _add_media(element, entry)
    if entry.origin:
        element.origin = entry.origin
        element.source(entry.origin.url, entry.origin.title)
    if entry.language and entry.language != language:
        element.language = entry.language
    # Prepending is feedgen's default and takes quadratic time.
    feed.add_entry(element, order="append")


def _add_media(element: Any, entry: Entry) -> None:  # noqa: ANN401
    """Add enclosures (one in RSS, the rest as Media RSS), rights and podcast fields."""
    main = namespaces.find_main_media(entry.enclosures)
    if main:
        _add_enclosures(element, entry.enclosures, main)
    if entry.rights:
        element.rights(entry.rights)
        element.dc.dc_rights(entry.rights)
    fields = tuple(namespaces.filter_valid(entry.extras))
    if main and not _ENCLOSURE_ADDRESS.match(iri_to_uri(main.url)):
        main = None
    if fields or len(entry.enclosures) > bool(main):
        element.register_extension("podcasts", PodcastEntryExtension, atom=False, rss=True)
        element.podcasts.values = fields
        element.podcasts.media = tuple(media for media in entry.enclosures if media is not main)


def _add_enclosures(element: Any, enclosures: tuple[Enclosure, ...], main: Enclosure) -> None:  # noqa: ANN401
    """Add a link for each enclosure. feedgen uses the last link for RSS, where a type is required."""
    before = len(element.link() or ())
    for media in (*(other for other in enclosures if other is not main), main):
        kind = media.type or "application/octet-stream"
        element.link(href=media.url, rel="enclosure", type=kind, length=str(media.length))
    written = {values["href"]: values for values in element.link()[before:]}
    # In Atom they have the order of the entry, and no type or length that is unknown.
    element.link()[before:] = [
        written[media.url] | {"type": media.type, "length": str(media.length or "")} for media in enclosures
    ]


def _build_category(term: Term, site_url: str) -> dict[str, str]:
    return {"term": term.slug, "scheme": f"{site_url}{term.kind}/", "label": term.label}


def serialise_feed(feed: Any, form: Format) -> bytes:  # noqa: ANN401
    """Return the whole document as feedgen writes it."""
    text: bytes = feed.atom_str() if form == "atom" else feed.rss_str()
    return text


def build_empty_head(language: str) -> FeedHead:
    """Build a head for documents of which only the entries are used."""
    url = "https://feedd.invalid/"
    return FeedHead("urn:feedd:none", "-", "-", "-", language, url, (("atom", url), ("rss", url)), _EPOCH)
