"""The program ``feedd``: a function for each command, which calls :mod:`feeds.api` and prints the result."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from feeds.cli.options import parse_command_line
from feeds.cli.output import (
    format_count,
    prepare_streams,
    print_added,
    print_json,
    print_message,
    print_post,
    print_status,
    print_summary,
    print_warnings,
    show_progress,
)
from feeds.errors import FeeddError, OutputError, StoreLocked

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from feeds.commands.subscriptions import AddResult
    from feeds.config import Config


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code (docs/reference/commands.md).

    ``arguments`` are those of the process if none are given.
    """
    prepare_streams()
    options = parse_command_line(arguments)
    # The daemon and the server replace this handler to finish their work first.
    signal.signal(signal.SIGTERM, _terminate)
    # A shell starts background jobs with this signal ignored, and feedd must not undo that.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _terminate)
    try:
        code = _COMMANDS[options.command](options)
        sys.stdout.flush()
        return code
    except StoreLocked as error:
        print_message(f"feedd: {error}")
        return 75
    except OutputError as error:
        print_message(f"feedd: {error}")
        return 1
    except FeeddError as error:
        for line in str(error).splitlines():
            print_message(f"feedd: {line}")
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print_message(f"feedd: {f'{error.filename}: ' if error.filename else ''}{error.strerror or error}")
        return 2
    except KeyboardInterrupt as error:
        print_message("feedd: interrupted; the next build continues where this one stopped")
        return 128 + (error.args[0] if isinstance(error, _Terminated) else signal.SIGINT)


class _Terminated(KeyboardInterrupt):
    """A signal requests the end of the run; its number is the argument.

    Also raised for Ctrl-C instead of a plain KeyboardInterrupt: if that is raised in code run by ``exec`` (dataclasses
    use it), Python kills the process by the signal at exit although it was caught.
    """


def _terminate(number: int, frame: object) -> None:
    raise _Terminated(number)


def _make_path(name: str) -> Path:
    # Imported late: `feedd --help` does not need it.
    from pathlib import Path

    return Path(name)


def _load_config(options: Namespace) -> Config:
    from feeds.api import load_config

    return load_config(options.config)


def _run_build(options: Namespace) -> int:
    try:
        return _build(options)
    except StoreLocked:
        if not options.allow_removals or options.full:
            raise
    from feeds.api import accept_removals

    removed = accept_removals(_load_config(options))
    text = f"the daemon rescanned all folders and removed {format_count(removed, 'post')}"
    return _report(options, {"left_to_daemon": True, "removed": removed}, text)


