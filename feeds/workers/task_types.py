"""Tasks and results of worker processes, as values that can be pickled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from feeds.models import Extent, Format, Origin, Term
from feeds.renderer.page_fragments import PageStyle

if TYPE_CHECKING:
    from feeds.identity import Shown
    from feeds.parser.posts.jekyll import FolderSettings


T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class TaskKind(Generic[T, R]):
    """Functions that process tasks of several items, some of which may exceed the deadline."""

    do: Callable[[T], list[R]]
    split: Callable[[T], list[T]]
    """Split a task into tasks of one item each."""
    reject: Callable[[T, str], list[R]]
    """Build the result of a task whose only item exceeded the deadline, with the reason."""


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """Settings for parsing a file of one source."""

    name: str
    rank: int
    root: Path
    parse: FolderSettings
    categories: tuple[str, ...]
    own_terms: bool
    future: bool
    source_line: bool = False
    """Whether any address on the last line of a body is the address that the post came from."""


@dataclass(frozen=True, slots=True)
class EntrySettings:
    """Settings for parsing an entry of one source."""

    name: str
    rank: int
    zone: str
    categories: tuple[str, ...]
    own_terms: bool
    url: str = ""
    """Address of the feed, which is never published as the page of an entry."""
    link: str = ""
    """Configured address of its website, or empty."""
    merge_terms: bool = False
    """Whether its terms are added to posts of folders."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings that every process needs, as values that can be pickled."""

    sources: dict[str, SourceSettings]
    identity: tuple[tuple[str, str], ...]
    boilerplate: tuple[str, ...] | None
    most_terms: int
    term_length: int
    formats: tuple[Format, ...]
    site_url: str
    language: str
    look: PageStyle | None = None
    """Appearance of pages; only rendering needs it."""
    archive: tuple[Format, ...] = ()
    """The formats of archives."""


class RenderTask(NamedTuple):
    """A post to render, with the stored document of the body that it shows."""

    number: int
    uid: str
    updated: int
    shown: Shown
    terms: tuple[Term, ...]
    document: bytes
    source: str
    place: str
    origin: Origin | None = None
    extent: Extent = Extent.ON_FRONT


class RenderResult(NamedTuple):
    """The entry in every format, packed, or the reason why it cannot be rendered."""

    number: int
    data: bytes
    invalid: str = ""
    extent: Extent = Extent.ON_FRONT
