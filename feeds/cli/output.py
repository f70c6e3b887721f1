"""What the program prints: reports as text for people."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from feeds.api import BuildReport
    from feeds.commands.subscriptions import Added
    from feeds.protocols import Progress


def tell(text: str) -> None:
    """Say something beside the report."""
    print(text, file=sys.stderr)


def prepare_streams() -> None:
    """Let anything be printed: what an encoding does not have as an escape, and all of it to nowhere if it is closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - until the end
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_json(value: object) -> None:
    """A report for programs."""
    import json

    ascii_only = sys.stdout.encoding.lower() not in ("utf-8", "utf8")
    print(json.dumps(value, ensure_ascii=ascii_only, indent=2, default=str))


def progress_bars() -> Progress:
    """A bar per step on the terminal."""
    from tqdm import tqdm

    bars: dict[str, Any] = {}

    def show(step: str, done: int, total: int) -> None:
        if step not in bars:
            bars[step] = tqdm(total=total, desc=step, leave=False, file=sys.stderr)
        bars[step].total = total
        bars[step].update(done - bars[step].n)
        if done >= total:
            bars.pop(step).close()

    return show


def tell_troubles(report: BuildReport) -> None:
    """What a build could not use or publish."""
    for trouble in report.troubles:
        tell(f"trouble: {trouble}")
    for one in report.rejected:
        tell(f"rejected: {one['path']}: {one['reason']}")
    for one in report.held:
        tell(f"held back: {one['path']}: {one['reason']}")


def print_summary(report: BuildReport, dry_run: bool, each: bool) -> None:
    """The figures of a build; with ``each`` every document too."""
    verb = "would write" if dry_run else "wrote"
    for path in report.written if each else ():
        print(f"{verb} {path}")
    print(
        f"read {report.read} files: {report.new} new, {report.changed} changed, {report.unchanged} unchanged, "
        f"{report.repaired} repaired\n"
        f"posts: {report.published} published, {report.merged} merged, {report.unpublished} unpublished, "
        f"{report.ignored} ignored, {len(report.rejected)} rejected\n"
        f"{verb} {len(report.written)} documents ({report.archives} archives; {report.size / 1e6:.1f} MB), removed {len(report.removed)}, in {report.seconds:.1f} s"
    )


def print_added(done: Added) -> None:
    """Which upstreams are in the configuration now."""
    for sentence in done.found:
        print(sentence)
    for name in done.known:
        print(f"already there: {name}")
    for name in done.added:
        print(f"added: {name}")


def print_post(found: dict[str, Any]) -> None:
    """Everything that is known of a post."""
    for name in ("title", "id", "state", "link", "published", "why_not"):
        if found.get(name):
            print(
                f"{name:10} {found[name]}"
                + (" (guessed)" if name == "published" and found["published_guessed"] else "")
            )
    for key in found["keys"]:
        print(f"key        {key.removeprefix('!')}")
    for one in found["sightings"]:
        print(
            f"seen       {one['source']}: {one['path']}"
            + (f" <{one['address']}>" if one["address"] else "")
            + ("  (its body is shown)" if one["shown_body"] else "")
        )
    for alias in found["aliases"]:
        print(f"alias      {alias}")
    for one in found["history"]:
        print(f"changed    {one['changed']}")
        for place in (*(f"title: {change}" for change in one["title"]), *one["text"]):
            print(f"           {place}")
    for one in found["feeds"]:
        print(
            f"feed       {one['feed']} ({one['label']})"
            + ("" if one["in_document"] else f"  not in the document: {one['why_not']}")
        )


def print_status(found: dict[str, Any], each_feed: bool) -> None:
    """Sources, counts and feeds."""
    for one in found["sources"]:
        print(_source(one))
    print("posts: " + (", ".join(f"{count} {state}" for state, count in found["posts"].items()) or "none"))
    print(f"feeds: {len(found['feeds'])} in {found['documents']} documents")
    if each_feed:
        for one in found["feeds"]:
            print(f"  {one['folder']:40} {one['posts']:6}  {one['label']}")


def _source(one: dict[str, Any]) -> str:
    note = "" if one["configured"] else "  (not in the configuration any more; its posts are kept)"
    asked = one["upstream"]
    if not asked:
        files = ", ".join(f"{count} {name}" for name, count in one["files"].items() if count)
        return (
            f"source {one['name']}: last read {one['last_read'] or 'never'}; files: {files or 'none'}{note}"
        )
    when = (
        f"next {asked['next_poll']} ({asked['decided_by']})" if asked["next_poll"] else "not asked any more"
    )
    return (
        f"source {one['name']}: {asked['health']}; {one['entries']} entries; "
        f"asked {asked['last_poll']}, {when}; {asked['reason']}{note}"
    )
