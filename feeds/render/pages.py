"""Pages for people beside the feeds: one for each feed, a front page, a status page.

Pure: what is passed in is all they say, so unchanged input gives the same bytes; nobody's clock is read.
An entry is rendered once (:func:`entry_html`) and joined into every page that shows it. Pages work
without their script, ask for nothing but images and media of entries, and carry their own policy.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlsplit

from feeds.errors import UsageError
from feeds.model import Enclosure, Format
from feeds.render import chart, wording
from feeds.render.bodies import for_page
from feeds.render.catalogue import CatalogueFeed, CatalogueHead
from feeds.render.shelves import shelves
from feeds.urls import is_address

if TYPE_CHECKING:
    import jinja2

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src * data:; media-src *; "
    "base-uri 'none'; form-action 'none'"
)
"""Content-Security-Policy of every page; a server adds ``frame-ancestors 'none'``, which only a header can say."""

ENTRIES = 20
"""How many entries a page shows in full."""
_LARGEST = 280_000
_LONGEST_BODY = 250_000
_LARGEST_FILE = 1_000_000
_SUFFIXES = (".html", ".css", ".js", ".svg", ".toml")
_NAMES = {"atom": "Atom", "rss": "RSS", "json": "JSON"}
_TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml", "json": "application/feed+json"}
# No text that a page shows has a NUL: it marks where the rendered entries go.
_PLACE = "\0entries\0"

Health = Literal["ok", "new", "waiting", "trouble", "gone"]
"""``new``: not asked yet; ``waiting``: asked us to come later; ``gone``: says that it will not come back."""
_HEALTHS: tuple[Health, ...] = ("ok", "new", "waiting", "trouble", "gone")


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A post as pages show it."""

    id: str
    title: str
    link: str
    html: str
    """Sanitised and absolute: it is shown as it stands."""
    published: datetime
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()
    """Label and address of each term's page; the same on every page, so absolute or from the root."""
    enclosures: tuple[Enclosure, ...] = ()
    summary: str = ""
    """Plain text, for the front page."""
    language: str = ""
    """Empty for the site's own."""


@dataclass(frozen=True, slots=True)
class PageFeed:
    """A feed as its page shows it."""

    kind: str
    title: str
    description: str
    language: str
    url: str
    """Address of the page itself, under the site's."""
    formats: tuple[tuple[Format, str], ...]
    entries: int
    """How many posts the feed has in all."""
    updated: datetime | None = None
    archive: str = ""
    """Address of the newest archive, or empty."""


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """A source as the front page of a planet lists it: nothing in it changes with every poll."""

    title: str
    link: str
    """Its pages for people, or empty."""
    health: Health
    posts: int
    latest: datetime | None = None
    """Publication of its newest post."""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A source as the status page tells of it."""

    name: str
    title: str
    kind: str
    url: str
    health: Health
    posts: int
    polled: datetime | None = None
    next_poll: datetime | None = None
    latest: datetime | None = None
    """Publication of its newest post."""
    error: str = ""
    """What is wrong, in words."""
    failures: int = 0
    """How often it failed since it last worked."""


@dataclass(frozen=True, slots=True)
class Templates:
    """How pages look: templates, words and files; :func:`load_templates` makes one."""

    environment: jinja2.Environment
    languages: Mapping[str, wording.Words]
    assets: Mapping[str, bytes]
    """The files that pages name, by path in the output tree."""
    names: Mapping[str, str]
    """Those paths by what they are: ``css``, ``js``, ``icon``."""
    digest: str
    """Changes when anything of it does: then what was rendered with it is to be rendered again."""

    def words(self, language: str) -> wording.Words:
        """What pages of a site in this language say."""
        return wording.words_for(self.languages, language)


@lru_cache(maxsize=4)
def load_templates(folder: Path | None = None) -> Templates:
    """The look that feedd has, each file replaced by the one of that name in ``folder``; ``extra.css`` is added.

    Raises:
        UsageError: A file cannot be read or is no template; the text names it.
    """
    built_in = {one.name: one.read_text("utf-8") for one in (files("feeds") / "data" / "templates").iterdir()}
    own = _own_files(folder) if folder else {}
    sources = built_in | own
    languages = wording.read_words(built_in["words.toml"], "words.toml")
    if "words.toml" in own:
        for language, words in wording.read_words(own["words.toml"], f"{folder}/words.toml").items():
            languages[language] = wording.Words(languages.get(language, languages["en"]) | words)
    css = sources["feedd.css"] + sources.get("extra.css", "")
    written = {"css": css, "js": sources["feedd.js"], "icon": sources["icon.svg"]}
    paths = {
        kind: f"assets/feedd-{_digest(text)}.{'svg' if kind == 'icon' else kind}"
        for kind, text in written.items()
    }
    return Templates(
        _environment({name: text for name, text in sources.items() if name.endswith(".html")}, folder),
        languages,
        {paths[kind]: text.encode() for kind, text in written.items()},
        paths,
        _digest(repr(sorted(sources.items()))),
    )


def _own_files(folder: Path) -> dict[str, str]:
    try:
        found = [one for one in sorted(folder.iterdir()) if one.suffix in _SUFFIXES and one.is_file()]
        large = next((one for one in found if one.stat().st_size > _LARGEST_FILE), None)
        if large:
            raise UsageError(f"{large}: more than a megabyte is no template; take it out of the folder")
        return {one.name: one.read_text("utf-8") for one in found}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"templates in {folder} cannot be read: {error}") from error


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _environment(sources: dict[str, str], folder: Path | None) -> jinja2.Environment:
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.DictLoader(sources),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(
        day=wording.day, moment=wording.moment, ago=wording.ago, count=wording.count,
        number=wording.number, size=wording.size, web=_web, file_name=_file_name,
        policy=Markup(POLICY), names=_NAMES, types=_TYPES,  # noqa: S704 - a constant
    )  # fmt: skip
    for name in sources:
        try:
            environment.get_template(name)
        except jinja2.TemplateSyntaxError as error:
            raise UsageError(f"template {folder}/{name}, line {error.lineno}: {error.message}") from error
    return environment


def _web(address: str) -> str:
    """An address that a link may lead to: the web, or a place on this page."""
    return address if is_address(address) else "#"


def _file_name(address: str) -> str:
    return unquote(urlsplit(address).path.rpartition("/")[2])[:80] if is_address(address) else ""


def _render(templates: Templates, name: str, site: CatalogueHead, **values: object) -> str:
    from jinja2 import TemplateError

    try:
        return templates.environment.get_template(name).render(
            site=site, w=templates.words(site.language), files=templates.names, **values
        )
    except (TemplateError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise UsageError(f"template {name}: {error}; correct it, or the words it uses") from error


def _filled(page: str, entries: Sequence[bytes]) -> bytes:
    return page.encode().replace(_PLACE.encode(), b"".join(entries))


def _root(site: CatalogueHead, url: str) -> str:
    """The way from a page up to the site's, so that the tree works wherever it is put."""
    return "../" * url.removeprefix(site.url).count("/")


