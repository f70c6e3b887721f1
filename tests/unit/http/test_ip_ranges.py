"""Which IP addresses are globally reachable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.http.ip_ranges import is_global, is_literal

NOT_GLOBAL = """
0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1
172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1
203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1
::ffff:10.0.0.1 ::ffff:7f00:1 ::ffff:93.184.216.34 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::10.0.0.1
64:ff9b:1::1 100::1 2001::1 2001:2::1 2001:10::1 2001:db8::1 2002:7f00:1:: 2002:5db8:d822:: 3fff::1
5f00::1 fc00::1 fd00::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 2606:2800:220:1::1%eth0 localhost 127.1
0x7f000001 2130706433 example.org
"""


GLOBAL = """
1.1.1.1 93.184.216.34 100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.1 192.0.1.1 198.17.255.255
198.20.0.1 223.255.255.255 2606:2800:220:1::1 2a00:1450::1 64:ff9b::1.1.1.1
"""


@pytest.mark.parametrize(
    "ip",
    NOT_GLOBAL.split(),
)
def test_refuses_what_is_not_globally_reachable(ip: str) -> None:
    assert not is_global(ip)


@pytest.mark.parametrize(
    "ip",
    GLOBAL.split(),
)
def test_lets_through_what_is(ip: str) -> None:
    assert is_global(ip)


@given(st.ip_addresses(v=4))
def test_translated_forms_are_never_more_reachable_than_the_address_in_them(ip: object) -> None:
    assert is_global(f"64:ff9b::{ip}") == is_global(str(ip))
    assert not is_global(f"::ffff:{ip}")


@pytest.mark.parametrize(
    ("host", "literal"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("fe80::1%eth0", True),
        ("127.1", False),
        ("a.example", False),
        ("", False),
    ],
)
def test_only_an_address_is_a_literal(host: str, literal: bool) -> None:
    assert is_literal(host) is literal
