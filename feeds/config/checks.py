"""Checks of single values. Each returns the end of a message for the user, empty if the value is valid."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Collection, Iterable
from pathlib import Path
from urllib.parse import urlsplit

from feeds.values.patterns import compile_pattern, find_refusal
from feeds.values.urls import is_address, is_entry_id

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
# XML 1.0, 2.2 has no place for these, not even escaped: each would make every document invalid.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+:")
_STYLES = ("jekyll", "date", "pretty", "ordinal", "weekdate", "none")
_FORMATS = {"atom.xml": "atom", "rss.xml": "rss", "feed.json": "json"}
_TARGET = re.compile(r"(?:(?:category|tag)/[^/\\\x00-\x1f]+/)?(atom\.xml|rss\.xml|feed\.json)")
_INTERVAL = re.compile(r"(\d{1,6})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SHORTEST, _LONGEST = 60, 31 * 86400
_KEEP = re.compile(r"([1-9]\d{0,7})([dwmy]?)")
_DAYS = {"d": 1, "w": 7, "m": 31, "y": 366}
_HOST = re.compile(r"(?:[^\s:/\[\]@]+|\[[0-9a-fA-F:.]+\]):\d{1,5}")
_VARIABLE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")
_BEARER = re.compile(r"(?i:bearer|basic|token) \S")
_SHORTEST_SECRET = 16
_MAIL = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x20]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+")
_COVERS = (".jpg", ".jpeg", ".png")
_LONGEST_LINE = 255
_LONGEST_URL = 2_000
_LONGEST_NAME = 200


def parse_interval(text: str) -> int:
    """Return the seconds of an interval such as ``30m``; 0 if it is not an interval."""
    found = _INTERVAL.fullmatch(text)
    return int(found[1]) * _SECONDS[found[2]] if found else 0


def parse_keep(text: str) -> tuple[int, int]:
    """Return the seconds and the number of posts of ``keep``; (0, 0) if it is neither."""
    found = _KEEP.fullmatch(text)
    if not found:
        return 0, 0
    return (int(found[1]) * _DAYS[found[2]] * 86400, 0) if found[2] else (0, int(found[1]))


def resolve_path(folder: Path, text: str) -> Path:
    """Return a path of the configuration file, which is relative to its folder."""
    return Path(os.path.normpath(folder / text))


def end_with_slash(url: str) -> str:
    """Return a URL as the folder that others are below."""
    return url if not url or url.endswith("/") else url + "/"


def clean_text(text: str) -> str:
    """Return text from elsewhere as :func:`check_text` accepts it, without lone surrogates."""
    return _CONTROL.sub("", text).encode("utf-8", "ignore").decode("utf-8").strip()


def check_keep(value: str) -> str:
    """Check how long posts are kept."""
    if parse_keep(value) != (0, 0):
        return ""
    return (
        f'{value[:40]!r} is neither a length of time such as "2y", "6m", "4w" or "90d" nor a number of posts '
        'such as "5000"'
    )


def check_interval(value: str) -> str:
    """Check how often something is done."""
    seconds = parse_interval(value)
    if not seconds:
        return f'{value[:40]!r} is not an interval; write a number and s, m, h, d or w, such as "30m"'
    return "" if _SHORTEST <= seconds <= _LONGEST else "must be between one minute and 31 days"


def check_feed_url(value: str) -> str:
    """Check the URL of an upstream feed; many have a query."""
    if "@" in value and is_address(value) and "@" in urlsplit(value).netloc:
        return 'contains a password; remove it and name an environment variable instead: auth = "env:NAME"'
    return check_page_url(value)


def check_page_url(value: str) -> str:
    """Check a URL that nothing is appended to."""
    if not is_address(value) or len(value) > _LONGEST_URL or check_text(value):
        return _describe_invalid_url(value)
    if "@" in value and "@" in urlsplit(value).netloc:
        return "must have no user name or password; remove them"
    return ""


def check_url(value: str) -> str:
    """Check a URL that others are built on."""
    if not is_address(value):
        return _describe_invalid_url(value)
    if "?" in value or "#" in value or "@" in urlsplit(value).netloc:
        return "must have no query, fragment or password; write the URL of a folder"
    return ""


def _describe_invalid_url(value: str) -> str:
    # What is before an @ may be a password.
    shown = "" if "@" in value or check_text(value) else f': "{value[:80]}"'
    if value.lower().startswith(("http://", "https://")):
        if " " in value.strip():
            return f"not a valid URL{shown}. Write a space as %20"
        return f"not a valid URL{shown}. Write it as https://HOST/PATH"
    return f"not a valid URL{shown}. Start it with https://"


def check_hubs(values: Iterable[str]) -> str:
    """Check the URLs of hubs: each is in every document and is requested at every change."""
    for value in values:
        if not is_address(value) or "#" in value or "@" in urlsplit(value).netloc or check_text(value):
            return f"{value[:80]!r} is not the URL of a hub; write it with https:// and without a password"
    return ""


def check_auth(value: str) -> str:
    """Check where credentials are."""
    if _VARIABLE.fullmatch(value):
        return ""
    return 'must name an environment variable, such as "env:BLOG_PASSWORD"'


def check_token(value: str) -> str:
    """Check a secret that may have any form."""
    return "must not be blank" if not value.strip() else ""


def check_secret(value: str) -> str:
    """Check a secret that is part of a URL, which anybody can try to guess."""
    return f"must hold {_SHORTEST_SECRET} characters or more" if len(value) < _SHORTEST_SECRET else ""


def check_login(value: str) -> str:
    """Check a user and a password (RFC 7617, 2): the first colon ends the user name."""
    return "" if value.partition(":")[2] else "must hold user:password"


def check_credentials(value: str) -> str:
    """Check what an upstream feed is requested with."""
    return (
        "must hold user:password or Bearer and a token"
        if not _BEARER.match(value) and check_login(value)
        else ""
    )


def check_proxy(value: str) -> str:
    """Check the URL of an HTTP proxy."""
    if is_address(value) and value.lower().startswith("http://"):
        return ""
    shown = "" if "@" in value or check_text(value) else f' "{value[:80]}"'
    return f'not an HTTP proxy:{shown}; write its URL, such as "http://proxy.example:3128"'.replace(":;", ";")


def check_listen(value: str) -> str:
    """Check the address that a server listens at."""
    if value.startswith("unix:/") or _HOST.fullmatch(value):
        return ""
    return f'{value[:80]!r} is not an address to listen at; write "host:port", "[v6]:port" or "unix:/path"'


def check_hosts(values: Iterable[str]) -> str:
    """Check hosts with their ports."""
    invalid = next((value for value in values if not _HOST.fullmatch(value)), None)
    if invalid is None:
        return ""
    return f'{invalid[:80]!r} is not a host with a port; write it as "127.0.0.1:8000"'


def check_text(value: str) -> str:
    """Check text that is published in documents."""
    return "contains a control character; remove it" if _CONTROL.search(value) else ""


def check_texts(values: Iterable[str]) -> str:
    """Check a list of such texts."""
    return next(filter(None, map(check_text, values)), "")


def check_line(value: str) -> str:
    """Check text that readers of podcasts show in one line."""
    if "\n" in value or len(value) > _LONGEST_LINE:
        return f"must be one line of at most {_LONGEST_LINE} characters"
    return check_text(value)


def check_mail(value: str) -> str:
    """Check a mail address."""
    if _MAIL.fullmatch(value):
        return ""
    return f'{value[:80]!r} is not a mail address; write it as "name@host.example"'


def check_cover(value: str) -> str:
    """Check the URL of the cover of a podcast."""
    if wrong := check_page_url(value):
        return wrong
    if urlsplit(value).path.lower().endswith(_COVERS):
        return ""
    return f"{value[:80]!r} is neither a JPEG nor a PNG; its path must end with .jpg, .jpeg or .png"


def check_uuid(value: str) -> str:
    """Check a UUID (RFC 9562, 4)."""
    if is_entry_id(f"urn:uuid:{value}"):
        return ""
    return f"{value[:80]!r} is not a UUID; write 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12"


def check_name(value: str) -> str:
    """Check a name that is part of keys in the store, where its end must be recognised."""
    if check_text(value) or ":" in value or value != value.strip() or len(value) > _LONGEST_NAME:
        return f"must have no `:`, no space at its ends and at most {_LONGEST_NAME} characters; rename it"
    return ""


def check_language(value: str) -> str:
    """Check a language tag (RFC 5646)."""
    if _LANGUAGE.fullmatch(value):
        return ""
    better = value.strip().replace("_", "-")
    advice = f"did you mean `{better}`?" if _LANGUAGE.fullmatch(better) else "write it as `en` or `zh-CN`"
    return f"{value[:80]!r} is not a language tag (RFC 5646); {advice}"


def check_zone(value: str) -> str:
    """Check the name of a time zone of the IANA database."""
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):  # KeyError: ZoneInfoNotFoundError
        similar = _find_similar_zone(value[:80])
        advice = f"did you mean {similar!r}?" if similar else "use an IANA name such as 'Asia/Shanghai'"
        return f"unknown time zone {value[:80]!r}; {advice}"
    return ""


def _find_similar_zone(name: str) -> str:
    from difflib import get_close_matches
    from zoneinfo import available_timezones

    known = sorted(available_timezones())
    cities = [zone for zone in known if zone.lower().endswith("/" + name.lower())]
    return next(iter(cities or get_close_matches(name, known, 1, 0.75)), "")


def check_pattern(value: str) -> str:
    """Check a regular expression with a group ``key``."""
    wrong = check_expressions([value])
    if wrong:
        return wrong
    return "" if "key" in compile_pattern(value).groupindex else "needs a group named `key`: write (?P<key>…)"


def check_expressions(values: Iterable[str]) -> str:
    """Check regular expressions."""
    for value in values:
        try:
            with warnings.catch_warnings():  # about what a later Python may read differently
                warnings.simplefilter("ignore")
                re.compile(value)
            compile_pattern(value)
        except (re.error, OverflowError, RecursionError) as error:
            return f"{value[:80]!r} is not a regular expression: {error}"
    return ""


def describe_slow_pattern(value: str) -> str:
    """Return a warning about a pattern that RE2 refuses; empty if it accepts it."""
    reason = find_refusal(value) if value else ""
    return (
        f"{value[:80]!r} may be slow, because RE2 cannot run it ({reason}); "
        "write it without lookaround, backreferences and possessive quantifiers"
        if reason
        else ""
    )


def check_path(value: str) -> str:
    """Check a path that a file system can have."""
    return "contains a NUL character; remove it" if "\0" in value else ""


def check_store(value: str) -> str:
    """Check a SQLite file, as a path or ``sqlite:///`` and a path."""
    if value.startswith(("postgresql:", "postgres:")):
        return "PostgreSQL is not available in this version of feedd; give the path of a SQLite file"
    rest = value.removeprefix("sqlite:///")
    if not rest or rest == ":memory:" or _SCHEME.match(rest):
        return "not a SQLite file; give a path such as ../state/feedd.db"
    return check_path(rest)


