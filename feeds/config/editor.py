"""Change the text of ``feedd.toml`` with tomlkit; comments and layout stay.

New sources are appended as text of their own: tomlkit would move tables of one array together if others are between
them. The result is parsed again and compared with what was intended before it may be written.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from feeds.config import checks
from feeds.errors import UsageError
from feeds.models import Subscription
from feeds.parser.lists.planet_venus import PlanetSite
from feeds.values.slugs import build_slug
from feeds.values.urls import canonicalise, is_address, without_user

_BOM = "\ufeff"
_EVERY = re.compile(r"[1-9][0-9]{0,5}[smhd]")
_LONGEST_NAME = 60

_TEMPLATE = """\
# feedd configuration. Paths are relative to this file. Check it with: feedd check

[site]
title    = {title}
url      = {url}   # where the output folder is published
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

# Which URLs are the same article. The default compares the query parameter infoCode.
# [[identity]]
# name    = "story"
# pattern = '[?&]story=(?P<key>\\d+)'
{aliases}
# One [[sources]] for each upstream feed. Its name identifies it; a renamed source is a new source.
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
    """Names of the sources that had one of the URLs already."""
    refused: tuple[str, ...]
    """What was not added, a sentence for each with what to do, without passwords."""


def add_sources(
    text: str, subscriptions: Sequence[Subscription], defaults: Mapping[str, object] | None = None
) -> Edited:
    """Append a ``[[sources]]`` for each subscription that the configuration does not have yet.

    A subscription keeps its name if that is free; otherwise it gets one from its title or host.

    Args:
        text: The configuration.
        subscriptions: Upstream feeds and lists.
        defaults: Keys for each new source; its ``categories`` come before those of the subscription.

    Raises:
        UsageError: the text is not valid TOML, or has its sources in a form that cannot be added to.
    """
    values = _parse(text)
    old = _get_sources(values)
    names = {str(source.get("name")) for source in old}
    places = {_identify(s.get("kind"), s.get("url")): str(s.get("name")) for s in old if s.get("url")}
    new: list[dict[str, object]] = []
    known: list[str] = []
    refused: list[str] = []
    numbers: dict[str, int] = {}
    for subscription in subscriptions:
        kind = "opml" if subscription.type == "include" else "upstream"
        place = _identify(kind, subscription.url)
        if problem := _find_problem(subscription):
            refused.append(problem)
        elif place in places:
            known.append(places[place])
        else:
            name = _choose_name(subscription, names, numbers)
            names.add(name)
            places[place] = name
            new.append({"name": name, "kind": kind, **_build_keys(subscription, defaults or {})})
    edited = _append(text, new) if new else text
    _verify(edited, values, [*old, *new])
    added = tuple(str(source["name"]) for source in new)
    return Edited(edited, added, tuple(dict.fromkeys(known)), tuple(refused))


def new_configuration(site: PlanetSite, subscriptions: Sequence[Subscription]) -> Edited:
    """Return a commented configuration of a site with these upstream feeds: ``feedd init --from``."""
    title, author, description = map(checks.clean_text, (site.title, site.author, site.description))
    url = site.url if site.url and not checks.check_url(site.url) else "https://example.org/feeds/"
    aliases = "".join(f"{format_value(old, document)}\n" for old, document in site.aliases)
    text = _TEMPLATE.format(
        title=quote(title or "My planet"),
        url=quote(url),
        language=quote(site.language if not checks.check_language(site.language) else "en"),
        author=f"author   = {quote(author)}\n" if author else "",
        description=f"description = {quote(description)}\n" if description else "",
        entries=site.entries,
        aliases="\n[aliases]   # old paths: the same bytes as a document\n" + aliases if aliases else "",
    )
    edited = add_sources(text, subscriptions)
    return edited if edited.added else edited._replace(text=edited.text + _EXAMPLE)


def quote(text: str) -> str:
    """Return a string as TOML writes it."""
    import tomlkit  # loaded only to edit: it costs as much as the rest of the package

    return tomlkit.string(text).as_string()


