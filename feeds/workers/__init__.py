"""Worker processes: the pure functions that they run, the values they exchange, and the pool."""

DEADLINE = 20.0
"""Seconds that a task in a worker process may take."""
BUDGET = 60.0
"""Seconds for one feed document, or for a thousand files."""
