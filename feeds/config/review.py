"""Find what is wrong with a configuration beyond the file itself: paths, environment variables, and valid values that cannot work.

A configuration with such a mistake is accepted, because a folder may be mounted and a variable set later, and a
value without sense harms a single source. ``feedd check`` reports them beside the mistakes that are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from feeds.config import advice
from feeds.config.checks import describe_slow_pattern
from feeds.config.declare import Section
from feeds.config.reading import Reading, resolve_store
from feeds.config.sections import Site
from feeds.config.services import PrivateFeed, Serve
from feeds.config.settings import Settings
from feeds.config.sources import FolderSource, NetworkSource, UpstreamSource
from feeds.config.variables import find_variable_mistakes
from feeds.errors import UsageError

Table = TypeVar("Table", bound=Section)
Problem = tuple[str, str]
"""The key in the file and a message."""


class Surroundings(NamedTuple):
    """What a configuration is compared with."""

    environment: Mapping[str, str]
    is_jekyll: Callable[[Path], bool]
    """Whether a folder is a Jekyll site, whose posts are in some of its folders only."""


def review(reading: Reading, around: Surroundings) -> None:
    """Add everything that is wrong with a configuration beyond its syntax and types to its mistakes."""
    for key, text in _find_problems(reading, around):
        if text:
            reading.mistakes.add_later(key, text)


def _find_problems(reading: Reading, around: Surroundings) -> Iterator[Problem]:
    for place, section in reading.tables.items():
        yield from ((f"{place}.{name}", text) for name, text in _review(section, around.environment))
    yield from _find_repeated(reading, UpstreamSource, "url")
    yield from _find_repeated(reading, PrivateFeed, "feed")
    yield from _find_repeated(reading, FolderSource, "path")
    yield from _review_folders(reading, around.is_jekyll)
    yield "output.dir", advice.advise_writable(reading.settings.output.dir)
    yield from _review_store(reading)
    yield from _review_templates(reading.settings)
    yield from _review_patterns(reading.settings)


def _review(section: Section, environment: Mapping[str, str]) -> Iterator[Problem]:
    """Yield what is wrong with one table alone."""
    yield from find_variable_mistakes(section, environment)
    match section:
        case Site():
            yield "language", advice.advise_language(section.language)
        case FolderSource():
            yield "permalink", advice.advise_permalink(section.permalink)
            yield "path", advice.advise_folder(section.path)
        case NetworkSource():
            yield "allow", next(filter(None, map(advice.advise_port, section.allow)), "")
            yield "path", advice.advise_file(getattr(section, "path", None))
        case Serve():
            yield "listen", advice.advise_listen(section.listen)
        case PrivateFeed():
            yield "feed", advice.advise_feed(section.feed)
        case _:
            pass


def _find_repeated(reading: Reading, kind: type[Section], name: str) -> Iterator[Problem]:
    """Yield each table of a kind that has the value of an earlier table for a key that should be unique."""
    seen: dict[object, str] = {}
    for place, section in _list_tables(reading, kind):
        value = getattr(section, name)
        if not value:  # the default of a wrong value
            continue
        if value in seen:
            yield f"{place}.{name}", f"the same as in {seen[value]}; remove one of them"
        seen.setdefault(value, f"source {section.name!r}" if hasattr(section, "name") else place)


def _list_tables(reading: Reading, kind: type[Table]) -> Iterator[tuple[str, Table]]:
    """Yield the tables of a kind with their places."""
    return ((place, table) for place, table in reading.tables.items() if isinstance(table, kind))


def _review_folders(reading: Reading, is_jekyll: Callable[[Path], bool]) -> Iterator[Problem]:
    """Yield folders of posts inside each other or inside the output, and an output inside posts."""
    output = reading.settings.output.dir
    folders = [(place, source) for place, source in _list_tables(reading, FolderSource) if source.path]
    for place, source in folders:
        if source.path.is_relative_to(output):
            yield f"{place}.path", f"{source.path} is inside the output folder; choose another folder"
        # feedd would read its own output as posts.
        elif _holds_posts(source.path, output, is_jekyll):
            yield "output.dir", f"{output} is inside the posts of {source.name!r}; choose another folder"
        for _, other in folders:
            if other.path != source.path and _holds_posts(other.path, source.path, is_jekyll):
                yield (
                    f"{place}.path",
                    f"is inside the folder of source {other.name!r}, so its posts are read twice; remove one of them",
                )


def _holds_posts(folder: Path, inner: Path, is_jekyll: Callable[[Path], bool]) -> bool:
    """Return whether posts in ``inner`` belong to ``folder``. A Jekyll site has them in some of its folders only."""
    if not inner.is_relative_to(folder):
        return False
    parts = (folder.name, *inner.relative_to(folder).parts)
    return inner == folder or not is_jekyll(folder) or "_posts" in parts


def _review_templates(settings: Settings) -> Iterator[Problem]:
    from feeds.config.page_style import build_page_style
    from feeds.renderer import page_fragments

    try:
        page_fragments.check_templates(build_page_style(settings))
    except UsageError as error:
        yield "output.templates", str(error)


def _review_patterns(settings: Settings) -> Iterator[Problem]:
    """Yield patterns that RE2 refuses."""
    for number, rule in enumerate(settings.identity):
        yield f"identity[{number}].pattern", describe_slow_pattern(rule.pattern)
    for pattern in settings.cleaning.boilerplate or ():
        yield "clean.boilerplate", describe_slow_pattern(pattern)


def _review_store(reading: Reading) -> Iterator[Problem]:
    url = reading.settings.database.url
    if not url:
        return
    store = resolve_store(reading.path, url)
    if store.is_dir():
        yield (
            "store.url",
            f'{store} is a folder; give the path of a file in it, such as "{url.rstrip("/")}/feedd.db"',
        )
    elif store.is_relative_to(reading.settings.output.dir):
        yield "store.url", f"{store} is inside the output folder and would be published; choose another place"
    else:
        yield "store.url", advice.advise_writable(store.parent)
