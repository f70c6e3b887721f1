"""Looking without touching: the commands that report."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.commands.lookup import find_post
from feeds.config import Config, FolderSource
from feeds.config.page_style import build_page_style
from feeds.errors import DeadlineExceeded, PostRejected, UsageError
from feeds.fetcher import folder
from feeds.models import Repair, Skipped
from feeds.publisher.feed_metadata import get_archive_formats, get_label
from feeds.renderer import page_fragments
from feeds.sources import expand
from feeds.storage.archives import load_unarchived
from feeds.storage.neighbourhood import load_document, load_keys
from feeds.storage.serialization import read_shown, read_sighting
from feeds.storage.sqlite import Database
from feeds.storage.upstreams import UpstreamRow, load_upstreams
from feeds.values import document_paths

if TYPE_CHECKING:
    from feeds.output.validator import Finding
    from feeds.workers.task_types import Settings
    from feeds.workers.workers import Workers


def check_paths(config: Config) -> list[str]:
    """What is wrong with the folders and templates that a configuration names."""
    wrong = []
    output, store = config.output.dir, config.store
    seen: dict[Path, str] = {}
    for source in config.folders:
        name = f"{config.path}: sources.{source.name}.path"
        if not source.path.is_dir():
            wrong.append(f"{name}: {source.path}: no such folder; correct the path or create it")
        elif not os.access(source.path, os.R_OK | os.X_OK):
            wrong.append(f"{name}: {source.path}: cannot be read; check its permissions")
        if source.path in seen:
            wrong.append(f"{name}: the same folder as source {seen[source.path]!r}; remove one of them")
        seen[source.path] = source.name
        if output == source.path or (
            output.is_relative_to(source.path) and not folder.is_jekyll(source.path)
        ):
            wrong.append(
                f"{config.path}: output.dir: {output} lies inside the posts of {source.name!r}; choose another folder"
            )
        if source.path.is_relative_to(output):
            wrong.append(f"{name}: {source.path} lies inside the output folder; choose another folder")
    if store.is_relative_to(output):
        wrong.append(
            f"{config.path}: store.url: {store} lies inside the output folder and would be published; choose another place"
        )
    for key, place in (("output.dir", output), ("store.url", store.parent)):
        parent = next(p for p in (place, *place.parents) if p.exists())
        if not os.access(parent, os.W_OK) or not parent.is_dir():
            wrong.append(f"{config.path}: {key}: {parent} cannot be written; check its permissions")
    return wrong + _look_mistakes(config)


def _look_mistakes(config: Config) -> list[str]:
    try:
        page_fragments.check_templates(build_page_style(config))
    except UsageError as error:
        return [f"{config.path}: output.templates: {error}"]
    return []


def lint_posts(config: Config, settings: Settings, only: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Every repair and every file that is no post, in order of path."""
    from feeds.workers import ingest_tasks
    from feeds.workers.workers import Workers

    wanted = [path.absolute() for path in only]
    for place in wanted:
        if not any(
            place.is_relative_to(one.path) or one.path.is_relative_to(place) for one in config.folders
        ):
            raise UsageError(
                f"{place}: lies in no folder of the configuration; name one of a source, or a file in it"
            )
        if not place.exists():
            raise UsageError(f"{place}: no such file or folder")
    with Workers(1, ingest_tasks.begin, settings) as workers:
        for source in config.folders:
            if not source.path.is_dir():
                yield _finding(source.path, 0, "no-folder", "", "", "correct the source's path")
                continue
            yield from _lint_site(source.path, settings.sources[source.name].parse.site.repairs, wanted)
            for path, _, _ in folder.scan(source.path, folder.is_jekyll(source.path), ()).changed:
                full = source.path / path
                if not wanted or any(full.is_relative_to(one) for one in wanted):
                    yield from _lint_file(workers, source, path)


