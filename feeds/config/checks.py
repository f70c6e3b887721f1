"""What is wrong with one value: each check gives a sentence for the user, empty if nothing is."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from feeds.values.patterns import compile_pattern, find_refusal
from feeds.values.urls import is_address

if TYPE_CHECKING:
    from feeds.config.values import Config

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
# XML 1.0, 2.2 has no place for these, not even escaped; one of them would spoil every document.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+:")
_STYLES = ("jekyll", "date", "pretty", "ordinal", "weekdate", "none")
_DOCUMENTS = ("atom.xml", "rss.xml", "feed.json")
_OF_FORMAT = {"atom.xml": "atom", "rss.xml": "rss", "feed.json": "json"}
_TARGET = re.compile(r"(?:(?:category|tag)/[^/\\\x00-\x1f]+/)?(atom\.xml|rss\.xml|feed\.json)")
_LONGEST_ADDRESS = 2_000
_LONGEST_NAME = 200
_AUTHORITY = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.\-]+):\d{1,5}")


def suggestion(name: str, known: Collection[str]) -> str:
    """The known name that is nearest, as the end of a sentence."""
    from difflib import get_close_matches  # only mistakes need it

    close = get_close_matches(name, known, 1, 0.5)
    return f"; did you mean `{close[0]}`?" if close else f"; known are {', '.join(known)}"


_INTERVAL = re.compile(r"(\d{1,6})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SHORTEST, _LONGEST = 60, 31 * 86400
_HOST = re.compile(r"(?:[^\s:/\[\]@]+|\[[0-9a-fA-F:.]+\]):\d{1,5}")
_VARIABLE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")


def seconds(value: str) -> int:
    """The seconds of an interval such as ``30m``; 0 for what is none."""
    found = _INTERVAL.fullmatch(value)
    return int(found[1]) * _SECONDS[found[2]] if found else 0


_KEEP = re.compile(r"([1-9]\d{0,7})([dwmy]?)")
_DAYS = {"d": 1, "w": 7, "m": 31, "y": 366}


def keep_values(value: str) -> tuple[int, int]:
    """Seconds and number of posts that ``keep`` says; (0, 0) for what says nothing."""
    found = _KEEP.fullmatch(value)
    if not found:
        return 0, 0
    return (int(found[1]) * _DAYS[found[2]] * 86400, 0) if found[2] else (0, int(found[1]))


def keep(value: str) -> str:
    """How long posts are kept."""
    if keep_values(value) == (0, 0):
        return f'{value[:40]!r} is neither a length of time such as "2y", "6m", "4w" or "90d" nor a number of posts such as "5000"'
    return ""


def interval(value: str) -> str:
    """How often something is done."""
    if not seconds(value):
        return f'{value!r} is no interval; write a number and s, m, h, d or w, such as "30m"'
    if not _SHORTEST <= seconds(value) <= _LONGEST:
        return "must lie between one minute and 31 days; correct it"
    return ""


def upstream(value: str) -> str:
    """Where a feed of somebody else is: many have a query."""
    if "@" in value and is_address(value) and "@" in urlsplit(value).netloc:
        return 'has a password in it; take it out and name a variable instead: auth = "env:NAME"'
    return page(value)


def page(value: str) -> str:
    """An address that stands for itself."""
    if not is_address(value) or len(value) > _LONGEST_ADDRESS or text(value):
        return "is no web address; write it with https:// and a host"
    if "@" in value and "@" in urlsplit(value).netloc:
        return "must have no user name or password; take them out"
    return ""


def auth(value: str) -> str:
    """Where credentials are."""
    return (
        ""
        if _VARIABLE.fullmatch(value)
        else 'must name a variable of the environment, such as "env:BLOG_PASSWORD"'
    )


def proxy(value: str) -> str:
    """A proxy for HTTP."""
    if not is_address(value) or not value.lower().startswith("http://"):
        return f'{value!r} is no proxy; write its address, such as "http://proxy.example:3128"'
    return ""


def listen(value: str) -> str:
    """Where a server listens."""
    if value.startswith("unix:/") or _HOST.fullmatch(value):
        return ""
    return f'{value!r} is no address to listen at; write "host:port", "[v6]:port" or "unix:/path"'


def hosts(values: list[str]) -> str:
    """Hosts with their ports."""
    wrong = [one for one in values if not _HOST.fullmatch(one)]
    return f'{wrong[0]!r} is no host with a port; write it such as "127.0.0.1:8000"' if wrong else ""


def text(value: str) -> str:
    """Text that stands in documents."""
    return "has a control character; remove it" if _CONTROL.search(value) else ""


def cleaned(value: str) -> str:
    """Text as :func:`text` accepts it, from somewhere else: without control characters and lone surrogates."""
    return _CONTROL.sub("", value).encode("utf-8", "ignore").decode("utf-8").strip()


def texts(values: Iterable[str]) -> str:
    """A list of such texts."""
    return next(filter(None, map(text, values)), "")


def name(value: str) -> str:
    """A name that keys in the store are made of: its end has to be found again."""
    if text(value) or ":" in value or value != value.strip() or len(value) > _LONGEST_NAME:
        return f"must have no `:`, no space at its ends, at most {_LONGEST_NAME} characters; rename it"
    return ""


def url(value: str) -> str:
    """An address that others are built on."""
    if not is_address(value):
        return "is no web address; write it with https:// and a host"
    parts = urlsplit(value)
    if "?" in value or "#" in value or "@" in parts.netloc:
        return "must have no query, fragment or password; write the address of a folder"
    return ""


def hubs(values: Iterable[str]) -> str:
    """Addresses of hubs: each stands in every document and is asked at every change."""
    for value in values:
        if not is_address(value) or "#" in value or "@" in urlsplit(value).netloc or text(value):
            return f"{value[:80]!r} is no address of a hub; write it with https:// and without a password"
    return ""


def authorities(values: Iterable[str]) -> str:
    """Hosts with ports."""
    for value in values:
        if not _AUTHORITY.fullmatch(value):
            return f"{value[:80]!r} is no host and port; write one such as `10.0.0.7:8080`"
    return ""


def language(value: str) -> str:
    """A language tag (RFC 5646)."""
    if _LANGUAGE.fullmatch(value):
        return ""
    better = value.strip().replace("_", "-")
    return "is no language tag (RFC 5646); " + (
        f"did you mean `{better}`?" if _LANGUAGE.fullmatch(better) else "write one such as `en` or `zh-CN`"
    )


def zone(value: str) -> str:
    """A time zone of the IANA database."""
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):  # KeyError: ZoneInfoNotFoundError
        known = available_timezones()
        ending = sorted(one for one in known if one.lower().endswith("/" + value.lower()))
        advice = (
            f"; did you mean `{ending[0]}`?" if ending else "; write an IANA name such as `Asia/Shanghai`"
        )
        return f"{value[:80]!r} is no time zone" + advice
    return ""


def pattern(value: str) -> str:
    """A regular expression with a group ``key``."""
    wrong = expressions([value])
    if wrong:
        return wrong
    return "" if "key" in compile_pattern(value).groupindex else "needs a group named `key`: write (?P<key>…)"


def expressions(values: Iterable[str]) -> str:
    """Regular expressions."""
    for value in values:
        try:
            with warnings.catch_warnings():  # about what a later Python may read differently
                warnings.simplefilter("ignore")
                re.compile(value)
            compile_pattern(value)
        except (re.error, OverflowError, RecursionError) as error:
            return f"{value[:80]!r} is not a regular expression: {error}; correct it"
    return ""


def slow_patterns(config: Config) -> list[str]:
    """Return a warning for each pattern of a configuration that RE2 refuses."""
    named = [(f"identity.{rule.name}.pattern", rule.pattern) for rule in config.identity]
    return find_slow_patterns([*named, *(("clean.boilerplate", line) for line in config.boilerplate or ())])


def find_slow_patterns(patterns: Iterable[tuple[str, str]]) -> list[str]:
    """Return a warning for each pattern that RE2 refuses; each is given with the name of its key."""
    found = []
    for key, value in patterns:
        if reason := find_refusal(value):
            found.append(
                f"{key}: {value[:80]!r} may be slow, because RE2 cannot run it ({reason}); "
                "write it without lookaround, backreferences and possessive quantifiers"
            )
    return found


def path(value: str) -> str:
    """A path that a file system can have."""
    return "has a NUL character; remove it" if "\0" in value else ""


def store(value: str) -> str:
    """A SQLite file, as a path or ``sqlite:///`` and a path."""
    if value.startswith(("postgresql:", "postgres:")):
        return "PostgreSQL is not available in this version of feedd; give the path of a SQLite file"
    rest = value.removeprefix("sqlite:///")
    if not rest or rest == ":memory:" or _SCHEME.match(rest):
        return "is no SQLite file; give a path such as ../state/feedd.db"
    return path(rest)