def _build(options: Namespace) -> int:
    from feeds.api import build

    with show_progress(not options.quiet and not options.json) as progress:
        report = build(
            _load_config(options),
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


def _run_daemon(options: Namespace) -> int:
    import asyncio

    from feeds import api
    from feeds.daemon import daemon
    from feeds.daemon.event_log import EventLog

    asyncio.run(daemon.serve(options.config, api.now, EventLog(api.now, options.log_format), options.jobs))
    return 0


def _init(options: Namespace) -> int:
    from feeds.api import init

    made, notes = init(_make_path(options.dir), _make_path(options.source) if options.source else None)
    if options.json:
        print_json({"wrote": made, "notes": notes})
        return 0
    for note in notes:
        print_message(note)
    if not options.quiet:
        for path in made:
            print(f"wrote {path}")
        print(f"next: edit {made[0]}, then run `feedd build -c {made[0]}`")
    return 0


def _check(options: Namespace) -> int:
    from feeds.api import check

    mistakes = check(options.config)
    if options.json:
        print_json({"mistakes": mistakes})
        return int(bool(mistakes))
    for mistake in mistakes:
        print(mistake)
    if not mistakes and not options.quiet:
        config = _load_config(options)
        folders = len(config.folders)
        counts = (
            format_count(folders, "folder"),
            format_count(len(config.sources) - folders, "upstream feed"),
        )
        print(f"{config.path}: OK ({', '.join(counts)})")
    return int(bool(mistakes))


def _show_config(options: Namespace) -> int:
    from feeds.api import build_config_schema, show_config
    from feeds.config.effective import write_effective

    if options.action == "schema":
        print_json(build_config_schema())
        return 0
    path, settings = show_config(options.config)
    if options.json:
        print_json({"path": path, "settings": [setting.as_dict() for setting in settings]})
    else:
        print(write_effective(path, settings), end="")
    return 0


def _lint(options: Namespace) -> int:
    from feeds.api import lint

    found = list(lint(_load_config(options), [_make_path(name) for name in options.dir]))
    if options.json:
        print_json(found)
        return int(bool(found))
    for problem in found:
        print(f"{problem['path']}:{problem['line']}: {problem['rule']}: {problem['message']}")
    return int(bool(found))


def _validate(options: Namespace) -> int:
    from feeds.api import validate

    found = validate(
        None if options.path else _load_config(options), [_make_path(name) for name in options.path]
    )
    if options.json:
        print_json([{"path": str(p), "line": f.line, "rule": f.rule, "message": f.message} for p, f in found])
    else:
        for path, finding in found:
            print(f"{path}:{finding.line}: {finding.rule}: {finding.message}")
        if not found and not options.quiet:
            print("no problems found")
    return int(bool(found))


def _add_upstreams(options: Namespace) -> int:
    from feeds.api import add

    done = add(_load_config(options), options.url, options.allow)
    code = _report_added(done, options)
    if options.backfill:
        for name in done.added:
            _fetch_history(name, 1000, options)
    return code


def _import_opml(options: Namespace) -> int:
    from feeds.api import import_opml

    return _report_added(import_opml(_load_config(options), _make_path(options.file)), options)


def _report_added(done: AddResult, options: Namespace) -> int:
    if options.json:
        from dataclasses import asdict

        print_json(asdict(done))
        return int(bool(done.refused))
    for sentence in done.refused:
        print_message(sentence)
    if not options.quiet:
        print_added(done)
    return int(bool(done.refused))


def _export_opml(options: Namespace) -> int:
    from feeds.api import export_opml

    sys.stdout.buffer.write(export_opml(_load_config(options)))
    return 0


def _report(options: Namespace, values: dict[str, object], text: str) -> int:
    """Print the result of a command: as JSON, as text, or nothing if quiet."""
    if options.json:
        print_json(values)
    elif not options.quiet:
        print(text)
    return 0


def _remove_source(options: Namespace) -> int:
    from feeds.api import forget

    count = forget(_load_config(options), options.source)
    if count is None:
        text = "the running daemon removes its posts"
    elif count:
        text = (
            f"removed {format_count(count, 'post')} from the database; run `feedd build` to update the feeds"
        )
    else:
        text = "nothing to remove"
    values = {"source": options.source, "items": count, "left_to_daemon": count is None}
    return _report(options, values, f"{options.source}: {text}")


def _backfill(options: Namespace) -> int:
    return _fetch_history(options.source, options.pages, options)


def _fetch_history(source: str, pages: int, options: Namespace) -> int:
    from feeds.api import backfill

    past = backfill(_load_config(options), source, pages)
    if past is None:
        values = {"source": source, "left_to_daemon": True}
        return _report(options, values, f"{source}: the running daemon fetches its history")
    from dataclasses import asdict

    found = format_count(past.new, "older post") if past.new else "no older posts"
    reason = "reached the beginning" if past.done and past.pages else past.reason
    for trouble in past.troubles:
        print_message(f"warning: {trouble.removeprefix('source ')}")
    text = f"{source}: {found} ({format_count(past.pages, 'page')} fetched, {reason})"
    return _report(options, asdict(past), text)


def _withdraw(options: Namespace) -> int:
    from feeds.api import withdraw

    done = withdraw(_load_config(options), options.post, undo=options.undo)
    values = {"id": done.uid, "undo": options.undo, "left_to_daemon": done.left}
    pending = "published again" if options.undo else "unpublished"
    name = f'"{done.title}"' if done.title else done.uid
    text = f"{name} will be {pending} by the running daemon within a second"
    return _report(options, values, text if done.left else f"{done.uid}: {done.what}")


def _save_backup(options: Namespace) -> int:
    from feeds.api import backup

    size = backup(_load_config(options), _make_path(options.file))
    text = f"wrote {options.file} ({size} bytes); `feedd restore {options.file}` restores it"
    return _report(options, {"file": options.file, "bytes": size}, text)


def _restore(options: Namespace) -> int:
    from feeds.api import restore

    former = restore(_load_config(options), _make_path(options.file))
    kept = f"; the previous database is kept as {former}" if former else ""
    text = f"restored {options.file}{kept}\nnext: run `feedd build` to read what is newer in the sources"
    return _report(options, {"file": options.file, "former": former}, text)


def _serve(options: Namespace) -> int:
    from feeds.api import serve

    def announce(address: str) -> None:
        if not options.quiet:
            print(f"serving {address}/ (Ctrl-C stops)", flush=True)

    serve(_load_config(options), announce)
    return 0


def _explain(options: Namespace) -> int:
    from feeds.api import explain

    (print_json if options.json else print_post)(explain(_load_config(options), options.post))
    return 0


def _show_status(options: Namespace) -> int:
    from feeds.api import now, status

    found = status(_load_config(options))
    if options.json:
        print_json(found)
    else:
        print_status(found, options.verbose, now())
    return 0


def _print_completion(options: Namespace) -> int:
    from feeds.cli.completion import write_completion

    print(write_completion(options.shell))
    return 0


_COMMANDS: dict[str | None, Callable[[Namespace], int]] = {
    None: _run_daemon,
    "build": _run_build,
    "init": _init,
    "check": _check,
    "config": _show_config,
    "lint": _lint,
    "validate": _validate,
    "explain": _explain,
    "status": _show_status,
    "add": _add_upstreams,
    "import": _import_opml,
    "export": _export_opml,
    "forget": _remove_source,
    "withdraw": _withdraw,
    "backfill": _backfill,
    "backup": _save_backup,
    "restore": _restore,
    "serve": _serve,
    "completion": _print_completion,
}
