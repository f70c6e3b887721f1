"""Unit tests need only the code and local files: a program, a connection or a database on disk is an error."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

_REFUSED = frozenset(
    ("socket.bind", "socket.connect", "socket.getaddrinfo", "sqlite3.connect", "subprocess.Popen", "os.fork")
)
_guarded = False


def _refuse(event: str, values: tuple[object, ...]) -> None:
    if _guarded and event in _REFUSED and values[:1] != (":memory:",):
        raise RuntimeError(f"{event} in a unit test; a test that needs it belongs to tests/integration")


sys.addaudithook(_refuse)


@pytest.fixture(autouse=True)
def guard() -> Iterator[None]:
    """Refuse what unit tests do not use, while each of them runs."""
    global _guarded  # noqa: PLW0603 - an audit hook cannot be removed, only switched
    _guarded = True
    yield
    _guarded = False
