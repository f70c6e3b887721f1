"""Media of a post and fields of a podcast in its front matter, in the forms of the generators.

``enclosure`` as an address, as a mapping or as WordPress exports it (address, length and type in lines); ``audio``,
``mp3``, ``podcast_file`` and their like; Eleventy's and Hugo's mapping ``episode``; Octopod's ``audio: {mp3: a.mp3}``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from feeds.models import Enclosure, Extra
from feeds.parser.feeds.media_types import guess_media_type

Resolve = Callable[[str], str]
"""Makes an address absolute; empty if that is not possible."""

_KEYS: Final = (
    *(
        "enclosure",
        "enclosures",
        "attachments",
        "media",
        "audio",
        "audio_url",
        "audio_file",
        "audiofile",
        "mp3",
    ),
    *(
        "podcast",
        "podcast_url",
        "podcast_file",
        "podcast_audio",
        "episode",
        "episode_url",
        "episode_file",
        "asset",
    ),
    *("video", "video_url", "video_file", "file", "file_url", "filename"),
)
_ADDRESSES: Final = (
    "url",
    "href",
    "src",
    "uri",
    "link",
    "file",
    "filename",
    "path",
    "mp3",
    "m4a",
    "ogg",
    "opus",
)
_TYPES: Final = ("type", "mime_type", "mimetype", "mime")
_LENGTHS: Final = (
    *("length", "size", "bytes", "filesize", "size_in_bytes", "file_size", "podcast_bytes", "podcast_length"),
    *("audio_file_size", "audio_size", "enclosure_length", "podcast_size", "audio_length", "length_in_bytes"),
)
_SAFE_LENGTHS: Final = frozenset(_LENGTHS) - {"length", "size"}
_FIELDS: Final = {
    "itunes:duration": (
        "duration",
        "podcast_duration",
        "audio_duration",
        "audio_length_time",
        "episode_duration",
        "time",
    ),
    "itunes:season": ("season", "season_number", "seasonnumber", "podcast_season"),
    "itunes:episode": ("episode", "episode_number", "episodenumber", "podcast_episode", "number"),
    "itunes:episodeType": ("episode_type", "episodetype"),
    "itunes:explicit": ("explicit", "podcast_explicit"),
    "itunes:subtitle": ("subtitle",),
    "itunes:title": ("episode_title",),
    "itunes:block": ("block", "podcast_block"),
}
_SIZE = re.compile(r"\d{1,18}")
_TYPE = re.compile(r"(?:audio|video|image|text|application|model)/[\w.+-]+", re.ASCII)
_MOST: Final = 64
_MEDIA: Final = ("audio/", "video/")


def read_media(
    values: Mapping[str, Any], resolve: Resolve
) -> tuple[tuple[Enclosure, ...], tuple[Extra, ...]]:
    """Return the media files that a post has, and for an episode its fields of iTunes.

    Args:
        values: The front matter, with its keys in lower case.
        resolve: Makes addresses absolute.
    """
    found: dict[str, Enclosure] = {}
    for key in _KEYS:
        for enclosure in _read_value(values.get(key), values, resolve, key in ("enclosure", "enclosures")):
            found.setdefault(enclosure.url, enclosure)
    enclosures = tuple(found.values())[:_MOST]
    if not any(enclosure.type.startswith(_MEDIA) for enclosure in enclosures):
        return enclosures, ()
    return enclosures, tuple(_read_fields(values))


def _read_value(
    value: object, values: Mapping[str, Any], resolve: Resolve, is_media: bool
) -> Iterator[Enclosure]:
    """Yield the media of a value; only ``enclosure`` may name a file whose ending is not that of media."""
    if isinstance(value, list):
        for part in value:
            yield from _read_value(part, values, resolve, is_media)
    elif isinstance(value, Mapping):
        yield from _read_mapping({str(key).lower(): part for key, part in value.items()}, resolve, is_media)
    elif isinstance(value, str):
        address, more = _split_value(value)
        length = next((part for part in more if _SIZE.fullmatch(part)), "")
        kind = next((part for part in more if "/" in part), "") or _read_first(
            values, ("enclosure_type", "mime_type")
        )
        length = length or _read_first(values, tuple(_SAFE_LENGTHS))
        yield from _build(address, kind, length, resolve, is_media)


def _split_value(value: str) -> tuple[str, list[str]]:
    """Return the address of a value, and the size and type behind it; a name of a file may have spaces."""
    words = value.split()
    end = len(words)
    while end > 1 and (_SIZE.fullmatch(words[end - 1]) or _TYPE.fullmatch(words[end - 1])):
        end -= 1
    return " ".join(words[:end]), words[end:]


def _read_mapping(value: Mapping[str, Any], resolve: Resolve, is_media: bool) -> Iterator[Enclosure]:
    kind, length = _read_first(value, _TYPES), _read_first(value, _LENGTHS)
    for key in _ADDRESSES:
        if isinstance(value.get(key), str):
            yield from _build(value[key].strip(), kind, length, resolve, is_media)


def _build(address: str, kind: str, length: str, resolve: Resolve, is_media: bool) -> Iterator[Enclosure]:
    absolute = resolve(address) if address else ""
    kind = kind if "/" in kind else guess_media_type(absolute)
    if absolute and (is_media or kind.startswith((*_MEDIA, "application/"))):
        yield Enclosure(absolute, kind, int(length) if _SIZE.fullmatch(length) else 0)


def _read_fields(values: Mapping[str, Any]) -> Iterator[Extra]:
    places = [values]
    for key in ("itunes", "episode", "podcast", "enclosure", "audio"):
        inner = values.get(key)
        if isinstance(inner, Mapping):
            places.insert(0, {str(name).lower(): value for name, value in inner.items()})
    for name, keys in _FIELDS.items():
        local = name.partition(":")[2].lower()
        nested = next((text for place in places[:-1] if (text := _read_first(place, (*keys, local)))), "")
        stated = nested or _read_first(values, (*keys, f"itunes_{local}", name.lower()))
        if stated:
            yield Extra(name, stated)


def _read_first(values: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    for key in keys:
        value = values.get(key)
        if isinstance(value, (str, int, float)):
            text = str(value).lower() if isinstance(value, bool) else " ".join(str(value).split())
            if text:
                return text
    return ""
