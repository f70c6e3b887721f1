"""``feedd init``: write a commented starter configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.cli.arguments import Commands
from feeds.cli.output import print_json, print_message

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path


def add_arguments(commands: Commands) -> None:
    """Add the command and its arguments."""
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
    init.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Run the command and print its result; return the exit code."""
    from pathlib import Path

    made, notes = write_project(Path(options.dir), Path(options.source) if options.source else None)
    if options.json:
        print_json({"wrote": made, "notes": notes})
        return 0
    for note in notes:
        print_message(note)
    if not options.quiet:
        for path in made:
            print(f"wrote {path}")
        print(f"next: edit {made[0]}, then run `feedd build -c {made[0]}`")
    return 0


def write_project(folder: Path, source: Path | None = None) -> tuple[list[Path], tuple[str, ...]]:
    """Write a commented starter configuration and its folders. See :func:`feeds.api.init`."""
    from feeds.cli.generator_sites import find_generator_site
    from feeds.cli.starter_config import plan_files, suggest_next_steps
    from feeds.errors import UsageError
    from feeds.fetcher.folder import is_jekyll
    from feeds.fetcher.site_files import read_site

    if source is not None:
        from feeds.cli.subscriptions import convert_list

        text, notes = convert_list(source)
        files = [(folder / "config" / "feedd.toml", text)]
    else:
        is_other = find_generator_site(folder) is not None
        jekyll = read_site(folder) if is_jekyll(folder) and not is_other else None
        files = plan_files(folder, jekyll)
        notes = suggest_next_steps(folder, jekyll) if jekyll else ()
    for path, _ in files:
        if path.exists():
            raise UsageError(f"{path}: already exists; remove it first or choose another folder")
    try:
        for path, text in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}; choose another folder") from error
    return [path for path, _ in files], notes
