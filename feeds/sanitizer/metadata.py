"""What an entry says besides its text: addresses, languages and media types, valid or left out.

Everything here comes from outside; a document must not carry what a reader could follow or take for HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from feeds.models import Enclosure, Extra, Origin
from feeds.sanitizer.text import clean_title
from feeds.values.urls import is_absolute_iri, valid_address, without_user

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,6}")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,64}/[A-Za-z0-9!#$&^_.+-]{1,64}")
_OPEN = frozenset(("channel_id", "playlist_id"))
"""Parameters with long values that everybody sees (YouTube)."""
_SHORTEST_SECRET = 16
_HAS_BOTH = re.compile(r"(?=[^0-9]*[0-9])[0-9]*[A-Za-z]")
_SECRET = re.compile(
    r"(?i)(?:.*[_.-])?(?:(?:access|auth|api|feed|private|user|rss|session)?[_.-]?(?:token|key|secret|password|passwd|pass|pw"
    r"|sig|signature|auth|credentials?|sid|hash|pwd|passphrase|jwt|ticket|otp|pin|bearer)|apikey)$"
)


def language(text: str) -> str:
    """A language tag (BCP 47), or nothing."""
    return text if _LANGUAGE.fullmatch(text) else ""


def media(given: Iterable[Enclosure]) -> tuple[Enclosure, ...]:
    """Media files whose address is one; a type only if it is one."""
    return tuple(
        Enclosure(url, one.type if _MEDIA_TYPE.fullmatch(one.type) else "", one.length)
        for one in given
        if (url := valid_address(one.url))
    )


def extras(given: Iterable[Extra]) -> tuple[Extra, ...]:
    """Fields of podcasts: addresses without characters that no address may have, the rest plain text."""
    return tuple(
        Extra(one.name, clean_title(one.text), tuple((name, _value(value)) for name, value in one.attributes))
        for one in given
    )


def _value(text: str) -> str:
    return valid_address(text) or clean_title(text)


def origin(given: Origin | None) -> Origin | None:
    """An upstream as an entry may name it: no address that is none."""
    if given is None:
        return None
    url = public(valid_address(given.url))
    uid = public(given.id) if is_absolute_iri(given.id) else url
    return Origin(uid, given.title, url, public(valid_address(given.link)))


def public(text: str) -> str:
    """An address of an upstream as it may be published: without what opens it to its owner alone."""
    bare, mark, query = without_user(text).partition("#")[0].partition("?")
    if not mark:
        return bare
    kept = "&".join(one for one in re.split("[&;]", query) if not _is_secret(one))
    return f"{bare}?{kept}" if kept else bare


def _is_secret(parameter: str) -> bool:
    """Whether a parameter is called a secret, or looks like one: long, of letters and digits."""
    name, _, value = parameter.partition("=")
    if _SECRET.match(unquote(name)):
        return True
    return name not in _OPEN and len(value) >= _SHORTEST_SECRET and _HAS_BOTH.match(value) is not None
