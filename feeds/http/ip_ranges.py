"""Decide which IP addresses are globally reachable: outgoing connections may go there without being allowed.

The tables are the IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890 and its updates), as of
2025. The answers of :attr:`ipaddress.IPv4Address.is_global` differ between Python versions, so it is not
used. An address that is not known to be global is not.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# "Globally Reachable: False" or "N/A" in the IPv4 registry, and multicast (RFC 5771).
_NOT_GLOBAL_4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private use
        "100.64.0.0/10",  # carrier-grade NAT (RFC 6598)
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link local, cloud metadata
        "172.16.0.0/12",  # private use
        "192.0.0.0/24",  # IETF protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relay anycast, deprecated
        "192.168.0.0/16",  # private use
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, limited broadcast
    )
)
# Only 2000::/3 is assigned to global unicast; these parts of it are not globally reachable.
_GLOBAL_6 = IPv6Network("2000::/3")
_NOT_GLOBAL_6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # IETF protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which carries an IPv4 address
        "3fff::/20",  # documentation
    )
)
# RFC 6052: reachable through a translator where the IPv4 address in its last 32 bits is.
_NAT64 = IPv6Network("64:ff9b::/96")


@lru_cache(maxsize=4096)
def is_global(address: str) -> bool:
    """Return whether ``address`` is a globally reachable IP address; False for any other text.

    IPv4-mapped, IPv4-compatible, 6to4 and Teredo forms never are; a NAT64 form (RFC 6052) is if its IPv4
    address is. An address with a zone (``fe80::1%eth0``) never is.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv4Address):
        return _is_global_4(found)
    return _is_global_6(found)


def is_literal(host: str) -> bool:
    """Return whether ``host`` is an IP address, not a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_global_4(address: IPv4Address) -> bool:
    return not any(address in block for block in _NOT_GLOBAL_4)


def _is_global_6(address: IPv6Address) -> bool:
    # A zone names an interface of this machine, so the address is local.
    if address.scope_id is not None:
        return False
    if address in _NAT64:
        # A translator would lead to the private IPv4 address that is embedded.
        return _is_global_4(IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _GLOBAL_6 and not any(address in block for block in _NOT_GLOBAL_6)
