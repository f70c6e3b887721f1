"""The list of upstreams, changed from the command line: ``add``, ``import``, ``export``, ``init --from``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from feeds.config import Config, ListSource, Source, UpstreamSource, editor, load_config
from feeds.errors import FeeddError, FetchError, UsageError
from feeds.ingest.poller import client_of
from feeds.models import Subscription
from feeds.output.single_files import lock_folder, replace_file

if TYPE_CHECKING:
    from feeds.http import Client
    from feeds.parser.feeds.channel import UpstreamHead

_MOST_TRIED = 20
_DEADLINE = 20.0


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the addresses that were to be added."""

    added: tuple[str, ...] = ()
    """Names of the new sources."""
    known: tuple[str, ...] = ()
    """Names of the sources that were there already."""
    found: tuple[str, ...] = ()
    """What was found, a sentence for each."""
    refused: tuple[str, ...] = ()
    """What could not be added, a sentence for each."""


def add(config: Config, urls: Sequence[str], allow: Sequence[str] = ()) -> Added:
    """Add upstreams to the configuration; a web page's feed is looked for.

    Raises:
        UsageError: the configuration cannot be changed.
    """
    looked = asyncio.run(_look(config, urls, tuple(allow)))
    subscriptions = [one for one, _ in looked if one is not None]
    refused = tuple(text for one, text in looked if one is None)
    defaults: dict[str, object] = {"allow": list(allow)} if allow else {}
    edited = _change(config.path, subscriptions, defaults) if subscriptions else None
    return Added(
        edited.added if edited else (),
        edited.known if edited else (),
        tuple(text for one, text in looked if one is not None),
        refused + (edited.refused if edited else ()),
    )


def take_list(config: Config, file: Path) -> Added:
    """Add the upstreams of an OPML file to the configuration.

    Raises:
        UsageError: the file cannot be read, or the configuration cannot be changed.
    """
    from feeds.parser.lists.opml import parse_opml

    found = parse_opml(_read(file), str(file))
    edited = _change(config.path, found.subscriptions, {})
    return Added(edited.added, edited.known, tuple(found.notes), edited.refused)


def give_list(config: Config) -> bytes:
    """The upstreams of the configuration as OPML."""
    from feeds.renderer.opml import OpmlHead, write_opml

    found = [one for source in config.sources if (one := _subscription(source)) is not None]
    return write_opml(OpmlHead(config.site.title, config.site.author), found)


def begin_from(file: Path) -> tuple[str, tuple[str, ...]]:
    """The text of a configuration for a Planet Venus ``config.ini`` or an OPML file, and notes on it.

    Raises:
        UsageError: the file is neither.
    """
    from feeds.parser.lists.opml import parse_opml
    from feeds.parser.lists.planet_venus import PlanetSite, is_venus, read_venus

    data = _read(file)
    if is_venus(data):
        planet = read_venus(data, str(file))
        return _begun(file, editor.new_configuration(planet.site, planet.subscriptions), planet.notes)
    found = parse_opml(data, str(file))
    site = PlanetSite(title=found.title)
    return _begun(file, editor.new_configuration(site, found.subscriptions), found.notes)


def _begun(file: Path, edited: editor.Edited, notes: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    told = (*notes, *edited.refused)
    if not edited.added:
        why = "; ".join(told) or "add a line with the address of one"
        raise UsageError(f"{file}: names no feed that can be asked: {why}")
    return edited.text, told


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror})") from error


def _change(path: Path, subscriptions: Sequence[Subscription], defaults: dict[str, object]) -> editor.Edited:
    with lock_folder(path):
        text = path.read_bytes().decode("utf-8")
        edited = editor.add_sources(text, subscriptions, defaults)
        if edited.text != text:
            replace_file(path, edited.text.encode())
            try:
                load_config(path)
            except FeeddError:
                replace_file(path, text.encode())
                raise
    return edited


def _subscription(source: Source) -> Subscription | None:
    if isinstance(source, UpstreamSource):
        return Subscription(
            url=source.url,
            title=source.title,
            link=source.link,
            categories=source.categories,
            name=source.name,
            every=f"{source.every}s" if source.every else "",
            terms=source.terms if source.terms != "own" else "",
            group=source.group,
        )
    if isinstance(source, ListSource) and source.url:
        return Subscription(url=source.url, name=source.name, type="include")
    return None


async def _look(
    config: Config, urls: Sequence[str], allow: tuple[str, ...]
) -> list[tuple[Subscription | None, str]]:
    async with client_of(config) as client:
        return [await _find(client, url if "://" in url else f"https://{url}", allow) for url in urls]


async def _find(client: Client, url: str, allow: tuple[str, ...]) -> tuple[Subscription | None, str]:
    """The feed at an address or of the page there, and what was found in words."""
    from feeds.parser.lists.discovery import candidates

    try:
        head, address, page = await _head(client, url, allow)
    except FetchError as error:
        return None, str(error)
    if head is not None:
        return _described(
            head, address
        ), f"{address}: a feed ({head.version}), {head.title or 'without a title'}"
    tried = candidates(page, address)[:_MOST_TRIED]
    for one in tried:
        try:
            head, found, _ = await _head(client, one.url, allow)
        except FetchError:
            continue
        if head is not None:
            others = [
                other.url for other in tried if other is not one and other.type and other.why == one.why
            ]
            more = f"; others there: {', '.join(others[:5])}" if others else ""
            sentence = f"{url}: {found} ({head.version}), {head.title or 'without a title'}; {one.why}{more}"
            return _described(head, found), sentence
    return None, f"{url}: no feed was found there ({len(tried)} addresses tried); name the feed's own address"


async def _head(client: Client, url: str, allow: tuple[str, ...]) -> tuple[UpstreamHead | None, str, bytes]:
    """What a document says of itself if it is a feed; its address; its bytes."""
    from feeds.parser.feeds.encoding import decode
    from feeds.parser.feeds.feed import parse_outline
    from feeds.parser.feeds.splitter import outline

    response = await client.get(url, allow=allow, deadline=_DEADLINE)
    if response.status != 200:
        raise FetchError(f"{url}: status {response.status}")
    kind = response.header("content-type")
    parts = outline(decode(response.body, kind), kind)
    if parts.kind == "none":
        return None, response.url, response.body
    head = parse_outline(
        replace(parts, entries=parts.entries[:1], digests=parts.digests[:1]), response.url, "UTC"
    ).head
    return (head if head.version else None), response.url, response.body


def _described(head: UpstreamHead, url: str) -> Subscription:
    return Subscription(url=url, title=head.title[:200], link=head.link)
