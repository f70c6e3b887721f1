"""The version is a release of the changelog or the next one, in the form that packages need."""

from __future__ import annotations

import re

from feeds.version import __version__


def test_the_version_is_a_release_number() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)
