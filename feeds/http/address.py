"""Parse web addresses for requests, and redact them for messages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from feeds.errors import AddressRefused
from feeds.http.ip_ranges import is_literal
from feeds.values import urls

_PORTS = {"http": 80, "https": 443}
_SHORT = 250
"""Characters of an address in which no host name can exceed its limit."""
# Underscores are not allowed in host names, but some feeds are published under such names.
_NAME = re.compile(r"[a-z0-9_.\-]{1,253}")
_USUAL = re.compile(
    r"(https?)://([a-z0-9\-]+(?:\.[a-z0-9\-]+)*)(?::(\d{1,5}))?(/[A-Za-z0-9\-._~/]*(?:\?[A-Za-z0-9\-._~/=&]+)?)"
)
# A space or a control character in the target would end the request line.
_TARGET = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Address:
    """A web address in the parts that a request needs; ``url`` does not contain ``userinfo``."""

    url: str
    scheme: str
    host: str
    port: int
    target: str
    userinfo: str = ""

    @property
    def authority(self) -> str:
        """Host and port as ``allow`` names them: ``example.org:80``, ``[::1]:8080``."""
        return f"{self._bracketed}:{self.port}"

    @property
    def host_header(self) -> str:
        """Value of ``Host``: the host, and the port if it is not the default."""
        return self._bracketed if self.port == _PORTS[self.scheme] else self.authority

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def parse_address(url: str) -> Address:
    """Parse a web address.

    Raises:
        AddressRefused: it is not ``http`` or ``https``, or has no usable host or port.
    """
    # A fast path: nearly all addresses have this form, and urlsplit takes several times longer.
    usual = _USUAL.fullmatch(url)
    if not usual or len(url) > _SHORT:
        return parse_unusual_address(url)
    scheme, host, given, target = usual.groups()
    port = int(given) if given else _PORTS[scheme]
    if not 0 < port < 65536:
        return parse_unusual_address(url)
    shown_port = "" if port == _PORTS[scheme] else f":{port}"
    return Address(f"{scheme}://{host}{shown_port}{target}", scheme, host, port, target)


def parse_unusual_address(url: str) -> Address:
    """:func:`parse_address` for addresses in any form.

    Raises:
        AddressRefused: as there.
    """
    try:
        parts = urlsplit(urls.iri_to_uri(url.strip()))
        # A final dot is the same host, but another string for limits and cookies.
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise AddressRefused(f"{redact_address(url)}: not a valid URL") from None
    if parts.scheme not in _PORTS:
        raise AddressRefused(f"{redact_address(url)}: only http and https addresses are fetched")
    # The host goes into headers and messages, so only known characters are accepted.
    if port == 0 or not (is_literal(host) or _NAME.fullmatch(host)):
        raise AddressRefused(f"{redact_address(url)}: no usable host or port")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not _TARGET.fullmatch(target):
        raise AddressRefused(f"{redact_address(url)}: not a valid URL")
    userinfo = parts.netloc.rpartition("@")[0]
    bare = Address("", parts.scheme, host, port or _PORTS[parts.scheme], target)
    return Address(
        f"{bare.scheme}://{bare.host_header}{target}", bare.scheme, host, bare.port, target, unquote(userinfo)
    )


def redact_address(url: str) -> str:
    """Redact an address for messages: without credentials and without the values of the query."""
    # Messages end up in logs and on the status page, where passwords and tokens must not be.
    bare = re.sub(r"//[^/?#]*@", "//", url[:2000])
    path, mark, _ = bare.partition("?")
    return path[:300] + ("?…" if mark else "")


def is_same_site(home: Address, other: Address) -> bool:
    """Return whether credentials for ``home`` may go to ``other``: same origin, or the same host's https."""
    if (home.scheme, home.host, home.port) == (other.scheme, other.host, other.port):
        return True
    # Many feeds are configured with http and redirect to https of the same host.
    upgraded = (home.scheme, home.port, other.scheme, other.port) == ("http", 80, "https", 443)
    return upgraded and home.host == other.host


def build_user_agent(version: str, site_url: str) -> str:
    """Build the ``User-Agent``: the version of feedd and the address of its site, for contact."""
    # Parentheses would end the comment of the header (RFC 9110, 5.6.5).
    contact = re.sub(r"[^\x21-\x7e]|[()]", "", urls.iri_to_uri(site_url))
    return f"feedd/{version} (+{contact})"
