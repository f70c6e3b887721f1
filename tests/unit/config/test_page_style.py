"""The pages follow the configuration."""

from __future__ import annotations

from pathlib import Path

from feeds.config import load_config
from feeds.config.page_style import build_page_style

TEXT = """\
[site]
title = "T"
url = "https://x.example/"
description = "D"
[output]
formats = ["rss"]
pages = false
[[sources]]
name = "n"
path = "p"
[[serve.private]]
feed = "tag/x"
auth = "env:X"
"""


def test_pages_have_the_site_the_formats_and_the_private_feeds(tmp_path: Path) -> None:
    file = tmp_path / "feedd.toml"
    file.write_text(TEXT, "utf-8")
    style = build_page_style(load_config(file))
    assert (style.site.title, style.site.description) == ("T", "D")
    assert (style.formats, style.pages, style.private) == (("rss",), False, ("tag/x",))
