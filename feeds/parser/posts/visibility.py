"""Find out whether the header of a post hides it, in the words of the site generators that posts are written for.

Jekyll: ``published``. Hugo: ``draft``, ``build`` (``_build``), ``headless``. Zola: ``draft``, ``render``. Pelican: ``status``.
Eleventy: ``eleventyExcludeFromCollections`` and ``permalink: false``. Docusaurus: ``unlisted``. A key counts in any case, and with
``_`` or ``-`` between its words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

# The words for false of YAML 1.1 and of the generators' own command lines.
_NO: Final = frozenset(("false", "no", "off", "never", "n", "f", "0"))
_NOTHING: Final = frozenset(("", "~", "null", "none", "nil"))
# Every status other than published that a generator documents: an unknown status does not hide a post.
_HIDDEN: Final = frozenset(
    ("draft", "autodraft", "hidden", "private", "skip", "pending", "trash", "unlisted", "unpublished")
)
_BETWEEN = str.maketrans("", "", "_- ")
_LONGEST_SHOWN = 80

SECTION_PAGE: Final = "the list page of a section"
"""Why ``_index.md`` is ignored (Hugo, Zola)."""
UNREAD_FORMATS: Final = (".mdx", ".rst", ".org", ".adoc", ".asciidoc", ".textile", ".ipynb", ".typ")
"""File name extensions of posts that generators render and feedd does not."""

PUBLISH_KEYS: Final = ("publishdate", "publish_date", "publish-date")
"""Keys of the date from which a post is published, whatever its own date is (Hugo)."""
EXPIRY_KEYS: Final = (
    *("expirydate", "expiry_date", "expiry-date", "expirationdate", "expiration_date", "expiration-date"),
    *("unpublishdate", "unpublish_date", "unpublish-date"),
)
"""Keys of the date at which a post is removed (Hugo)."""


def find_ignored(path: str) -> str:
    """Return why a file is not a post, judging by its name; empty if it may be one."""
    name = path.rpartition("/")[2].lower()
    if name.startswith("_index."):
        return SECTION_PAGE
    ending = name[name.rfind(".") :]
    return f"feedd does not read {ending} files" if ending in UNREAD_FORMATS else ""


def fold_keys(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the values with keys in lower case; of equal keys, the key written in lower case counts."""
    # Most headers are in lower case, and comparing is cheaper than copying.
    if not any(key != key.lower() for key in values):
        return values
    folded = {key.lower(): value for key, value in values.items()}
    return folded | {key: value for key, value in values.items() if key == key.lower()}


def find_hiding_key(header: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """Return the key and value that hide a post, or an empty string if it is published.

    Args:
        header: The values of the file, with keys as written. Any spelling of a key is enough to hide the post.
        defaults: Values for keys that the file does not state.
    """
    # A value of the file overrides the default of the site, whatever the spelling of the key.
    stated = {_fold_key(key) for key in header}
    inherited = {key: value for key, value in defaults.items() if _fold_key(key) not in stated}
    for key, value in (*header.items(), *inherited.items()):
        rule = _RULES.get(_fold_key(key))
        if rule and rule(value):
            return f"{key}: {_to_text(value)}"[:_LONGEST_SHOWN]
    return ""


def _fold_key(key: str) -> str:
    return key.lower().translate(_BETWEEN)


def _to_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else " ".join(str(value).split())


def _is_negative(value: object) -> bool:
    return _to_text(value).lower() in _NO


def _is_positive(value: object) -> bool:
    """Return whether a value is neither negative nor empty: ``draft: wip`` means a draft.

    In doubt a post is hidden: publishing a draft by mistake cannot be undone.
    """
    return _to_text(value).lower() not in _NO | _NOTHING and value not in ([], {})


def _is_hidden(value: object) -> bool:
    return any(_fold_key(_to_text(part)) in _HIDDEN for part in _to_list(value))


def _is_false(value: object) -> bool:
    return _to_text(value).lower() == "false"


def _is_never(value: object) -> bool:
    return _to_text(value).lower() == "never"


def _is_unrendered(value: object) -> bool:
    """Return whether a page is never rendered, so that it has no address (Hugo, Zola)."""
    return _is_never(value) or _is_false(value)


def _is_unbuilt(value: object) -> bool:
    """Return whether a page is never rendered or never listed (Hugo's table ``build``)."""
    if not isinstance(value, Mapping):
        return False
    return any(_fold_key(key) in ("list", "render") and _is_negative(part) for key, part in value.items())


def _to_list(value: object) -> Iterable[object]:
    return value if isinstance(value, list) else [value]


_RULES: Final[Mapping[str, Callable[[object], bool]]] = {
    "draft": _is_positive,
    "published": _is_negative,
    "publish": _is_negative,
    "status": _is_hidden,
    "build": _is_unbuilt,
    "build.list": _is_negative,
    "build.render": _is_negative,
    # A header that is read line by line has the keys of Hugo's table at the top level.
    "list": _is_never,
    "render": _is_unrendered,
    "headless": _is_positive,
    "private": _is_positive,
    "unlisted": _is_positive,
    "eleventyexcludefromcollections": _is_positive,
    "permalink": _is_false,
}
"""By key, in lower case and without separators."""