def permalink(value: str) -> str:
    """A style of Jekyll or a pattern."""
    if value in _STYLES or ((":" in value or "/" in value) and not text(value)):
        return ""
    return f'is neither a pattern such as "/:title.html" nor one of {", ".join(_STYLES)}; write "jekyll"'


def alias(old: str) -> str:
    """A place in the output tree that no document has."""
    parts = old.split("/")
    if (
        "\\" in old
        or not old.isprintable()
        or any(part in ("", ".", "..") or len(part.encode()) > 255 for part in parts)
    ):
        return "must be a path inside the output folder, without `..`; correct it"
    return (
        "is a place that feedd needs itself; choose another"
        if _reserved([part.casefold() for part in parts])
        else ""
    )


def _reserved(parts: list[str]) -> bool:
    """Whether a place, or what lies below it, is feedd's; in lower case, as some file systems see it."""
    if parts[0] in (".feedd", "assets"):
        return True
    if parts[0] in ("category", "tag"):
        parts = parts[2:]
    return not parts or parts[0] in (*_DOCUMENTS, "index.html", "feeds.opml", "archive")


def target(document: object, formats: Collection[str]) -> str:
    """A subscription document in one of the formats that are written."""
    found = _TARGET.fullmatch(document) if isinstance(document, str) else None
    if not found or "/../" in found[0] or "/./" in found[0]:
        return 'must name a document; write one such as "atom.xml" or "tag/x/rss.xml"'
    form = _OF_FORMAT[found[1]]
    return "" if form in formats else f'names a document that is not written; add "{form}" to output.formats'
