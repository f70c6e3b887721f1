"""Build the settings of the HTML pages from a configuration and its template folder."""

from __future__ import annotations

from feeds.config.settings import Settings
from feeds.renderer.catalog import CatalogueHead
from feeds.renderer.page_fragments import PageStyle
from feeds.renderer.templates import read_templates


def build_page_style(config: Settings) -> PageStyle:
    """Return how the pages of a configuration look.

    Raises:
        UsageError: its folder of templates cannot be read; the text names the file.
    """
    site = config.site
    head = CatalogueHead(site.title, site.description, site.language, site.url)
    output = config.output
    private = tuple(private.feed for private in config.serve.private) if config.serve else ()
    return PageStyle(head, read_templates(output.templates), output.formats, output.pages, private)
