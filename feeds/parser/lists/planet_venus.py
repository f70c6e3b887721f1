"""Parse the configuration of Planet Venus (``config.ini``), and describe what has no counterpart in feedd."""

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
"""Limit for the bytes of a configuration."""

_REFERENCE = re.compile(r"%\((\w{1,64})\)s")
_LOCALE = re.compile(r"([a-z]{2,3})(?:_([A-Z]{2}))?(?![A-Za-z])")
_NUMBER = re.compile(r"[0-9]{1,9}")
# References may multiply a value, so its length is limited at each level.
_LONGEST_VALUE = 100_000
_LONGEST_TITLE = 500
_MOST_SECTIONS = 50_000
_MOST_DEFAULTS = 100
_MOST_NAMED = 30
_LISTS = ("template_files", "filters", "reading_lists")
# Options without a note: they configure only the program Venus, or they are in the values of :class:`PlanetSite`.
_SILENT = frozenset(
    re.split(
        r"\s+",
        "bill_of_materials cache_directory cache_lists_directory cache_sources_directory content_type"
        " date_format encoding feed feed_timeout feedtype filter_directories generator generator_uri"
        " http_cache_directory items_per_page link locale log_format log_level name new_date_format"
        " new_feed_items owner_name reading_lists spider_threads template_directories template_files",
    )
)
# Documents of Venus's templates and those that replace them; both programs write atom.xml. Feed readers that parse
# RSS 1.0 also parse 2.0.
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
    """The settings of the site that a list belongs to; a value is empty if the list does not state it.

    ``aliases`` maps old documents to the documents of feedd that replace them.
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
    """A parsed configuration; ``notes`` are sentences about what was left out, without secrets."""

    site: PlanetSite
    subscriptions: tuple[Subscription, ...]
    notes: tuple[str, ...]


def is_venus(data: bytes) -> bool:
    """Return whether these bytes look like a ``config.ini`` of Planet or Planet Venus."""
    return bool(re.search(rb"(?mi)^\[planet\]", data[:LARGEST]))


def read_venus(data: bytes, name: str) -> Planet:
    """Parse a ``config.ini``; ``name`` is its name in messages.

    Raises:
        UsageError: the file is not a configuration of Venus; the message names the line.
    """
    sections = _read_sections(data, name)
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
    # Lists may be named without a section of their own.
    for address in planet.get("reading_lists", "").split():
        feeds.setdefault(address, {"content_type": "opml"})
    for section, values in feeds.items():
        if section in settings and not is_address(section):
            continue
        found = _read_subscription(section, values)
        if isinstance(found, str):
            notes.append(f"{name}: [{without_user(section)[:200]}] {found}")
        else:
            subscriptions.append(found)
    notes += [
        f"{name}: {note}"
        for note in _describe_left_out(
            planet, [values for section, values in feeds.items() if is_address(section)]
        )
    ]
    return Planet(_read_site(planet), tuple(subscriptions), tuple(notes))


def _read_sections(data: bytes, name: str) -> dict[str, dict[str, str]]:
    """Return the sections with their options; options of ``[DEFAULT]`` fill in what a section leaves out."""
    if len(data) > LARGEST:
        raise UsageError(f"{name}: is larger than {LARGEST >> 20} MB; it is no configuration of a planet")
    # Real files have duplicate sections and options; Venus uses the last.
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
        section: {key: _expand(value, parser[section]) for key, value in parser[section].items()}
        for section in parser.sections()
    }


def _expand(value: str, values: Mapping[str, str]) -> str:
    """Return a value with ``%(name)s`` replaced, as Python's ConfigParser does, up to five levels deep."""
    # ConfigParser's own interpolation has no limit for the length: references that double fill the memory.
    for _ in range(5):
        if "%(" not in value:
            break
        value = _REFERENCE.sub(
            lambda match: values.get(match[1].lower(), match[0])[:_LONGEST_TITLE], value[:_LONGEST_VALUE]
        )
    return value[:_LONGEST_VALUE].replace("%%", "%")


def _read_subscription(section: str, values: Mapping[str, str]) -> Subscription | str:
    """Return the upstream or list of a section, or the reason why it is left out."""
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


def _read_site(planet: Mapping[str, str]) -> PlanetSite:
    def read_line(key: str) -> str:
        return " ".join(planet.get(key, "").split())

    author, entries = read_line("owner_name"), read_line("items_per_page")
    language = _LOCALE.match(read_line("locale"))
    return PlanetSite(
        title=read_line("name"),
        url=_find_folder(read_line("link")),
        # The default of Venus for a site without an owner.
        author="" if author == "Anonymous Coward" else author,
        language="-".join(part for part in language.groups() if part) if language else "en",
        entries=min(max(int(entries), 1), 100_000) if _NUMBER.fullmatch(entries) else 50,
        aliases=tuple((old, new) for old, new in _ALIASES.items() if old in _list_documents(planet)),
    )


def _find_folder(link: str) -> str:
    """Return the address of the folder that contains the main page of the planet."""
    link = re.split("[?#]", link)[0]
    if not is_address(link) or link != without_user(link):
        return ""
    if link.count("/") > 2 and "." in link.rpartition("/")[2]:
        return link.rpartition("/")[0] + "/"
    return link if link.endswith("/") else link + "/"


def _list_documents(planet: Mapping[str, str]) -> set[str]:
    """Return the documents that the templates write.

    The templates of a theme are elsewhere, so a theme counts as writing all documents of Venus's own templates.
    """
    files = {file.rpartition("/")[2].rpartition(".")[0] for file in planet.get("template_files", "").split()}
    return files | ({*_ALIASES, "opml.xml"} if "output_theme" in planet else set())


def _describe_left_out(planet: Mapping[str, str], feeds: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Yield sentences on the options that have no counterpart."""
    for key, advice in _ADVICE.items():
        if key in planet:
            yield f"`{key}` has no counterpart: {advice}"
    if "opml.xml" in _list_documents(planet):
        yield "opml.xml has no counterpart of this name: `feedd export` writes the list of upstreams"
    others = [f"`{key}`" for key in planet if key not in _SILENT and key not in _ADVICE]
    if others:
        yield f"[Planet] has more without a counterpart: {', '.join(others[:_MOST_NAMED])}"
    counts = Counter(key for values in feeds for key in values if key not in ("name", "link", "content_type"))
    for key, count in counts.most_common(_MOST_NAMED):
        yield f"`{key}` of {count} feed{'s'[: count > 1]} has no counterpart"
