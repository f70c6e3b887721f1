"""What commands share to print: messages, JSON, progress, results and counts."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace

    from feeds.protocols import Progress


def print_message(text: str) -> None:
    """Print a line to stderr; on a terminal ``warning:`` and ``feedd:`` are coloured."""
    # Colours would be noise in a file or a log.
    if sys.stderr.isatty():
        from feeds.cli.terminal import print_styled

        print_styled(text)
    else:
        print(text, file=sys.stderr)


def prepare_streams() -> None:
    """Make stdout and stderr accept any text.

    Characters that their encoding does not have are escaped; a closed stream is replaced by the null device.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        # Python starts without a stream if the shell has closed it.
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - until the end
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_json(value: object) -> None:
    """Print a result as JSON, in ASCII if stdout is not UTF-8."""
    import json

    # Escapes keep JSON valid where the encoding cannot represent all characters.
    ascii_only = sys.stdout.encoding.lower() not in ("utf-8", "utf8")
    print(json.dumps(value, ensure_ascii=ascii_only, indent=2, default=str))


@contextmanager
def show_progress(enabled: bool) -> Iterator[Progress]:
    """Show a progress bar on stderr if it is a terminal; yield the function that a build calls."""
    # Rich takes long to load, and a progress bar is useless in a file.
    if not enabled or not sys.stderr.isatty():
        from feeds.protocols import ignore_progress

        yield ignore_progress
        return
    from feeds.cli.terminal import draw_progress

    with draw_progress() as progress:
        yield progress


def format_count(count: int, noun: str) -> str:
    """Return a count with its noun, which gets an ``s`` unless the count is 1."""
    return f"{count} {noun}" + ("" if count == 1 else "s")


def print_result(options: Namespace, values: dict[str, object], text: str) -> int:
    """Print the result of a command: as JSON, as text, or nothing if quiet. Return the exit code 0."""
    if options.json:
        print_json(values)
    elif not options.quiet:
        print(text)
    return 0
