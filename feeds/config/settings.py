"""The whole of ``feedd.toml``, and the configuration as the program uses it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from msgspec import field

from feeds.config.checks import describe_slow_pattern
from feeds.config.declare import NOT_EMPTY, Section
from feeds.config.podcast import Podcast
from feeds.config.sections import INFO_CODES, Clean, IdentityRule, Labels, Limits, Output, Site, Store
from feeds.config.services import Hubs, Push, Serve, is_below
from feeds.config.sources import FolderSource, NetworkSource, Source

DEFAULT_PATH = "config/feedd.toml"


class Settings(Section, frozen=True, kw_only=True):
    """A whole configuration file."""

    site: Annotated[Site, "The site that the feeds belong to."]
    output: Annotated[Output, "What is published, and where."]
    database: Annotated[Store, "The database."] = field(name="store")
    sources: Annotated[
        tuple[Source, ...],
        "Where posts come from. If several sources have a post, the first is shown.",
        NOT_EMPTY,
    ]
    identity: Annotated[
        tuple[IdentityRule, ...],
        "Which URLs are the same post; without any, those with the same query parameter `infoCode`.",
    ] = INFO_CODES
    cleaning: Annotated[Clean, "What is removed from posts."] = field(name="clean")
    limits: Annotated[Limits, "Limits of what is accepted."]
    push: Annotated[Push, "Who is notified when a feed changes (WebSub)."]
    renamed: Annotated[Labels, "Labels of categories and tags."] = field(name="labels")
    aliases: Annotated[dict[str, str], "Old paths of documents: the same bytes as another document."] = field(
        default_factory=dict
    )
    podcast: Annotated[
        Podcast | None,
        "The podcast. RSS documents with episodes describe it in the elements that directories require.",
    ] = None
    serve: Annotated[Serve | None, "The HTTP server."] = None


class Config(Settings, frozen=True, kw_only=True):
    """A configuration as the program uses it: paths are absolute, and defaults are filled in."""

    path: Path
    push: Hubs

    @property
    def store(self) -> Path:
        """The SQLite file."""
        return Path(self.database.url)

    @property
    def history(self) -> int:
        """How many older versions of a post the store keeps."""
        return self.database.history

    @property
    def boilerplate(self) -> tuple[str, ...] | None:
        """Patterns of lines to remove; None for the built-in patterns."""
        return self.cleaning.boilerplate

    @property
    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """Labels by kind and name."""
        return {"category": self.renamed.category, "tag": self.renamed.tag}

    @property
    def folders(self) -> tuple[FolderSource, ...]:
        """The sources of kind ``folder``."""
        return tuple(source for source in self.sources if isinstance(source, FolderSource))

    @property
    def polled(self) -> bool:
        """Whether any source is fetched over the network."""
        return any(isinstance(source, NetworkSource) for source in self.sources)

    def find_slow_patterns(self) -> list[str]:
        """Return a warning for each pattern that RE2 refuses."""
        named = [(f"identity.{rule.name}.pattern", rule.pattern) for rule in self.identity]
        named += [("clean.boilerplate", line) for line in self.boilerplate or ()]
        return [f"{key}: {wrong}" for key, value in named if (wrong := describe_slow_pattern(value))]

    def is_private(self, path: str) -> bool:
        """Return whether a document of the output tree, or a feed's folder, is not public."""
        if self.serve is None:
            return False
        return bool(self.serve.auth) or is_below(path, self.serve.private)