def entry_html(entry: PageEntry, site: CatalogueHead, templates: Templates) -> bytes:
    """A post in full, once for every page that shows it."""
    from markupsafe import Markup

    mark = _digest(entry.id)
    if len(entry.html) > _LONGEST_BODY or len(entry.html.encode()) > _LONGEST_BODY:
        body = Markup("<p>{}</p>").format(templates.words(site.language)["too_long"])
    else:
        body = Markup(for_page(entry.html, mark))  # noqa: S704 - the sanitiser was here last
    return _render(templates, "entry.html", site, entry=entry, body=body, anchor=f"p-{mark}").encode()


def teaser_html(entry: PageEntry, site: CatalogueHead, templates: Templates) -> bytes:
    """A post in brief, for the front page: title, date, summary."""
    return _render(templates, "teaser.html", site, entry=entry).encode()


def feed_page(site: CatalogueHead, feed: PageFeed, entries: Sequence[bytes], templates: Templates) -> bytes:
    """The page of a feed: what it is, how to subscribe, its newest entries, the way to its history.

    Args:
        site: The site.
        feed: The feed.
        entries: From :func:`entry_html`, newest first; as many are shown as :data:`ENTRIES` and a size fit
            for a phone (280 kB) allow, at least one.
        templates: How it looks.
    """
    from markupsafe import Markup

    shown = _fitting(entries)
    page = _render(
        templates, "feed.html", site, feed=feed, shown=len(shown),
        entries=Markup(_PLACE), root=_root(site, feed.url),  # noqa: S704
    )  # fmt: skip
    return _filled(page, shown)


def _fitting(entries: Sequence[bytes]) -> Sequence[bytes]:
    total = 0
    for number, entry in enumerate(entries[:ENTRIES]):
        total += len(entry)
        if number and total > _LARGEST:
            return entries[:number]
    return entries[:ENTRIES]


def front_page(
    site: CatalogueHead,
    feeds: Sequence[CatalogueFeed],
    newest: Sequence[bytes],
    sources: Sequence[SourceHealth],
    templates: Templates,
) -> bytes:
    """The front page: newest posts, sources with their health, every feed with its number of posts.

    Args:
        site: The site.
        feeds: All published feeds; the one of kind ``all`` gives the page its subscription addresses.
        newest: From :func:`teaser_html` (or :func:`entry_html`), newest first.
        sources: Upstreams to name; empty where there is only a folder.
        templates: How it looks.
    """
    from markupsafe import Markup

    first = next((feed for feed in feeds if feed.kind == "all"), None)
    shown = _fitting(newest)
    page = _render(
        templates, "front.html", site, formats=first.urls if first else (), root="",
        posts=first.posts if first else 0, updated=first.updated if first else None,
        newest=len(shown), entries=Markup(_PLACE),  # noqa: S704
        sources=sources, shelves=shelves(site, feeds),
    )  # fmt: skip
    return _filled(page, shown)


def status_page(
    site: CatalogueHead,
    sources: Sequence[SourceStatus],
    activity: Sequence[tuple[date, int]],
    now: datetime,
    templates: Templates,
    root: str = "",
) -> bytes:
    """The status page: each source with its health, polls and errors, and what the last days brought.

    Args:
        site: The site.
        sources: In the order to show.
        activity: New posts of each day, oldest first.
        now: The time to tell spans from; the page says it.
        templates: How it looks.
        root: Way or address from this page to the front page's folder, with a slash at its end.
    """
    words = templates.words(site.language)
    counts = [amount for _, amount in activity]
    summed = words["activity_sum"].format(
        wording.count(words["posts"], sum(counts)), len(counts), wording.number(max(counts, default=0))
    )
    states = Counter(source.health for source in sources)
    return _render(
        templates, "status.html", site, sources=sources, now=now, root=root, bars=chart.bars(activity),
        chart={"width": chart.WIDTH, "height": chart.HEIGHT}, activity=summed,
        tally=[(state, states[state]) for state in _HEALTHS if states[state]],
        posts=sum(source.posts for source in sources),
    ).encode()  # fmt: skip


def assets(templates: Templates) -> dict[str, bytes]:
    """The files that pages name, by path in the output tree; a path's bytes never change."""
    return dict(templates.assets)
