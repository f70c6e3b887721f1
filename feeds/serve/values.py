"""What the configuration says of serving, as frozen values (section ``[serve]``)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PrivateFeed:
    """A ``[[serve.private]]``: a feed that only those may read who know a password or an address.

    It is answered with ``no-store``, names no hub, and ``auth`` and ``secret`` may both be set: then
    either opens it. With ``secret`` alone its ordinary address does not exist.
    """

    feed: str
    """Folder of the feed in the output tree: ``category/inside``."""
    auth: str = ""
    """``env:NAME`` of a variable that holds ``user:password`` (HTTP basic authentication, RFC 7617)."""
    secret: str = ""
    """``env:NAME`` of a variable that holds the secret part of ``/private/<secret>/atom.xml``."""


@dataclass(frozen=True, slots=True)
class Serve:
    """Section ``[serve]``; its presence makes the daemon serve."""

    listen: str = "127.0.0.1:8080"
    """``host:port``, ``[v6]:port`` or ``unix:/path``; port 0 takes a free one."""
    public: str = ""
    """Address under which subscribers see the tree (default: ``site.url``); its path is understood as a prefix."""
    max_age: int = 300
    """Seconds for which a subscriber need not ask again (``Cache-Control: max-age``)."""
    auth: str = ""
    """``env:NAME`` of a variable with ``user:password``: the whole tree is private."""
    token: str = ""
    """``env:NAME`` of a variable with the bearer token that opens ``/metrics`` and ``/status``; empty: open."""
    precompress: bool = False
    """Write ``.gz``, ``.br`` and ``.zst`` beside every document, for nginx and Caddy."""
    private: tuple[PrivateFeed, ...] = ()
    """Feeds that are not for everybody."""
    connections: int = 2000
    """Open connections at most; the one that is idle the longest makes room for a new one."""
    memory: int = 64
    """Megabytes of documents and their compressed variants kept ready."""
