"""Which fields of podcasts are carried through into RSS, and what their values may be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from feeds.models import Extra
from feeds.values.urls import is_address

_CHARACTER = r"[^\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]"
_TEXT = re.compile(_CHARACTER + "{1,4000}")
_LINE = re.compile(_CHARACTER + "{1,255}")
_NUMBER = re.compile(r"[1-9]\d{0,6}")
_DECIMAL = re.compile(r"\d{1,7}(?:\.\d{1,6})?")
_EMPTY = re.compile("")
_ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class _Form:
    text: re.Pattern[str]
    attributes: Mapping[str, re.Pattern[str] | str] = field(default_factory=dict)
    needed: frozenset[str] = frozenset()
    once: bool = True


_LINKED: Mapping[str, re.Pattern[str] | str] = {"url": _ADDRESS, "type": _LINE}
_FORMS: Mapping[str, _Form] = {
    "itunes:author": _Form(_TEXT),
    "itunes:block": _Form(re.compile(r"(?i:yes)")),
    "itunes:duration": _Form(re.compile(r"\d{1,6}|\d{1,3}:[0-5]\d(?::[0-5]\d)?")),
    "itunes:episode": _Form(_NUMBER),
    "itunes:episodeType": _Form(re.compile(r"full|trailer|bonus")),
    "itunes:explicit": _Form(re.compile(r"yes|no|clean|true|false")),
    "itunes:image": _Form(_EMPTY, {"href": _ADDRESS}, frozenset(["href"])),
    "itunes:season": _Form(_NUMBER),
    "itunes:subtitle": _Form(_LINE),
    "itunes:summary": _Form(_TEXT),
    "itunes:title": _Form(_TEXT),
    "podcast:chapters": _Form(_EMPTY, _LINKED, frozenset(_LINKED)),
    "podcast:episode": _Form(_DECIMAL, {"display": _LINE}),
    "podcast:license": _Form(_LINE, {"url": _ADDRESS}),
    "podcast:location": _Form(_LINE, {"geo": _LINE, "osm": _LINE}),
    "podcast:person": _Form(
        _LINE, {"role": _LINE, "group": _LINE, "img": _ADDRESS, "href": _ADDRESS}, once=False
    ),
    "podcast:season": _Form(_NUMBER, {"name": _LINE}),
    "podcast:socialInteract": _Form(
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
    "podcast:soundbite": _Form(
        re.compile(_CHARACTER + "{0,255}"),
        {"startTime": _DECIMAL, "duration": _DECIMAL},
        frozenset(["startTime", "duration"]),
        once=False,
    ),
    "podcast:transcript": _Form(
        _EMPTY, {**_LINKED, "language": _LINE, "rel": _LINE}, frozenset(_LINKED), once=False
    ),
    "podcast:txt": _Form(_TEXT, {"purpose": _LINE}, once=False),
}
_NAMES = {name.lower(): name for name in _FORMS}


def valid(extras: Sequence[Extra]) -> Iterator[Extra]:
    """The fields that a document may have, under their right names and without attributes that nobody knows."""
    seen = set()
    for extra in extras:
        name = _NAMES.get(extra.name.lower(), "")
        form = _FORMS.get(name)
        if form is None or not form.text.fullmatch(extra.text) or (form.once and name in seen):
            continue
        attributes = tuple(one for one in extra.attributes if _holds(form, *one))
        if form.needed <= {key for key, _ in attributes}:
            seen.add(name)
            yield Extra(name, extra.text, attributes)


def _holds(form: _Form, name: str, value: str) -> bool:
    wanted = form.attributes.get(name)
    if isinstance(wanted, re.Pattern):
        return wanted.fullmatch(value) is not None
    return wanted == _ADDRESS and is_address(value)


def seconds(extras: Sequence[Extra]) -> int:
    """The length that ``itunes:duration`` states, 0 if it states none."""
    for extra in valid(extras):
        if extra.name == "itunes:duration":
            total = 0
            for part in extra.text.split(":"):
                total = total * 60 + int(part)
            return total
    return 0


def picture(extras: Sequence[Extra]) -> str:
    """The address of the picture that ``itunes:image`` names, or nothing."""
    return next((one.attributes[0][1] for one in valid(extras) if one.name == "itunes:image"), "")
