"""Words that look like tags stay; what is plainly markup goes."""

import pytest

from feeds.values.markup import remove_markup, replace_sections


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How <select> works", "How <select> works"),
        ("Never close a </body>", "Never close a </body>"),
        ("A <b>bold</b> claim", "A bold claim"),
        ("One<br>two<br/>thr<wbr>ee", "One two three"),
        ('See <a href="https://a.example/">this</a>', "See this"),
        ('A picture <img src="a.png"> first', "A picture  first"),
        ("The <img> element", "The <img> element"),
        ("Pick<script>run()</script>", "Pick"),
        ("Hidden <!-- note --> words", "Hidden  words"),
        ("Map<K, V> of <video>", "Map<K, V> of <video>"),
        ("<b></b>", "<b></b>"),
        ("Never close </b> twice </b>", "Never close </b> twice </b>"),
        ("Open <b> twice <b>", "Open <b> twice <b>"),
    ],
)
def test_a_tag_is_markup_only_if_it_is_used_as_such(text: str, expected: str) -> None:
    assert remove_markup(text) == expected


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("a<!--b-->c<!--d-->", "a[b]c[d]"),
        ("<!-->a-->", "[>a]"),
        ("a<!--b", "a<!--b"),
        ("a<!--b<!--c-->d", "a[b<!--c]d"),
        ("a-->b", "a-->b"),
    ],
)
def test_closed_sections_are_replaced_with_their_marks(text: str, replaced: str) -> None:
    assert replace_sections(text, "<!--", "-->", lambda inside: f"[{inside}]") == replaced
