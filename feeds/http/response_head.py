"""Leave out malformed header lines, as browsers do; the parser would refuse the whole response."""

from __future__ import annotations

import re

_FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:")
# These decide where the body ends: without one of them, the rest of the response would be read in another way.
_FRAMING = re.compile(rb"\s*(?:content-length|transfer-encoding)", re.IGNORECASE)
_INTERIM = re.compile(rb"HTTP/1\.\d 1\d\d")


class ResponseHead:
    """The lines before the body of a response, in the pieces in which they arrive."""

    def __init__(self) -> None:
        self.is_changed = False
        """Whether a line was left out."""
        self._line = bytearray()
        """The current line, as far as it has arrived."""
        self._passed = 0
        """Bytes of the current line that the parser has already: it refuses what is not HTTP by its first bytes."""
        self._searched = 0
        self._in_status = True
        self._is_interim = False
        self._ended = False
        self._keeps = True
        """Whether the line before was kept: a continuation belongs to it."""

    def filter(self, data: bytes) -> bytes:
        """Return what the parser may read now; an incomplete line waits for its end."""
        if self._ended:
            return data
        self._line += data
        kept = bytearray()
        while not self._ended and (end := self._line.find(b"\n", self._searched) + 1):
            if self._is_kept(bytes(self._line[:end]).rstrip(b"\r\n")):
                kept += self._line[self._passed : end]
            del self._line[:end]
            self._passed = self._searched = 0
        self._searched = len(self._line)
        if self._ended or self._in_status:
            kept += self._line[self._passed :]
            self._passed = len(self._line)
        return bytes(kept)

    def _is_kept(self, line: bytes) -> bool:
        """Return whether the parser gets this line."""
        if self._in_status:
            self._in_status = False
            self._is_interim = _INTERIM.match(line) is not None
            return True
        if not line:
            # Another response follows an interim response.
            self._in_status, self._ended = self._is_interim, not self._is_interim
            return True
        if not line.startswith((b" ", b"\t")):
            self._keeps = bool(_FIELD.match(line) or _FRAMING.match(line))
        self.is_changed |= not self._keeps
        return self._keeps
