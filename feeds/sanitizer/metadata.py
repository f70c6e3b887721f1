"""What an entry says besides its text: addresses, languages and media types, valid or left out.

Everything here comes from outside; a document must not carry what a reader could follow or take for HTML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import unquote

from feeds.models import Enclosure, Extra, Origin
from feeds.sanitizer.text import clean_title
from feeds.values.urls import escape_address, is_absolute_iri, is_same_document, without_user

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,6}")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,64}/[A-Za-z0-9!#$&^_.+-]{1,64}")
_OPEN = frozenset(
    "alt atom cat category channel_id feed format lang output playlist_id post_type rdf rss tag type xml".split()  # noqa: SIM905
)
"""Parameters that choose a feed or its format: any other may be a key, whatever it is called."""
_LONG = frozenset(("channel_id", "playlist_id"))
_LONGEST_OPEN = 24
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
        if (url := escape_address(one.url))
    )


def extras(given: Iterable[Extra]) -> tuple[Extra, ...]:
    """Fields of podcasts: addresses without characters that no address may have, the rest plain text."""
    return tuple(
        Extra(one.name, clean_title(one.text), tuple((name, _value(value)) for name, value in one.attributes))
        for one in given
    )


def _value(text: str) -> str:
    return escape_address(text) or clean_title(text)


def origin(given: Origin | None) -> Origin | None:
    """An upstream as an entry may name it: no address that is none."""
    if given is None:
        return None
    url = public_feed(escape_address(given.url))
    own = is_same_document(given.id, given.url)
    uid = public(given.id) if is_absolute_iri(given.id) and not own else url
    return Origin(uid, given.title, url, public(escape_address(given.link)))


def public(text: str) -> str:
    """An address of an upstream's pages as it may be published: without what opens it to its owner alone."""
    return _with_parameters(text, lambda name, _: not _SECRET.match(unquote(name)))


def public_feed(text: str) -> str:
    """The address that a feed is asked at as it may be published: without any parameter that may be a key."""
    return _with_parameters(text.partition("#")[0], _is_open)


def _is_open(name: str, value: str) -> bool:
    return name.lower() in _OPEN and (name in _LONG or len(value) <= _LONGEST_OPEN)


def _with_parameters(text: str, wanted: Callable[[str, str], bool]) -> str:
    """The address without a login, and with those of its parameters that are wanted by name and value."""
    whole, mark, fragment = without_user(text).partition("#")
    bare, _, query = whole.partition("?")
    pairs = [(one, one.partition("=")) for one in re.split("[&;]", query) if one]
    kept = "&".join(one for one, (name, _, value) in pairs if wanted(name, value))
    end = mark + fragment if mark and "=" not in fragment else ""
    return (f"{bare}?{kept}" if kept else bare) + end
