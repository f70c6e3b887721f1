"""The command line of ``feedd``: its commands, their options and the messages for wrong usage."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from feeds.version import __version__

_POST = "path, URL or id of the post"
_SOURCE = "name of the source (see `feedd status`)"


def parse_command_line(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the arguments of the program; ``command`` is None for the daemon.

    Exits with 2 and a line on stderr if they are wrong.
    """
    program = build_parser()
    options, unknown = program.parse_known_args(arguments)
    if unknown:
        command = load_commands(program)[options.command] if options.command else program
        command.error(_describe_unknown(unknown[0], command))
    return options


def load_commands(program: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each command by its name."""
    # argparse has no public way from a parser to its commands.
    return dict(next(a.choices for a in program._actions if isinstance(a, argparse._SubParsersAction)))


def _describe_unknown(word: str, command: argparse.ArgumentParser) -> str:
    if not word.startswith("-"):
        return f"unexpected argument {word!r}"
    option = word.partition("=")[0]
    return f"unknown option {option!r}" + _suggest(option, command._option_string_actions)


def _suggest(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'X'?`` for the most similar known word, or nothing."""
    # Imported late, because only a mistake needs it.
    from difflib import get_close_matches

    similar = get_close_matches(word, list(known), n=1)
    return f"; did you mean {similar[0]!r}?" if similar else ""


def _decode(argument: str) -> str:
    """Return an argument as text that can be encoded.

    Bytes that are not valid in the encoding of the terminal arrive as lone surrogates.
    """
    try:
        argument.encode()
    except UnicodeEncodeError:
        return os.fsencode(argument).decode("utf-8", "replace")
    return argument


class _Parser(argparse.ArgumentParser):
    """A parser whose messages are one line and suggest what may be meant.

    argparse raises its errors in the two methods with an underscore; there is no public way to word them.
    """

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see `{self.prog} --help`\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # noqa: ANN401 - as in argparse
        if action.choices is None or value in action.choices:
            return
        known = [str(choice) for choice in action.choices]
        if isinstance(action, argparse._SubParsersAction):
            raise argparse.ArgumentError(None, f"unknown command {value!r}{_suggest(value, known)}")
        expected = f"expected {', '.join(known[:-1])} or {known[-1]}"
        name = _get_name(action)
        raise argparse.ArgumentError(None, f"invalid {name} {value!r}: {expected}{_suggest(value, known)}")

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:  # noqa: ANN401 - as in argparse
        try:
            return super()._get_value(action, arg_string)
        except argparse.ArgumentError as error:
            message = f"invalid {_get_name(action)} {arg_string!r}: {error.message}"
            raise argparse.ArgumentError(None, message) from error


def _get_name(action: argparse.Action) -> str:
    return max(action.option_strings, key=len, default=str(action.metavar or action.dest))


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the program. It sets ``command``, which is None for the daemon."""
    program = _Parser(
        prog="feedd",
        parents=[_build_common(), _build_jobs()],
        description="Publishes full-content Atom, RSS and JSON feeds per category and per tag from folders of posts "
        "and upstream feeds. With no command, runs as a daemon: watches folders, polls upstream feeds and publishes "
        "until stopped.",
        epilog="Exit codes: 0 success; 1 a post was rejected, a document was not published or problems were found; "
        "2 invalid usage or configuration; 75 another feedd is running, try again later.",
    )
    program.add_argument("--version", action="version", version=f"feedd {__version__}")
    program.set_defaults(jobs=0)
    program.add_argument(
        "--log-format", choices=("text", "json"), default="text", help="log format of the daemon"
    )
    commands = _Commands(program.add_subparsers(dest="command", metavar="COMMAND"))
    _add_publishing(commands)
    _add_reports(commands)
    _add_upstreams(commands)
    commands.add("serve", "serve the output folder over HTTP", report=False)
    _add_maintenance(commands)
    return program


def _build_common(default: str | None = None) -> argparse.ArgumentParser:
    """Build the options of the program and of every command; see :class:`_Commands` for ``default``."""
    common = argparse.ArgumentParser(add_help=False, argument_default=default)
    common.add_argument(
        "-c",
        "--config",
        metavar="FILE",
        help="configuration file (default: $FEEDD_CONFIG or config/feedd.toml)",
    )
    common.add_argument("-v", "--verbose", action="store_true", help="verbose output")
    common.add_argument("-q", "--quiet", action="store_true", help="only print warnings and errors")
    return common


def _build_jobs(default: str | None = None) -> argparse.ArgumentParser:
    """Build the option for worker processes; see :class:`_Commands` for ``default``."""
    jobs = argparse.ArgumentParser(add_help=False, argument_default=default)
    jobs.add_argument(
        "-j",
        "--jobs",
        type=_parse_count,
        metavar="N",
        help="worker processes (default: 0 = one per processor)",
    )
    return jobs


def _parse_count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError("expected a whole number, 0 = automatic")
    return int(text)


def _parse_pages(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError("expected a whole number")
    return int(text)


def _add_publishing(commands: _Commands) -> None:
    build = commands.add("build", "read all sources once and publish what changed", _build_jobs)
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
    init = commands.add("init", "write a commented starter configuration")
    init.add_argument(
        "dir",
        nargs="?",
        default=".",
        metavar="DIR",
        help="project folder; a Jekyll site is detected (default: the current folder)",
    )
    init.add_argument(
        "--from",
        dest="source",
        metavar="FILE",
        help="import upstream feeds from a Planet Venus config.ini or an OPML list",
    )


def _add_reports(commands: _Commands) -> None:
    commands.add("check", "validate the configuration, its paths and the database")
    config = commands.add("config", "show the effective configuration, or print its JSON Schema")
    config.add_argument(
        "action",
        choices=("show", "schema"),
        metavar="ACTION",
        help="show: every value and where it comes from, secrets hidden; schema: the JSON Schema for editors",
    )
    lint = commands.add("lint", "report problems in posts and how feedd repairs them")
    lint.add_argument(
        "dir", nargs="*", metavar="DIR", help="only these folders or files (default: all source folders)"
    )
    validate = commands.add("validate", "validate published documents")
    validate.add_argument(
        "path", nargs="*", metavar="PATH", help="documents or folders (default: the output folder)"
    )
    explain = commands.add(
        "explain", "show where a post came from, which feeds it is in, or why it is in none"
    )
    explain.add_argument("post", type=_decode, metavar="POST", help=_POST)
    commands.add("status", "show sources, counts and feeds")


def _add_upstreams(commands: _Commands) -> None:
    add = commands.add("add", "add an upstream feed, or the feed of a web page, to the configuration")
    add.add_argument("url", type=_decode, nargs="+", metavar="URL", help="URL of a feed or of a web page")
    add.add_argument(
        "--allow", action="append", default=[], metavar="HOST:PORT", help="allow this private address"
    )
    add.add_argument("--backfill", action="store_true", help="also fetch the full history of the feed")
    backfill = commands.add("backfill", "fetch the full history of an upstream feed")
    backfill.add_argument("source", type=_decode, metavar="SOURCE", help=_SOURCE)
    backfill.add_argument(
        "--pages", type=_parse_pages, default=1000, metavar="N", help="fetch at most N pages (default: 1000)"
    )
    imported = commands.add("import", "add the upstream feeds of an OPML file to the configuration")
    imported.add_argument("file", metavar="FILE", help="OPML file")
    commands.add("export", "print the upstream feeds of the configuration as OPML", report=False)
    forget = commands.add("forget", "remove the posts of a source that is no longer configured")
    forget.add_argument("source", type=_decode, metavar="SOURCE", help=_SOURCE)
    withdraw = commands.add("withdraw", "unpublish a post from all feeds and archives (undo with --undo)")
    withdraw.add_argument("post", type=_decode, metavar="POST", help=_POST)
    withdraw.add_argument("--undo", action="store_true", help="publish a withdrawn post again")


def _add_maintenance(commands: _Commands) -> None:
    backup = commands.add("backup", "back up the database to a file, also while the daemon runs")
    backup.add_argument("file", metavar="FILE", help="backup file; an older backup of this name is replaced")
    restore = commands.add("restore", "restore the database from a backup (verified first)")
    restore.add_argument("file", metavar="FILE", help="file written by `feedd backup`")
    completion = commands.add("completion", "print the completion script of a shell", report=False)
    completion.add_argument(
        "shell", choices=("bash", "zsh", "fish"), metavar="SHELL", help="bash, zsh or fish"
    )


class _Commands:
    """Adds commands that share options with the program.

    Such an option means the same before and after the command. Therefore it has no default after the command
    (``argparse.SUPPRESS``): a default would overwrite the value that was given before the command.
    """

    def __init__(self, commands: Any) -> None:  # noqa: ANN401 - argparse
        self._commands = commands

    def add(
        self, name: str, text: str, *shared: Callable[[str], argparse.ArgumentParser], report: bool = True
    ) -> argparse.ArgumentParser:
        """Add a command with the common options and the ``shared`` ones, and ``--json`` if it reports."""
        command: argparse.ArgumentParser = self._commands.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            parents=[build(argparse.SUPPRESS) for build in (_build_common, *shared)],
        )
        if report:
            command.add_argument("--json", action="store_true", help="print the result as JSON")
        return command
