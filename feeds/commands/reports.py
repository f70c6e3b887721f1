"""The commands that report and change nothing: check, lint, validate, explain and status."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.commands.lookup import NoPost, find_item
from feeds.commands.repair_messages import describe_repair
from feeds.config import Config, FolderSource
from feeds.config.page_style import build_page_style
from feeds.errors import DeadlineExceeded, PostRejected, UsageError
from feeds.fetcher import folder
from feeds.models import Item, Repair, Skipped
from feeds.parser.posts.visibility import SECTION_PAGE
from feeds.renderer import page_fragments
from feeds.sources import expand_sources
from feeds.storage.archives import load_unarchived
from feeds.storage.bodies import NO_BODY, load_bodies
from feeds.storage.documents import count_documents
from feeds.storage.feeds import load_feeds
from feeds.storage.reports import (
    FeedOfPost,
    PostReport,
    count_files,
    count_posts,
    count_posts_of_feeds,
    load_post_report,
)
from feeds.storage.sources import load_sources
from feeds.storage.sqlite import Database
from feeds.storage.upstreams import UpstreamRow, count_entries, load_upstreams
from feeds.values import document_paths

if TYPE_CHECKING:
    from feeds.output.validator import Finding
    from feeds.workers.task_types import Settings
    from feeds.workers.workers import Workers


def check_paths(config: Config) -> list[str]:
    """Return a message for each problem with the folders and templates of a configuration."""
    wrong = []
    output, store = config.output.dir, config.store
    seen: dict[Path, str] = {}
    for source in config.folders:
        name = f"{config.path}: sources.{source.name}.path"
        if not source.path.is_dir():
            wrong.append(f"{name}: {source.path}: no such folder; correct the path or create the folder")
        elif not os.access(source.path, os.R_OK | os.X_OK):
            wrong.append(f"{name}: {source.path}: is not readable; check its permissions")
        if source.path in seen:
            wrong.append(f"{name}: the same folder as source {seen[source.path]!r}; remove one of them")
        seen[source.path] = source.name
        # feedd would read its own output as posts; Jekyll trees have folders that are skipped.
        if output == source.path or (
            output.is_relative_to(source.path) and not folder.is_jekyll(source.path)
        ):
            wrong.append(
                f"{config.path}: output.dir: {output} is inside the posts of {source.name!r}; choose another folder"
            )
        if source.path.is_relative_to(output):
            wrong.append(f"{name}: {source.path} is inside the output folder; choose another folder")
    if store.is_relative_to(output):
        wrong.append(
            f"{config.path}: store.url: {store} is inside the output folder and would be published; choose another place"
        )
    for key, place in (("output.dir", output), ("store.url", store.parent)):
        parent = next(p for p in (place, *place.parents) if p.exists())
        if not os.access(parent, os.W_OK) or not parent.is_dir():
            wrong.append(f"{config.path}: {key}: {parent} is not writable; check its permissions")
    return wrong + _check_templates(config)


def _check_templates(config: Config) -> list[str]:
    try:
        page_fragments.check_templates(build_page_style(config))
    except UsageError as error:
        return [f"{config.path}: output.templates: {error}"]
    return []


def lint_posts(config: Config, settings: Settings, only: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Yield each repair and each file that is not a post, in the order of the configuration and of the paths.

    Raises:
        UsageError: a path of ``only`` does not exist or is not in a source folder.
    """
    from feeds.workers import ingest_tasks
    from feeds.workers.workers import Workers

    wanted = [path.absolute() for path in only]
    for place in wanted:
        if not any(
            place.is_relative_to(source.path) or source.path.is_relative_to(place)
            for source in config.folders
        ):
            raise UsageError(
                f"{place}: not in any source folder of the configuration; name a source folder or a file in it"
            )
        if not place.exists():
            raise UsageError(f"{place}: no such file or folder")
    with Workers(1, ingest_tasks.begin, settings) as workers:
        for source in config.folders:
            if not source.path.is_dir():
                yield _make_finding(
                    source.path, 0, "no-folder", note="no such folder; correct the source's path"
                )
                continue
            yield from _lint_site(source.path, settings.sources[source.name].parse.site.repairs, wanted)
            for path, _, _ in folder.scan(source.path, folder.is_jekyll(source.path), ()).changed:
                full = source.path / path
                if not wanted or any(full.is_relative_to(place) for place in wanted):
                    yield from _lint_file(workers, source, path)


