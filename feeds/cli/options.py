"""The command line of ``feedd``: one module of this package per command has its arguments and runs it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from feeds.cli import (
    add,
    backfill,
    backup,
    build,
    check,
    completion,
    explain,
    export_opml,
    forget,
    import_opml,
    init,
    lint,
    restore,
    run_daemon,
    serve,
    show_config,
    status,
    validate,
    withdraw,
)
from feeds.cli.arguments import Commands, Parser, build_common, build_jobs, get_name, suggest
from feeds.cli.arguments import load_commands as load_commands
from feeds.version import __version__

_COMMANDS = (
    build,
    init,
    check,
    show_config,
    lint,
    validate,
    explain,
    status,
    add,
    backfill,
    import_opml,
    export_opml,
    forget,
    withdraw,
    serve,
    backup,
    restore,
    completion,
)
"""In the order of ``feedd --help``."""

_DEFAULTS = {"jobs": 0, "log_format": "text"}
"""Values of the options that some commands do not know. The parser sets None, which shows that they were not given."""


def parse_command_line(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the arguments of the program; ``command`` is None for the daemon.

    Exits with 2 and a line on stderr if they are wrong.
    """
    program = build_parser()
    options, unknown = program.parse_known_args(arguments)
    command = load_commands(program)[options.command] if options.command else program
    if unknown:
        command.error(_describe_unknown(unknown[0], command))
    for option in _find_unused(program, command, options):
        program.error(f"{option} has no effect on `feedd {options.command}`; leave it out")
    for name, value in _DEFAULTS.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def _find_unused(
    program: argparse.ArgumentParser, command: argparse.ArgumentParser, options: argparse.Namespace
) -> list[str]:
    """Return the options given before a command that it does not know."""
    known = {action.dest for action in command._actions}
    return [
        get_name(action)
        for action in program._actions
        if action.dest in _DEFAULTS.keys() - known and getattr(options, action.dest) is not None
    ]


def _describe_unknown(word: str, command: argparse.ArgumentParser) -> str:
    if not word.startswith("-"):
        return f"unexpected argument {word!r}"
    option = word.partition("=")[0]
    return f"unknown option {option!r}" + suggest(option, command._option_string_actions)


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the program. It sets ``command``, which is None for the daemon."""
    program = Parser(
        prog="feedd",
        parents=[build_common(), build_jobs()],
        description="Publishes full-content Atom, RSS and JSON feeds per category and per tag from folders of posts "
        "and upstream feeds. With no command, runs as a daemon: watches folders, polls upstream feeds and publishes "
        "until stopped.",
        epilog="Exit codes: 0 success; 1 a post was rejected, a document was not published or problems were found; "
        "2 invalid usage or configuration; 75 another feedd is running, try again later.",
    )
    program.add_argument("--version", action="version", version=f"feedd {__version__}")
    program.add_argument("--log-format", choices=("text", "json"), help="log format of the daemon")
    # With its name given, argparse does not format the usage, which loads more modules.
    commands = Commands(program.add_subparsers(dest="command", metavar="COMMAND", prog=program.prog))
    for module in _COMMANDS:
        module.add_arguments(commands)
    program.set_defaults(run=run_daemon.run, program=program)
    return program
