"""Builds the feeds of the example posts from Python and tells what became of them.

    python examples/build_feeds.py [CONFIG]

The commands of ``feedd`` use the same functions. Troubles are exceptions below ``FeeddError``: a configuration
with mistakes names all of them at once.
"""

from __future__ import annotations

import sys
from pathlib import Path

from feeds import BuildReport, FeeddError, build, load_config

DEFAULT = Path(__file__).parents[1] / "config" / "feedd.toml"


def main(path: Path = DEFAULT) -> int:
    """Build, print the figures and what was rejected; the exit code of ``feedd build``."""
    try:
        config = load_config(path)
        report: BuildReport = build(config, progress=tell)
    except FeeddError as error:
        print(error, file=sys.stderr)
        return 2
    print(
        f"{report.read} files, {report.published} posts, {len(report.written)} documents in {config.output.dir}"
    )
    for one in report.rejected:
        print(f"rejected: {one['path']}: {one['reason']}")
    return report.compute_exit_code()


def tell(step: str, done: int, total: int) -> None:
    """Told of each step as it goes on: ``read``, ``render``, ``write``."""
    if done == total:
        print(f"{step}: {total}")


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
