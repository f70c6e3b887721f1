"""The HTTP side: an output tree as subscribers fetch it, with conditional requests, codings and deltas."""
