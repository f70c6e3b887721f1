"""Read the files that the ``include_relative`` tags of a post name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from feeds.parser.posts.liquid import Include

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
    return folder.digest(data + "\0".join(text or "" for text in texts).encode("utf-8", "surrogatepass"))
