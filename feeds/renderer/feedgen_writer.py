"""feedgen, with its traps mended; the only importer of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from feedgen.entry import FeedEntry as _FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.ext.dc import DcEntryExtension, DcExtension
from feedgen.feed import FeedGenerator as _FeedGenerator
from lxml import etree

from feeds.models import Enclosure, Entry, Extra, FeedHead, Format, Origin, Term
from feeds.renderer import namespaces
from feeds.values.urls import iri_to_uri

_MEDIA = "http://search.yahoo.com/mrss/"
_PODCASTS = {
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "media": _MEDIA,
}
_ATOM_LINK = "{http://www.w3.org/2005/Atom}link"
_RSS_LINKS = ("hub", "prev-archive", "current")
_HISTORY = "http://purl.org/syndication/history/1.0"
_TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FeedGenerator(_FeedGenerator):  # type: ignore[misc]
    """A feed whose hubs and archives stand in RSS too (feedgen writes only the link to itself there)."""

    def _create_rss(self, extensions: bool = True) -> Any:  # noqa: ANN401 - lxml elements
        root, tree = super()._create_rss(extensions)
        place = root.find(f"channel/{_ATOM_LINK}")
        for values in reversed(self.link() or ()):
            if values.get("rel") in _RSS_LINKS and place is not None:
                place.addnext(etree.Element(_ATOM_LINK, {"href": values["href"], "rel": values["rel"]}))
        return root, tree


class FeedEntry(_FeedEntry):  # type: ignore[misc]
    """An entry whose Atom links keep their rel and type (feedgen drops them)."""

    language = ""
    origin: Origin | None = None

    def atom_entry(self, extensions: bool = True) -> Any:  # noqa: ANN401 - an lxml element
        """The Atom element."""
        entry = super().atom_entry(extensions)
        links = entry.findall("link")
        for element, values in zip(links, self.link() or (), strict=False):
            for name in ("rel", "type", "length"):
                if values.get(name):
                    element.set(name, values[name])
        if self.origin:
            _add_source(entry, self.origin, entry.findtext("updated"))
        if self.language:
            entry.set("{http://www.w3.org/XML/1998/namespace}lang", self.language)
        return entry


def _add_source(entry: Any, origin: Origin, updated: str) -> None:  # noqa: ANN401 - lxml
    """``atom:source`` whole (RFC 4287, 4.2.11); feedgen writes title and link alone.

    Its date is the entry's: that of the upstream would change the entry with each of its own changes.
    """
    entry.remove(entry.find("source"))
    source = etree.SubElement(entry, "source")
    for name, text in (("id", origin.id), ("title", origin.title), ("updated", updated)):
        etree.SubElement(source, name).text = text
    etree.SubElement(source, "link", href=origin.url, rel="self")
    if origin.link:
        etree.SubElement(source, "link", href=origin.link, rel="alternate")


class PodcastExtension(BaseExtension):  # type: ignore[misc]
    """Declares the names of podcasts and media in every RSS document, so that any entry may use them."""

    def extend_ns(self) -> dict[str, str]:
        """Prefixes and namespaces."""
        return _PODCASTS


class PodcastEntryExtension(BaseEntryExtension):  # type: ignore[misc]
    """The fields of a podcast's episode, and the media beside the one enclosure that RSS allows."""

    def __init__(self) -> None:
        self.values: tuple[Extra, ...] = ()
        self.media: tuple[Enclosure, ...] = ()

    def extend_rss(self, entry: Any) -> Any:  # noqa: ANN401 - lxml
        """The item with the fields."""
        for extra in self.values:
            prefix, _, local = extra.name.partition(":")
            element = etree.SubElement(entry, f"{{{_PODCASTS[prefix]}}}{local}", dict(extra.attributes))
            element.text = extra.text or None
        for media in self.media:
            said = {"url": iri_to_uri(media.url), "type": media.type, "fileSize": str(media.length or "")}
            etree.SubElement(entry, f"{{{_MEDIA}}}content", {k: v for k, v in said.items() if v})
        return entry


class ArchiveExtension(BaseExtension):  # type: ignore[misc]
    """Says that a document is sealed (``fh:archive``, RFC 5005, 4)."""

    def extend_ns(self) -> dict[str, str]:
        """Prefix and namespace."""
        return {"fh": _HISTORY}

    def extend_atom(self, feed: Any) -> Any:  # noqa: ANN401 - lxml
        """The feed with the mark."""
        etree.SubElement(feed, f"{{{_HISTORY}}}archive")
        return feed

    def extend_rss(self, feed: Any) -> Any:  # noqa: ANN401 - lxml
        """The same in RSS."""
        etree.SubElement(feed.find("channel"), f"{{{_HISTORY}}}archive")
        return feed


