"""The pure steps joined, the values that go to them and come back, and the processes that run them."""

DEADLINE = 20.0
"""Seconds that one piece of work in a worker process may take."""
