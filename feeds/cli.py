"""The program ``feedd``: one verb, one function; what they do is :mod:`feeds.api`'s."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from feeds import __version__
from feeds.errors import FeeddError, OutputError, RoleTaken, UsageError

if TYPE_CHECKING:
    from feeds.api import BuildReport
    from feeds.config import Config
    from feeds.ports import Progress

_LATER = {
    "add": "upstream feeds",
    "import": "upstream feeds",
    "export": "upstream feeds",
    "forget": "upstream feeds",
    "backfill": "upstream feeds",
    "serve": "serving",
    "withdraw": "withdrawal",
    "backup": "backups",
    "restore": "backups",
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "-c", "--config", metavar="FILE", help="configuration (default: $FEEDD_CONFIG or config/feedd.toml)"
    )
    common.add_argument("-v", "--verbose", action="store_true", help="tell more")
    common.add_argument("-q", "--quiet", action="store_true", help="tell only of troubles")
    parser = _Parser(
        prog="feedd",
        parents=[common],
        description="Publishes full-content Atom, RSS and JSON feeds per category and per tag from folders of posts "
        "and upstream feeds. Without a command it is the daemon: it watches, asks and publishes until SIGTERM.",
        epilog="Exit codes: 0 published; 1 a post was rejected or a document held back, or something was found; "
        "2 wrong usage or configuration; 75 another feedd is at work, try again.",
    )
    parser.add_argument("--version", action="version", version=f"feedd {__version__}")
    parser.add_argument(
        "-j", "--jobs", type=int, default=0, metavar="N", help="worker processes (default: one per processor)"
    )
    parser.add_argument(
        "--log-format", choices=("text", "json"), default="text", help="how the daemon tells of events"
    )
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND")
    build = _verb(verbs, common, "build", _build, "read every source once and publish what changed")
    build.add_argument("--offline", action="store_true", help="do not ask upstream feeds")
    build.add_argument("--strict", action="store_true", help="exit 1 for a source in trouble too")
    build.add_argument("--full", action="store_true", help="write every document again from the store")
    build.add_argument("--dry-run", action="store_true", help="only tell what would be written")
    build.add_argument(
        "-j", "--jobs", type=int, default=0, metavar="N", help="worker processes (default: one per processor)"
    )
    init = _verb(verbs, common, "init", _init, "write a commented starter configuration", report=False)
    init.add_argument(
        "dir",
        nargs="?",
        default=".",
        metavar="DIR",
        help="folder of the project; a Jekyll site is recognised",
    )
    _verb(verbs, common, "check", _check, "look for mistakes in the configuration and its paths")
    lint = _verb(verbs, common, "lint", _lint, "tell what is wrong in the posts and how it is repaired")
    lint.add_argument("dir", nargs="*", metavar="DIR", help="only these folders or files")
    validate = _verb(verbs, common, "validate", _validate, "check published documents")
    validate.add_argument(
        "path", nargs="*", metavar="PATH", help="documents or folders (default: the output folder)"
    )
    explain = _verb(
        verbs, common, "explain", _explain, "tell where a post came from and in which feeds it is"
    )
    explain.add_argument("post", metavar="POST", help="id, address, infoCode or path")
    _verb(verbs, common, "status", _status, "tell of sources, counts and feeds")
    for name, what in _LATER.items():
        later = verbs.add_parser(name, add_help=False)
        later.add_argument("rest", nargs=argparse.REMAINDER)
        later.set_defaults(run=_later(name, what))
    return parser


def _verb(
    verbs: Any,  # noqa: ANN401 - argparse
    common: argparse.ArgumentParser,
    name: str,
    run: Callable[[Any], int],
    text: str,
    report: bool = True,
) -> Any:  # noqa: ANN401
    verb = verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    for action in common._actions:
        verb.add_argument(*action.option_strings, **_again(action))
    if report:
        verb.add_argument("--json", action="store_true", help="report as JSON")
    verb.set_defaults(run=run)
    return verb


def _again(action: argparse.Action) -> dict[str, Any]:
    """The same option behind the verb, without its default overwriting what stood before it."""
    found: dict[str, Any] = {"dest": action.dest, "help": action.help, "default": argparse.SUPPRESS}
    return found | ({"metavar": action.metavar} if action.nargs is None else {"action": "store_true"})


def _later(name: str, what: str) -> Callable[[Any], int]:
    def run(_: Any) -> int:  # noqa: ANN401
        raise UsageError(f"`feedd {name}` is not available in this version: {what} come with a later one")

    return run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; the exit code (contract 2.1)."""
    options = _parser().parse_args(arguments)
    try:
        code: int = (options.run if options.verb else _daemon)(options)
        sys.stdout.flush()
        return code
    except RoleTaken as error:
        _tell(f"feedd: {error}")
        return 75
    except OutputError as error:
        _tell(f"feedd: {error}")
        return 1
    except FeeddError as error:
        for line in str(error).splitlines():
            _tell(f"feedd: {line}")
        return 2
    except KeyboardInterrupt:
        _tell("feedd: interrupted; the next build goes on where this one stopped")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _tell(text: str) -> None:
    print(text, file=sys.stderr)


