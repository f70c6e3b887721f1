"""Convert the head of an upstream feed into stored values, and those into hints for the poll schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from feeds.fetcher.feed import Fetched
from feeds.fetcher.schedule import Hints

if TYPE_CHECKING:
    from feeds.parser.feeds.channel import UpstreamHead

_PERIODS = {"hourly": 3600, "daily": 86400, "weekly": 604800, "monthly": 2592000, "yearly": 31536000}
"""Seconds of each period of ``sy:updatePeriod`` (RSS 1.0 Syndication module)."""
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Each hub costs a subscription, and a feed may name as many as it likes.
_MAX_HUBS = 5


def build_head_values(head: UpstreamHead, fetched: Fetched) -> dict[str, Any]:
    """Return the values of the head of a feed that are stored with its source, ready for JSON."""
    from feeds.websub.protocol import find_hubs

    period = _PERIODS.get(head.update_period, 0)
    hubs, own = find_hubs(fetched.links, fetched.url)
    return {
        "id": head.id,
        "title": head.title,
        "link": head.link,
        "url": fetched.url,
        "version": head.version,
        "hubs": list(hubs or head.hubs)[:_MAX_HUBS],
        "self": own or head.self_url,
        "ttl": head.ttl or 0,
        "sy": period / head.update_frequency if period else 0,
        "skip_hours": sorted(head.skip_hours),
        "skip_days": [_DAYS[day] for day in sorted(head.skip_days)],
    }


def build_hints(head: dict[str, Any], fetched: Fetched) -> Hints:
    """Build the hints of an upstream about when to poll, from its stored head and its last answer."""
    return Hints(
        ttl=head.get("ttl", 0),
        sy=head.get("sy", 0),
        max_age=fetched.max_age,
        retry_after=fetched.retry_after,
        skip_hours=frozenset(head.get("skip_hours", ())),
        skip_days=frozenset(head.get("skip_days", ())),
        validators=bool(fetched.state.etag or fetched.state.last_modified),
    )
