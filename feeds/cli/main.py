"""The program ``feedd``: parse the command line, run the command, and turn errors into messages and exit codes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

from feeds.cli.options import parse_command_line
from feeds.cli.output import prepare_streams, print_message
from feeds.errors import FeeddError, OutputError, StoreLocked


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
        code: int = options.run(options)
        # A full disk or a closed pipe shows only now, and must still become an exit code.
        sys.stdout.flush()
        return code
    except StoreLocked as error:
        print_message(f"feedd: {error}")
        # EX_TEMPFAIL of sysexits.h: programs such as cron may try again.
        return 75
    except OutputError as error:
        print_message(f"feedd: {error}")
        return 1
    except FeeddError as error:
        for line in str(error).splitlines():
            print_message(f"feedd: {line}")
        return 2
    except BrokenPipeError:
        # Python flushes stdout once more at exit, and would report the closed pipe again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print_message(f"feedd: {f'{error.filename}: ' if error.filename else ''}{error.strerror or error}")
        return 2
    except KeyboardInterrupt as error:
        print_message("feedd: interrupted; the next build continues where this one stopped")
        # The exit code that a shell gives for a program ended by this signal.
        return 128 + (error.args[0] if isinstance(error, _Terminated) else signal.SIGINT)


class _Terminated(KeyboardInterrupt):
    """A signal requests the end of the run; its number is the argument.

    Also raised for Ctrl-C instead of a plain KeyboardInterrupt: if that is raised in code run by ``exec`` (dataclasses
    use it), Python kills the process by the signal at exit although it was caught.
    """


def _terminate(number: int, frame: object) -> None:
    raise _Terminated(number)
