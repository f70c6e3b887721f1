"""Decode the content codings of HTTP (RFC 9110, section 8.4) within a limit.

A few kilobytes can unpack to gigabytes, so nothing is unpacked beyond the limit. Only one coding is decoded:
a second is used only to hide such a body.
"""

from __future__ import annotations

import zlib

from feeds.errors import FetchError

_CODINGS = frozenset(
    (
        "aes128gcm",
        "br",
        "brotli",
        "bz2",
        "bzip2",
        "compress",
        "dcb",
        "dcz",
        "deflate",
        "exi",
        "gzip",
        "lz4",
        "lzma",
        "lzw",
        "pack200-gzip",
        "sdch",
        "snappy",
        "xz",
        "zip",
        "zstandard",
        "zstd",
    )
)
"""Names that mean a packed body: IANA's registry of content codings, and a few unregistered names of real servers."""
_GZIP_MAGIC = b"\x1f\x8b"
_MOST_MEMBERS = 1000
_GZIP, _ZLIB, _RAW = 31, 15, -15


class Decoder:
    """Decode a body piece by piece; ``coding`` is the value of ``Content-Encoding``.

    ``gzip`` and ``deflate`` (with or without its wrapper) are decoded. The first bytes decide whether a body
    is gzip, whatever the header states. Names that are not content codings (``identity``, ``none``,
    ``utf-8``, ``binary``, ``aws-chunked``) are ignored.

    Raises:
        FetchError: the coding is not supported, or there are several.
    """

    def __init__(self, coding: str, most_bytes: int) -> None:
        names = [name for part in coding.split(",") if (name := _read_name(part)) in _CODINGS]
        if len(names) > 1:
            raise FetchError(
                f"the body is packed {len(names)} times over; only one content coding is supported"
            )
        self._coding = names[0] if names else ""
        if self._coding not in ("", "gzip", "deflate"):
            raise FetchError(
                f"the body has the content coding {self._coding[:40]!r}, which was not requested"
            )
        self._most = most_bytes
        self._wire = self._size = self._members = 0
        self._head = b""
        self._begun = False
        self._body = bytearray()  # not a list: a body may come in millions of chunks
        self._unpack: zlib._Decompress | None = None

    def feed(self, data: bytes) -> None:
        """Decode the next bytes of the body.

        Raises:
            FetchError: the body exceeds the limit, packed or unpacked, or is damaged.
        """
        self._wire += len(data)
        # Counted before decoding, because the packed bytes use memory and time too.
        if self._wire > self._most:
            raise self._build_size_error()
        if not self._begun:
            data = self._head = self._head + data
            # The magic number has two bytes, and a piece may have one.
            if len(data) < 2:
                return
            self._begin(data)
        self._decode(data)

    def finish(self) -> bytes:
        """Return the whole body.

        Raises:
            FetchError: the packed body is incomplete.
        """
        if not self._begun:
            return self._head
        # A cut body could look like a feed that has lost its entries.
        if self._unpack is not None and not self._unpack.eof:
            raise FetchError("the packed body is cut short")
        return bytes(self._body)

    def _begin(self, head: bytes) -> None:
        self._begun = True
        self._head = b""
        # Some servers send packed files without the header, or state gzip for plain text.
        if head[:2] == _GZIP_MAGIC:
            self._unpack = zlib.decompressobj(_GZIP)
        elif self._coding == "deflate":
            # RFC 9110, 8.4.1.2: zlib's wrapper belongs around it, and some servers leave it out.
            wrapped = head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
            self._unpack = zlib.decompressobj(_ZLIB if wrapped else _RAW)

    def _decode(self, data: bytes) -> None:
        while data:
            if self._unpack is None:
                return self._keep(data)
            if self._unpack.eof:
                if data[:1] != _GZIP_MAGIC[:1]:
                    return None  # padding after the last member
                self._members += 1
                # Each empty member costs time, but adds nothing to the unpacked size.
                if self._members > _MOST_MEMBERS:
                    raise FetchError("the packed body is in too many pieces")
                self._unpack = zlib.decompressobj(_GZIP)
            try:
                # One byte more than the limit is enough to detect that it is exceeded.
                self._keep(self._unpack.decompress(data, self._most + 1 - self._size))
            except zlib.error as error:
                raise FetchError("the packed body is damaged") from error
            data = self._unpack.unused_data if self._unpack.eof else self._unpack.unconsumed_tail
        return None

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._most:
            raise self._build_size_error()
        self._body += data

    def _build_size_error(self) -> FetchError:
        return FetchError(f"the body is larger than {self._most} bytes, the limit; raise the source's limit")


def _read_name(coding: str) -> str:
    """Return the name of one coding, without parameters, quotes and the obsolete prefix ``x-``."""
    return coding.partition(";")[0].strip(" \t\"'").lower().removeprefix("x-")
