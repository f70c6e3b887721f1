"""Clean the metadata of an entry: addresses, languages and media types that are invalid are left out.

The values come from the feeds of others. A published document must not contain a value that a feed reader could
follow or interpret as HTML. It must not contain a secret of the address that a feed is fetched from either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import unquote

from feeds.models import Enclosure, Extra, Origin
from feeds.sanitizer.text import clean_title
from feeds.values.urls import escape_address, is_entry_id, is_same_document, without_user

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,6}")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,64}/[A-Za-z0-9!#$&^_.+-]{1,64}")
_PUBLIC_PARAMETERS = frozenset(
    "alt atom cat category channel_id feed format lang output playlist_id post_type rdf rss tag type xml".split()  # noqa: SIM905
)
"""Parameters that choose a feed or its format; any other may be an access key, whatever its name is."""
_LONG_PARAMETERS = frozenset(("channel_id", "playlist_id"))
# Even a harmless name may hold a key; the values that choose a format are short.
_LONGEST_PUBLIC = 24
_SECRET = re.compile(
    r"(?i)(?:.*[_.-])?(?:(?:access|auth|api|feed|private|user|rss|session)?[_.-]?(?:token|key|secret|password|passwd|pass|pw"
    r"|sig|signature|auth|credentials?|sid|hash|pwd|passphrase|jwt|ticket|otp|pin|bearer)|apikey)$"
)


def validate_language(text: str) -> str:
    """Return the language tag (BCP 47), or an empty string if it is invalid."""
    return text if _LANGUAGE.fullmatch(text) else ""


def clean_media(given: Iterable[Enclosure]) -> tuple[Enclosure, ...]:
    """Return the enclosures with a valid address; an invalid media type is left empty."""
    return tuple(
        Enclosure(url, enclosure.type if _MEDIA_TYPE.fullmatch(enclosure.type) else "", enclosure.length)
        for enclosure in given
        if (url := escape_address(without_user(enclosure.url)))
    )


def clean_extras(given: Iterable[Extra]) -> tuple[Extra, ...]:
    """Return podcast fields with their addresses escaped and all other values as plain text."""
    return tuple(
        Extra(
            extra.name,
            without_user(clean_title(extra.text)),
            tuple((name, _clean_value(value)) for name, value in extra.attributes),
        )
        for extra in given
    )


def _clean_value(text: str) -> str:
    return escape_address(without_user(text)) or clean_title(text)


def clean_origin(given: Origin | None) -> Origin | None:
    """Return the upstream that an entry names, with invalid addresses and secrets removed."""
    if given is None:
        return None
    url = redact_feed_address(escape_address(given.url))
    # Some feeds use their own address as id; as an id it would publish the secret of that address.
    own = is_same_document(given.id, given.url)
    uid = redact_address(given.id) if is_entry_id(given.id) and not own else url
    return Origin(uid, given.title, url, redact_address(escape_address(given.link)))


def redact_address(text: str) -> str:
    """Return the address of a page without its login and without parameters that hold a secret."""
    return _with_parameters(text, lambda name, _: not _SECRET.match(unquote(name)))


def redact_feed_address(text: str) -> str:
    """Return the address of a feed without its login and without any parameter that may be an access key."""
    return _with_parameters(text.partition("#")[0], _is_public)


def _is_public(name: str, value: str) -> bool:
    return name.lower() in _PUBLIC_PARAMETERS and (name in _LONG_PARAMETERS or len(value) <= _LONGEST_PUBLIC)


def _with_parameters(text: str, wanted: Callable[[str, str], bool]) -> str:
    """Return the address without a login, with the parameters that ``wanted`` accepts by name and value."""
    whole, mark, fragment = without_user(text).partition("#")
    bare, _, query = whole.partition("?")
    pairs = [(parameter, parameter.partition("=")) for parameter in re.split("[&;]", query) if parameter]
    kept = "&".join(parameter for parameter, (name, _, value) in pairs if wanted(name, value))
    # A fragment with "=" may hold parameters too, as in the redirects of OAuth.
    end = mark + fragment if mark and "=" not in fragment else ""
    return (f"{bare}?{kept}" if kept else bare) + end
