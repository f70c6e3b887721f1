"""Valid values that cannot mean what they were written for are named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from feeds.config import advice


@pytest.mark.parametrize(
    ("advise", "value", "text"),
    [
        (advice.advise_language, "en", ""),
        (advice.advise_language, "zh-Hant-TW", ""),
        (advice.advise_language, "German", "is not the code of a language"),
        (advice.advise_permalink, "jekyll", ""),
        (advice.advise_permalink, "pretty", ""),
        (advice.advise_permalink, "/:year/:title_x.html", ""),
        (advice.advise_permalink, "/:path/", ""),
        (advice.advise_permalink, "/:yeer/:title.html", "unknown placeholder `:yeer`; did you mean `:year`?"),
        (advice.advise_permalink, "/:Title.html", "did you mean `:title`?"),
        (advice.advise_permalink, "/:zzz/:title", "known are :categories"),
        (advice.advise_permalink, "/:year/:month/", "add `:title`"),
        (advice.advise_permalink, "https://a.example/:title", "belongs to `base`"),
        (advice.advise_port, "127.0.0.1:65535", ""),
        (advice.advise_port, "[::1]:80", ""),
        (advice.advise_port, "127.0.0.1:65536", "port above 65535"),
        (advice.advise_listen, "unix:/nowhere/at/all/x.sock", "/nowhere/at/all: no such folder"),
        (advice.advise_listen, "unix:/tmp/x.sock", ""),
        (advice.advise_feed, "tag/a", ""),
        (advice.advise_feed, "tag/..", "is not a folder of a feed"),
        (advice.advise_feed, "", "is not a folder of a feed"),
    ],
)
def test_a_value_without_sense_is_named(advise: Callable[[str], str], value: str, text: str) -> None:
    found = advise(value)
    assert text in found
    assert bool(found) == bool(text)


def test_a_path_that_is_none_is_described(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x", "utf-8")
    assert advice.advise_folder(tmp_path) == advice.advise_file(file) == advice.advise_file(None) == ""
    assert advice.advise_writable(tmp_path / "new" / "below") == ""
    assert "is a file" in advice.advise_folder(file)
    assert "no such folder" in advice.advise_folder(tmp_path / "none")
    assert "`~` is not replaced" in advice.advise_folder(tmp_path / "~" / "posts")
    assert 'kind = "upstream"' in advice.advise_folder(tmp_path / "https:/a.example/feed.xml")
    assert "is a folder" in advice.advise_file(tmp_path)
    assert "no such file" in advice.advise_file(tmp_path / "none.opml")
    assert "is a file" in advice.advise_writable(file / "below")
