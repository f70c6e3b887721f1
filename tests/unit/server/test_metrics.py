"""Counts of a server, as Prometheus and OpenMetrics read them."""

from __future__ import annotations

from feeds.server.metrics import Metrics


def test_every_count_is_written() -> None:
    metrics = Metrics()
    metrics.requests[200] = 3
    metrics.requests[404] += 1
    metrics.documents_loaded, metrics.variants_made, metrics.sent_bytes = 4, 5, 6
    metrics.connections_refused, metrics.connections_dropped = 7, 8
    metrics.connections, metrics.cache_bytes = 9, 10
    text, media = metrics.write_text()
    lines = text.decode().splitlines()
    for line in (
        'feedd_http_requests_total{status="200"} 3.0',
        'feedd_http_requests_total{status="404"} 1.0',
        "feedd_http_documents_loaded_total 4.0",
        "feedd_http_variants_made_total 5.0",
        "feedd_http_sent_bytes_total 6.0",
        "feedd_http_connections_refused_total 7.0",
        "feedd_http_connections_dropped_total 8.0",
        "feedd_http_connections 9.0",
        "feedd_http_cache_bytes 10.0",
        "# TYPE feedd_http_connections gauge",
    ):
        assert line in lines
    assert media.startswith("text/plain")


def test_the_format_is_the_one_that_is_preferred() -> None:
    text, media = Metrics().write_text("application/openmetrics-text; version=1.0.0")
    assert media.startswith("application/openmetrics-text")
    assert text.endswith(b"# EOF\n")
