"""Read the files that the Liquid of a post names: included texts, and other posts that it links to."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from feeds.errors import PostRejected
from feeds.models import Item
from feeds.storage.packing import Body

if TYPE_CHECKING:
    from feeds.parser.posts.liquid import Include
    from feeds.parser.posts.post import Guess, Tail
    from feeds.parser.posts.post_links import FindPage, PostPlace
    from feeds.workers.task_types import SourceSettings

_INCLUDES = re.compile(rb"\{%-?\s*+include_relative\s++([^\s%]++)")


def read_beside_post(root: Path) -> Include:
    """Return a function that reads a file in the folder of a post, or below it."""

    def read(post: str, name: str) -> str | None:
        from feeds.fetcher import folder
        from feeds.parser.posts.file_encoding import decode

        # Jekyll allows only files beside the post or below it.
        if ".." in name.split("/") or name.startswith("/"):
            return None
        try:
            # The name comes from the text of a post, which may be hostile.
            return decode(folder.read_inside(root, f"{post.rpartition('/')[0]}/{name}".lstrip("/")))[0]
        except OSError:
            return None

    return read


def compute_digest(root: Path, path: str, data: bytes) -> bytes:
    """Return the digest of a post together with the files that its ``include_relative`` tags name."""
    from feeds.fetcher import folder

    if b"include_relative" not in data:
        return folder.compute_digest(data)
    texts = [
        read_beside_post(root)(path, name.decode("utf-8", "replace")) for name in _INCLUDES.findall(data)
    ]
    return folder.compute_digest(
        data + "\0".join(text or "" for text in texts).encode("utf-8", "surrogatepass")
    )


def read_digest(root: Path, path: str) -> bytes:
    """Return the digest of a post that is not parsed; empty if it cannot be read."""
    from feeds.fetcher import folder

    try:
        return compute_digest(root, path, folder.read(root, path))
    except OSError:
        return b""


def find_pages(settings: SourceSettings, tail: Tail, guess: Guess) -> FindPage:
    """Return a function that finds the page of a post by the path of its file, by reading that file."""

    def find(path: str) -> str:
        from feeds.fetcher import folder
        from feeds.parser.posts.post import parse_post

        try:
            data = folder.read_inside(settings.root, path)
            item = parse_post(data, path, settings.parse, tail, guess, lambda *_: None)
        # A link to a missing or broken post is left as it is; only that post is reported.
        except (OSError, PostRejected):
            return ""
        return item.permalink if isinstance(item, Item) else ""

    return find


class LinkResolver:
    """Finds the pages of posts whose files the posts of one source link to."""

    def __init__(self, settings: SourceSettings, tail: Tail, guess: Guess) -> None:
        self._base, self._generator = settings.parse.base, settings.parse.generator
        self._above = find_content_prefix(settings.root)
        self._find = find_pages(settings, tail, guess)
        self._in_posts = settings.root.name == "_posts"

    def find_linked_page(self, kind: str, argument: str) -> str | None:
        """Return the path of the page that Liquid's ``link`` or ``post_url`` names; None if no such post exists."""
        from feeds.parser.posts.permalinks import find_named_files

        # Lazily: usually the first file exists, and the others are not read.
        pages = map(self._find, find_named_files(kind, argument, self._in_posts))
        return next((urlsplit(page).path for page in pages if page), None)

    def convert(self, body: Body, path: str, convert: Callable[[str], str]) -> str:
        """Convert the body of the post at ``path`` to HTML that links to pages."""
        from feeds.parser.posts.code_headers import read_code_headers
        from feeds.parser.posts.post_links import PostPlace, resolve_post_links

        place = PostPlace(path, body.page, self._base, self._above)
        # Shortcodes come first, because Markdown would change the quotes in them.
        html = convert(self._write_shortcodes(body.text, place))
        if self._generator in ("pelican", "content"):
            html = read_code_headers(html)
        return resolve_post_links(html, place, self._find)

    def _write_shortcodes(self, text: str, place: PostPlace) -> str:
        """Return a text without shortcodes; outside the trees of Hugo, Zola and Hexo only known references are resolved."""
        if "{{" not in text and "{%" not in text:
            return text
        from feeds.parser.posts.post_links import guess_reference, resolve_reference, resolve_shortcodes
        from feeds.parser.posts.shortcodes import expand_shortcodes, has_shortcodes

        if not has_shortcodes(self._generator):
            return resolve_shortcodes(text, place, self._find)
        # In Hexo a reference names a post, so it cannot be the page of a section.
        guess = (lambda *_: "") if self._generator == "hexo" else guess_reference
        return expand_shortcodes(
            text,
            self._generator,
            lambda named: resolve_reference(named, place, self._find) or guess(named, place),
        )


def find_content_prefix(root: Path) -> str:
    """Return the path of a source below the folder ``content`` of its site, with a slash; empty if it is that folder."""
    parts = root.parts
    if "content" not in parts:
        return ""
    # The last `content` of the path counts: folders above the site may have the same name.
    below = parts[len(parts) - parts[::-1].index("content") :]
    return "/".join((*below, ""))
