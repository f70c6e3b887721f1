"""Events of the daemon, each on one line."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest

from feeds.daemon.event_log import EventLog

NOW = datetime(2024, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


def write(form: str, event: str, **values: object) -> str:
    out = io.StringIO()
    EventLog(lambda: NOW, form, out)(event, **values)
    return out.getvalue()


def test_an_event_as_text() -> None:
    assert write("text", "polled", source="blog", new=2, reason="") == (
        "2024-01-02T03:04:05.678+00:00 polled source=blog new=2\n"
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a b", '"a b"'),
        ("a=b", '"a=b"'),
        ('a"b', '"a\\"b"'),
        ("a\nb", '"a\\nb"'),
        ("茶", "茶"),
        ("a\u2028b", '"a\\u2028b"'),
    ],
)
def test_a_value_is_one_word(value: str, shown: str) -> None:
    assert write("text", "x", value=value).split(" ", 2)[2] == f"value={shown}\n"


def test_an_event_as_json() -> None:
    line = write("json", "polled", source="茶", when=NOW, empty="")
    assert "茶" in line
    assert json.loads(line) == {
        "time": "2024-01-02T03:04:05.678+00:00",
        "event": "polled",
        "source": "茶",
        "when": str(NOW),
    }
