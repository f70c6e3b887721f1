"""Documents on their way into the output tree, with what other servers are to send instead of them."""

from __future__ import annotations

from collections.abc import Iterable

from feeds.output.tree import Tree
from feeds.run_context import Run

_ENDINGS = (".gz", ".br", ".zst")


def put(run: Run, tree: Tree, path: str, data: bytes) -> bool:
    """Queue a document, and its compressed forms if other servers are to send them; whether nothing foreign is in the way."""
    for place, packed in _beside(run, path, data).items():
        tree.put(place, packed)
    return tree.put(path, data)


def places(run: Run, paths: Iterable[str]) -> list[str]:
    """These documents with their compressed forms."""
    every = list(paths)
    if _precompressed(run):
        every += [path + ending for path in every for ending in _ENDINGS]
    return every


def _precompressed(run: Run) -> bool:
    return run.config.serve is not None and run.config.serve.precompress


def _beside(run: Run, path: str, data: bytes) -> dict[str, bytes]:
    if not _precompressed(run):
        return {}
    from feeds.output.compression import beside

    return beside(path, data)