def _lint_site(root: Path, repairs: Sequence[Repair], wanted: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """What is wrong in the site's own configuration."""
    file = (root.parent if root.name == "_posts" else root) / "_config.yml"
    if not wanted or any(file.is_relative_to(one) for one in wanted):
        for repair in repairs:
            yield _finding(file, repair.line, repair.rule, repair.old, repair.new, "")


def _lint_file(workers: Workers, source: FolderSource, path: str) -> Iterator[dict[str, Any]]:
    from feeds.workers import ingest_tasks

    full = source.path / path
    try:
        item = workers.run(ingest_tasks.parse, source.name, path, folder.read(source.path, path))
    except (OSError, PostRejected, DeadlineExceeded) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        yield _finding(full, 1, "rejected", "", "", reason or str(error))
        return
    if isinstance(item, Skipped):
        if item.outcome == "ignored":
            yield _finding(full, 1, "ignored", "", "", item.reason)
        return
    for repair in sorted(item.repairs, key=lambda r: r.line):
        yield _finding(full, repair.line, repair.rule, repair.old, repair.new, "")


def _finding(path: Path, line: int, rule: str, old: str, new: str, note: str) -> dict[str, Any]:
    return {"path": str(path), "line": line, "rule": rule, "old": old, "new": new, "note": note}


def validate_documents(paths: Sequence[Path]) -> list[tuple[Path, Finding]]:
    """Findings in documents, or in all documents below folders."""
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
    """Everything known of one post."""
    number = find_post(db, config, wanted)
    db.scope([number])
    post = db.rows("posts_by_number")[0]
    shown = read_shown(post[10])
    sources = {row[0]: (row[1], 0) for row in db.rows("source_all")}
    db.scope([number])
    numbers = [row[0] for row in db.rows("sightings_by_post")]
    keys = load_keys(db, numbers)
    db.scope(numbers)
    sightings = [read_sighting(row, sources, *keys[row[0]]) for row in db.rows("sightings_by_number")]
    found: dict[str, Any] = {
        "id": post[1],
        "state": post[6],
        "title": shown.title,
        "link": shown.link,
        "published": shown.published.isoformat() if shown.published else None,
        "published_guessed": shown.guessed,
        "keys": sorted({s.strong for s in sightings if s.strong} | {k for s in sightings for k in s.weak}),
        "sightings": [
            {"source": s.source, "path": s.place, "address": s.link, "shown_body": s.number == shown.body}
            for s in sightings
        ],
        "aliases": [row[0] for row in db.rows("aliases_of", (number,))],
        "feeds": [_membership(db, config, number, row) for row in db.rows("feeds_of_post", (number,))],
    }
    found["history"] = _history(db, settings, number, shown.title, shown.body)
    if post[6] == "waiting":
        found["why_not"] = "dated in the future; it appears when its time has come"
    elif post[6] == "withdrawn":
        found["why_not"] = _withdrawn(db.value("post_reason", (number,)), post[12])
    elif post[6] == "expired":
        found["why_not"] = "older than `keep` allows; it is only remembered"
    elif post[6] != "live":
        found["why_not"] = db.value("post_reason", (number,)) or "no source has it any more"
    return found


def _history(db: Database, settings: Settings, number: int, title: str, body: int) -> list[dict[str, Any]]:
    """When the post changed and what, the newest change first."""
    rows = db.rows("revisions_of", (number,))
    if not rows:
        return []
    from feeds.commands.text_diff import changes
    from feeds.workers import ingest_tasks
    from feeds.workers.workers import Workers

    found = []
    with Workers(1, ingest_tasks.begin, settings) as workers:
        newer = (title, _text(workers, *load_document(db, body)))
        for until, old_title, data, source, place in rows:
            older = (old_title, _text(workers, data, source, place))
            found.append(
                {
                    "changed": _instant(until),
                    "title": changes(older[0], newer[0]),
                    "text": changes(older[1], newer[1]),
                }
            )
            newer = older
    return found


def _text(workers: Workers, data: bytes, source: str, place: str) -> str:
    """The text of a payload; empty if there is none or it takes too long."""
    from feeds.workers import ingest_tasks

    try:
        return workers.run(ingest_tasks.text_of, data, source, place) if data else ""
    except DeadlineExceeded:
        return ""


def _withdrawn(reason: str, at: int) -> str:
    since = f"withdrawn since {_instant(at)}" + (f" ({reason})" if reason else "")
    return f"{since}; `feedd withdraw --undo` brings it back"


def _membership(db: Database, config: Config, number: int, row: tuple[str, str, str, int]) -> dict[str, Any]:
    kind, name, given, feed = row
    inside = number in {r[0] for r in db.rows("window", (feed, config.output.entries))}
    archive = db.value("archive_of_post", (feed, number))
    if get_archive_formats(config, kind):
        inside |= number in {row.post for row in load_unarchived(db, feed)}
    found = {
        "feed": document_paths.build_folder(kind, given or "") or "/",
        "label": get_label(config, kind, name) or config.site.title,
        "in_document": inside,
    }
    if not inside:
        held = f"; archive {archive} holds it" if archive else ""
        found["why_not"] = f"{config.output.entries} posts surfaced later{held}"
    return found


def _health(row: UpstreamRow) -> dict[str, Any]:
    """How an upstream fares: in one word, when it was and will be asked, and why."""
    failures = json.loads(row.state).get("failures", 0)
    health = "gone" if row.outcome == "gone" else "failing" if failures else "well"
    return {
        "health": health,
        "last_poll": _instant(row.polled) if row.polled else "",
        "next_poll": _instant(row.due) if row.outcome != "gone" else "",
        "decided_by": row.decided_by,
        "reason": row.reason,
        "failures": failures,
        "title": row.head.get("title", ""),
        "url": row.head.get("url", ""),
        "hubs": row.head.get("hubs", []),
    }


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def status_of(db: Database, config: Config) -> dict[str, Any]:
    """Sources with their counts, posts by state, and feeds."""
    configured = {one.name for one in (*config.sources, *expand(config, db)[0])}
    asked = load_upstreams(db)
    entries = dict(db.rows("sighting_counts"))
    sources = []
    for number, name, _, complete, last in db.rows("source_all"):
        counts = {"item": 0, "ignored": 0, "unpublished": 0, "rejected": 0, "vanished": 0, "repaired": 0}
        for outcome, vanished, count, repaired in db.rows("file_counts", (number,)):
            counts["vanished" if vanished else outcome] += count
            counts["repaired"] += 0 if vanished else repaired
        sources.append(
            {
                "name": name,
                "configured": name in configured,
                "complete": bool(complete),
                "last_read": last,
                "files": counts,
                "entries": entries.get(number, 0),
                "upstream": _health(asked[name]) if name in asked else None,
            }
        )
    counts = dict(db.rows("feed_counts"))
    feeds = [
        {
            "kind": kind,
            "name": name,
            "label": get_label(config, kind, name),
            "folder": document_paths.build_folder(kind, slug) or "/",
            "posts": counts.get(number, 0),
        }
        for number, kind, name, slug, *_ in db.rows("feeds_all")
    ]
    return {
        "sources": sources,
        "posts": dict(db.rows("posts_of_state")),
        "feeds": feeds,
        "documents": len(db.rows("documents_all")),
    }
