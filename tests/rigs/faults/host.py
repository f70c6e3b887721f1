"""A process that has imported feedd and forks for each run, so that hundreds of runs are cheap.

It reads one JSON object a line: ``{"arguments": [...], "output": "file"}``; forks; the child is `feedd`
with these arguments; the answer is a line with the child's number, then, when it has ended, a line with
its status (negative for a signal).
"""

from __future__ import annotations

import json
import os
import sys

import anyascii  # noqa: F401 - imported here once, not in each child
import feedgen.feed  # noqa: F401
import nh3  # noqa: F401
import pypinyin  # noqa: F401
import watchfiles  # noqa: F401
import zstandard  # noqa: F401

import feeds.daemon.daemon
import feeds.parser.feeds.feed
import feeds.renderer.entries
import feeds.renderer.html_pages
import feeds.storage.subscriptions  # noqa: F401
from feeds.cli.main import main


def serve() -> None:
    for line in sys.stdin:
        task = json.loads(line)
        child = os.fork()
        if not child:
            _become(task)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(task: dict[str, object]) -> None:
    sys.stdin = open(os.devnull)  # noqa: SIM115 - until the process ends
    out = os.open(str(task["output"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    code = 70
    try:
        code = main([str(one) for one in task["arguments"]])
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
