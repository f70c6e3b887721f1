"""Link definitions as kramdown reads them."""

from __future__ import annotations

import pytest

from feeds.sanitizer.markdown.links import LinkDefinitions, normalize_label
from tests.rigs.markdown_cases import assert_case


@pytest.mark.parametrize("name", ["link-definitions", "inline-links"])
def test_cases(name: str) -> None:
    assert_case(name)


def test_the_last_definition_of_a_label_counts() -> None:
    text = "[a]: https://a.example/1\n[A  B]: <u v> 'Title'\n[a]: https://a.example/2 \"Two\"\n[^n]: note\n"
    links = LinkDefinitions(text)
    assert "a" in links
    assert "a b" in links
    assert "^n" not in links
    assert links.is_superseded("[a]: https://a.example/1", 0)
    assert not links.is_superseded("text", 0)
    assert links.resolve("A") == ("https://a.example/2", "Two")
    assert links.resolve("a\nb") == ("u v", "Title")
    assert links.resolve("none") is None


def test_addresses_are_bounded_in_all() -> None:
    links = LinkDefinitions("[a]: https://a.example/" + "a" * 60_000)
    assert [links.resolve("a") is not None for _ in range(5)] == [True, True, True, False, False]


def test_labels_that_mean_the_same() -> None:
    assert normalize_label(" A\n b ") == normalize_label("a B") == "a b"
