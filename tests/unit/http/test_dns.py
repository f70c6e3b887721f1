"""The system's resolver: order kept, each address once, every failure an ``OSError``."""

from __future__ import annotations

import asyncio

import pytest

from feeds.http import dns


def resolve(host: str, found: list[str] | Exception) -> list[str]:
    asked: list[object] = []

    def answer(name: str, port: int, **kind: int) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        asked.append((name, port, kind))
        if isinstance(found, Exception):
            raise found
        return [(0, 0, 0, "", (address, port)) for address in found]

    result = asyncio.run(dns.resolve_by_system(host, 443, answer))
    assert asked == [(host, 443, {"type": dns.socket.SOCK_STREAM})]
    return result


def test_addresses_keep_their_order_without_repetition() -> None:
    assert resolve("a.example", ["2001:db8::1", "192.0.2.1", "2001:db8::1"]) == [
        "2001:db8::1",
        "192.0.2.1",
    ]


def test_an_unknown_name_is_an_os_error() -> None:
    with pytest.raises(OSError, match="unknown"):
        resolve("a.example", OSError("unknown"))


def test_what_is_no_name_is_an_os_error_too() -> None:
    with pytest.raises(OSError, match=r"'a\.\.example' is not a host name"):
        resolve("a..example", UnicodeError("label empty"))
