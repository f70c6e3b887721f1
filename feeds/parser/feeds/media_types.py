"""The type of a media file that states none, told by its address."""

from __future__ import annotations

from mimetypes import MimeTypes
from urllib.parse import urlsplit

# The tables of the library alone: those of a machine would give other bytes elsewhere.
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


def media_type(address: str) -> str:
    """The type that the end of an address stands for; empty if it names no medium."""
    try:
        path = urlsplit(address).path
    except ValueError:
        return ""
    ending = path[path.rfind(".") :].lower() if "." in path[-8:] else ""
    if ending in _MORE:
        return _MORE[ending]
    found = _TYPES.types_map[True].get(ending) or _TYPES.types_map[False].get(ending) or ""
    return found if found.startswith(_MEDIA) else ""
