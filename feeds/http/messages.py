"""Requests and responses as values: headers of each hop, targets of redirects, texts of errors."""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urljoin

from feeds.errors import FetchError
from feeds.http.address import Address, is_same_site, parse_address
from feeds.values import urls


class NoAnswer(Exception):  # noqa: N818 - its text names what came instead
    """The server sent no HTTP response, or an incomplete one."""


# RFC 9110, 15.4: 301 to 303 may turn a POST into a GET, which would lose its body.
REDIRECTS = {"GET": (301, 302, 303, 307, 308), "POST": (307, 308)}
"""Statuses of redirects that are followed, by method."""
BROKEN = (OSError, NoAnswer)
"""Errors of a broken connection."""

# A header is parsed by patterns, so hostile length is cut off.
_LONGEST_LINKS = 16 * 1024
_LINK = re.compile(r"<([^<>]{1,2048})>([^<]*)")
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)
_PERMANENT = (301, 308)
_SCHEMED = re.compile(r"(?:Bearer|Basic|Token) \S", re.IGNORECASE)
_SENDABLE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
"""A header value that cannot end its line (RFC 9110, section 5.5)."""


class Conditions(NamedTuple):
    """Headers that are valid for one address only (validators); they are sent to no other hop."""

    url: str
    headers: Mapping[str, str]

    def select_for_hop(self, here: Address) -> Mapping[str, str]:
        """Return the headers for this hop: the query may differ, the path must not."""
        # Servers add session parameters to the query, but validators belong to the document.
        return self.headers if self.url.partition("?")[0] == here.url.partition("?")[0] else {}


class Hop(NamedTuple):
    """One redirect: its status and the address that it led to."""

    status: int
    url: str


class Link(NamedTuple):
    """A link of a ``Link`` header: its absolute address and its relation types, in lower case."""

    url: str
    relations: tuple[str, ...]


class Response(NamedTuple):
    """A response. ``body`` is unpacked; it is empty for a GET with a status other than 200 and 203."""

    status: int
    url: str
    """Final address, without credentials."""
    headers: tuple[tuple[str, str], ...]
    """Names in lower case; values byte for byte (ISO 8859-1)."""
    body: bytes
    hops: tuple[Hop, ...] = ()
    conditional: bool = False
    """Whether the conditions were sent with the last hop."""

    def get_header(self, name: str) -> str:
        """Return the first value of a header; empty if it is missing."""
        return next((value for key, value in self.headers if key == name), "")

    def get_headers(self, name: str) -> tuple[str, ...]:
        """Return all values of a header that may occur several times."""
        return tuple(value for key, value in self.headers if key == name)

    def find_links(self) -> tuple[Link, ...]:
        """Return the links of the ``Link`` headers, with absolute addresses (RFC 8288)."""
        fields = self.get_headers("link")
        return tuple(_parse_links(", ".join(fields)[:_LONGEST_LINKS], self.url)) if fields else ()

    @property
    def moved_to(self) -> str:
        """Permanent new address of the resource: the end of the redirects before the first temporary redirect."""
        moved = ""
        for hop in self.hops:
            # Behind a temporary redirect nothing is permanent, whatever later hops state.
            if hop.status not in _PERMANENT:
                break
            moved = hop.url
        return moved


def _parse_links(text: str, base: str) -> Iterator[Link]:
    for address, parameters in _LINK.findall(text):
        rel = _REL.search(parameters)
        try:
            url = urljoin(base, address.strip())
        except ValueError:
            continue
        if rel is not None and urls.is_address(url):
            yield Link(url, tuple((rel[1] or rel[2] or "").lower().split()))


class Plan(NamedTuple):
    """The parts of a request that are the same at every hop."""

    method: str
    headers: Mapping[str, str]
    body: bytes
    conditions: Conditions | None
    allow: frozenset[str]
    authorization: str
    home: Address
    proxy: Address | None
    most_bytes: int


def build_authorization(auth: str) -> str:
    """Return the value of an ``Authorization`` header for ``user:password`` or a whole value; may be empty."""
    if not auth or _SCHEMED.match(auth):
        return auth
    return "Basic " + base64.b64encode(auth.encode()).decode("ascii")


def build_proxy_headers(proxy: Address) -> list[tuple[str, str]]:
    """Return the credentials for a proxy with a password."""
    return [("Proxy-Authorization", build_authorization(proxy.userinfo))] if proxy.userinfo else []


def build_headers(
    plan: Plan, here: Address, agent: str, conditions: Mapping[str, str], cookies: str
) -> list[tuple[bytes, bytes]]:
    """Return the headers of one hop.

    Raises:
        FetchError: credentials cannot be sent.
    """
    # Only gzip: each further coding would need its own limit against bodies that unpack to gigabytes.
    headers = [("Host", here.host_header), ("User-Agent", agent), ("Accept-Encoding", "gzip")]
    headers += plan.headers.items()
    # Validators of an upstream feed may contain any character; those that cannot be sent are left out.
    headers += [header for header in conditions.items() if _SENDABLE.fullmatch(header[1])]
    if cookies and _SENDABLE.fullmatch(cookies):
        headers.append(("Cookie", cookies))
    # A redirect must not carry the password to another host.
    if plan.authorization and is_same_site(plan.home, here):
        headers.append(("Authorization", plan.authorization))
    # With https the proxy gets its credentials when the tunnel is made; here the host would read them.
    if plan.proxy is not None and here.scheme == "http":
        headers += build_proxy_headers(plan.proxy)
    return encode_headers(headers)


def encode_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Encode headers as they are sent: values byte for byte (ISO 8859-1).

    Raises:
        FetchError: a value would break its line.
    """
    encoded = []
    for name, value in headers:
        if not _SENDABLE.fullmatch(value):
            raise FetchError(
                f"the value of the header {name} has a character that cannot be sent; correct it"
            )
        # RFC 9110, 5.5: white space around a value is not part of it.
        encoded.append((name.encode("ascii"), value.strip(" \t").encode("latin-1")))
    return encoded


def decode_headers(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """Decode headers into the form of :class:`Response`."""
    return tuple((name.decode("ascii").lower(), value.decode("latin-1")) for name, value in headers)


def resolve_redirect(here: Address, response: Response) -> Address:
    """Return where a redirect leads (RFC 9110, 10.2.2); its fragment and credentials are dropped.

    Raises:
        FetchError: the redirect has no usable address.
    """
    raw = response.get_header("location").strip()
    try:
        # Many servers send UTF-8 in Location, which HTTP does not define.
        location = raw.encode("latin-1").decode()
    except UnicodeDecodeError:
        location = raw
    # The fragment is for the reader of the page, and is never sent.
    to = urls.resolve(here.url, location.partition("#")[0]) if location else ""
    if not to:
        raise FetchError(f"status {response.status} redirects without a usable address")
    return parse_address(to)


def describe_status(status: int) -> str:
    """Describe a status with its phrase, such as ``HTTP 404 Not Found``."""
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    # A server may send a status that is not registered.
    except ValueError:
        return f"HTTP {status}"


def explain_error(error: Exception) -> str:
    """Describe a network error in words."""
    # The usual text of this error has internal names and line numbers of the TLS library.
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    if isinstance(error, OSError):
        return error.strerror or str(error) or "the connection was closed"
    return f"no proper HTTP answer ({str(error)[:200] or type(error).__name__})"
