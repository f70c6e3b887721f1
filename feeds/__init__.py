"""feedd publishes feeds from folders of posts and from upstream feeds, each article once.

The steps of the pipeline::

    fetch -> parse -> sanitise -> identify -> store -> plan -> render -> write
    documents Items   Items       Posts       Posts    paths   Entries   files

1. :mod:`feeds.fetcher` fetches documents: files and upstream feeds, skipped if they did not change.
2. :mod:`feeds.parser` parses them into items: front matter in every dialect, Liquid, Atom, RSS, JSON Feed.
3. :mod:`feeds.sanitizer` removes boilerplate, converts Markdown to HTML and sanitises the result.
4. :mod:`feeds.item_names` names the items of a document, :mod:`feeds.identity` decides which items are one post,
   and :mod:`feeds.post_ids` derives its id (all are pure).
5. :mod:`feeds.storage` stores items and posts, in one transaction with the state of their document.
6. :mod:`feeds.publisher.plan` decides which documents of which feeds are written, and where (pure).
7. :mod:`feeds.renderer` renders each entry once and joins entries into documents.
8. :mod:`feeds.output.tree` writes documents that changed, always completely.

:mod:`feeds.pipeline` shows the whole pipeline on one screen; :mod:`feeds.workers.ingest_tasks` runs the pure
steps in worker processes. From Python::

    from feeds import build, load_config

    report = build(load_config("config/feedd.toml"))
    print(report.published, "posts,", len(report.written), "documents written")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from feeds.version import __version__ as __version__

if TYPE_CHECKING:
    from feeds.api import BuildReport as BuildReport
    from feeds.api import build as build
    from feeds.api import load_config as load_config
    from feeds.config import Config as Config
    from feeds.errors import FeeddError as FeeddError

__all__ = ["BuildReport", "Config", "FeeddError", "__version__", "build", "load_config"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562: names are imported when they are used
    if name in ("BuildReport", "Config", "FeeddError", "build", "load_config"):
        from feeds import api

        return getattr(api, name)
    raise AttributeError(f"module 'feeds' has no attribute {name!r}")
