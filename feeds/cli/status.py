"""``feedd status``: show sources, counts and feeds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from feeds.cli.arguments import Commands
from feeds.cli.explain import STATES
from feeds.cli.output import format_count, print_json

if TYPE_CHECKING:
    from argparse import Namespace
    from datetime import datetime

    from feeds.config import Config

_INTERVALS = {
    "backoff": "after failures",
    "every": "as configured",
    "max-age": "its cache lifetime",
    "no-validators": "server sends no ETag",
    "retry-after": "rate-limited",
    "rhythm": "how often it posts",
    "skip-days": "its skipDays",
    "skip-hours": "its skipHours",
    "sy": "its update period",
    "ttl": "its ttl",
}
"""Why an upstream feed is polled next at that time, by ``decided_by`` of the poll scheduler."""
_FILES = {"item": "posts", "unpublished": "drafts", "vanished": "deleted"}


def add_arguments(commands: Commands) -> None:
    """Add the command and its arguments."""
    status = commands.add("status", "show sources, counts and feeds")
    status.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Run the command and print its result; return the exit code."""
    from feeds.config import load_config
    from feeds.session import now

    found = load_status(load_config(options.config))
    if options.json:
        print_json(found)
    else:
        print_status(found, options.verbose, now())
    return 0


def load_status(config: Config) -> dict[str, Any]:
    """Return the health of every source, counts and feeds. See :func:`feeds.api.status`."""
    from contextlib import closing

    from feeds.daemon import status
    from feeds.session import require_store
    from feeds.storage.store import Store

    with closing(Store.open(require_store(config), read_only=True)) as db:
        return status.load_status(db, config)


def print_status(found: dict[str, Any], each_feed: bool, now: datetime) -> None:
    """Print the health of every source, and counts; with ``each_feed`` every feed too."""
    rows = [(describe_health(s), s["name"], describe_source(s, now)) for s in found["sources"]]
    feeds = (
        [(feed["folder"], str(feed["posts"]), feed["label"]) for feed in found["feeds"]] if each_feed else []
    )
    states = [f"{count} {STATES.get(state, state)}" for state, count in found["posts"].items()]
    totals = f"posts: {', '.join(states) or 'none'}"
    totals += f"\nfeeds: {len(found['feeds'])} in {format_count(found['documents'], 'document')}"
    if sys.stdout.isatty():
        from feeds.cli.terminal import print_status_tables

        print_status_tables(rows, totals, feeds)
        return
    for health, name, text in rows:
        print(f"{health:12} {name}: {text}")
    print(totals)
    for folder, posts, label in feeds:
        print(f"  {folder:40} {posts:>6}  {label}")


def describe_health(source: dict[str, Any]) -> str:
    """Return the health of a source in a word: ok, failing, rate-limited, gone or removed."""
    upstream = source["upstream"]
    if not source["configured"]:
        return "removed"
    if upstream and upstream["health"] == "failing" and upstream["decided_by"] == "retry-after":
        return "rate-limited"
    return str(upstream["health"]).replace("well", "ok") if upstream else "ok"


def describe_source(source: dict[str, Any], now: datetime) -> str:
    """Return the counts and times of a source as one line."""
    upstream = source["upstream"]
    note = "" if source["configured"] else "; no longer configured, its posts are kept (see `feedd forget`)"
    if not upstream:
        files = [f"{n} {_format_outcome(name, n)}" for name, n in source["files"].items() if n]
        return f"{', '.join(files) or 'no posts'}; {_describe_past('read', source['last_read'], now)}{note}"
    times = _describe_past("fetched", upstream["last_poll"], now)
    if upstream["next_poll"]:
        reason = _INTERVALS.get(upstream["decided_by"], upstream["decided_by"])
        times += f", next {_describe_next(upstream['next_poll'], now)}" + (f" ({reason})" if reason else "")
    else:
        times += ", not fetched any more"
    failure = "" if upstream["health"] == "well" else f"; {upstream['reason']}"
    return f"{format_count(source['entries'], 'post')}; {times}{failure}{note}"


def _format_outcome(outcome: str, count: int) -> str:
    name = _FILES.get(outcome, outcome)
    return name.removesuffix("s") if count == 1 else name


def _count_seconds(instant: str, now: datetime) -> float:
    """Return the seconds from ``now`` to an instant; negative if it is past."""
    from datetime import datetime

    return (datetime.fromisoformat(instant) - now).total_seconds()


def _describe_past(verb: str, instant: str, now: datetime) -> str:
    if not instant:
        return f"never {verb}"
    return f"{verb} {format_duration(-_count_seconds(instant, now))} ago"


def _describe_next(instant: str, now: datetime) -> str:
    seconds = _count_seconds(instant, now)
    return f"in {format_duration(seconds)}" if seconds > 0 else "due now"


def format_duration(seconds: float) -> str:
    """Return a duration in its largest useful unit: s, min, h or days."""
    seconds = max(0, round(seconds))
    # 90 and not 60: "89 s" is more precise than "1 min".
    if seconds < 90:
        return f"{seconds} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{round(seconds / 3600)} h" if seconds < 48 * 3600 else f"{round(seconds / 86400)} days"
