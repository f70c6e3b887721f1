"""Write documents into the output tree, with compressed variants for web servers that serve static files."""

from __future__ import annotations

from collections.abc import Iterable

from feeds.output.tree import Tree
from feeds.run_context import Run

_SUFFIXES = (".gz", ".br", ".zst")


def put(run: Run, tree: Tree, path: str, data: bytes) -> bool:
    """Queue a document, and its compressed variants if they are configured.

    Returns:
        Whether the document can be written; False if an unmanaged file is in its place.
    """
    for place, packed in _compress_variants(run, path, data).items():
        tree.put(place, packed)
    return tree.put(path, data)


def list_variants(run: Run, paths: Iterable[str]) -> list[str]:
    """Return these paths, followed by the paths of their compressed variants if they are configured."""
    every = list(paths)
    if _is_precompressed(run):
        every += [path + ending for path in every for ending in _SUFFIXES]
    return every


def _is_precompressed(run: Run) -> bool:
    return run.config.serve is not None and run.config.serve.precompress


def _compress_variants(run: Run, path: str, data: bytes) -> dict[str, bytes]:
    if not _is_precompressed(run):
        return {}
    from feeds.output.compression import build_variants

    return build_variants(path, data)
