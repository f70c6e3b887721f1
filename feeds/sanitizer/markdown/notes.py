"""Footnotes: numbered in the order in which the text refers to them, and written at its end."""

from __future__ import annotations

import re
from html import escape

_SIGN = "\0"
"""Begins and ends the place of a reference. The text has none: it is replaced before it is read."""

REFERENCE = re.compile(f"{_SIGN}([^{_SIGN}]*){_SIGN}")


class Notes:
    """The footnotes of one text."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._bodies: dict[str, str] = {}
        self._labels: list[str] = []
        """Labels in the order of their numbers."""
        self._numbers: dict[str, int] = {}
        self._references: dict[str, int] = {}
        """How many references to each note were written."""

    def refer(self, label: str) -> str:
        """Return what represents a reference until :meth:`finish` knows its number."""
        return f"{_SIGN}{label}{_SIGN}"

    def define(self, label: str, html: str) -> None:
        """Take the HTML of a note; the first with a label counts."""
        self._bodies.setdefault(label, html)

    def finish(self, html: str) -> str:
        """Return a text with its references numbered, and the notes that it refers to behind it."""
        html = REFERENCE.sub(self._write_reference, html)
        if not self._labels:
            return html
        # A note may refer to others, which come last then: the list of labels grows meanwhile.
        notes = [REFERENCE.sub(self._write_reference, self._bodies[label]) for label in self._labels]
        items = "\n".join(map(self._write_note, self._labels, notes))
        return f'{html}<div class="footnotes">\n<ol>\n{items}\n</ol>\n</div>\n'

    def _make_key(self, label: str) -> str:
        return escape(self._prefix + label)

    def _write_reference(self, place: re.Match[str]) -> str:
        label = place[1]
        # A reference without a note is text.
        if label not in self._bodies:
            return escape(f"[^{label}]")
        # Notes that nothing refers to get no number and are not shown.
        if label not in self._numbers:
            self._labels.append(label)
            self._numbers[label] = len(self._labels)
        number = self._numbers[label]
        count = self._references[label] = self._references.get(label, -1) + 1
        key = self._make_key(label)
        again = f":{count}" if count else ""
        return f'<sup id="fnref:{key}{again}"><a href="#fn:{key}" class="footnote">{number}</a></sup>'

    def _write_note(self, label: str, html: str) -> str:
        """Write a note with a link back to each of its references."""
        key = self._make_key(label)
        back = " ".join(
            f'<a href="#fnref:{key}{f":{n}" if n else ""}" class="reversefootnote">&#8617;'
            f"{f'<sup>{n + 1}</sup>' if n else ''}</a>"
            for n in range(self._references[label] + 1)
        )
        html = html.rstrip()
        html = (
            f"{html.removesuffix('</p>')}&nbsp;{back}</p>"
            if html.endswith("</p>")
            else f"{html}\n<p>{back}</p>"
        )
        return f'<li id="fn:{key}">\n{html}\n</li>'
