"""feedd publishes feeds from folders of posts, each article once.

The way of a post::

    fetch -> parse -> clean -> identify -> store -> plan -> render -> write
    payloads Items    Items    Posts       Posts    Documents Entries files

1. :mod:`feeds.fetcher` gives payloads: the bytes of files, skipped where size and mtime are known.
2. :mod:`feeds.parser` understands them: front matter in every dialect, Jekyll's meaning, Liquid.
3. :mod:`feeds.sanitizer` cuts boilerplate, makes HTML of Markdown and sanitises it, last.
4. :mod:`feeds.identity` decides, purely, which sightings are one post, and :mod:`feeds.post_ids` which id it gets.
5. :mod:`feeds.storage` remembers, in one transaction with each payload's change token.
6. :mod:`feeds.values.document_paths` says which documents a feed has; :mod:`feeds.publisher.publisher` which must be written.
7. :mod:`feeds.renderer` renders an entry once and joins entries into documents.
8. :mod:`feeds.output.tree` puts documents in place, only if they changed and never half.

:mod:`feeds.pipeline` is the whole way on one screen; :mod:`feeds.workers.ingest_tasks` joins the pure steps for
worker processes. From Python::

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
