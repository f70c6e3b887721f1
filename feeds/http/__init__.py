"""Outgoing HTTP: one client with every limit.

Requests are sent with httpx (only this package imports it), on connections that :mod:`feeds.http.network`
opens. A request

* goes only where every address of the host is globally reachable, or where the caller's ``allow``
  names host and port; each hop of a redirect is checked again after resolution, and the checked
  address is the address connected to;
* has one deadline in total and a limit for the body, packed and unpacked;
* uses only the proxy that the caller passes, no ``.netrc`` and nothing from the environment;
* sends credentials only to the host that it was made for, and cookies only to the host that set them,
  for the hops of one fetch.
"""

from feeds.http.address import Address, build_user_agent, is_same_site, parse_address, redact_address
from feeds.http.client import DEADLINE, MOST_BYTES, Client
from feeds.http.dns import Resolve
from feeds.http.messages import Conditions, Hop, Link, Response

__all__ = [
    "DEADLINE",
    "MOST_BYTES",
    "Address",
    "Client",
    "Conditions",
    "Hop",
    "Link",
    "Resolve",
    "Response",
    "build_user_agent",
    "is_same_site",
    "parse_address",
    "redact_address",
]
