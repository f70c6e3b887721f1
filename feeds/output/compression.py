"""Compress documents; the only importer of brotli.

Equal bytes give equal variants: they contain neither a time stamp nor a file name.
"""

from __future__ import annotations

import gzip

SUFFIXES = {"gzip": ".gz", "br": ".br", "zstd": ".zst"}
"""Suffix of a compressed file, by content coding."""

# The header of a compressed file outweighs what it saves of a short text.
_MIN_BYTES = 256
# Middle levels: documents are compressed again whenever they change.
_GZIP_LEVEL = 6
_BROTLI_QUALITY = 6
_ZSTD_LEVEL = 9


def encode(data: bytes, coding: str) -> bytes | None:
    """Compress ``data`` in a content coding (``gzip``, ``br``, ``zstd``); None if that saves nothing."""
    if len(data) < _MIN_BYTES:
        return None
    encoded = _encode(data, coding)
    return encoded if len(encoded) < len(data) else None


def _encode(data: bytes, coding: str) -> bytes:
    if coding == "gzip":
        # The current time would change the bytes, and mirrors would copy every variant again.
        return gzip.compress(data, _GZIP_LEVEL, mtime=0)
    if coding == "br":
        # Loaded late, because most sites do not compress in advance.
        import brotli

        return bytes(brotli.compress(data, quality=_BROTLI_QUALITY))
    import zstandard

    # Browsers refuse windows above 8 MB (RFC 8878, 3.1.1.1.2); level 9 stays below.
    return zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_content_size=True).compress(data)


def build_variants(path: str, data: bytes) -> dict[str, bytes]:
    """Return the compressed variants of a document for servers of static files, by path."""
    variants = {path + ending: encode(data, coding) for coding, ending in SUFFIXES.items()}
    return {name: encoded for name, encoded in variants.items() if encoded is not None}
