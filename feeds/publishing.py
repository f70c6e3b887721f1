"""The steps of publishing: from dirty feeds to documents on disk and back to a settled store."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from feeds import pagewriting, plan
from feeds.clean.text import clean_title
from feeds.config import Config, UpstreamSource
from feeds.model import FORMATS, FeedHead, Kind, Origin, Term
from feeds.run import Run
from feeds.slugs import distinct, fold, slug
from feeds.sources import expand
from feeds.steps import RenderTask, render, unpack_entry
from feeds.store import feeds as stored
from feeds.store import ledger
from feeds.store.database import Database
from feeds.store.feeds import DirtyFeed
from feeds.store.upstreams import upstreams
from feeds.urls import is_absolute_iri
from feeds.write import Tree, replace_file

_PARTS = (*FORMATS, "page", "teaser")  # of a packed entry
_TEASERS = 20
_POSTS_PER_PIECE = 48
_ENTRIES_PER_BATCH = 480


@dataclass(slots=True)
class Published:
    """What publishing did; ``held`` names documents that were kept back, each with its reason."""

    rendered: int = 0
    held: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Feed:
    """A dirty feed with the posts of its subscription document."""

    feed: DirtyFeed
    posts: list[int]
    updated: int = 0
    held: bool = False


def ledger_path(config: Config) -> Path:
    """Where the ledger lies: beside the store."""
    return config.store.with_name("ledger.jsonl")


def mint_slugs(db: Database, config: Config) -> None:
    """Give every new feed its slug."""

    def unlike(wish: str, name: str, taken: Collection[str]) -> tuple[str, str]:
        given = distinct(wish, name, taken)
        return given, fold(given)

    stored.mint_feeds(db, lambda name: slug(name, config.output.slugs), unlike)


def mark_lost_documents(db: Database, tree: Tree, config: Config) -> None:
    """A document that is not there as it was written makes its feed dirty; so does ``--full``."""
    with_feed = {row[0]: row[4] for row in db.rows("documents_all") if row[4] is not None}
    lost = {feed for path, feed in with_feed.items() if not tree.intact(path)}
    if tree.full or lost:
        with db.transaction():
            if tree.full:
                db.run("entries_drop")
                db.run("feeds_touch_all")
            else:
                db.many("feed_touch", [(feed,) for feed in lost])


def render_missing(run: Run, published: Published) -> list[Feed]:
    """Render every post that a dirty feed shows and that has no entry yet.

    A post that would make a document invalid is left out and named; the next one takes its place.
    """
    tried: set[int] = set()
    while True:
        feeds = [
            Feed(feed, stored.window(run.db, feed.number, run.config.output.entries))
            for feed in stored.dirty_feeds(run.db)
        ]
        missing = stored.without_entry(run.db, sorted({number for feed in feeds for number in feed.posts}))
        if not missing:
            return feeds
        published.rendered += len(missing)
        _render(run, missing)
        if tried >= set(missing):
            return feeds
        tried.update(missing)


def _render(run: Run, missing: Sequence[int]) -> None:
    terms = _term_table(run.db, run.config)
    origins = _origins(run)
    done = 0
    pieces = plan.chunks(missing, _POSTS_PER_PIECE)
    rows, invalid = [], []
    for results in run.workers.map(render, _Tasks(run.db, pieces, terms, origins)):
        for one in results:
            if one.invalid:
                invalid.append((one.number, one.invalid))
            else:
                rows.append((one.number, one.data))
        done += len(results)
        run.progress("rendering", done, len(missing))
        if len(rows) >= _ENTRIES_PER_BATCH:
            _keep(run.db, rows)
            rows = []
    _keep(run.db, rows)
    if invalid:
        stored.leave_out(run.db, invalid)


def _keep(db: Database, rows: Sequence[tuple[object, ...]]) -> None:
    with db.transaction():
        db.many("entry_put", rows)


class _Tasks(Sequence[list[RenderTask]]):
    """Render tasks, made only when a worker is about to get them: payloads are large."""

    def __init__(
        self,
        db: Database,
        pieces: Sequence[Sequence[int]],
        terms: dict[tuple[str, str], Term],
        origins: dict[str, Origin],
    ) -> None:
        self._db, self._pieces, self._terms, self._origins = db, pieces, terms, origins

    def __len__(self) -> int:
        return len(self._pieces)

    def __getitem__(self, index: int) -> list[RenderTask]:  # type: ignore[override]
        found = stored.stored_posts(self._db, self._pieces[index])
        payloads = stored.payloads(self._db, [post.shown.body for post in found.values()])
        tasks = []
        for number in self._pieces[index]:
            post = found[number]
            names = [("category", c) for c in post.shown.categories] + [("tag", t) for t in post.shown.tags]
            terms = tuple(self._terms[name] for name in names if name in self._terms)
            payload, source, place = payloads.get(post.shown.body, (b"", "", ""))
            tasks.append(
                RenderTask(
                    number,
                    post.uid,
                    post.updated,
                    post.shown,
                    terms,
                    payload,
                    source,
                    place,
                    self._origins.get(source),
                )
            )
        return tasks


def _origins(run: Run) -> dict[str, Origin]:
    """What each upstream is called, by the name of its source."""
    if not run.config.polled:
        return {}
    given = {one.name: one for one in expand(run.config, run.db)[0] if isinstance(one, UpstreamSource)}
    found = {}
    for name, row in upstreams(run.db).items():
        head, source = row.head, given.get(name)
        url = head.get("url") or (source.url if source else "")
        title = (source.title if source else "") or head.get("title") or name
        link = (source.link if source else "") or head.get("link", "")
        uid = head.get("id", "")
        found[name] = Origin(uid if is_absolute_iri(uid) else url, clean_title(title), url, link)
    return found


def _term_table(db: Database, config: Config) -> dict[tuple[str, str], Term]:
    return {
        (kind, name): Term(kind, name, given, config.labels.get(kind, {}).get(name, name))
        for _, kind, name, given, _, _ in db.rows("feeds_all")
        if kind != "all"
    }


def label(config: Config, kind: str, name: str) -> str:
    """How a feed is called for people."""
    return config.labels.get(kind, {}).get(name, name)


def head_of(config: Config, feed: DirtyFeed, updated: int) -> FeedHead:
    """What every document of a feed says about it."""
    site = config.site
    title = site.title if feed.kind == "all" else f"{label(config, feed.kind, feed.name)} - {site.title}"
    return FeedHead(
        id=feed.uid,
        title=title,
        subtitle=site.description,
        author=site.author,
        language=site.language,
        site_url=site.url,
        self_urls=tuple((form, url_of(config, feed.kind, feed.slug, form)) for form in FORMATS),
        updated=datetime.fromtimestamp(updated, ZoneInfo(site.timezone)),
    )


def url_of(config: Config, kind: str, given: str, form: str) -> str:
    """The address of a feed's subscription document."""
    from urllib.parse import quote

    return config.site.url + quote(plan.document_path(kind, given, form))  # type: ignore[arg-type]


