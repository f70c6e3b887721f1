"""Read the texts of a post's header, and collect what had to be repaired."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from feeds.models import Repair
from feeds.parser.posts.front_matter import FrontMatter


class HeaderFields:
    """The header of one file, with the front matter defaults of its site below it."""

    def __init__(
        self, text: str, matter: FrontMatter, values: Mapping[str, Any], repairs: list[Repair]
    ) -> None:
        self.text, self.matter, self.values, self.repairs = text, matter, values, repairs

    def read_text(self, key: str) -> str:
        """Return the text of a key with white space collapsed; empty if it has none."""
        # A header may have a list or a number under any key.
        value = self.values.get(key)
        if not isinstance(value, str):
            return ""
        text = " ".join(value.split())
        return "" if text in ("~", "null") else text

    def find_line(self, key: str) -> int:
        """Return the line of a key, for a repair; 1 if no line of the header has it."""
        place = re.compile(rf"[ \t{{]*[\"']?{re.escape(key)}[\"']?[ \t]*[:=：]", re.IGNORECASE)
        header = self.text.split("\n", self.matter.body_line)[: self.matter.body_line - 1]
        return next((n for n, line in enumerate(header, 1) if place.match(line)), 1)

    def add_repair(self, key: str, rule: str, new: str) -> None:
        """Add a repair of the value of a key."""
        self.repairs.append(Repair(self.find_line(key), rule, f"{key}: {self.values.get(key, '')}", new))
