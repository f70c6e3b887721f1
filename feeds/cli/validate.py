"""``feedd validate``: validate published documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from feeds.cli.arguments import Commands
from feeds.cli.output import print_json

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from feeds.output.validator import Finding


def add_arguments(commands: Commands) -> None:
    """Add the command and its arguments."""
    validate = commands.add("validate", "validate published documents")
    validate.add_argument(
        "path", nargs="*", metavar="PATH", help="documents or folders (default: the output folder)"
    )
    validate.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Run the command and print its result; return the exit code."""
    from pathlib import Path

    from feeds.config import load_config

    paths = [Path(name) for name in options.path]
    found = validate_documents(paths or [load_config(options.config).output.dir])
    if options.json:
        print_json([{"path": str(p), "line": f.line, "rule": f.rule, "message": f.message} for p, f in found])
    else:
        for path, finding in found:
            print(f"{path}:{finding.line}: {finding.rule}: {finding.message}")
        if not found and not options.quiet:
            print("no problems found")
    return int(bool(found))


def validate_documents(paths: Sequence[Path]) -> list[tuple[Path, Finding]]:
    """Validate documents, or all documents below folders.

    Raises:
        UsageError: a path does not exist.
    """
    from feeds.errors import UsageError
    from feeds.output.validator import check_document

    found = []
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder")
        files = sorted(p for p in path.rglob("*") if _is_document(p)) if path.is_dir() else [path]
        found += [(file, finding) for file in files for finding in check_document(file.read_bytes())]
    return found


def _is_document(path: Path) -> bool:
    if path.suffix == ".json":
        return path.name == "feed.json" or path.parent.name == "archive"
    return path.suffix in (".xml", ".opml")
