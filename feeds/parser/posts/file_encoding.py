"""Decode the bytes of a post file."""

from __future__ import annotations

import re

from feeds.models import Repair
from feeds.parser.feeds.charset_detection import guess

_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# A binary file would otherwise give a repair for each of its lines.
_MOST_REPAIRS = 20


def decode(data: bytes) -> tuple[str, tuple[Repair, ...]]:
    r"""Return the text of a file, with lines ending in ``\n``, without characters that XML 1.0 (2.2) forbids.

    The order is: byte order marks of UTF-8 and UTF-16, UTF-8, UTF-8 with bad bytes (each becomes U+FFFD), the older
    encoding in which the text is most likely written.
    Never fails. At most twenty repairs of a kind are reported.
    """
    text, repairs = _decode(data)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    # Deleting bytes is much faster than a regular expression, and most files contain none of them.
    if len(data.translate(None, _CONTROLS)) < len(data) or "\ufffe" in text or "\uffff" in text:
        repairs += _list_controls(text)
        text = _FORBIDDEN.sub("", text)
    return text, tuple(repairs)


def _list_controls(text: str) -> list[Repair]:
    lines = ((n, line) for n, line in enumerate(text.split("\n"), 1) if _FORBIDDEN.search(line))
    found = [(n, mark) for (n, line), _ in zip(lines, range(_MOST_REPAIRS), strict=False)
             for mark in sorted(set(_FORBIDDEN.findall(line)))]  # fmt: skip
    return [Repair(n, "control-character", f"U+{ord(mark):04X}", "") for n, mark in found[:_MOST_REPAIRS]]


def _decode(data: bytes) -> tuple[str, list[Repair]]:
    # Editors that write UTF-16 also write a byte order mark.
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace"), [Repair(1, "encoding", "utf-16", "utf-8")]
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return data.decode(), []
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    # A few bad bytes in UTF-8 are damage, not another encoding.
    lenient = data.decode("utf-8", "replace")
    bad = lenient.count("\ufffd") - data.count("\ufffd".encode())
    if _is_utf8(data, lenient, bad):
        return lenient, _list_bad_bytes(data)
    codec = _guess_codec(data)
    return data.decode(codec, "replace"), [Repair(line, "encoding", codec, "utf-8")]


def _guess_codec(data: bytes) -> str:
    """Return the older encoding of a text: GB18030 (which includes GBK and GB 2312), Windows-1252 or another."""
    codec = guess(data, utf8=False)
    if codec != "cp1252":
        return codec
    try:
        strange = sum(mark > "\x7f" for mark in data.decode("gb18030"))
    except UnicodeDecodeError:
        return codec
    # Both bytes of a Chinese character are usually beyond ASCII. Behind a letter with an accent, the second is not.
    return "gb18030" if sum(code > 0x7F for code in data) >= strange * 1.5 else codec


def _is_utf8(data: bytes, lenient: str, bad: int) -> bool:
    """Return whether text with bad bytes is damaged UTF-8 rather than text in an older encoding.

    Decoded as UTF-8, such text has hardly any valid character beyond ASCII; damaged UTF-8 has mostly valid characters.
    """
    good = sum(1 for mark in lenient if mark > "\x7f" and mark != "\ufffd")
    if not good:
        return False
    if bad <= 1 or bad * 4 <= good:
        return True
    return good >= bad and data.decode("gb18030", "replace").count("\ufffd") >= bad


def _list_bad_bytes(data: bytes) -> list[Repair]:
    repairs: list[Repair] = []
    for number, line in enumerate(re.split(rb"\r\n|\n|\r", data), 1):
        try:
            line.decode()
        except UnicodeDecodeError as error:
            written = "".join(f"\\x{code:02x}" for code in line[error.start : error.end])
            repairs.append(Repair(number, "bad-byte", written, "\ufffd"))
            if len(repairs) == _MOST_REPAIRS:
                break
    return repairs
