"""Parts of the command line that commands share: the parser, the common options, and types of arguments."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

POST = "path, URL or id of the post"
SOURCE = "name of the source (see `feedd status`)"


def decode(argument: str) -> str:
    """Return an argument as text that can be encoded.

    Bytes that are not valid in the encoding of the terminal arrive as lone surrogates.
    """
    try:
        # Text with surrogates cannot be printed or stored, so it is replaced before anything uses it.
        argument.encode()
    except UnicodeEncodeError:
        return os.fsencode(argument).decode("utf-8", "replace")
    return argument


class Parser(argparse.ArgumentParser):
    """A parser whose messages are one line and suggest what may be meant.

    argparse raises its errors in the two methods with an underscore; argparse has no public way to word them.
    """

    def error(self, message: str) -> NoReturn:
        """Print a message in one line, and exit with 2."""
        self.exit(2, f"{self.prog}: {message}; see `{self.prog} --help`\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # noqa: ANN401 - as in argparse
        if action.choices is None or value in action.choices:
            return
        known = [str(choice) for choice in action.choices]
        if isinstance(action, argparse._SubParsersAction):
            raise argparse.ArgumentError(None, f"unknown command {value!r}{suggest(value, known)}")
        expected = f"expected {', '.join(known[:-1])} or {known[-1]}"
        name = get_name(action)
        raise argparse.ArgumentError(None, f"invalid {name} {value!r}: {expected}{suggest(value, known)}")

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:  # noqa: ANN401 - as in argparse
        try:
            return super()._get_value(action, arg_string)
        except argparse.ArgumentError as error:
            message = f"invalid {get_name(action)} {arg_string!r}: {error.message}"
            raise argparse.ArgumentError(None, message) from error


def get_name(action: argparse.Action) -> str:
    """Return the longest spelling of an option, or the name of an argument."""
    return max(action.option_strings, key=len, default=str(action.metavar or action.dest))


def suggest(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'X'?`` for the most similar known word, or nothing."""
    # Imported late, because only a mistake needs it.
    from difflib import get_close_matches

    similar = get_close_matches(word, list(known), n=1)
    return f"; did you mean {similar[0]!r}?" if similar else ""


def build_common(default: str | None = None) -> argparse.ArgumentParser:
    """Build the options of the program and of every command; see :class:`Commands` for ``default``."""
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


def build_jobs(default: str | None = None) -> argparse.ArgumentParser:
    """Build the option for worker processes; see :class:`Commands` for ``default``."""
    jobs = argparse.ArgumentParser(add_help=False, argument_default=default)
    jobs.add_argument(
        "-j",
        "--jobs",
        type=parse_count,
        metavar="N",
        help="worker processes (default: 0 = one per processor)",
    )
    return jobs


def parse_count(text: str) -> int:
    """Parse the number of worker processes."""
    # `int` would also accept signs, underscores and digits of other scripts.
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError("expected a whole number, 0 = automatic")
    return int(text)


def parse_pages(text: str) -> int:
    """Parse a number of pages."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError("expected a whole number")
    return int(text)


class Commands:
    """Adds commands that share options with the program.

    Such an option means the same before and after the command. Therefore it has no default after the command
    (``argparse.SUPPRESS``): a default would overwrite the value that was given before the command.
    """

    def __init__(self, commands: Any) -> None:  # noqa: ANN401 - argparse
        self._commands = commands

    def add(
        self, name: str, text: str, *shared: Callable[[str], argparse.ArgumentParser], report: bool = True
    ) -> argparse.ArgumentParser:
        """Add a command with the common and the ``shared`` options, and ``--json`` if it reports."""
        command: argparse.ArgumentParser = self._commands.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            parents=[build(argparse.SUPPRESS) for build in (build_common, *shared)],
        )
        if report:
            command.add_argument("--json", action="store_true", help="print the result as JSON")
        return command


def load_commands(program: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each command by its name."""
    # argparse has no public way from a parser to its commands.
    return dict(next(a.choices for a in program._actions if isinstance(a, argparse._SubParsersAction)))
