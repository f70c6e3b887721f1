"""What the header of a post says about being published at all, in the words of the generators that posts are written for.

Jekyll: ``published``. Hugo: ``draft``, ``build`` (``_build``), ``headless``. Zola: ``draft``. Pelican: ``status``.
Eleventy: ``eleventyExcludeFromCollections`` and ``permalink: false``. Docusaurus: ``unlisted``. A key counts in any case, and with
``_`` or ``-`` between its words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

_NO: Final = frozenset(("false", "no", "off", "never", "n", "f", "0"))
_NOTHING: Final = frozenset(("", "~", "null", "none", "nil"))
_HIDDEN: Final = frozenset(
    ("draft", "autodraft", "hidden", "private", "skip", "pending", "trash", "unlisted", "unpublished")
)
_BETWEEN = str.maketrans("", "", "_- ")
_LONGEST_SHOWN = 80

PUBLISH_KEYS: Final = ("publishdate", "publish_date", "publish-date")
"""A post waits for this date, whatever its own date is (Hugo)."""
EXPIRY_KEYS: Final = (
    *("expirydate", "expiry_date", "expiry-date", "expirationdate", "expiration_date", "expiration-date"),
    *("unpublishdate", "unpublish_date", "unpublish-date"),
)
"""A post is taken out at this date (Hugo)."""


def fold_keys(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the keys in lower case; of keys that are equal then, the one that is written so counts."""
    if not any(key != key.lower() for key in values):
        return values
    folded = {key.lower(): value for key, value in values.items()}
    return folded | {key: value for key, value in values.items() if key == key.lower()}


def find_wish(header: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """Say which key keeps a post from being published, or nothing.

    Args:
        header: What the file says, with its keys as they are written. One of several spellings is enough.
        defaults: What holds where the file says nothing.
    """
    stated = {_plain(key) for key in header}
    inherited = {key: value for key, value in defaults.items() if _plain(key) not in stated}
    for key, value in (*header.items(), *inherited.items()):
        rule = _RULES.get(_plain(key))
        if rule and rule(value):
            return f"{key}: {_text(value)}"[:_LONGEST_SHOWN]
    return ""


def _plain(key: str) -> str:
    return key.lower().translate(_BETWEEN)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else " ".join(str(value).split())


def _is_no(value: object) -> bool:
    return _text(value).lower() in _NO


def _is_yes(value: object) -> bool:
    """Whether a value is neither a no nor nothing: who writes ``draft: wip`` means a draft."""
    return _text(value).lower() not in _NO | _NOTHING and value not in ([], {})


def _is_hidden(value: object) -> bool:
    return any(_plain(_text(one)) in _HIDDEN for one in _each(value))


def _is_false(value: object) -> bool:
    return _text(value).lower() == "false"


def _is_never(value: object) -> bool:
    return _text(value).lower() == "never"


def _is_unbuilt(value: object) -> bool:
    """Whether a page is never rendered or never listed (Hugo's table ``build``)."""
    if not isinstance(value, Mapping):
        return False
    return any(_plain(key) in ("list", "render") and _is_no(one) for key, one in value.items())


def _each(value: object) -> Iterable[object]:
    return value if isinstance(value, list) else [value]


_RULES: Final[Mapping[str, Callable[[object], bool]]] = {
    "draft": _is_yes,
    "published": _is_no,
    "publish": _is_no,
    "status": _is_hidden,
    "build": _is_unbuilt,
    "build.list": _is_no,
    "build.render": _is_no,
    "list": _is_never,  # of a header that is read line by line
    "render": _is_never,
    "headless": _is_yes,
    "private": _is_yes,
    "unlisted": _is_yes,
    "eleventyexcludefromcollections": _is_yes,
    "permalink": _is_false,
}
"""By key, without case and without what parts its words."""
