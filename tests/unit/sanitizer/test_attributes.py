"""What the value of an allowed attribute may be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from feeds.sanitizer.attributes import PREFIX, clean_style, filter_attribute, page, resolve_fragment


@pytest.fixture(autouse=True)
def base() -> Iterator[None]:
    token = page.set("https://a.example/dir/page")
    yield
    page.reset(token)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("href", "https://b.example/x", "https://b.example/x"),
        ("href", "other", "https://a.example/dir/other"),
        ("href", "/root", "https://a.example/root"),
        ("href", "#part", f"#{PREFIX}part"),
        ("href", f"#{PREFIX}part", f"#{PREFIX}part"),
        ("href", "#a b", None),
        ("href", "#", "https://a.example/dir/page"),
        ("href", "mailto:a@b.example", "mailto:a@b.example"),
        ("href", "tel:+49 30 1", "tel:+49 30 1"),
        ("href", "javascript:alert(1)", None),
        ("href", "ftp://a.example/", None),
        ("cite", "mailto:a@b.example", None),
        ("src", "i.png", "https://a.example/dir/i.png"),
        ("src", "data:image/png;base64," + "A" * 16, "data:image/png;base64," + "A" * 16),
        ("src", "data:image/svg+xml;base64," + "A" * 16, None),
        ("src", "data:image/png;base64," + "A" * 200_000, None),
        ("poster", "data:image/png;base64," + "A" * 16, None),
        ("srcset", "a.png 1x, b.png 2x", "https://a.example/dir/a.png 1x, https://a.example/dir/b.png 2x"),
        ("srcset", "a.png 100w,b.png wide", "https://a.example/dir/a.png 100w"),
        ("srcset", "a.png 1x 2x, b.png 2x", "https://a.example/dir/b.png 2x"),
        ("srcset", "a.png, b.png 2x", "https://a.example/dir/a.png, https://a.example/dir/b.png 2x"),
        ("srcset", "javascript:x 1x", None),
        ("class", "language-python evil highlight", "language-python highlight"),
        ("class", "evil", None),
        ("id", "x", f"{PREFIX}x"),
        ("id", f"{PREFIX}x", f"{PREFIX}x"),
        ("name", "a b", None),
        ("lang", " zh-CN ", "zh-CN"),
        ("lang", "<x>", None),
        ("width", "100%", "100%"),
        ("height", "1e9", None),
        ("align", "left", "left"),
        ("type", "a b", None),
        ("title", "any text: really", "any text: really"),
        ("alt", "javascript:x", None),
        ("alt", " \x01vbscript :x", None),
    ],
)
def test_the_value_of_an_attribute(name: str, value: str, kept: str | None) -> None:
    assert filter_attribute("a", name, value) == kept


def test_a_long_srcset_is_cut_between_candidates() -> None:
    value = ", ".join(f"https://a.example/{n:05}.png {n}w" for n in range(1, 800))
    kept = filter_attribute("img", "srcset", value)
    assert kept is not None
    assert len(kept) <= 16_384
    assert kept.startswith("https://a.example/00001.png 1w, ")
    assert filter_attribute("img", "srcset", kept) == kept


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("color: RED", "color:RED"),
        ("text-align:center; position:fixed", "text-align:center"),
        ("color:red !important", "color:red"),
        ("color:rgb(1, 2, 3)", "color:rgb(1, 2, 3)"),
        ("color:url(x)", None),
        ("background:url(javascript:x)", None),
        ("color:red; background-image: url(x)", "color:red"),
        ("color:r\\65 d", None),
        ("color:red;/**/", None),
        ("@import x", None),
        ("color:expression(1)", None),
        ("color", None),
        ("color:red;" + " " * 2048, None),
    ],
)
def test_a_style_keeps_harmless_declarations(value: str, kept: str | None) -> None:
    assert clean_style(value) == kept


def test_a_fragment_that_the_body_has_not_leads_to_the_page() -> None:
    assert resolve_fragment("part") == "https://a.example/dir/page#part"
