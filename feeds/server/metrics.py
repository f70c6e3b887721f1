"""What the server counts, as Prometheus reads it (text format 0.0.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

MEDIA = "text/plain; version=0.0.4; charset=utf-8"

_NAMES = (
    ("documents_loaded_total", "counter", "Versions of documents read from the tree"),
    ("variants_made_total", "counter", "Compressed variants and deltas made"),
    ("sent_bytes_total", "counter", "Bytes of responses handed to the system"),
    ("connections", "gauge", "Open connections"),
    ("connections_refused_total", "counter", "Connections that found no room"),
    ("connections_dropped_total", "counter", "Connections ended for being idle or too slow"),
    ("cache_bytes", "gauge", "Bytes of documents and variants kept ready"),
)


class Metrics:
    """Counts of one server. ``extra`` adds the lines of others (the hub, the daemon)."""

    def __init__(self, extra: Callable[[], str] | None = None) -> None:
        self.requests: Counter[int] = Counter()
        """Answers by status."""
        self.documents_loaded_total = 0
        self.variants_made_total = 0
        self.sent_bytes_total = 0
        self.connections = 0
        self.connections_refused_total = 0
        self.connections_dropped_total = 0
        self.cache_bytes = 0
        self._extra = extra

    def text(self) -> str:
        """The exposition."""
        lines = [
            "# HELP feedd_http_requests_total Requests answered",
            "# TYPE feedd_http_requests_total counter",
        ]
        lines += [
            f'feedd_http_requests_total{{status="{status}"}} {count}'
            for status, count in sorted(self.requests.items())
        ]
        for name, kind, meaning in _NAMES:
            full = f"feedd_http_{name}"
            lines += [f"# HELP {full} {meaning}", f"# TYPE {full} {kind}", f"{full} {getattr(self, name)}"]
        return "\n".join(lines) + "\n" + (self._extra() if self._extra else "")
