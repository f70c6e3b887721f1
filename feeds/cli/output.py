"""What the program prints: reports as plain text, or styled by :mod:`feeds.cli.terminal` on a terminal."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from feeds.api import BuildReport
    from feeds.commands.subscriptions import AddResult
    from feeds.protocols import Progress

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
_MOST_REASONS = 12
_FILES = {"item": "posts", "unpublished": "drafts", "vanished": "deleted"}
_STATES = {"live": "published", "waiting": "scheduled"}


def print_message(text: str) -> None:
    """Print a line to stderr; on a terminal ``warning:`` and ``feedd:`` are coloured."""
    if sys.stderr.isatty():
        from feeds.cli.terminal import print_styled

        print_styled(text)
    else:
        print(text, file=sys.stderr)


def prepare_streams() -> None:
    """Make stdout and stderr accept any text.

    Characters that their encoding does not have are escaped; a closed stream is replaced by the null device.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        # Python starts without a stream if the shell has closed it.
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - until the end
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_json(value: object) -> None:
    """Print a result as JSON, in ASCII if stdout is not UTF-8."""
    import json

    # Escapes keep JSON valid where the encoding cannot represent all characters.
    ascii_only = sys.stdout.encoding.lower() not in ("utf-8", "utf8")
    print(json.dumps(value, ensure_ascii=ascii_only, indent=2, default=str))


@contextmanager
def show_progress(enabled: bool) -> Iterator[Progress]:
    """Show a progress bar on stderr if it is a terminal; yield the function that a build calls."""
    # Rich is loaded only for a terminal.
    if not enabled or not sys.stderr.isatty():
        from feeds.protocols import ignore_progress

        yield ignore_progress
        return
    from feeds.cli.terminal import draw_progress

    with draw_progress() as progress:
        yield progress


def print_warnings(report: BuildReport) -> None:
    """Print the warnings of a build to stderr: failed sources, rejected posts, documents that were not published."""
    for trouble in report.troubles:
        print_message(f"warning: {trouble.removeprefix('source ')}")
    for rejected in report.rejected:
        print_message(f"warning: post rejected: {rejected['path']}: {rejected['reason']}")
    for held in report.held:
        print_message(f"warning: document not published: {held['path']}: {held['reason']}")


def format_count(count: int, noun: str) -> str:
    """Return a count with its noun, which gets an ``s`` unless the count is 1."""
    return f"{count} {noun}" + ("" if count == 1 else "s")


def print_summary(report: BuildReport, dry_run: bool, each: bool) -> None:
    """Print the counts of a build; with ``each`` every document too."""
    wrote, removed = ("would write", "would remove") if dry_run else ("wrote", "removed")
    if each:
        for verb, paths in ((wrote, report.written), (removed, report.removed)):
            for path in paths:
                print(f"{verb} {path}")
    counts = [format_count(report.read, "file") + " read"] if report.read else []
    counts += [format_count(report.asked, "upstream feed") + " fetched"] if report.asked else []
    counts += [format_count(len(report.troubles), "warning")] if report.troubles else []
    print(f"{format_count(report.sources, 'source')}: {', '.join(counts) or 'nothing to read'}")
    print(
        f"posts: {report.new} new, {report.changed} changed, {report.gone} removed, {report.repaired} repaired, "
        f"{report.merged} merged, {report.unpublished} unpublished, {report.ignored} ignored, "
        f"{len(report.rejected)} rejected"
    )
    for note in report.notes:
        print(f"note: {note}")
    if report.parted:
        print(
            f"{format_count(report.parted, 'post')} had been joined with others by mistake, now separate again"
        )
    if report.entries["read"]:
        counts = [f"{count} {name}" for name, count in report.entries.items() if count or name == "published"]
        print(f"entries: {', '.join(counts)}")
    for reason, count in sorted(report.reasons.items(), key=lambda pair: -pair[1])[:_MOST_REASONS]:
        print(f"  {count} in no feed: {reason}")
    print(f"{format_count(report.posts, 'post')} in {format_count(report.feeds, 'feed')}")
    size = f"{format_count(report.archives, 'archive')}; {report.size / 1e6:.1f} MB"
    documents = format_count(len(report.written), "document")
    print(f"{wrote} {documents} ({size}), {removed} {len(report.removed)}, in {report.seconds:.1f} s")


def print_added(done: AddResult) -> None:
    """Print which feeds were found, and which sources are new or known."""
    for sentence in done.found:
        print(sentence)
    for name in done.known:
        print(f"already configured: {name}")
    for name in done.added:
        print(f"added: {name}")


def print_post(found: dict[str, Any]) -> None:
    """Print everything that is known of a post."""
    for label, text in _describe_post(found):
        print(f"{label:10} {text}")


def _describe_post(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield a label and a text for each line of ``feedd explain``."""
    for name in ("title", "id", "state", "link", "published", "why_not"):
        if found.get(name):
            guessed = " (guessed)" if name == "published" and found["published_guessed"] else ""
            text = _STATES.get(found[name], found[name]) if name == "state" else found[name]
            yield name.replace("why_not", "reason"), f"{text}{guessed}"
    for key in found["keys"]:
        yield "identity", key.removeprefix("!")
    for copy in found["sightings"]:
        url = f" <{copy['address']}>" if copy["address"] else ""
        shown = "  (its text is published)" if copy["shown_body"] else ""
        yield "source", f"{copy['source']}: {copy['path'] or copy['guid']}{url}{shown}"
    for alias in found["aliases"]:
        yield "merged", alias
    for change in found["history"]:
        yield "changed", change["changed"]
        for place in (*(f"title: {title}" for title in change["title"]), *change["text"]):
            yield "", place
    for feed in found["feeds"]:
        missing = "" if feed["in_document"] else f"  not in the document: {feed['why_not']}"
        yield "feed", f"{feed['feed']} ({feed['label']}){missing}"


def print_status(found: dict[str, Any], each_feed: bool, now: datetime) -> None:
    """Print the health of every source, and counts; with ``each_feed`` every feed too."""
    rows = [(describe_health(s), s["name"], describe_source(s, now)) for s in found["sources"]]
    feeds = (
        [(feed["folder"], str(feed["posts"]), feed["label"]) for feed in found["feeds"]] if each_feed else []
    )
    states = [f"{count} {_STATES.get(state, state)}" for state, count in found["posts"].items()]
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


def _describe_past(verb: str, instant: str, now: datetime) -> str:
    if not instant:
        return f"never {verb}"
    return f"{verb} {format_duration((now - datetime.fromisoformat(instant)).total_seconds())} ago"


def _describe_next(instant: str, now: datetime) -> str:
    seconds = (datetime.fromisoformat(instant) - now).total_seconds()
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
