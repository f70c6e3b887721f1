"""Inputs near to real ones: cut, joined, repeated, flipped, and with the tokens that parsers stumble over."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

LARGEST = 40_000
TOKENS = [
    b"<", b">", b"&", b'"', b"'", b"---\n", b"+++\n", b"{%", b"%}", b"{{", b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\r\n",
    b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<!DOCTYPE x [", b"&#0;", b"&#xD800;", b"&#x110000;", b"&lt;", b"<svg>", b"</p>",
    b"<table>", b"<item>", b"</entry>", b"[", b"]", b"(", b")", b"*", b"`", b"\\", b"%", b"%zz", b"..", b"/", b":", b"99999999999",
    b"-1", b"1e999", b"\xe2\x80\xae", b"\xf0\x9f\x98\x80", b"\xef\xbb\xbf", b"\xff\xfe", b" " * 50, b"= ", b'"""', b"[[", b"style=",
]  # fmt: skip


def mutated(data: bytes, seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """One input after some changes."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 6, 12))):
        _change(changed, seeds, chance)
    return bytes(changed[:LARGEST])


def _change(data: bytearray, seeds: Sequence[bytes], chance: random.Random) -> None:
    at = chance.randrange(len(data) + 1)
    match chance.randrange(8):
        case 0:
            data[at:at] = chance.choice(TOKENS)
        case 1:
            del data[at : at + chance.choice((1, 3, 20, 400))]
        case 2 if data:
            data[at - 1] ^= 1 << chance.randrange(8)
        case 3:
            other = chance.choice(seeds)
            start = chance.randrange(len(other) + 1)
            data[at:at] = other[start : start + chance.choice((4, 40, 400))]
        case 4:
            data[at:at] = data[at : at + chance.choice((1, 8, 60))] * chance.choice((2, 30))
        case 5:
            data[at : at + 4] = chance.choice(TOKENS) * chance.choice((1, 2, 60))
        case 6 if data:
            data[at - 1] = chance.randrange(256)
        case _:
            data[at:at] = bytes(chance.randrange(256) for _ in range(chance.choice((1, 4))))


def mutations(seeds: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """So many inputs, always the same ones for a seed."""
    chance = random.Random(seed)
    for _ in range(count):
        yield mutated(chance.choice(seeds), seeds, chance)
