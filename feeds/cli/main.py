"""The program ``feedd``: one verb, one function; what they do is :mod:`feeds.api`'s."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from feeds.cli.options import parser
from feeds.cli.output import (
    prepare_streams,
    print_added,
    print_json,
    print_post,
    print_status,
    print_summary,
    progress_bars,
    tell,
    tell_troubles,
)
from feeds.errors import FeeddError, OutputError, StoreLocked

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from feeds.commands.subscriptions import Added
    from feeds.config import Config
    from feeds.protocols import Progress


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; the exit code (contract 2.1)."""
    prepare_streams()
    options = parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)  # the daemon and the server have their own way
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # in the background it may be ignored
        signal.signal(signal.SIGINT, _end)
    try:
        code = _VERBS[options.verb](options)
        sys.stdout.flush()
        return code
    except StoreLocked as error:
        tell(f"feedd: {error}")
        return 75
    except OutputError as error:
        tell(f"feedd: {error}")
        return 1
    except FeeddError as error:
        for line in str(error).splitlines():
            tell(f"feedd: {line}")
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        tell(f"feedd: {error.filename or 'the system'}: {error.strerror or error}")
        return 2
    except KeyboardInterrupt as error:
        tell("feedd: interrupted; the next build goes on where this one stopped")
        return 128 + (error.args[0] if isinstance(error, _Ended) else signal.SIGINT)


class _Ended(KeyboardInterrupt):
    """A signal, its number, wants this run to end.

    A class of its own for Ctrl-C too: a plain KeyboardInterrupt within text that Python executes (it makes classes of
    values so) ends the process by that signal later, although it is caught.
    """


def _end(number: int, frame: object) -> None:
    raise _Ended(number)


def _path(name: str) -> Path:
    from pathlib import Path  # here, so that `feedd --help` need not load it

    return Path(name)


def _config(options: Namespace) -> Config:
    from feeds.api import load_config

    return load_config(options.config)


def _build(options: Namespace) -> int:
    try:
        return _build_now(options)
    except StoreLocked:
        if not options.allow_removals or options.full:
            raise
    from feeds.api import believe_removals

    believe_removals(_config(options))
    text = "the running feedd has read every folder again, and believes what is gone"
    return _answer(options, {"left_to_daemon": True}, text)


def _build_now(options: Namespace) -> int:
    from feeds.api import build

    report = build(
        _config(options),
        full=options.full,
        dry_run=options.dry_run,
        offline=options.offline,
        allow_removals=options.allow_removals,
        jobs=options.jobs,
        progress=_progress(options),
    )
    if options.json:
        print_json(report.as_dict() | {"dry_run": options.dry_run})
    else:
        tell_troubles(report)
        if not options.quiet:
            print_summary(report, options.dry_run, options.verbose or options.dry_run)
    return report.compute_exit_code(options.strict)


def _daemon(options: Namespace) -> int:
    import asyncio

    from feeds import api
    from feeds.daemon import daemon
    from feeds.daemon.event_log import EventLog

    asyncio.run(daemon.serve(options.config, api.now, EventLog(api.now, options.log_format), options.jobs))
    return 0


def _progress(options: Namespace) -> Progress:
    from feeds.protocols import ignore_progress

    quiet = options.quiet or options.json or not sys.stderr.isatty()
    return ignore_progress if quiet else progress_bars()


def _init(options: Namespace) -> int:
    from feeds.api import init

    made, notes = init(_path(options.dir), _path(options.source) if options.source else None)
    if options.json:
        print_json({"wrote": made, "notes": notes})
        return 0
    for note in notes:
        tell(note)
    if not options.quiet:
        for path in made:
            print(f"wrote {path}")
        print(f"next: look at {made[0]}, then run: feedd build -c {made[0]}")
    return 0


def _check(options: Namespace) -> int:
    from feeds.api import check

    mistakes = check(options.config)
    if options.json:
        print_json({"mistakes": mistakes})
    else:
        for mistake in mistakes:
            print(mistake)
        if not mistakes and not options.quiet:
            print("no mistakes found")
    return int(bool(mistakes))


def _lint(options: Namespace) -> int:
    from feeds.api import lint

    found = list(lint(_config(options), [_path(one) for one in options.dir]))
    if options.json:
        print_json(found)
        return int(bool(found))
    for one in found:
        change = f"{one['old']} -> {one['new']}" if one["old"] or one["new"] else one["note"]
        print(f"{one['path']}:{one['line']}: {one['rule']}: {change}")
    return int(bool(found))


