"""Changes to the text of ``feedd.toml``: comments and layout stay; the only importer of tomlkit.

Sources are added behind the text, so that every other byte stays as it is. What comes out is read again and
compared with what was meant before anybody may write it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from feeds.config import checks
from feeds.errors import UsageError
from feeds.models import Subscription
from feeds.parser.lists.planet_venus import PlanetSite
from feeds.values.slugs import build_slug
from feeds.values.urls import canonicalise, is_address, without_user

_BOM = "\ufeff"
_SOURCES = re.compile(r"^[ \t]*\[\[[ \t]*(?:sources|\"sources\"|'sources')[ \t]*\]\]", re.MULTILINE)
_EVERY = re.compile(r"[1-9][0-9]{0,5}[smhd]")
_LONGEST_NAME = 60

_TEMPLATE = """\
# feedd configuration. Paths are relative to this file. Check it with: feedd check

[site]
title    = {title}
url      = {url}   # where the output folder is published: every address in a feed is absolute
language = {language}
timezone = "UTC"        # for dates without an offset
{author}{description}
[output]
dir     = "../output"
formats = ["atom", "rss", "json"]
entries = {entries}            # posts in a subscription document
slugs   = "ascii"       # or "unicode": folders keep the names' own letters

[store]
url = "../state/feedd.db"

# What makes two addresses the same article; without any, the query parameter infoCode does.
# [[identity]]
# name    = "story"
# pattern = '[?&]story=(?P<key>\\d+)'
{aliases}
# One [[sources]] for each upstream. Its name is its identity: renaming it makes another source.
"""
_EXAMPLE = """\
# [[sources]]
# name = "blog"
# kind = "upstream"
# url  = "https://blog.example/atom.xml"
"""


class Edited(NamedTuple):
    """A configuration with sources added."""

    text: str
    added: tuple[str, ...]
    """Names of the new sources."""
    known: tuple[str, ...]
    """Names of the sources that had one of the addresses already."""
    refused: tuple[str, ...]
    """What was not added, a sentence for each with what to do; it holds no password."""


def add_sources(
    text: str, subscriptions: Sequence[Subscription], defaults: Mapping[str, object] | None = None
) -> Edited:
    """Append a ``[[sources]]`` for each subscription that the configuration does not have yet.

    ``defaults`` are keys for each of the new sources (``every``, ``terms`` and so on); its ``categories``
    come before those of the subscription. A subscription keeps its name if it has one that is free,
    else it gets one from its title or host.

    Raises:
        UsageError: the text is no TOML, or has its sources in a form that cannot be added to.
    """
    values = _loaded(text)
    old = _sources(values)
    names = {str(one.get("name")) for one in old}
    places = {_place(one.get("kind"), one.get("url")): str(one.get("name")) for one in old if one.get("url")}
    new: list[dict[str, object]] = []
    known: list[str] = []
    refused: list[str] = []
    numbers: dict[str, int] = {}
    for one in subscriptions:
        kind = "opml" if one.type == "include" else "upstream"
        place = _place(kind, one.url)
        if problem := _refusal(one):
            refused.append(problem)
        elif place in places:
            known.append(places[place])
        else:
            name = _free_name(one, names, numbers)
            names.add(name)
            places[place] = name
            new.append({"name": name, "kind": kind, **_settings(one, defaults or {})})
    edited = _with(text, new) if new else text
    _verify(edited, values, [*old, *new])
    return Edited(edited, tuple(str(one["name"]) for one in new), tuple(dict.fromkeys(known)), tuple(refused))


def new_configuration(site: PlanetSite, subscriptions: Sequence[Subscription]) -> Edited:
    """A commented configuration of a site with these upstreams: what ``feedd init --from`` writes."""
    title, author, description = map(checks.cleaned, (site.title, site.author, site.description))
    url = site.url if site.url and not checks.url(site.url) else "https://example.org/feeds/"
    aliases = "".join(f"{_quoted(old)} = {_quoted(document)}\n" for old, document in site.aliases)
    text = _TEMPLATE.format(
        title=_quoted(title or "My planet"),
        url=_quoted(url),
        language=_quoted(site.language if not checks.language(site.language) else "en"),
        author=f"author   = {_quoted(author)}\n" if author else "",
        description=f"description = {_quoted(description)}\n" if description else "",
        entries=site.entries,
        aliases="\n[aliases]   # old addresses: the same bytes as a document\n" + aliases if aliases else "",
    )
    edited = add_sources(text, subscriptions)
    return edited if edited.added else edited._replace(text=edited.text + _EXAMPLE)


def _loaded(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.removeprefix(_BOM))
    except (ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else "nested too deeply"
        raise UsageError(
            f"the configuration is no TOML: {reason}; correct it first (`feedd check`)"
        ) from error


def _sources(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = values.get("sources", [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise UsageError("sources: must be tables; write [[sources]] before each (`feedd check` says where)")
    return found


def _verify(text: str, values: Mapping[str, Any], sources: Sequence[Mapping[str, object]]) -> None:
    """Nobody's configuration is written that does not say exactly what was meant."""
    meant = {key: value for key, value in values.items() if key != "sources"}
    found = _loaded(text)
    if found.pop("sources", []) != list(sources) or found != meant:
        raise UsageError(
            "the configuration is written in a form that cannot be changed safely; edit [[sources]] by hand"
        )


