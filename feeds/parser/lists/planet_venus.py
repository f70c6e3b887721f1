"""The configuration of Planet Venus (``config.ini``): what it says in feedd's words, and what has no counterpart."""

from __future__ import annotations

import configparser
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from feeds.errors import UsageError
from feeds.models import Subscription
from feeds.parser.posts.file_encoding import decode
from feeds.values.urls import is_address, without_user

LARGEST = 4 << 20
"""Bytes of a configuration."""

_REFERENCE = re.compile(r"%\((\w{1,64})\)s")
_LOCALE = re.compile(r"([a-z]{2,3})(?:_([A-Z]{2}))?(?![A-Za-z])")
_NUMBER = re.compile(r"[0-9]{1,9}")
_LONGEST_VALUE = 100_000
_LONGEST_TITLE = 500
_MOST_SECTIONS = 50_000
_MOST_DEFAULTS = 100
_MOST_NAMED = 30
_LISTS = ("template_files", "filters", "reading_lists")
# What Venus itself was run by (feedd has its own ways), and what stands in the site's values.
_SILENT = frozenset(
    re.split(
        r"\s+",
        "bill_of_materials cache_directory cache_lists_directory cache_sources_directory content_type"
        " date_format encoding feed feed_timeout feedtype filter_directories generator generator_uri"
        " http_cache_directory items_per_page link locale log_format log_level name new_date_format"
        " new_feed_items owner_name reading_lists spider_threads template_directories template_files",
    )
)
# Old documents of Venus's templates; its atom.xml has feedd's own name. A reader of RSS 1.0 reads 2.0 as well.
_ALIASES = {"rss20.xml": "rss.xml", "rss10.xml": "rss.xml"}
_ADVICE = {
    "filters": "feedd cleans every post itself; [clean] holds patterns of boilerplate",
    "output_theme": "the pages of feedd have no themes",
    "output_dir": "feedd writes to output.dir and never over files that are not its own: publish that folder instead",
    "owner_email": "feedd publishes no address of mail",
    "days_per_page": "a feed holds a number of posts: output.entries",
    "activity_threshold": "`feedd status` shows which upstreams are silent",
}


@dataclass(frozen=True, slots=True)
class PlanetSite:
    """What a list of upstreams says of the site it is for; empty where it says nothing.

    ``aliases`` are places of old documents, each with the document of feedd that takes its place.
    """

    title: str = ""
    url: str = ""
    author: str = ""
    description: str = ""
    language: str = "en"
    entries: int = 50
    aliases: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Planet:
    """A planet as its configuration describes it; ``notes`` are sentences on what was left out, without secrets."""

    site: PlanetSite
    subscriptions: tuple[Subscription, ...]
    notes: tuple[str, ...]


def is_venus(data: bytes) -> bool:
    """Whether these bytes look like a ``config.ini`` of Planet or Planet Venus."""
    return bool(re.search(rb"(?mi)^\[planet\]", data[:LARGEST]))


def read_venus(data: bytes, name: str) -> Planet:
    """Read a ``config.ini``; ``name`` is what messages call it.

    Raises:
        UsageError: it is no such file; with the line.
    """
    sections = _sections(data, name)
    planet = next((values for section, values in sections.items() if section.lower() == "planet"), None)
    if planet is None:
        raise UsageError(f"{name}: has no section [Planet]; give the config.ini of a planet")
    feeds = {section: values for section, values in sections.items() if section.lower() != "planet"}
    # Sections of filters and templates hold their settings.
    settings = {
        part for values in sections.values() for key in _LISTS for part in values.get(key, "").split()
    }
    notes: list[str] = []
    subscriptions: list[Subscription] = []
    for address in planet.get("reading_lists", "").split():
        feeds.setdefault(address, {"content_type": "opml"})
    for section, values in feeds.items():
        if section in settings and not is_address(section):
            continue
        found = _subscription(section, values)
        if isinstance(found, str):
            notes.append(f"{name}: [{without_user(section)[:200]}] {found}")
        else:
            subscriptions.append(found)
    notes += [
        f"{name}: {note}"
        for note in _left_out(planet, [values for section, values in feeds.items() if is_address(section)])
    ]
    return Planet(_site(planet), tuple(subscriptions), tuple(notes))


