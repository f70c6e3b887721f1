"""``feedd lint``: report problems in posts and how feedd repairs them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from feeds.cli.arguments import Commands
from feeds.cli.output import print_json

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from feeds.config import Config, FolderSource
    from feeds.models import Item, Repair
    from feeds.workers.workers import Workers


def add_arguments(commands: Commands) -> None:
    """Add the command and its arguments."""
    lint = commands.add("lint", "report problems in posts and how feedd repairs them")
    lint.add_argument(
        "dir", nargs="*", metavar="DIR", help="only these folders or files (default: all source folders)"
    )
    lint.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Run the command and print its result; return the exit code."""
    from pathlib import Path

    from feeds.config import load_config

    found = list(lint_posts(load_config(options.config), [Path(name) for name in options.dir]))
    if options.json:
        print_json(found)
        return int(bool(found))
    for problem in found:
        print(f"{problem['path']}:{problem['line']}: {problem['rule']}: {problem['message']}")
    return int(bool(found))


def lint_posts(config: Config, only: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Yield each repair and each file that is not a post, in the order of the configuration and of the paths.

    Raises:
        UsageError: a path of ``only`` does not exist or is not in a source folder.
    """
    from feeds.errors import UsageError
    from feeds.fetcher import folder
    from feeds.session import build_worker_settings
    from feeds.workers import ingest_tasks
    from feeds.workers.workers import Workers

    settings = build_worker_settings(config)
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
    from feeds.errors import DeadlineExceeded, PostRejected
    from feeds.fetcher import folder
    from feeds.models import Skipped
    from feeds.parser.posts.visibility import SECTION_PAGE
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
    from feeds.cli.repair_messages import describe_repair

    message = describe_repair(repair, item, path.name, keys)
    found = _make_finding(path, repair.line, repair.rule, "")
    return found | {"old": repair.old, "new": repair.new, "message": message}
