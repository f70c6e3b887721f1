"""What worker processes are told and give back, as values that can be sent to them."""

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
class Work(Generic[T, R]):
    """Work on pieces of several items, of which one may exceed the deadline."""

    do: Callable[[T], list[R]]
    split: Callable[[T], list[T]]
    """The same piece as pieces of one item each."""
    reject: Callable[[T, str], list[R]]
    """The result for a piece of one item that exceeded the deadline, with the reason."""


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """What understanding a file of one source needs to know."""

    name: str
    rank: int
    root: Path
    parse: FolderSettings
    categories: tuple[str, ...]
    own_terms: bool
    future: bool
    source_line: bool = False
    """Whether any address that is the last line of a body is where the post came from."""


@dataclass(frozen=True, slots=True)
class EntrySettings:
    """What understanding an entry of one source needs to know."""

    name: str
    rank: int
    zone: str
    categories: tuple[str, ...]
    own_terms: bool
    url: str = ""
    """Address that it is asked at, which is never published as the page of an entry."""
    link: str = ""
    """Address of its pages as it is configured, or empty."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What every process needs to know, as values that can be sent to it."""

    sources: dict[str, SourceSettings]
    identity: tuple[tuple[str, str], ...]
    boilerplate: tuple[str, ...] | None
    most_terms: int
    term_length: int
    formats: tuple[Format, ...]
    site_url: str
    language: str
    look: PageStyle | None = None
    """How pages look; only rendering needs it."""
    archive: tuple[Format, ...] = ()
    """The formats of archives."""


class RenderTask(NamedTuple):
    """A post to be rendered, with the payload of the body that it shows."""

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
    """The entry in every format, packed, or why there is none."""

    number: int
    data: bytes
    invalid: str = ""
    extent: Extent = Extent.ON_FRONT
