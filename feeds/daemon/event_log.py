"""Log of the daemon: one line for each event, as ``event key=value`` or as JSON."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Literal, TextIO

from feeds.protocols import Clock

LogFormat = Literal["text", "json"]


class EventLog:
    """Write events, each on one line that begins with the time."""

    def __init__(self, clock: Clock, form: LogFormat = "text", out: TextIO | None = None) -> None:
        self._clock = clock
        self._format = form
        self._out = out or sys.stderr

    def __call__(self, event: str, **values: object) -> None:
        """Write an event; values that are empty texts are left out."""
        now = self._clock()
        shown = {name: value for name, value in values.items() if value != ""}
        self._out.write((_as_json if self._format == "json" else _as_text)(now, event, shown) + "\n")
        # An event must be visible when it happens, also where the log is a pipe.
        self._out.flush()


def _as_json(now: datetime, event: str, values: dict[str, object]) -> str:
    stamp = now.isoformat(timespec="milliseconds")
    return json.dumps({"time": stamp, "event": event, **values}, ensure_ascii=False, default=str)


def _as_text(now: datetime, event: str, values: dict[str, object]) -> str:
    parts = [f"{name}={_quote(str(value))}" for name, value in values.items()]
    return " ".join([now.isoformat(timespec="milliseconds"), event, *parts])


def _quote(text: str) -> str:
    """Quote a value as one word, so that a line can be split at spaces and no value can forge a line."""
    # Values come from feeds and file names, which anybody may have written.
    plain = text and text.isprintable() and not any(c in text for c in " =\"'")
    return text if plain else json.dumps(text, ensure_ascii=not text.isprintable())
