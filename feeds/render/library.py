"""feedgen, with its traps mended; the only importer of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from feedgen.entry import FeedEntry as _FeedEntry
from feedgen.ext.dc import DcEntryExtension, DcExtension
from feedgen.feed import FeedGenerator as _FeedGenerator
from lxml import etree

from feeds.model import Entry, FeedHead, Format, Term

_ATOM_LINK = "{http://www.w3.org/2005/Atom}link"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FeedGenerator(_FeedGenerator):  # type: ignore[misc]
    """A feed whose hubs stand in RSS too (feedgen writes only the link to itself there)."""

    def _create_rss(self, extensions: bool = True) -> Any:  # noqa: ANN401 - lxml elements
        root, tree = super()._create_rss(extensions)
        place = root.find(f"channel/{_ATOM_LINK}")
        for values in reversed(self.link() or ()):
            if values.get("rel") == "hub" and place is not None:
                place.addnext(etree.Element(_ATOM_LINK, {"href": values["href"], "rel": "hub"}))
        return root, tree


class FeedEntry(_FeedEntry):  # type: ignore[misc]
    """An entry whose Atom links keep their rel and type (feedgen drops them)."""

    language = ""

    def atom_entry(self, extensions: bool = True) -> Any:  # noqa: ANN401 - an lxml element
        """The Atom element."""
        entry = super().atom_entry(extensions)
        links = entry.findall("link")
        for element, values in zip(links, self.link() or (), strict=False):
            for name in ("rel", "type"):
                if values.get(name):
                    element.set(name, values[name])
        if self.language:
            entry.set("{http://www.w3.org/XML/1998/namespace}lang", self.language)
        return entry


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
    feed.link(href=head.site_url, rel="alternate", type="text/html")
    feed.register_extension("dc", DcExtension, DcEntryExtension, atom=False, rss=True)
    return feed


def add_entry(feed: Any, entry: Entry, site_url: str, language: str) -> None:  # noqa: ANN401
    """Append an entry to a feedgen feed."""
    one = FeedEntry()
    one.register_extension("dc", DcEntryExtension, atom=False, rss=True)
    one.id(entry.id)
    one.guid(entry.id, permalink=False)
    one.title(entry.title)
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
    if entry.language and entry.language != language:
        one.language = entry.language
    feed.add_entry(one, order="append")


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