def format_value(key: str, value: object) -> str:
    """Return a line of TOML that gives a key its value."""
    import tomlkit

    plain = isinstance(value, str) and "\\" in value and "'" not in value and value.isprintable()
    item = tomlkit.string(str(value), literal=True) if plain else tomlkit.item(value)
    return tomlkit.document().add(key, item).as_string().rstrip("\n")


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.removeprefix(_BOM))
    except (ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else "nested too deeply"
        raise UsageError(
            f"the configuration is not valid TOML: {reason}; fix it first (`feedd check`)"
        ) from error


def _get_sources(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = values.get("sources", [])
    if not isinstance(found, list) or not all(isinstance(source, dict) for source in found):
        raise UsageError(
            "sources: must be tables; write [[sources]] before each (`feedd check` names the line)"
        )
    return found


def _verify(text: str, values: Mapping[str, Any], sources: Sequence[Mapping[str, object]]) -> None:
    """Refuse a text that does not have exactly the intended values."""
    intended = {key: value for key, value in values.items() if key != "sources"}
    found = _parse(text)
    if found.pop("sources", []) != list(sources) or found != intended:
        raise UsageError(
            "the configuration has a form that cannot be changed safely; edit [[sources]] by hand"
        )


def _identify(kind: object, url: object) -> tuple[str, str]:
    """Return what is equal for two sources of the same document: the kind and the canonical URL."""
    return str(kind), canonicalise(str(url)) or str(url)


def _find_problem(subscription: Subscription) -> str:
    shown = without_user(subscription.url)[:200]
    if not is_address(subscription.url):
        return f"{shown!r} is not a valid URL; write it with https:// and a host"
    if "@" in urlsplit(subscription.url).netloc:
        return (
            f"{shown} contains a user name or password, which the configuration must not have; add it without, "
            'put user:password into an environment variable NAME and set auth = "env:NAME" for the source'
        )
    problem = checks.check_page_url(subscription.url)
    return f"{shown!r}: {problem}" if problem else ""


def _choose_name(subscription: Subscription, names: set[str], numbers: dict[str, int]) -> str:
    wish = subscription.name
    if wish.strip() and wish not in names and not checks.check_name(wish):
        return wish
    titled = any(character.isalnum() for character in subscription.title)
    host = (urlsplit(subscription.url).hostname or "source").removeprefix("www.")
    base = build_slug(subscription.title[:200] if titled else host, "ascii")[:_LONGEST_NAME].strip("-")
    name = base
    while name in names:
        numbers[base] = numbers.get(base, 1) + 1
        name = f"{base}-{numbers[base]}"
    return name


def _build_keys(subscription: Subscription, defaults: Mapping[str, object]) -> dict[str, object]:
    """Return the keys of a new source after its name and kind, without invalid values of the list."""
    given = defaults.get("categories", ())
    added = [str(name) for name in given] if isinstance(given, list | tuple) else []
    categories = dict.fromkeys(map(checks.clean_text, (*added, *subscription.categories)))
    found: dict[str, object] = {
        "url": subscription.url,
        "title": checks.clean_text(subscription.title),
        "link": subscription.link if not checks.check_page_url(subscription.link) else "",
        "every": subscription.every if _EVERY.fullmatch(subscription.every) else "",
        "terms": subscription.terms if subscription.terms in ("own", "none", "merge") else "",
        "group": checks.clean_text(subscription.group)[:200],
        "categories": [name for name in categories if name],
    }
    if subscription.type == "include":
        # A list has no page and no title of its own: its feeds have.
        found |= {"title": "", "link": ""}
    others = {key: value for key, value in defaults.items() if key != "categories"}
    return others | {key: value for key, value in found.items() if value}


def _append(text: str, new: Sequence[Mapping[str, object]]) -> str:
    """Return the text with tables at its end, or with entries in a list that is written as ``sources = [...]``."""
    import tomlkit

    tables = tomlkit.aot()
    for source in new:
        tables.append(tomlkit.item(dict(source)))
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text.removeprefix(_BOM) else newline if text.endswith("\n") else newline * 2
    block = tomlkit.document().add("sources", tables).as_string()
    edited = text + gap + block.replace("\n", newline)
    try:
        tomllib.loads(edited.removeprefix(_BOM))
    except tomllib.TOMLDecodeError:  # an array in brackets cannot be continued by a table
        return _extend_array(text, new)
    return edited


def _extend_array(text: str, new: Sequence[Mapping[str, object]]) -> str:
    import tomlkit

    document = tomlkit.parse(text.removeprefix(_BOM))
    listed: Any = document["sources"]
    for source in new:
        table = tomlkit.inline_table()
        table.update(source)
        listed.add_line(table)
    listed.add_line(indent="")
    return text[: text.startswith(_BOM)] + document.as_string()
