"""``feedd build``: read all sources once and publish what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.cli.arguments import Commands, build_jobs
from feeds.cli.output import format_count, print_json, print_message, print_result, show_progress
from feeds.errors import StoreLocked

if TYPE_CHECKING:
    from argparse import Namespace

    from feeds.config import Config
    from feeds.protocols import Clock
    from feeds.reports import BuildReport

_MOST_REASONS = 12
_PATIENCE = 60
"""Seconds to wait for a daemon to accept removals."""


def add_arguments(commands: Commands) -> None:
    """Add the command and its arguments."""
    build = commands.add("build", "read all sources once and publish what changed", build_jobs)
    build.add_argument("--offline", action="store_true", help="don't fetch upstream feeds")
    build.add_argument("--strict", action="store_true", help="also exit 1 if a source fails")
    build.add_argument("--full", action="store_true", help="write all documents again from the database")
    build.add_argument(
        "--allow-removals",
        action="store_true",
        help="accept mass deletions (by default more than 10 %% at once is refused)",
    )
    build.add_argument(
        "--dry-run", action="store_true", help="show what would be written or removed; change nothing"
    )
    build.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Build, or make a running daemon accept removals; return the exit code."""
    from feeds.config import load_config
    from feeds.session import now

    try:
        return _build(options)
    except StoreLocked:
        # A daemon can accept removals, but only a build writes everything again.
        if not options.allow_removals or options.full:
            raise
    removed = accept_removals(load_config(options.config), now)
    text = f"the daemon rescanned all folders and removed {format_count(removed, 'post')}"
    return print_result(options, {"left_to_daemon": True, "removed": removed}, text)


def _build(options: Namespace) -> int:
    from feeds.builder import build
    from feeds.config import load_config

    with show_progress(not options.quiet and not options.json) as progress:
        report = build(
            load_config(options.config),
            full=options.full,
            dry_run=options.dry_run,
            offline=options.offline,
            allow_removals=options.allow_removals,
            jobs=options.jobs,
            progress=progress,
        )
    if options.json:
        print_json(report.as_dict() | {"dry_run": options.dry_run})
    else:
        print_warnings(report)
        if not options.quiet:
            print_summary(report, options.dry_run, options.verbose or options.dry_run)
    return report.compute_exit_code(options.strict)


def accept_removals(config: Config, clock: Clock, patience: float = _PATIENCE) -> int:
    """Make the running daemon accept the removal of many posts; return when it has scanned its folders again.

    Returns:
        By how many posts the sources have shrunk.

    Raises:
        StoreLocked: no daemon applied it in time: a build has the store, or the daemon is busy.
    """
    import time
    from contextlib import closing

    from feeds.cli.daemon_requests import add_request
    from feeds.storage.store import Store

    # The time of the request travels with it, so that a daemon can refuse an old request.
    number = add_request(config, "removals", str(clock().timestamp()))
    end = time.monotonic() + patience
    with closing(Store.open(config.store)) as db:
        before = db.count_entries()
        try:
            while any(request.number == number for request in db.load_requests()):
                if time.monotonic() > end:
                    raise StoreLocked(
                        f"{config.store}: another feedd is publishing with this store and has not accepted "
                        "the removals yet; try again when it is done"
                    )
                # The daemon checks once a second, so a shorter pause would only cost queries.
                time.sleep(0.1)
            after = db.count_entries()
            return sum(max(0, count - after.get(source, 0)) for source, count in before.items())
        # A request of a command that has ended must not be applied later.
        finally:
            db.remove_request(number)


def print_warnings(report: BuildReport) -> None:
    """Print the warnings of a build to stderr: failed sources, rejected posts, documents that were not published."""
    for trouble in report.troubles:
        print_message(f"warning: {trouble.removeprefix('source ')}")
    for rejected in report.rejected:
        print_message(f"warning: post rejected: {rejected['path']}: {rejected['reason']}")
    for held in report.held:
        print_message(f"warning: document not published: {held['path']}: {held['reason']}")


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
    if report.dropped:
        elements = format_count(report.dropped, "element")
        print(f"{elements} unknown to HTML removed from new entries; `feedd explain POST` lists them")
    if report.logins:
        print(f"{format_count(report.logins, 'login')} removed from addresses in new entries")
    for reason, count in sorted(report.reasons.items(), key=lambda pair: -pair[1])[:_MOST_REASONS]:
        print(f"  {count} in no feed: {reason}")
    print(f"{format_count(report.posts, 'post')} in {format_count(report.feeds, 'feed')}")
    size = f"{format_count(report.archives, 'archive')}; {report.size / 1e6:.1f} MB"
    documents = format_count(len(report.written), "document")
    print(f"{wrote} {documents} ({size}), {removed} {len(report.removed)}, in {report.seconds:.1f} s")