class TombstoneExtension(BaseExtension):  # type: ignore[misc]
    """Tells which entries have gone (RFC 6721); Atom alone has a word for it."""

    def __init__(self) -> None:
        self.deleted: tuple[tuple[str, datetime], ...] = ()

    def extend_ns(self) -> dict[str, str]:
        """Prefix and namespace."""
        return {"at": _TOMBSTONES}

    def extend_atom(self, feed: Any) -> Any:  # noqa: ANN401 - lxml
        """The feed with a tombstone for each."""
        for uid, when in self.deleted:
            etree.SubElement(feed, f"{{{_TOMBSTONES}}}deleted-entry", ref=uid, when=when.isoformat())
        return feed


def feed_of(head: FeedHead, form: Format) -> Any:  # noqa: ANN401 - feedgen has no types
    """A feed without entries."""
    own = dict(head.self_urls)[form]
    feed = FeedGenerator()
    feed.id(head.id)
    feed.title(head.title)
    feed.subtitle(head.subtitle)
    feed.author({"name": head.author})
    feed.updated(head.updated)
    feed.lastBuildDate(head.updated)
    feed.language(head.language)
    feed.generator("feedd")
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
    feed.link(href=head.site_url, rel="alternate", type="text/html")
    feed.register_extension("dc", DcExtension, DcEntryExtension, atom=False, rss=True)
    feed.register_extension("podcasts", PodcastExtension, PodcastEntryExtension, atom=False, rss=True)
    return feed


def add_entry(feed: Any, entry: Entry, site_url: str, language: str) -> None:  # noqa: ANN401
    """Append an entry to a feedgen feed."""
    one = FeedEntry()
    one.register_extension("dc", DcEntryExtension, atom=False, rss=True)
    one.id(entry.id)
    one.guid(entry.id, permalink=False)
    one.title(entry.title)
    if entry.link:
        one.link(href=entry.link, rel="alternate", type="text/html")
    one.content(entry.html or entry.title, type="html")
    one.description(entry.summary or entry.title, isSummary=True)
    one.published(entry.published)
    one.updated(entry.updated)
    if entry.authors:
        one.author([{"name": name} for name in entry.authors])
        one.dc.dc_creator(list(entry.authors))
    if entry.terms:
        one.category([_category(term, site_url) for term in entry.terms])
    _add_media(one, entry)
    if entry.origin:
        one.origin = entry.origin
        one.source(entry.origin.url, entry.origin.title)
    if entry.language and entry.language != language:
        one.language = entry.language
    feed.add_entry(one, order="append")


def _add_media(one: Any, entry: Entry) -> None:  # noqa: ANN401
    """Enclosures (one in RSS, more as Media RSS), rights and podcast fields."""
    for media in entry.enclosures:
        link = {"href": media.url, "rel": "enclosure", "type": media.type}
        one.link(**{name: text for name, text in link.items() if text}, length=str(media.length))
    if entry.enclosures:
        first = entry.enclosures[0]
        one.enclosure(first.url, str(first.length), first.type or "application/octet-stream")
    if entry.rights:
        one.rights(entry.rights)
        one.dc.dc_rights(entry.rights)
    fields = tuple(namespaces.valid(entry.extras))
    if fields or len(entry.enclosures) > 1:
        one.register_extension("podcasts", PodcastEntryExtension, atom=False, rss=True)
        one.podcasts.values = fields
        one.podcasts.media = entry.enclosures[1:]


def _category(term: Term, site_url: str) -> dict[str, str]:
    return {"term": term.slug, "scheme": f"{site_url}{term.kind}/", "label": term.label}


def document(feed: Any, form: Format) -> bytes:  # noqa: ANN401
    """The whole document as feedgen writes it."""
    text: bytes = feed.atom_str() if form == "atom" else feed.rss_str()
    return text


def empty_head(language: str) -> FeedHead:
    """A head for documents of which only the entries are used."""
    url = "https://feedd.invalid/"
    return FeedHead("urn:feedd:none", "-", "-", "-", language, url, (("atom", url), ("rss", url)), _EPOCH)


def parses(data: bytes) -> bool:
    """Whether these bytes are well-formed XML."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        return False
    return True
