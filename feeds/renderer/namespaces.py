"""Podcast fields that are copied into RSS, and the values that they may have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from feeds.models import Enclosure, Extra
from feeds.values.urls import iri_to_uri, is_address

_CHARACTER = r"[^\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]"
_TEXT = re.compile(_CHARACTER + "{1,4000}")
_LINE = re.compile(_CHARACTER + "{1,255}")
_NUMBER = re.compile(r"[1-9]\d{0,6}")
_DECIMAL = re.compile(r"\d{1,7}(?:\.\d{1,6})?")
_EMPTY = re.compile("")
_ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class _FieldRule:
    text: re.Pattern[str]
    attributes: Mapping[str, re.Pattern[str] | str] = field(default_factory=dict)
    needed: frozenset[str] = frozenset()
    once: bool = True


_LINKED: Mapping[str, re.Pattern[str] | str] = {"url": _ADDRESS, "type": _LINE}
_RULES: Mapping[str, _FieldRule] = {
    "itunes:author": _FieldRule(_LINE),
    "itunes:block": _FieldRule(re.compile(r"(?i:yes)")),
    "itunes:duration": _FieldRule(re.compile(r"\d{1,6}|\d{1,3}:[0-5]\d(?::[0-5]\d)?")),
    "itunes:episode": _FieldRule(_NUMBER),
    "itunes:episodeType": _FieldRule(re.compile(r"full|trailer|bonus")),
    "itunes:explicit": _FieldRule(re.compile(r"true|false")),
    "itunes:image": _FieldRule(_EMPTY, {"href": _ADDRESS}, frozenset(["href"])),
    "itunes:season": _FieldRule(_NUMBER),
    "itunes:subtitle": _FieldRule(_LINE),
    "itunes:summary": _FieldRule(_TEXT),
    "itunes:title": _FieldRule(_TEXT),
    "podcast:chapters": _FieldRule(_EMPTY, _LINKED, frozenset(_LINKED)),
    "podcast:episode": _FieldRule(_DECIMAL, {"display": _LINE}),
    "podcast:license": _FieldRule(_LINE, {"url": _ADDRESS}),
    "podcast:location": _FieldRule(_LINE, {"geo": _LINE, "osm": _LINE}),
    "podcast:person": _FieldRule(
        _LINE, {"role": _LINE, "group": _LINE, "img": _ADDRESS, "href": _ADDRESS}, once=False
    ),
    "podcast:season": _FieldRule(_NUMBER, {"name": _LINE}),
    "podcast:socialInteract": _FieldRule(
        _EMPTY,
        {
            "protocol": _LINE,
            "uri": _ADDRESS,
            "accountId": _LINE,
            "accountUrl": _ADDRESS,
            "priority": _NUMBER,
        },
        frozenset(["protocol"]),
        once=False,
    ),
    "podcast:soundbite": _FieldRule(
        re.compile(_CHARACTER + "{0,255}"),
        {"startTime": _DECIMAL, "duration": _DECIMAL},
        frozenset(["startTime", "duration"]),
        once=False,
    ),
    "podcast:transcript": _FieldRule(
        _EMPTY, {**_LINKED, "language": _LINE, "rel": _LINE}, frozenset(_LINKED), once=False
    ),
    "podcast:txt": _FieldRule(_TEXT, {"purpose": _LINE}, once=False),
}
_NAMES = {name.lower(): name for name in _RULES}


_LENGTH_IN_WORDS = re.compile(
    r"(?:(\d{1,2})\s?h[^\W\d]*+)?\W*+(?:(\d{1,3})\s?m[^\W\d]*+)?\W*+(?:(\d{1,2})\s?s[^\W\d]*+)?",
    re.IGNORECASE,
)


def _write_duration(text: str) -> str:
    """Write a length in words (``1h 2m``) or with a fraction of a second as hours, minutes and seconds."""
    text = text.partition(".")[0] if text.replace(".", "", 1).replace(":", "").isdigit() else text
    found = _LENGTH_IN_WORDS.fullmatch(text) if text else None
    if not found or not any(found.groups()):
        return text
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    minutes, hours = minutes % 60, hours + minutes // 60
    return f"{hours:02}:{minutes:02}:{seconds:02}"


_NORMAL_FORMS: Mapping[str, Callable[[str], str]] = {
    "itunes:duration": _write_duration,
    "itunes:episodeType": str.lower,
    "itunes:explicit": lambda text: {"yes": "true", "no": "false", "clean": "false"}.get(
        text.lower(), text.lower()
    ),
}


def find_main_media(media: Sequence[Enclosure]) -> Enclosure | None:
    """Return the main medium of an entry, for formats that allow only one: sound or film before pictures."""
    kinds = (("audio/", "video/"), ("application/", "text/"), ("",))
    return next((found for kind in kinds for found in media if found.type.startswith(kind)), None)


def filter_valid(extras: Sequence[Extra]) -> Iterator[Extra]:
    """Yield the fields that a document may contain, with canonical names and without unknown attributes."""
    seen = set()
    for extra in extras:
        name = _NAMES.get(extra.name.lower(), "")
        rule = _RULES.get(name)
        text = _NORMAL_FORMS.get(name, str)(extra.text)
        if rule is None or not rule.text.fullmatch(text) or (rule.once and name in seen):
            continue
        # RSS, the only format with these fields, needs URIs.
        attributes = tuple(
            (key, iri_to_uri(value) if rule.attributes[key] == _ADDRESS else value)
            for key, value in extra.attributes
            if _is_valid_attribute(rule, key, value)
        )
        if rule.needed <= {key for key, _ in attributes}:
            seen.add(name)
            yield Extra(name, text, attributes)


def _is_valid_attribute(rule: _FieldRule, name: str, value: str) -> bool:
    wanted = rule.attributes.get(name)
    if isinstance(wanted, re.Pattern):
        return wanted.fullmatch(value) is not None
    return wanted == _ADDRESS and is_address(value)


def parse_duration(extras: Sequence[Extra]) -> int:
    """Return the duration in seconds from ``itunes:duration``; 0 if there is none."""
    for extra in filter_valid(extras):
        if extra.name == "itunes:duration":
            total = 0
            for part in extra.text.split(":"):
                total = total * 60 + int(part)
            return total
    return 0


def find_image(extras: Sequence[Extra]) -> str:
    """Return the address of the image in ``itunes:image``; empty if there is none."""
    return next(
        (extra.attributes[0][1] for extra in filter_valid(extras) if extra.name == "itunes:image"), ""
    )
