"""The media type of a file is guessed from its address."""

from __future__ import annotations

import pytest

from feeds.parser.feeds.media_types import guess_media_type


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://a.example/a.mp3", "audio/mpeg"),
        ("https://a.example/a.MP3?x=1.txt", "audio/mpeg"),
        ("https://a.example/a.m4a", "audio/mp4"),
        ("https://a.example/a.ogg", "audio/ogg"),
        ("https://a.example/a.webp", "image/webp"),
        ("https://a.example/a.torrent", "application/x-bittorrent"),
        ("https://a.example/a.mp4", "video/mp4"),
        ("https://a.example/a.pdf", "application/pdf"),
        ("https://a.example/a.html", ""),
        ("https://a.example/a.pict", "image/pict"),
        ("https://a.example/a.txt", ""),
        ("https://a.example/mp3", ""),
        ("https://a.example/v1.2/" + "a" * 9, ""),
        ("https://[bad/a.mp3", ""),
        ("", ""),
    ],
)
def test_a_media_type(address: str, found: str) -> None:
    assert guess_media_type(address) == found
