"""HTTP server: serves the output tree with conditional requests, content codings and deltas."""