def _lint_site(root: Path, repairs: Sequence[Repair], wanted: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Yield the problems in the configuration of a Jekyll site."""
    file = (root.parent if root.name == "_posts" else root) / "_config.yml"
    if not wanted or any(file.is_relative_to(place) for place in wanted):
        for repair in repairs:
            yield _make_repair_finding(file, repair)


def _lint_file(workers: Workers, source: FolderSource, path: str) -> Iterator[dict[str, Any]]:
    from feeds.workers import ingest_tasks

    full = source.path / path
    try:
        data = folder.read(source.path, path)
        item = workers.run(ingest_tasks.parse_file, source.name, path, data)
    except (OSError, PostRejected, DeadlineExceeded) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        yield _make_finding(full, 1, "rejected", note=reason or str(error))
        return
    if isinstance(item, Skipped):
        # Drafts are intended, so lint does not report them.
        if item.outcome == "ignored" and item.reason != SECTION_PAGE:
            yield _make_finding(full, 1, "ignored", note=item.reason)
        return
    keys = (
        _list_keys(data) if any(repair.rule in ("empty-title", "no-date") for repair in item.repairs) else ()
    )
    for repair in sorted(item.repairs, key=lambda r: r.line):
        yield _make_repair_finding(full, repair, item, keys)


def _list_keys(data: bytes) -> Collection[str]:
    """Return the keys of the header of a post."""
    from feeds.parser.posts.file_encoding import decode
    from feeds.parser.posts.front_matter import read_front_matter

    matter = read_front_matter(decode(data)[0])
    return tuple(matter.values) if matter else ()


def _make_finding(path: Path, line: int, rule: str, note: str) -> dict[str, Any]:
    return {
        "path": str(path),
        "line": line,
        "rule": rule,
        "old": "",
        "new": "",
        "note": note,
        "message": note,
    }


def _make_repair_finding(
    path: Path, repair: Repair, item: Item | None = None, keys: Collection[str] = ()
) -> dict[str, Any]:
    message = describe_repair(repair, item, path.name, keys)
    found = _make_finding(path, repair.line, repair.rule, "")
    return found | {"old": repair.old, "new": repair.new, "message": message}


def validate_documents(paths: Sequence[Path]) -> list[tuple[Path, Finding]]:
    """Validate documents, or all documents below folders.

    Raises:
        UsageError: a path does not exist.
    """
    from feeds.output.validator import check_document

    found = []
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder")
        files = sorted(p for p in path.rglob("*") if _is_document(p)) if path.is_dir() else [path]
        found += [(file, finding) for file in files for finding in check_document(file.read_bytes())]
    return found


def _is_document(path: Path) -> bool:
    if path.suffix == ".json":
        return path.name == "feed.json" or path.parent.name == "archive"
    return path.suffix in (".xml", ".opml")


def explain_post(db: Database, config: Config, settings: Settings, wanted: str) -> dict[str, Any]:
    """Return everything that is known of a post.

    Raises:
        UsageError: the post is not known.
    """
    number = find_item(db, config, wanted)
    if isinstance(number, NoPost):
        return _describe_no_post(number)
    post = load_post_report(db, number, config.output.entries)
    shown, sightings = post.shown, post.sightings
    found: dict[str, Any] = {
        "id": post.uid,
        "state": post.state,
        "title": shown.title,
        "link": shown.link,
        "published": shown.published.isoformat() if shown.published else None,
        "published_guessed": shown.guessed,
        "keys": sorted({s.strong for s in sightings if s.strong} | {k for s in sightings for k in s.weak}),
        "sightings": [
            {
                "source": s.source,
                "path": s.place,
                "guid": s.guid,
                "address": s.link,
                "shown_body": s.number == shown.body,
            }
            for s in sightings
        ],
        "aliases": list(post.aliases),
        "feeds": [_describe_membership(db, config, post, feed) for feed in post.feeds],
    }
    found["history"] = _describe_history(db, settings, post)
    if post.state == "waiting":
        found["why_not"] = "scheduled: its date is in the future"
    elif post.state == "withdrawn":
        found["why_not"] = _describe_withdrawal(post)
    elif post.state == "expired":
        found["why_not"] = "older than `keep` allows"
    elif post.state != "live":
        found["why_not"] = post.reason or "no source contains it any more"
    return found


def _describe_no_post(item: NoPost) -> dict[str, Any]:
    """Describe a file or an entry that is not a post with the keys that a post has."""
    return {
        "id": None,
        "state": item.state,
        "title": item.title,
        "link": item.address,
        "published": None,
        "published_guessed": False,
        "keys": [],
        "sightings": [
            {
                "source": item.source,
                "path": item.path,
                "guid": "",
                "address": item.address,
                "shown_body": False,
            }
        ],
        "aliases": [],
        "feeds": [],
        "history": [],
        "why_not": item.reason,
    }


def _describe_history(db: Database, settings: Settings, post: PostReport) -> list[dict[str, Any]]:
    """Return when the post changed and what changed, the latest change first."""
    if not post.revisions:
        return []
    from feeds.commands.text_diff import find_changes
    from feeds.workers import ingest_tasks
    from feeds.workers.workers import Workers

    found = []
    body = load_bodies(db, [post.shown.body]).get(post.shown.body, NO_BODY)
    with Workers(1, ingest_tasks.begin, settings) as workers:
        # Versions are compared in turn, from the current version back.
        newer = (post.shown.title, _extract_text(workers, *body))
        for until, old_title, data, source, place in post.revisions:
            older = (old_title, _extract_text(workers, data, source, place))
            found.append(
                {
                    "changed": _format_time(until),
                    "title": find_changes(older[0], newer[0]),
                    "text": find_changes(older[1], newer[1]),
                }
            )
            newer = older
    return found


def _extract_text(workers: Workers, data: bytes, source: str, place: str) -> str:
    """Return the text of a stored document; empty if there is none or extraction takes too long."""
    from feeds.workers import ingest_tasks

    try:
        return workers.run(ingest_tasks.extract_text, data, source, place) if data else ""
    except DeadlineExceeded:
        return ""


def _describe_withdrawal(post: PostReport) -> str:
    since = f"withdrawn since {_format_time(post.withdrawn)}" + (f" ({post.reason})" if post.reason else "")
    return f"{since}; `feedd withdraw --undo` publishes it again"


def _describe_membership(db: Database, config: Config, post: PostReport, feed: FeedOfPost) -> dict[str, Any]:
    inside = feed.in_window
    if config.output.archive and feed.kind in config.output.archive_kinds:
        inside |= post.number in {row.post for row in load_unarchived(db, feed.number)}
    found = {
        "feed": document_paths.build_folder(feed.kind, feed.slug) or "/",
        "label": _get_label(config, feed.kind, feed.name) or config.site.title,
        "in_document": inside,
    }
    if not inside:
        held = f"; it is in archive {feed.archive}" if feed.archive else ""
        found["why_not"] = f"{config.output.entries} newer posts fill it{held}"
    return found


def _get_label(config: Config, kind: str, name: str) -> str:
    """Return the name of a feed for people: its configured label, or its own name."""
    return config.labels.get(kind, {}).get(name, name)


def _describe_upstream(row: UpstreamRow) -> dict[str, Any]:
    """Return the health of an upstream feed, when it was and will be fetched, and why."""
    failures = json.loads(row.state).get("failures", 0)
    health = "gone" if row.outcome == "gone" else "failing" if failures else "well"
    return {
        "health": health,
        "last_poll": _format_time(row.polled) if row.polled else "",
        "next_poll": _format_time(row.due) if row.outcome != "gone" else "",
        "decided_by": row.decided_by,
        "reason": row.reason,
        "failures": failures,
        "title": row.head.get("title", ""),
        "url": row.head.get("url", ""),
        "hubs": row.head.get("hubs", []),
    }


def _format_time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def load_status(db: Database, config: Config) -> dict[str, Any]:
    """Return the sources with their counts, the number of posts by state, and the feeds."""
    configured = {source.name for source in (*config.sources, *expand_sources(config.sources, db)[0])}
    upstreams = load_upstreams(db)
    entries = count_entries(db)
    sources = []
    for number, name, _, complete, last in load_sources(db).values():
        counts = {"item": 0, "ignored": 0, "unpublished": 0, "rejected": 0, "vanished": 0, "repaired": 0}
        for outcome, vanished, count, repaired in count_files(db, number):
            # A file that has vanished keeps its last outcome, but must not count twice.
            counts["vanished" if vanished else outcome] += count
            counts["repaired"] += 0 if vanished else repaired
        sources.append(
            {
                "name": name,
                "configured": name in configured,
                "complete": complete,
                "last_read": last,
                "files": counts,
                "entries": entries.get(number, 0),
                "upstream": _describe_upstream(upstreams[name]) if name in upstreams else None,
            }
        )
    posts = count_posts_of_feeds(db)
    feeds = [
        {
            "kind": feed.kind,
            "name": feed.name,
            "label": _get_label(config, feed.kind, feed.name),
            "folder": document_paths.build_folder(feed.kind, feed.slug) or "/",
            "posts": posts.get(feed.number, 0),
        }
        for feed in load_feeds(db)
    ]
    return {
        "sources": sources,
        "posts": count_posts(db),
        "feeds": feeds,
        "documents": count_documents(db),
    }
