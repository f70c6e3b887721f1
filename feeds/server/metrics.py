"""Count what the server does, and write the counts as Prometheus and OpenMetrics read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Metric

_COUNTERS = (
    ("documents_loaded", "Versions of documents read from the tree"),
    ("variants_made", "Compressed variants and deltas made"),
    ("sent_bytes", "Bytes of response bodies handed to the system"),
    ("connections_refused", "Connections that found no room"),
    ("connections_dropped", "Connections ended for being idle or too slow"),
)
_GAUGES = (
    ("connections", "Open connections"),
    ("cache_bytes", "Bytes of documents and variants kept ready"),
)


class Metrics:
    """Counts of one server: a collector for a registry of its own.

    The counts are plain numbers: a request adds to them thousands of times a second, a scraper reads them
    now and then.
    """

    def __init__(self) -> None:
        self.requests: Counter[int] = Counter()
        """Responses by status."""
        self.documents_loaded = 0
        self.variants_made = 0
        self.sent_bytes = 0
        self.connections = 0
        self.connections_refused = 0
        self.connections_dropped = 0
        self.cache_bytes = 0

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it is now (called by the registry)."""
        # Imported here because most servers are never scraped.
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        requests = CounterMetricFamily("feedd_http_requests", "Requests answered", labels=["status"])
        for status, count in sorted(self.requests.items()):
            requests.add_metric([str(status)], count)
        yield requests
        for name, meaning in _COUNTERS:
            yield CounterMetricFamily(f"feedd_http_{name}", meaning, getattr(self, name))
        for name, meaning in _GAUGES:
            yield GaugeMetricFamily(f"feedd_http_{name}", meaning, getattr(self, name))

    def write_text(self, accept: str = "") -> tuple[bytes, str]:
        """Return the exposition and its media type, in the format that an ``Accept`` field prefers."""
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import choose_encoder

        # The library's global registry would add figures of the process and of other servers in it.
        registry = CollectorRegistry()
        registry.register(self)
        encode, media = choose_encoder(accept)
        return encode(registry), media
