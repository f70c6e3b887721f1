"""The command line of ``feedd``: its verbs and what may stand behind them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import Any, NoReturn

from feeds.version import __version__


def _text(argument: str) -> str:
    """An argument as text: bytes that the terminal's encoding does not have come as lone surrogates."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return os.fsencode(argument).decode("utf-8", "replace")
    return argument


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def parser() -> argparse.ArgumentParser:
    """Options with ``verb``, which is None for the daemon."""
    found = _Parser(
        prog="feedd",
        parents=[_make_common(), _make_jobs()],
        description="Publishes full-content Atom, RSS and JSON feeds per category and per tag from folders of posts "
        "and upstream feeds. Without a command it is the daemon: it watches, asks and publishes until SIGTERM.",
        epilog="Exit codes: 0 published; 1 a post was rejected or a document held back, or something was found; "
        "2 wrong usage or configuration; 75 another feedd is at work, try again.",
    )
    found.add_argument("--version", action="version", version=f"feedd {__version__}")
    found.set_defaults(jobs=0)
    found.add_argument(
        "--log-format", choices=("text", "json"), default="text", help="how the daemon tells of events"
    )
    verbs = _Verbs(found.add_subparsers(dest="verb", metavar="COMMAND"))
    _publishing(verbs)
    _looking(verbs)
    _upstreams(verbs)
    verbs.add("serve", "serve the output folder over HTTP, nothing else", report=False)
    _keeping(verbs)
    return found


def _make_common(default: str | None = None) -> argparse.ArgumentParser:
    """Options of the program and of every command; see :class:`_Verbs` for ``default``."""
    common = argparse.ArgumentParser(add_help=False, argument_default=default)
    common.add_argument(
        "-c", "--config", metavar="FILE", help="configuration (default: $FEEDD_CONFIG or config/feedd.toml)"
    )
    common.add_argument("-v", "--verbose", action="store_true", help="tell more")
    common.add_argument("-q", "--quiet", action="store_true", help="tell only of troubles")
    return common


def _make_jobs(default: str | None = None) -> argparse.ArgumentParser:
    """The option for worker processes; see :class:`_Verbs` for ``default``."""
    jobs = argparse.ArgumentParser(add_help=False, argument_default=default)
    jobs.add_argument(
        "-j", "--jobs", type=_count, metavar="N", help="worker processes (default: one per processor)"
    )
    return jobs


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes; write 0, 1, 2 …")
    return int(text)


def _publishing(verbs: _Verbs) -> None:
    build = verbs.add("build", "read every source once and publish what changed", _make_jobs)
    build.add_argument("--offline", action="store_true", help="do not ask upstream feeds")
    build.add_argument("--strict", action="store_true", help="exit 1 for a source in trouble too")
    build.add_argument("--full", action="store_true", help="write every document again from the store")
    build.add_argument(
        "--allow-removals",
        action="store_true",
        help="believe that many posts of a source are gone at once, and take them out",
    )
    build.add_argument("--dry-run", action="store_true", help="only tell what would be written")
    init = verbs.add("init", "write a commented starter configuration")
    init.add_argument(
        "dir",
        nargs="?",
        default=".",
        metavar="DIR",
        help="folder of the project; a Jekyll site is recognised",
    )
    init.add_argument(
        "--from",
        dest="source",
        metavar="FILE",
        help="a Planet Venus config.ini or an OPML list to begin from",
    )


def _looking(verbs: _Verbs) -> None:
    verbs.add("check", "look for mistakes in the configuration, its paths and the store")
    lint = verbs.add("lint", "tell what is wrong in the posts and how it is repaired")
    lint.add_argument("dir", nargs="*", metavar="DIR", help="only these folders or files")
    validate = verbs.add("validate", "check published documents")
    validate.add_argument(
        "path", nargs="*", metavar="PATH", help="documents or folders (default: the output folder)"
    )
    explain = verbs.add("explain", "tell where a post came from and in which feeds it is")
    explain.add_argument("post", type=_text, metavar="POST", help="id, address, infoCode or path")
    verbs.add("status", "tell of sources, counts and feeds")


def _upstreams(verbs: _Verbs) -> None:
    added = verbs.add("add", "add an upstream, or the feed of a web page, to the configuration")
    added.add_argument(
        "url", type=_text, nargs="+", metavar="URL", help="address of a feed or of a page that has one"
    )
    added.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="HOST:PORT",
        help="this host may be asked though it is not globally reachable",
    )
    added.add_argument("--backfill", action="store_true", help="read its past to the beginning too")
    past = verbs.add("backfill", "read the past of an upstream, back to its beginning")
    past.add_argument("source", type=_text, metavar="SOURCE", help="its name")
    past.add_argument(
        "--pages", type=_count, default=1000, metavar="N", help="documents to read at most (default: 1000)"
    )
    taken = verbs.add("import", "add the upstreams of an OPML list to the configuration")
    taken.add_argument("file", metavar="FILE.opml")
    verbs.add("export", "print the upstreams of the configuration as OPML", report=False)
    forgotten = verbs.add("forget", "take out the posts of a source that was removed")
    forgotten.add_argument("source", type=_text, metavar="SOURCE", help="its name")
    withdrawn = verbs.add("withdraw", "take a post out of every document; it stays out")
    withdrawn.add_argument("post", type=_text, metavar="POST", help="id, address, infoCode or path")
    withdrawn.add_argument("--undo", action="store_true", help="bring it back")


def _keeping(verbs: _Verbs) -> None:
    saved = verbs.add("backup", "save the store to a file, also while a daemon runs")
    saved.add_argument("file", metavar="FILE", help="an older backup of this name is replaced")
    restored = verbs.add("restore", "put a backup, once it is verified, in the place of the store")
    restored.add_argument("file", metavar="FILE", help="what `feedd backup` wrote")


class _Verbs:
    """Adds verbs that share options with the program.

    Such an option means the same before and after the verb. So behind the verb it has no default
    (``argparse.SUPPRESS``), which would overwrite what was given before the verb.
    """

    def __init__(self, verbs: Any) -> None:  # noqa: ANN401 - argparse
        self._verbs = verbs

    def add(
        self, name: str, text: str, *shared: Callable[[str], argparse.ArgumentParser], report: bool = True
    ) -> argparse.ArgumentParser:
        """Add a verb with the common options and the ``shared`` ones; one that reports can do so as JSON."""
        verb: argparse.ArgumentParser = self._verbs.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            parents=[make(argparse.SUPPRESS) for make in (_make_common, *shared)],
        )
        if report:
            verb.add_argument("--json", action="store_true", help="report as JSON")
        return verb
