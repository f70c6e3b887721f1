"""How many made-up inputs a property is tried with: all by default, a few in the quick profile of `make unit`."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, settings

QUICK = "quick"
_SHARE = 20
_LEAST = 10


def examples(count: int, suppress: Sequence[HealthCheck] = ()) -> settings:
    """Return settings for so many examples; the quick profile tries a twentieth of them, but at least ten."""
    if settings.get_current_profile_name() == QUICK:
        count = min(count, max(_LEAST, count // _SHARE))
    return settings(max_examples=count, deadline=None, suppress_health_check=list(suppress))