def check_permalink(value: str) -> str:
    """Check a style of Jekyll or a pattern."""
    if value in _STYLES or ((":" in value or "/" in value) and not check_text(value)):
        return ""
    return f'is neither a pattern such as "/:title.html" nor one of {", ".join(_STYLES)}; write "jekyll"'


def check_alias(old: str) -> str:
    """Check a path of the output tree that no document has."""
    parts = old.split("/")
    if (
        "\\" in old
        or not old.isprintable()
        or any(part in ("", ".", "..") or len(part.encode()) > 255 for part in parts)
    ):
        return "must be a path inside the output folder, without `..`"
    if _is_reserved([part.casefold() for part in parts]):
        return "is a path that feedd itself uses; choose another"
    return ""


def _is_reserved(parts: list[str]) -> bool:
    """Return whether feedd uses a path or what is below it. In lower case, as some file systems compare names."""
    if parts[0] in (".feedd", "assets"):
        return True
    if parts[0] in ("category", "tag"):
        parts = parts[2:]
    return not parts or parts[0] in (*_FORMATS, "index.html", "feeds.opml", "archive")


def check_target(document: str, formats: Collection[str]) -> str:
    """Check that an alias names a subscription document in one of the formats that are published."""
    found = _TARGET.fullmatch(document)
    if not found or "/../" in found[0] or "/./" in found[0]:
        return 'must name a document, such as "atom.xml" or "tag/x/rss.xml"'
    form = _FORMATS[found[1]]
    return (
        "" if form in formats else f'names a document that is not published; add "{form}" to output.formats'
    )
