"""``feedd explain``: show where a post came from, which feeds it is in, or why it is in none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from feeds.cli.arguments import POST, Commands, decode
from feeds.cli.output import print_json

if TYPE_CHECKING:
    from argparse import Namespace

    from feeds.config import Config
    from feeds.storage.interface import Archives, Posts, Storage
    from feeds.storage.lookup import NoPost
    from feeds.storage.reports import FeedOfPost, PostReport
    from feeds.workers.task_types import Settings
    from feeds.workers.workers import Workers

_MOST_ELEMENTS = 20

STATES = {"live": "published", "waiting": "scheduled", "hidden": "unpublished"}
"""What people call the states of a post."""


def add_arguments(commands: Commands) -> None:
    """Add the command and its arguments."""
    explain = commands.add(
        "explain", "show where a post came from, which feeds it is in, or why it is in none"
    )
    explain.add_argument("post", type=decode, metavar="POST", help=POST)
    explain.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Run the command and print its result; return the exit code."""
    from feeds.config import load_config

    (print_json if options.json else print_post)(explain_post(load_config(options.config), options.post))
    return 0


def explain_post(config: Config, wanted: str) -> dict[str, Any]:
    """Return everything that is known of a post.

    Raises:
        UsageError: nothing was built yet, or the post is not known.
    """
    from contextlib import closing

    from feeds.session import build_worker_settings, require_store
    from feeds.storage.store import Store

    with closing(Store.open(require_store(config), read_only=True)) as db:
        return _explain(db, config, build_worker_settings(config), wanted)


def _explain(db: Storage, config: Config, settings: Settings, wanted: str) -> dict[str, Any]:
    """Return everything that is known of a post.

    Raises:
        UsageError: the post is not known.
    """
    from feeds.cli.lookup import find_item
    from feeds.storage.lookup import NoPost

    number = find_item(db, config, wanted)
    if isinstance(number, NoPost):
        return _describe_no_post(number)
    post = db.load_post_report(number, config.output.entries)
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
    found["dropped"] = _list_dropped_elements(db, config, settings, post)
    found["history"] = _describe_history(db, settings, post)
    if post.state == "waiting":
        found["why_not"] = "scheduled: its date is in the future"
    elif post.state == "withdrawn":
        found["why_not"] = _describe_withdrawal(post)
    elif post.state == "expired":
        found["why_not"] = "older than `keep` allows"
    elif post.state == "hidden":
        found["why_not"] = "its address is the page of a file that is not published"
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
        "dropped": [],
        "history": [],
        "why_not": item.reason,
    }


def _list_dropped_elements(db: Posts, config: Config, settings: Settings, post: PostReport) -> list[str]:
    """Return the unknown elements that are removed from the text of an entry of an upstream feed."""
    from feeds.errors import DeadlineExceeded
    from feeds.storage.bodies import NO_BODY
    from feeds.workers import body_tasks, ingest_tasks
    from feeds.workers.workers import Workers

    data, source, place = db.load_bodies([post.shown.body]).get(post.shown.body, NO_BODY)
    if not data or any(source == folder.name for folder in config.folders):
        return []
    with Workers(1, ingest_tasks.begin, settings) as workers:
        try:
            return workers.run(body_tasks.find_dropped_elements, data, source, place)
        except DeadlineExceeded:
            return []


def _describe_history(db: Posts, settings: Settings, post: PostReport) -> list[dict[str, Any]]:
    """Return when the post changed and what changed, the latest change first."""
    if not post.revisions:
        return []
    from feeds.cli.text_diff import find_changes
    from feeds.daemon.status import format_time
    from feeds.storage.bodies import NO_BODY
    from feeds.workers import ingest_tasks
    from feeds.workers.workers import Workers

    found = []
    body = db.load_bodies([post.shown.body]).get(post.shown.body, NO_BODY)
    # In a worker, because a stored document may still be hostile to its parser.
    with Workers(1, ingest_tasks.begin, settings) as workers:
        # Versions are compared in turn, from the current version back.
        newer = (post.shown.title, _extract_text(workers, *body))
        for until, old_title, data, source, place in post.revisions:
            older = (old_title, _extract_text(workers, data, source, place))
            found.append(
                {
                    "changed": format_time(until),
                    "title": find_changes(older[0], newer[0]),
                    "text": find_changes(older[1], newer[1]),
                }
            )
            newer = older
    return found


def _extract_text(workers: Workers, data: bytes, source: str, place: str) -> str:
    """Return the text of a stored document; empty if there is none or extraction takes too long."""
    from feeds.errors import DeadlineExceeded
    from feeds.workers import body_tasks

    try:
        return workers.run(body_tasks.extract_text, data, source, place) if data else ""
    except DeadlineExceeded:
        return ""


def _describe_withdrawal(post: PostReport) -> str:
    from feeds.daemon.status import format_time

    since = f"withdrawn since {format_time(post.withdrawn)}" + (f" ({post.reason})" if post.reason else "")
    return f"{since}; `feedd withdraw --undo` publishes it again"


def _describe_membership(db: Archives, config: Config, post: PostReport, feed: FeedOfPost) -> dict[str, Any]:
    from feeds.daemon.status import get_label
    from feeds.values import document_paths

    inside = feed.in_window
    if config.output.archive and feed.kind in config.output.archive_kinds:
        # With archives a document also contains the entries that no archive has yet.
        inside |= post.number in {row.post for row in db.load_unarchived_versions(feed.number)}
    found = {
        "feed": document_paths.build_folder(feed.kind, feed.slug) or "/",
        "label": get_label(config, feed.kind, feed.name) or config.site.title,
        "in_document": inside,
    }
    if not inside:
        held = f"; it is in archive {feed.archive}" if feed.archive else ""
        found["why_not"] = f"{config.output.entries} newer posts fill it{held}"
    return found


def print_post(found: dict[str, Any]) -> None:
    """Print everything that is known of a post."""
    for label, text in _describe_post(found):
        print(f"{label:10} {text}")


def _describe_post(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield a label and a text for each line of ``feedd explain``."""
    for name in ("title", "id", "state", "link", "published", "why_not"):
        if found.get(name):
            guessed = " (guessed)" if name == "published" and found["published_guessed"] else ""
            text = STATES.get(found[name], found[name]) if name == "state" else found[name]
            yield name.replace("why_not", "reason"), f"{text}{guessed}"
    for key in found["keys"]:
        yield "identity", key.removeprefix("!")
    for copy in found["sightings"]:
        url = f" <{copy['address']}>" if copy["address"] else ""
        shown = "  (its text is published)" if copy["shown_body"] else ""
        yield "source", f"{copy['source']}: {copy['path'] or copy['guid']}{url}{shown}"
    for alias in found["aliases"]:
        yield "merged", alias
    if found["dropped"]:
        shown = " ".join(found["dropped"][:_MOST_ELEMENTS])
        more = len(found["dropped"]) - _MOST_ELEMENTS
        yield "removed", f"unknown to HTML: {shown}" + (f" and {more} more" if more > 0 else "")
    for change in found["history"]:
        yield "changed", change["changed"]
        for place in (*(f"title: {title}" for title in change["title"]), *change["text"]):
            yield "", place
    for feed in found["feeds"]:
        missing = "" if feed["in_document"] else f"  not in the document: {feed['why_not']}"
        yield "feed", f"{feed['feed']} ({feed['label']}){missing}"