def write_feeds(run: Run, tree: Tree, feeds: Sequence[Feed], published: Published) -> None:
    """Join the entries of each dirty feed into its documents and write those that differ."""
    from feeds.render.documents import join
    from feeds.validate import check_head

    copies = plan.copies(run.config.aliases)
    for done, one in enumerate(feeds, 1):
        if not one.posts:
            continue
        latest, count = run.db.rows("feed_latest", (one.feed.number,))[0]
        one.updated = latest or 0
        head = head_of(run.config, one.feed, one.updated)
        wrong = check_head(head)
        entries = _entries(run.db, one.posts) if not wrong else {}
        for form in run.config.output.formats:
            path = plan.document_path(one.feed.kind, one.feed.slug, form)
            if wrong:
                published.held[path] = "; ".join(wrong)
                one.held = True
                continue
            data = join(head, form, entries[form])
            for place in (path, *copies.get(path, ())):
                one.held |= not tree.put(place, data)
        if not one.held:
            title = label(run.config, one.feed.kind, one.feed.name)
            for place in pagewriting.paths_of(run, one.feed.kind, one.feed.slug):
                page = pagewriting.feed_page(run, one.feed, title, head, count, entries["page"])
                one.held = not tree.put(place, page)
        run.progress("writing", done, len(feeds))
    published.held.update(tree.foreign)
    tree.flush()


def _entries(db: Database, numbers: Sequence[int]) -> dict[str, list[bytes]]:
    """The entries of these posts in each format and for pages, in the order of a document."""
    rows = stored.stored_entries(db, numbers)
    packed = {number: data for number, _, _, data in rows}
    ordered = plan.in_order(plan.Place(number, uid, published) for number, uid, published, _ in rows)
    found: dict[str, list[bytes]] = {part: [] for part in _PARTS}
    for number in ordered:
        for part, data in zip(_PARTS, unpack_entry(packed[number]), strict=True):
            if data:
                found[part].append(data)
    return found


