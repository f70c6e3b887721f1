"""Elements that shortcodes become: what their authors wrote stays text."""

import pytest

from feeds.parser.posts.shortcode_elements import BLOCK_WRITERS, WRITERS, Arguments


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_no_argument_becomes_markup(name: str) -> None:
    hostile = '"><script>alert(1)</script>'
    for given in (
        Arguments({"id": hostile, "src": hostile, "url": hostile, "title": hostile, "alt": hostile}),
        Arguments({}, [hostile, hostile]),
    ):
        assert "<script" not in WRITERS[name](given, False)
    assert WRITERS[name](Arguments(), True) in ("", "\n</details>\n")


def test_code_stays_code() -> None:
    assert (
        BLOCK_WRITERS["highlight"](Arguments({}, ['x"><b>']), "</code><b>")
        == "<pre><code>&lt;/code&gt;&lt;b&gt;\n</code></pre>"
    )