def _place(kind: object, url: object) -> tuple[str, str]:
    """What makes two upstreams one: how it is read, and the canonical address."""
    return str(kind), canonicalise(str(url)) or str(url)


def _refusal(one: Subscription) -> str:
    shown = without_user(one.url)[:200]
    if not is_address(one.url):
        return f"{shown!r} is no web address; write it with https:// and a host"
    if "@" in urlsplit(one.url).netloc:
        return (
            f"{shown} holds a user name or password, which must not stand in the configuration; add it without,"
            ' put user:password into an environment variable NAME and write auth = "env:NAME" to the source'
        )
    wrong = checks.page(one.url)
    return f"{shown!r} {wrong}" if wrong else ""


def _free_name(one: Subscription, names: set[str], numbers: dict[str, int]) -> str:
    if one.name and one.name not in names and one.name.strip() and not checks.name(one.name):
        return one.name
    titled = any(character.isalnum() for character in one.title)
    host = (urlsplit(one.url).hostname or "source").removeprefix("www.")
    base = build_slug(one.title[:200] if titled else host, "ascii")[:_LONGEST_NAME].strip("-")
    name = base
    while name in names:
        numbers[base] = numbers.get(base, 1) + 1
        name = f"{base}-{numbers[base]}"
    return name


def _settings(one: Subscription, defaults: Mapping[str, object]) -> dict[str, object]:
    """The keys of a new source behind its name and kind; what a list says wrongly is left out."""
    given = defaults.get("categories", ())
    added = [str(part) for part in given] if isinstance(given, list | tuple) else []
    categories = dict.fromkeys(map(checks.cleaned, (*added, *one.categories)))
    found: dict[str, object] = {
        "url": one.url,
        "title": checks.cleaned(one.title),
        "link": one.link if not checks.page(one.link) else "",
        "every": one.every if _EVERY.fullmatch(one.every) else "",
        "terms": one.terms if one.terms in ("own", "none") else "",
        "group": checks.cleaned(one.group)[:200],
    }
    more = {key: value for key, value in defaults.items() if key != "categories"}
    kept = {key: value for key, value in found.items() if value}
    return {
        **more,
        **kept,
        **({"categories": [part for part in categories if part]} if any(categories) else {}),
    }


def _with(text: str, new: Sequence[Mapping[str, object]]) -> str:
    """The text with tables behind it, or with entries in a list that is written as ``sources = [...]``."""
    if "sources" in _loaded(text) and not _SOURCES.search(text):
        return _in_list(text, new)
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text.removeprefix(_BOM) else newline if text.endswith("\n") else newline * 2
    return text + gap + newline.join(newline.join(_block(one)) + newline for one in new)


def _block(values: Mapping[str, object]) -> Iterator[str]:
    yield "[[sources]]"
    for key, value in values.items():
        yield f"{key} = {_written(value)}"


def _written(value: object) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_written(part) for part in value)}]"
    import tomlkit

    return tomlkit.item(value).as_string()


def _quoted(text: str) -> str:
    import tomlkit

    return tomlkit.string(text).as_string()


def _in_list(text: str, new: Sequence[Mapping[str, object]]) -> str:
    import tomlkit

    document = tomlkit.parse(text.removeprefix(_BOM))
    listed: Any = document["sources"]
    for one in new:
        table = tomlkit.inline_table()
        table.update(one)
        listed.add_line(table)
    listed.add_line(indent="")
    return text[: text.startswith(_BOM)] + document.as_string()