def write_catalogue(run: Run, tree: Tree, feeds: Sequence[Feed]) -> None:
    """Write what names the feeds, after them: only feeds whose documents are in place."""
    if not feeds and all(tree.intact(name) for name in plan.CATALOGUE):
        return
    from feeds.render import catalogue

    config = run.config
    counts = dict(run.db.rows("feed_counts"))
    updated = {one.feed.number: one.updated for one in feeds if one.posts and not one.held}
    listed = []
    for number, kind, name, given, _, stood in run.db.rows("feeds_all"):
        paths = [(form, plan.document_path(kind, given, form)) for form in config.output.formats]
        if not counts.get(number) or any(not tree.published(path) for _, path in paths):
            continue
        latest = updated.get(number, stood)
        title = label(config, kind, name) if kind != "all" else config.site.title
        listed.append(
            catalogue.CatalogueFeed(
                kind=kind,
                label=title,
                slug=given,
                posts=counts[number],
                updated=datetime.fromtimestamp(latest, ZoneInfo(config.site.timezone)) if latest else None,
                urls=tuple((form, url_of(config, kind, given, form)) for form, _ in paths),
                page=run.look.pages,
            )
        )
    listed.sort(key=lambda feed: (_KINDS.index(feed.kind), feed.slug))
    tree.put("feeds.opml", catalogue.opml(run.look.site, listed))
    tree.put(plan.PAGE, pagewriting.front_page(run, listed, _newest_teasers(run)))


def _newest_teasers(run: Run) -> list[bytes]:
    """The newest posts of the feed of all posts, for the front page."""
    number = next((row[0] for row in run.db.rows("feeds_all") if row[1] == "all"), None)
    if number is None:
        return []
    rows = stored.stored_entries(run.db, stored.window(run.db, number, run.config.output.entries))
    packed = {post: data for post, _, _, data in rows}
    newest = plan.in_order(plan.Place(post, uid, published) for post, uid, published, _ in rows)
    return [unpack_entry(packed[post])[_PARTS.index("teaser")] for post in newest[:_TEASERS]]


_KINDS: tuple[Kind, ...] = ("all", "category", "tag")


def settle(run: Run, tree: Tree, feeds: Sequence[Feed], published: Published) -> None:
    """Remember what was written; take documents away that nothing names; write ``.feedd`` and the ledger."""
    config = run.config
    stood = {row[0]: row[4] for row in run.db.rows("documents_all")}
    wanted = _wanted_paths(run)
    for path in sorted(stood.keys() - wanted):
        tree.remove(path)
    published.held.update(tree.foreign)
    if tree.dry:
        return
    feed_of = {path: one.feed.number for one in feeds for path in _paths_of(run, one.feed)}
    with run.db.transaction():
        run.db.many(
            "document_put",
            [(path, feed_of.get(path, stood.get(path)), *one) for path, one in tree.written.items()],
        )
        run.db.many("document_drop", [(path,) for path in tree.removed])
        run.db.many(
            "feed_settle",
            [(f.feed.wanted, f.updated or f.feed.updated, f.feed.number) for f in feeds if not f.held],
        )
    tree.close({path: digest for path, digest, *_ in run.db.rows("documents_all")})
    _write_ledger(run.db, ledger_path(config))


def _paths_of(run: Run, feed: DirtyFeed) -> list[str]:
    copies = plan.copies(run.config.aliases)
    paths = [plan.document_path(feed.kind, feed.slug, form) for form in run.config.output.formats]
    pages = pagewriting.paths_of(run, feed.kind, feed.slug)
    return [*paths, *(old for path in paths for old in copies.get(path, ())), *pages]


def _wanted_paths(run: Run) -> set[str]:
    counts = dict(run.db.rows("feed_counts"))
    wanted = set(plan.CATALOGUE) | pagewriting.asset_paths(run)
    for number, kind, name, given, uid, updated in run.db.rows("feeds_all"):
        if counts.get(number):
            wanted.update(_paths_of(run, DirtyFeed(number, kind, name, given, uid, updated, 0)))
    return wanted


def _write_ledger(db: Database, path: Path) -> None:
    text = ledger.text_of(db)
    if (path.read_text("utf-8") if path.exists() else "") != text:
        replace_file(path, text.encode())
