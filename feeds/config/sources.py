"""The sources of ``feedd.toml``: a class for each kind."""

from __future__ import annotations

from collections.abc import Container, Iterator
from pathlib import Path
from typing import Annotated, Literal

from feeds.config import checks
from feeds.config.declare import FOREVER, NONE, Details, Section, number
from feeds.models import Dialect


class AnySource(Section, frozen=True, kw_only=True, tag_field="kind"):
    """The keys of every kind of source."""

    name: Annotated[
        str,
        "Identity of the source, unique; a renamed source is a new source.",
        Details("news", checks.check_name),
    ]
    categories: Annotated[
        tuple[str, ...], "Categories added to each post.", Details(["harbour"], checks.check_texts)
    ] = ()
    terms: Annotated[
        Literal["own", "none", "merge"],
        '`"own"`: posts also have their own categories and tags; `"none"`: only the added categories; '
        '`"merge"`: like `"own"`, and entries add theirs to posts of folders.',
        Details("none"),
    ] = "own"
    keep: Annotated[
        str,
        "The same as `output.keep` for the posts of this source. A post that another source has too stays as long as either keeps it.",
        Details("500", checks.check_keep, fallback=FOREVER),
    ] = ""


class FolderSource(AnySource, frozen=True, kw_only=True, tag="folder"):
    """A folder of posts."""

    path: Annotated[
        Path,
        "Folder of posts: of a Jekyll site its `_posts`, of any other folder all Markdown and HTML files.",
        Details("../posts"),
    ]
    base: Annotated[
        str,
        "URL of the site that the posts are pages of.",
        Details(
            "https://news.example/",
            checks.check_url,
            adapt=checks.end_with_slash,
            fallback="that of `_config.yml`, else `site.url`",
        ),
    ] = ""
    permalink: Annotated[
        str,
        '`"jekyll"` for the value in `_config.yml`, a style of Jekyll or a pattern.',
        Details("/:year/:month/:title.html", checks.check_permalink),
    ] = "jekyll"
    ids: Annotated[
        Literal["feedd", "jekyll-feed"],
        '`"jekyll-feed"` assigns the ids that subscribers of that plugin know.',
        Details("jekyll-feed"),
    ] = "feedd"
    markdown: Annotated[
        Dialect | None,
        'Dialect of its Markdown: `"kramdown"` in a Jekyll site (unless `_config.yml` names a CommonMark converter), `"commonmark"` elsewhere. [posts.md](posts.md#bodies) compares the two.',
        Details("commonmark", fallback="by the folder"),
    ] = None
    future: Annotated[bool, "Publish posts dated in the future at once.", Details(True)] = False
    drafts: Annotated[bool, "Publish `_drafts` too.", Details(True)] = False
    on_remove: Annotated[
        Literal["withdraw", "keep"],
        'What happens to the post of a removed file: `"withdraw"` [unpublishes it](output.md#withdrawal), `"keep"` leaves it.',
        Details("keep"),
    ] = "withdraw"
    source_line: Annotated[
        bool,
        "A last line of a body that is nothing but `<URL>` is the source of the post. With `false` that holds only if an [identity](#identity) pattern finds a key in it; other such lines belong to the text.",
        Details(True),
    ] = False


class NetworkSource(AnySource, frozen=True, kw_only=True):
    """The keys of every source that is fetched over the network."""

    every: Annotated[
        str,
        "How often the feed is fetched. The server can lengthen it (`ttl`, `Cache-Control`, `Retry-After`).",
        Details("30m", checks.check_interval, fallback="how often it posts"),
    ] = ""
    auth: Annotated[
        str,
        "Environment variable with the credentials: `user:password` or `Bearer …`. They are never sent to another host.",
        Details("env:BLOG_AUTH", checks.check_auth, fallback=NONE, variable=checks.check_credentials),
    ] = ""
    proxy: Annotated[
        str,
        "URL of a proxy. Proxies of the environment are not used.",
        Details("http://proxy.example:3128", checks.check_proxy, fallback=NONE, url=True),
    ] = ""
    allow: Annotated[
        tuple[str, ...],
        "Private addresses that may be fetched.",
        Details(["10.0.0.5:80"], checks.check_hosts),
    ] = ()
    group: Annotated[
        str,
        "Sources of a group are fetched in sequence, not in parallel.",
        Details("slow", checks.check_name, fallback="the host"),
    ] = ""
    timeout: Annotated[int, "Time limit of a fetch in all.", number(1, 600, "seconds"), Details(10)] = 30
    max_mb: Annotated[int, "Largest size of a document, uncompressed.", number(1, 256, "MB"), Details(4)] = 16

    @property
    def interval(self) -> int:
        """Seconds between fetches; 0 for an adaptive interval."""
        return checks.parse_interval(self.every)

    @property
    def most_bytes(self) -> int:
        """Largest size of a document in bytes."""
        return self.max_mb * 1024 * 1024


class UpstreamSource(NetworkSource, frozen=True, kw_only=True, tag="upstream"):
    """An upstream feed. Its entries name it (`atom:source`)."""

    url: Annotated[
        str, "URL of the feed.", Details("https://blog.example/atom.xml", checks.check_feed_url, url=True)
    ]
    title: Annotated[
        str, "Title.", Details("Example's blog", checks.check_text, fallback="the feed's own")
    ] = ""
    link: Annotated[
        str,
        "URL of its pages.",
        Details("https://blog.example/", checks.check_page_url, fallback="the feed's own", url=True),
    ] = ""


class ListSource(NetworkSource, frozen=True, kw_only=True, tag="opml"):
    """An OPML list of upstream feeds: each is a source with these settings. It has either `path` or `url`."""

    alternatives = ("oneOf", "path", "url")

    path: Annotated[Path | None, "The file.", Details("../feeds.opml", fallback=NONE)] = None
    url: Annotated[
        str,
        "URL of the list.",
        Details("https://lists.example/feeds.opml", checks.check_feed_url, fallback=NONE, url=True),
    ] = ""

    @property
    def settings(self) -> UpstreamSource:
        """The settings of its feeds, as a source at the address of the list."""
        shared = {name: getattr(self, name) for name in NetworkSource.__struct_fields__}
        return UpstreamSource(url=self.url, **shared)

    def find_conflicts(self, given: Container[str]) -> Iterator[tuple[str, str]]:
        """Yield a missing or second location of the list."""
        if "path" in given and "url" in given:
            yield "path", "only one of `path` and `url` may be given; remove one"
        elif "path" not in given and "url" not in given:
            yield "path", "is missing; add it: the OPML file, or its URL as `url`"


Source = FolderSource | UpstreamSource | ListSource
