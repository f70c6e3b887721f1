"""Outgoing HTTP: one client, every limit.

Requests go over httpx (the only importer), on connections that :mod:`feeds.http.network` opens. A request

* goes only where every address of the host is globally reachable, or where the caller's ``allow``
  names host and port; each hop of a redirect is checked again, after resolution, and the address that was
  checked is the one connected to;
* has one deadline for all of it and a limit for the body, packed and unpacked;
* knows no proxy but the one it is given, no ``.netrc``, nothing from the environment;
* carries credentials only to the host that it was made for, and cookies only to the host that set them,
  for the hops of one fetch.
"""

from feeds.http.address import Address, address, same_site, shown, user_agent
from feeds.http.client import DEADLINE, MOST_BYTES, Client
from feeds.http.dns import Resolve
from feeds.http.messages import Conditions, Hop, Response

__all__ = [
    "DEADLINE",
    "MOST_BYTES",
    "Address",
    "Client",
    "Conditions",
    "Hop",
    "Resolve",
    "Response",
    "address",
    "same_site",
    "shown",
    "user_agent",
]
