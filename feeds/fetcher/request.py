"""What to fetch for one source, as a value; it costs nothing to import."""

from __future__ import annotations

from typing import NamedTuple


class Request(NamedTuple):
    """What to fetch for one source, and its limits."""

    name: str
    """The source's name."""
    url: str
    """The configured address."""
    group: str = ""
    """Sources of a group are polled in sequence; empty groups them by host."""
    allow: tuple[str, ...] = ()
    """``host:port`` pairs that may be fetched although they are not globally reachable."""
    auth: str = ""
    """``user:password`` or ``Bearer …``, for the host of ``url`` only."""
    proxy: str = ""
    timeout: float = 30.0
    """Seconds for the whole fetch."""
    most_bytes: int = 16 * 1024 * 1024
    gap: float = 1.0
    """Seconds of pause for the group after this request."""