def _config(options: argparse.Namespace) -> Config:
    from feeds.api import load_config

    return load_config(options.config)


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def _build(options: argparse.Namespace) -> int:
    from feeds.api import build

    if options.jobs < 0:
        raise UsageError("--jobs must not be negative")
    report = build(
        _config(options),
        full=options.full,
        dry_run=options.dry_run,
        offline=options.offline,
        jobs=options.jobs,
        progress=_progress(options),
    )
    if options.json:
        _print_json(report.as_dict() | {"dry_run": options.dry_run})
    else:
        _summary(report, options)
    return report.exit_code(options.strict)


def _daemon(options: argparse.Namespace) -> int:
    import asyncio

    from feeds import api, daemon
    from feeds.events import EventLog

    asyncio.run(daemon.serve(options.config, api.now, EventLog(api.now, options.log_format), options.jobs))
    return 0


def _progress(options: argparse.Namespace) -> Progress:
    from feeds.ports import no_progress

    if options.quiet or options.json or not sys.stderr.isatty():
        return no_progress
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


def _summary(report: BuildReport, options: argparse.Namespace) -> None:
    for trouble in report.troubles:
        _tell(f"trouble: {trouble}")
    for one in report.rejected:
        _tell(f"rejected: {one['path']}: {one['reason']}")
    for one in report.held:
        _tell(f"held back: {one['path']}: {one['reason']}")
    if options.quiet:
        return
    verb = "would write" if options.dry_run else "wrote"
    if options.verbose or options.dry_run:
        for path in report.written:
            print(f"{verb} {path}")
    print(
        f"read {report.read} files: {report.new} new, {report.changed} changed, {report.unchanged} unchanged, "
        f"{report.repaired} repaired\n"
        f"posts: {report.published} published, {report.merged} merged, {report.unpublished} unpublished, "
        f"{report.ignored} ignored, {len(report.rejected)} rejected\n"
        f"{verb} {len(report.written)} documents, removed {len(report.removed)}, in {report.seconds:.1f} s"
    )


def _init(options: argparse.Namespace) -> int:
    from feeds.api import init

    made = init(Path(options.dir))
    if not options.quiet:
        for path in made:
            print(f"wrote {path}")
        print(f"next: look at {made[0]}, then run: feedd build -c {made[0]}")
    return 0


def _check(options: argparse.Namespace) -> int:
    from feeds.api import check

    mistakes = check(options.config)
    if options.json:
        _print_json({"mistakes": mistakes})
    else:
        for mistake in mistakes:
            print(mistake)
        if not mistakes and not options.quiet:
            print("no mistakes found")
    return int(bool(mistakes))


def _lint(options: argparse.Namespace) -> int:
    from feeds.api import lint

    found = list(lint(_config(options), [Path(one) for one in options.dir]))
    if options.json:
        _print_json(found)
        return int(bool(found))
    for one in found:
        change = f"{one['old']} -> {one['new']}" if one["old"] or one["new"] else one["note"]
        print(f"{one['path']}:{one['line']}: {one['rule']}: {change}")
    return int(bool(found))


def _validate(options: argparse.Namespace) -> int:
    from feeds.api import validate

    found = validate(None if options.path else _config(options), [Path(one) for one in options.path])
    if options.json:
        _print_json(
            [{"path": str(p), "line": f.line, "rule": f.rule, "message": f.message} for p, f in found]
        )
    else:
        for path, finding in found:
            print(f"{path}:{finding.line}: {finding.rule}: {finding.message}")
        if not found and not options.quiet:
            print("no mistakes found")
    return int(bool(found))


def _explain(options: argparse.Namespace) -> int:
    from feeds.api import explain

    found = explain(_config(options), options.post)
    if options.json:
        _print_json(found)
        return 0
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
    for one in found["feeds"]:
        print(
            f"feed       {one['feed']} ({one['label']})"
            + ("" if one["in_document"] else f"  not in the document: {one['why_not']}")
        )
    return 0


def _status(options: argparse.Namespace) -> int:
    from feeds.api import status

    found = status(_config(options))
    if options.json:
        _print_json(found)
        return 0
    for one in found["sources"]:
        files = ", ".join(f"{count} {name}" for name, count in one["files"].items() if count)
        note = "" if one["configured"] else "  (not in the configuration any more; its posts are kept)"
        print(
            f"source {one['name']}: last read {one['last_read'] or 'never'}; files: {files or 'none'}{note}"
        )
    print("posts: " + (", ".join(f"{count} {state}" for state, count in found["posts"].items()) or "none"))
    print(f"feeds: {len(found['feeds'])} in {found['documents']} documents")
    if options.verbose:
        for one in found["feeds"]:
            print(f"  {one['folder']:40} {one['posts']:6}  {one['label']}")
    return 0
