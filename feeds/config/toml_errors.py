"""Describe why a configuration cannot be read, with the line and what to do."""

from __future__ import annotations

import re
from pathlib import Path

_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")
_AT_END = " (at end of document)"
_TWICE = re.compile(r"Cannot declare \((.*?),?\) twice")
_CURLED = re.compile("[\u201c\u201d\u2018\u2019\u201e\u00ab\u00bb]")
_BACKSLASH = "write a backslash in double quotes twice, or use 'single quotes'"
_ADVICE = {
    "Cannot overwrite a value": "a key is given twice; remove one of them",
    "Expected newline": "write one key = value on each line; a comment begins with #",
    "Invalid hex value": _BACKSLASH,
    "Invalid value": "write text in quotes, and true and false in small letters",
    "Unescaped": _BACKSLASH,
    "Unclosed": "close it, and write commas between values",
    "Unterminated string": "close the quotes",
}
"""What to do about an error of tomllib, by the beginning of its text."""


def describe_unreadable(file: Path, error: Exception) -> str:
    """Return what tomllib or the file system reports of a file, in one line."""
    if isinstance(error, RecursionError):
        return f"{file}: not valid TOML: nested too deeply"
    if isinstance(error, OSError):
        return f"{file}: cannot be read: {error.strerror or error}"
    if isinstance(error, UnicodeDecodeError):
        line = error.object.count(b"\n", 0, error.start) + 1
        return f"{file}:{line}: not valid TOML: not UTF-8 (byte 0x{error.object[error.start]:02x}); save it as UTF-8"
    return _describe_syntax(file, str(error).splitlines()[0])


def _describe_syntax(file: Path, reason: str) -> str:
    """Return a mistake of syntax with its line; that of an end that comes too soon is the last."""
    lines = file.read_text("utf-8-sig").splitlines()
    if found := _AT_LINE.search(reason):
        number, reason = int(found[1]), reason[: found.start()]
    elif reason.endswith(_AT_END):
        number, reason = len(lines) or 1, reason.removesuffix(_AT_END)
    else:  # a number with more digits than Python converts has no place
        return f"{file}: not valid TOML: {reason[:1].lower()}{reason[1:]}"
    text = _advise(reason, lines[number - 1] if number <= len(lines) else "")
    return f"{file}:{number}: not valid TOML: {text}"


def _advise(reason: str, line: str) -> str:
    """Return a reason with what to do about it."""
    if twice := _TWICE.match(reason):
        name = ".".join(re.findall(r"'(.*?)'", twice[1]))
        return f"[{name}] is written twice; join the two tables"
    shown = f"{reason[:1].lower()}{reason[1:]}"
    if curled := _CURLED.search(line):
        return f'{shown}; write straight quotes (") instead of {curled[0]}'
    advice = next((text for start, text in _ADVICE.items() if reason.startswith(start)), "")
    return f"{shown}; {advice}" if advice else shown
