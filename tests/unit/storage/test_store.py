"""The store has every method that the protocols promise."""

from __future__ import annotations

import inspect

import pytest

from feeds.storage import interface
from feeds.storage.store import Store

PROTOCOLS = [base for base in interface.Storage.__mro__ if base.__module__.startswith(interface.__name__)]
METHODS = [
    (protocol, name)
    for protocol in PROTOCOLS
    for name, value in vars(protocol).items()
    if inspect.isfunction(value) and not name.startswith("_")
]


@pytest.mark.parametrize(("protocol", "name"), METHODS, ids=[name for _, name in METHODS])
def test_the_store_implements_the_protocol(protocol: type, name: str) -> None:
    wanted, given = (inspect.signature(getattr(owner, name)).parameters for owner in (protocol, Store))
    assert list(given)[1:] == list(wanted)[1:]
    assert [one.default for one in given.values()][1:] == [one.default for one in wanted.values()][1:]


def test_a_protocol_is_small() -> None:
    counts = {protocol.__name__: sum(owner is protocol for owner, _ in METHODS) for protocol in PROTOCOLS}
    assert max(counts.values()) <= 10, counts
