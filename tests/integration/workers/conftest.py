"""The tests of the process pool start true interpreters, as the program does."""

import pytest


@pytest.fixture(autouse=True)
def fork_workers() -> None:
    """Fork no workers here."""
