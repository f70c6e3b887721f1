"""What publishing needs of a configuration, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from feeds.models import Format, Keep, Podcast
from feeds.renderer.page_fragments import PageStyle


@dataclass(frozen=True, slots=True)
class PublishSettings:
    """Settings of the output; the names are those of the configuration where it has a key for them."""

    title: str
    description: str
    author: str
    language: str
    site_url: str
    """Ends with a slash."""
    zone: ZoneInfo
    formats: tuple[Format, ...]
    entries: int
    """Number of posts in a subscription document."""
    archive: tuple[Format, ...]
    """Formats of archives."""
    archive_kinds: tuple[str, ...]
    slugs: Literal["ascii", "unicode"]
    keep: Keep
    labels: Mapping[str, Mapping[str, str]]
    copies: Mapping[str, Sequence[str]]
    """Old addresses that serve the same bytes, by path of the document."""
    hubs: tuple[str, ...]
    """Hubs of other sites, which are notified of changed documents."""
    named_hubs: tuple[str, ...]
    """Hubs that documents name."""
    private: tuple[str, ...]
    """Folders of private feeds."""
    all_private: bool
    """Whether the whole site needs a password."""
    precompress: bool
    look: PageStyle
    ledger: Path
    podcast: Podcast | None = None
