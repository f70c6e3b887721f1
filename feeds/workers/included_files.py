"""Read the files that the Liquid of a post names: included texts, and other posts that it links to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from feeds.errors import PostRejected
from feeds.models import Item

if TYPE_CHECKING:
    from feeds.parser.posts.liquid import Include
    from feeds.parser.posts.post import Guess, Link, Tail
    from feeds.workers.task_types import SourceSettings

_INCLUDES = re.compile(rb"\{%-?\s*+include_relative\s++([^\s%]++)")


def read_beside_post(root: Path) -> Include:
    """Return a function that reads a file in the folder of a post, or below it."""

    def read(post: str, name: str) -> str | None:
        from feeds.fetcher import folder
        from feeds.parser.posts.file_encoding import decode

        if ".." in name.split("/") or name.startswith("/"):
            return None
        try:
            return decode(folder.read_inside(root, f"{post.rpartition('/')[0]}/{name}".lstrip("/")))[0]
        except OSError:
            return None

    return read


def digest_with_includes(root: Path, path: str, data: bytes) -> bytes:
    """Return the digest of a post together with the files that its ``include_relative`` tags name."""
    from feeds.fetcher import folder

    texts = [
        read_beside_post(root)(path, name.decode("utf-8", "replace")) for name in _INCLUDES.findall(data)
    ]
    return folder.compute_digest(
        data + "\0".join(text or "" for text in texts).encode("utf-8", "surrogatepass")
    )


def find_linked_posts(settings: SourceSettings, tail: Tail, guess: Guess) -> Link:
    """Return a function that finds the page of a post that ``link`` or ``post_url`` names, by reading that post."""

    def link(kind: str, argument: str) -> str | None:
        from feeds.fetcher import folder
        from feeds.parser.posts.permalinks import find_named_files
        from feeds.parser.posts.post import parse_post

        for path in find_named_files(kind, argument, settings.root.name == "_posts"):
            try:
                data = folder.read_inside(settings.root, path)
                item = parse_post(data, path, settings.parse, tail, guess, lambda *_: None)
            except (OSError, PostRejected):
                continue
            if isinstance(item, Item):
                return urlsplit(item.permalink).path
        return None

    return link
