"""Guess the media type of a file from its address, for enclosures without a type."""

from __future__ import annotations

from mimetypes import MimeTypes
from urllib.parse import urlsplit

# Only the built-in tables: tables of the operating system would make the output depend on the machine.
_TYPES = MimeTypes(filenames=())
_MORE = {
    ".m4a": "audio/mp4",
    ".m4b": "audio/mp4",
    ".opus": "audio/ogg",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".flac": "audio/flac",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".torrent": "application/x-bittorrent",
    ".epub": "application/epub+zip",
}
_MEDIA = ("audio/", "video/", "image/", "application/pdf", "application/zip")


def guess_media_type(address: str) -> str:
    """Return the media type of a file name extension; empty if it is not a media file."""
    try:
        path = urlsplit(address).path
    except ValueError:
        return ""
    ending = path[path.rfind(".") :].lower() if "." in path[-8:] else ""
    if ending in _MORE:
        return _MORE[ending]
    found = _TYPES.types_map[True].get(ending) or _TYPES.types_map[False].get(ending) or ""
    return found if found.startswith(_MEDIA) else ""
