"""Character references of HTML are decoded, also those with thousands of digits."""

from __future__ import annotations

import pytest

from feeds.values.references import unescape


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain & simple", "plain & simple"),
        ("a &amp; b &lt;i&gt;", "a & b <i>"),
        ("&#8364; &#x20AC; &euro;", "€ € €"),
        ("&" + "#" + "9" * 999 + ";", "\ufffd"),
        ("a&#" + "1" * 5000 + "; b", "a\ufffd b"),
        ("a&#" + "0" * 1000 + "65;b", "a\ufffdb"),
        ("&#" + "0" * 900 + "65;", "A"),
        ("&#;", "&#;"),
    ],
)
def test_references_are_decoded(text: str, expected: str) -> None:
    assert unescape(text) == expected
