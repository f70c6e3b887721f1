"""``make man``: the man page of ``feedd``, made of the options that argparse has; ``docs/reference/feedd.1`` holds it."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from feeds.cli.options import build_parser, load_commands
from feeds.version import __version__

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "feedd.1"
_SUMMARY = "publish feeds from folders of posts and from upstream feeds"
_ENVIRONMENT = {
    "FEEDD_CONFIG": "configuration file if there is no --config",
    "NO_COLOR": "if set, output on a terminal has no colours",
}
_FILES = {"config/feedd.toml": "configuration file if neither --config nor FEEDD_CONFIG names another"}


def render_man_page(day: str) -> str:
    """Return the page in the man macros of roff; ``day`` is the date of its last change."""
    program = build_parser()
    shared = {action.dest for action in _list_arguments(program)}
    lines = [
        f'.TH FEEDD 1 "{day}" "feedd {__version__}" "User commands"',
        *(".SH NAME", f"feedd \\- {_SUMMARY}"),
        *(".SH SYNOPSIS", r"\fBfeedd\fR [\fIOPTIONS\fR] [\fICOMMAND\fR [\fIARGUMENTS\fR]]"),
        *(".SH DESCRIPTION", *_format_text(str(program.description))),
        *(".SH OPTIONS", *_format_arguments(_list_arguments(program))),
        ".SH COMMANDS",
        *_format_text("The options -c, -v, -q and, for build, -j mean the same before and after a command."),
    ]
    for name, command in load_commands(program).items():
        own = [action for action in _list_arguments(command) if action.dest not in shared]
        lines += [
            f".SS feedd {name}",
            _format_usage(name, own),
            ".PP",
            *_format_text(str(command.description)),
        ]
        lines += _format_arguments(own)
    codes = dict(re.findall(r"(\d+) ([^;.]+)", str(program.epilog)))
    for title, terms in (("EXIT STATUS", codes), ("ENVIRONMENT", _ENVIRONMENT), ("FILES", _FILES)):
        lines += [f".SH {title}", *_format_terms((_format_bold(term), text) for term, text in terms.items())]
    return "\n".join(lines) + "\n"


def _list_arguments(command: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return the options and then the arguments of a command, but not ``--help``."""
    kinds = (argparse._HelpAction, argparse._SubParsersAction)
    actions = [action for action in command._actions if not isinstance(action, kinds)]
    return sorted(actions, key=lambda action: not action.option_strings)


def _format_arguments(actions: Iterable[argparse.Action]) -> list[str]:
    return _format_terms(
        (_format_invocation(action, ", "), str(action.help).replace("%%", "%")) for action in actions
    )


def _format_invocation(action: argparse.Action, between: str) -> str:
    """Return the spellings of an option with its value, or the name of an argument."""
    name = "|".join(map(str, action.choices or ())) if action.metavar is None else str(action.metavar)
    value = f"\\fI{_escape(name)}\\fR" if name else ""
    return f"{between.join(map(_format_bold, action.option_strings))} {value}".strip()


def _format_usage(name: str, actions: Iterable[argparse.Action]) -> str:
    patterns = {None: "{}", "?": "[{}]", "*": "[{} ...]", "+": "{} ..."}
    words = [_format_bold(f"feedd {name}")]
    for action in actions:
        text = _format_invocation(action, "|")
        words.append(
            f"[{text}]" if action.option_strings else patterns[str(action.nargs or "") or None].format(text)
        )
    return "\n".join(words)


def _format_terms(terms: Iterable[tuple[str, str]]) -> list[str]:
    return [line for term, text in terms for line in (".TP", term, *_format_text(text))]


def _format_text(text: str) -> Iterator[str]:
    """Yield lines of text; each sentence begins on a line of its own, as roff wants."""
    for sentence in re.split(r"(?<=[.:]) +(?=[A-Z])", text):
        for line in textwrap.wrap(_escape(sentence), 78, break_on_hyphens=False):
            yield f"\\&{line}" if line.startswith((".", "'")) else line


def _format_bold(text: str) -> str:
    return f"\\fB{_escape(text)}\\fR"


def _escape(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")


def read_day(page: str) -> str:
    """Return the date of a page, or nothing."""
    found = re.match(r'\.TH FEEDD 1 "([^"]*)"', page)
    return found[1] if found else ""


def main() -> None:
    """Write the page; its date stays if nothing else changed."""
    before = PAGE.read_text("utf-8") if PAGE.exists() else ""
    if before != render_man_page(read_day(before)):
        PAGE.write_text(render_man_page(f"{date.today():%Y-%m-%d}"), "utf-8")  # noqa: DTZ011 - as people read it


if __name__ == "__main__":
    main()
