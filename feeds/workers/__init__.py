"""The pure steps joined, the values that go to them and come back, and the processes that run them."""

DEADLINE = 20.0
"""Seconds that one piece of work in a worker process may take."""
BUDGET = 60.0
"""Seconds for one feed document, or for a thousand files."""