def _sections(data: bytes, name: str) -> dict[str, dict[str, str]]:
    """Sections with their own options; ``[DEFAULT]`` serves only for what is asked by name."""
    if len(data) > LARGEST:
        raise UsageError(f"{name}: is larger than {LARGEST >> 20} MB; it is no configuration of a planet")
    parser = configparser.RawConfigParser(
        strict=False, inline_comment_prefixes=(";",), default_section="DEFAULT"
    )
    try:
        parser.read_string(decode(data)[0], name)
    except configparser.MissingSectionHeaderError as error:
        raise UsageError(
            f"{name}:{error.lineno}: is no config.ini: it has to begin with a [section]"
        ) from error
    except configparser.ParsingError as error:
        line = error.errors[0][0] if error.errors else 1
        raise UsageError(f"{name}:{line}: is neither `key = value` nor a [section]; correct it") from error
    except configparser.Error as error:
        raise UsageError(f"{name}: cannot be read: {str(error).splitlines()[0]}; correct it") from error
    if len(parser.defaults()) > _MOST_DEFAULTS or len(parser.sections()) > _MOST_SECTIONS:
        raise UsageError(f"{name}: has too many sections or options in [DEFAULT]; split it")
    return {
        section: {key: _expanded(value, parser[section]) for key, value in parser[section].items()}
        for section in parser.sections()
    }


def _expanded(value: str, values: Mapping[str, str]) -> str:
    """``%(name)s`` filled in, as Python's ConfigParser does, a few levels deep."""
    for _ in range(5):
        if "%(" not in value:
            break
        value = _REFERENCE.sub(
            lambda match: values.get(match[1].lower(), match[0])[:_LONGEST_TITLE], value[:_LONGEST_VALUE]
        )
    return value[:_LONGEST_VALUE].replace("%%", "%")


def _subscription(section: str, values: Mapping[str, str]) -> Subscription | str:
    """The upstream or list that a section stands for, or why it is none."""
    content_type = values.get("content_type", "")
    if "foaf" in content_type:
        return "is a list in FOAF, which feedd does not read; make an OPML file of it and use `feedd import`"
    if not is_address(section):
        if "opml" in content_type or section.endswith(".opml"):
            return "is a list in a file; use `feedd import` for it"
        return "is no web address; left out"
    title, link = " ".join(values.get("name", "").split()), values.get("link", "").strip()
    return Subscription(
        section,
        title[:_LONGEST_TITLE],
        link if is_address(link) else "",
        type="include" if "opml" in content_type else "rss",
    )


def _site(planet: Mapping[str, str]) -> PlanetSite:
    def one_line(key: str) -> str:
        return " ".join(planet.get(key, "").split())

    author, entries = one_line("owner_name"), one_line("items_per_page")
    language = _LOCALE.match(one_line("locale"))
    return PlanetSite(
        title=one_line("name"),
        url=_folder(one_line("link")),
        author="" if author == "Anonymous Coward" else author,  # Venus's word for nobody
        language="-".join(part for part in language.groups() if part) if language else "en",
        entries=min(max(int(entries), 1), 100_000) if _NUMBER.fullmatch(entries) else 50,
        aliases=tuple((old, new) for old, new in _ALIASES.items() if old in _documents(planet)),
    )


def _folder(link: str) -> str:
    """The folder that a planet's main page is in."""
    link = re.split("[?#]", link)[0]
    if not is_address(link) or link != without_user(link):
        return ""
    if link.count("/") > 2 and "." in link.rpartition("/")[2]:
        return link.rpartition("/")[0] + "/"
    return link if link.endswith("/") else link + "/"


def _documents(planet: Mapping[str, str]) -> set[str]:
    """What the templates write; a theme's cannot be seen, so it counts as having all that Venus's own have."""
    files = {file.rpartition("/")[2].rpartition(".")[0] for file in planet.get("template_files", "").split()}
    return files | ({*_ALIASES, "opml.xml"} if "output_theme" in planet else set())


def _left_out(planet: Mapping[str, str], feeds: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Sentences on the options that have no counterpart."""
    for key, advice in _ADVICE.items():
        if key in planet:
            yield f"`{key}` has no counterpart: {advice}"
    if "opml.xml" in _documents(planet):
        yield "opml.xml has no counterpart of this name: `feedd export` writes the list of upstreams"
    others = [f"`{key}`" for key in planet if key not in _SILENT and key not in _ADVICE]
    if others:
        yield f"[Planet] has more without a counterpart: {', '.join(others[:_MOST_NAMED])}"
    counts = Counter(key for values in feeds for key in values if key not in ("name", "link", "content_type"))
    for key, count in counts.most_common(_MOST_NAMED):
        yield f"`{key}` of {count} feed{'s'[: count > 1]} has no counterpart"