def _validate(options: Namespace) -> int:
    from feeds.api import validate

    found = validate(None if options.path else _config(options), [_path(one) for one in options.path])
    if options.json:
        print_json([{"path": str(p), "line": f.line, "rule": f.rule, "message": f.message} for p, f in found])
    else:
        for path, finding in found:
            print(f"{path}:{finding.line}: {finding.rule}: {finding.message}")
        if not found and not options.quiet:
            print("no mistakes found")
    return int(bool(found))


def _add(options: Namespace) -> int:
    from feeds.api import add

    done = add(_config(options), options.url, options.allow)
    code = _tell_added(done, options)
    if options.backfill:
        for name in done.added:
            _read_past(name, 1000, options)
    return code


def _import(options: Namespace) -> int:
    from feeds.api import take_list

    return _tell_added(take_list(_config(options), _path(options.file)), options)


def _tell_added(done: Added, options: Namespace) -> int:
    if options.json:
        from dataclasses import asdict

        print_json(asdict(done))
        return int(bool(done.refused))
    for sentence in done.refused:
        tell(sentence)
    if not options.quiet:
        print_added(done)
    return int(bool(done.refused))


def _export(options: Namespace) -> int:
    from feeds.api import give_list

    sys.stdout.buffer.write(give_list(_config(options)))
    return 0


def _answer(options: Namespace, values: dict[str, object], text: str) -> int:
    """Say what a command did: for programs, for people, or not at all."""
    if options.json:
        print_json(values)
    elif not options.quiet:
        print(text)
    return 0


def _forget(options: Namespace) -> int:
    from feeds.api import forget

    count = forget(_config(options), options.source)
    if count is None:
        text = "the running feedd forgets it"
    else:
        text = f"{count} items forgotten; `feedd build` takes them out of the feeds"
    values = {"source": options.source, "items": count, "left_to_daemon": count is None}
    return _answer(options, values, f"{options.source}: {text}")


def _backfill(options: Namespace) -> int:
    return _read_past(options.source, options.pages, options)


def _read_past(source: str, pages: int, options: Namespace) -> int:
    from feeds.api import backfill

    past = backfill(_config(options), source, pages)
    if past is None:
        values = {"source": source, "left_to_daemon": True}
        return _answer(options, values, f"{source}: the running feedd reads its past")
    from dataclasses import asdict

    text = f"{source}: {past.new} entries in {past.pages} documents; {past.reason}"
    return _answer(options, asdict(past), "\n".join([*past.troubles, text]))


def _withdraw(options: Namespace) -> int:
    from feeds.api import withdraw

    done = withdraw(_config(options), options.post, undo=options.undo)
    values = {"id": done.uid, "undo": options.undo, "left_to_daemon": done.left}
    return _answer(options, values, f"{done.uid}: {'left to the running feedd' if done.left else done.what}")


def _backup(options: Namespace) -> int:
    from feeds.api import backup

    size = backup(_config(options), _path(options.file))
    text = f"wrote {options.file} ({size} bytes); `feedd restore` brings it back"
    return _answer(options, {"file": options.file, "bytes": size}, text)


def _restore(options: Namespace) -> int:
    from feeds.api import restore

    former = restore(_config(options), _path(options.file))
    kept = f"; the former one is kept as {former}" if former else ""
    text = f"the store is that of {options.file}{kept}\nnext: feedd build reads what is newer in the sources"
    return _answer(options, {"file": options.file, "former": former}, text)


def _serve(options: Namespace) -> int:
    from feeds.api import serve

    def announce(address: str) -> None:
        if not options.quiet:
            print(f"serving {address}/ until Ctrl-C", flush=True)

    serve(_config(options), announce)
    return 0


def _explain(options: Namespace) -> int:
    from feeds.api import explain

    (print_json if options.json else print_post)(explain(_config(options), options.post))
    return 0


def _status(options: Namespace) -> int:
    from feeds.api import status

    found = status(_config(options))
    if options.json:
        print_json(found)
    else:
        print_status(found, options.verbose)
    return 0


_VERBS: dict[str | None, Callable[[Namespace], int]] = {
    None: _daemon,
    "build": _build,
    "init": _init,
    "check": _check,
    "lint": _lint,
    "validate": _validate,
    "explain": _explain,
    "status": _status,
    "add": _add,
    "import": _import,
    "export": _export,
    "forget": _forget,
    "withdraw": _withdraw,
    "backfill": _backfill,
    "backup": _backup,
    "restore": _restore,
    "serve": _serve,
}
