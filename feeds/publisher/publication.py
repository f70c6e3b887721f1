"""One publication: the store and the output tree, the settings, and what could not be written."""

from __future__ import annotations

from dataclasses import dataclass, field

from feeds.output.tree import Tree
from feeds.session import Session
from feeds.settings import PublishSettings
from feeds.storage.interface import Storage


@dataclass(slots=True)
class Publication:
    """What the steps of a publication share; ``held`` maps documents that were not written to the reason."""

    session: Session
    tree: Tree
    db: Storage
    settings: PublishSettings
    held: dict[str, str] = field(default_factory=dict)
    unfinished: set[int] = field(default_factory=set)
    """Feeds with a document or an archive that could not be written; they are written again by the next run."""
    dates: dict[int, int] = field(default_factory=dict)
    """Latest change of each feed whose documents are in place, in seconds since 1970."""
    revisions: dict[int, int] = field(default_factory=dict)
    """The revision of each feed that this publication writes completely."""

    def put(self, path: str, data: bytes) -> bool:
        """Queue a document, and its compressed variants if they are configured.

        Returns:
            Whether the document can be written; False if an unmanaged file is in its place.
        """
        if self.settings.precompress:
            from feeds.output.compression import build_variants

            for place, packed in build_variants(path, data).items():
                # The variants go first: a server must never serve an old variant of a new document.
                self.tree.put(place, packed)
        return self.tree.put(path, data)
