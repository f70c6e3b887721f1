"""Plain text of HTML: text, excerpts, titles, names, fingerprints."""

from __future__ import annotations

import pytest

from feeds.sanitizer.text import (
    clean_author,
    clean_title,
    compute_fingerprint,
    extract_opening,
    extract_text,
    make_excerpt,
    make_title,
)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain", "plain"),
        ("<p>a</p><p>b</p>", "a\nb"),
        ("a<br>b", "a\nb"),
        ("<p>a <b>bold</b> word</p>", "a bold word"),
        ("<p>a\nb \t c\xa0d</p>", "a b c d"),
        ("1 &lt; 2 &amp; 3", "1 < 2 & 3"),
        ("<li>one</li><li></li><li>two</li>", "one\ntwo"),
        ("<td>1</td><td>2</td>", "1\n2"),
        ("", ""),
    ],
)
def test_the_text_of_html(html: str, text: str) -> None:
    assert extract_text(html) == text


def test_the_opening_of_a_long_text_is_enough_and_not_all() -> None:
    html = "".join(f"<p>Paragraph {n}</p>" for n in range(1000))
    found = extract_opening(html, 50)
    assert 50 <= len(found) < 300
    assert extract_text(html).startswith(found)
    assert extract_opening("<p>short</p>", 50) == "short"
    assert len(extract_opening("<b></b>" * 200 + "<p>text</p>" * 50, 100)) >= 100


@pytest.mark.parametrize(
    ("text", "limit", "excerpt"),
    [
        ("short", 10, "short"),
        ("two\nlines  here", 50, "two lines here"),
        ("One sentence. Another that goes on", 20, "One sentence."),
        ("A. Then no further end of a sentence", 20, "A. Then no further…"),
        ("第一句。第二句很长很长很长", 8, "第一句。"),
        ("没有句号的一段很长的文字", 6, "没有句号的…"),
        ("wordwithoutanyspaceinit", 10, "wordw…"),
        ("exactly ten", 11, "exactly ten"),
    ],
)
def test_an_excerpt(text: str, limit: int, excerpt: str) -> None:
    found = make_excerpt(text, limit)
    assert found == excerpt
    assert len(found) <= limit


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("First sentence. Second.", "First sentence"),
        ("（新华社北京5月1日电）今天开会。明天休息。", "今天开会"),
        ("Line one\nline two", "Line one"),
        ("", ""),
        ("...", "..."),
        ("no end of a sentence", "no end of a sentence"),
    ],
)
def test_a_title_of_a_text(text: str, title: str) -> None:
    assert make_title(text) == title


def test_a_title_is_not_longer_than_its_limit() -> None:
    assert len(make_title("word " * 40)) <= 60
    assert make_title("word " * 40).endswith("word…")


@pytest.mark.parametrize(
    ("title", "cleaned"),
    [
        (" plain ", "plain"),
        ("a  b\tc\nd", "a b c d"),
        ("<b>bold</b> text", "bold text"),
        ("<script>alert(1)</script>A", "A"),
        ("a <!-- comment --> b", "a b"),
        ("1 < 2", "1 < 2"),
        ("a<b", "a< b"),
        ("&lt;img src=x&gt;", "< img src=x>"),
        ("AT&amp;T", "AT&T"),
        ("<i></i>", "< i>< /i>"),
        ("a\u202eb\x00c\ufeff", "abc"),
        ("Vec<T>", "Vec< T>"),
    ],
)
def test_a_title_is_text_on_one_line(title: str, cleaned: str) -> None:
    assert clean_title(title) == cleaned


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("Ann", "Ann"),
        ("Ann <ann@a.example>", "Ann"),
        ("ann@a.example (Ann Lee)", "Ann Lee"),
        ("mailto:ann@a.example", ""),
        ("ann＠a.example", ""),
        ("Ann @ home", "Ann @ home"),
        ("@ann", "@ann"),
        ("ann@", "ann@"),
    ],
)
def test_no_mail_address_is_the_name_of_an_author(name: str, cleaned: str) -> None:
    assert clean_author(name) == cleaned


def test_a_fingerprint_is_of_the_text_alone() -> None:
    one = compute_fingerprint("Title", "<p>Some text</p>")
    assert len(one) == 32
    assert compute_fingerprint("TITLE", "some  <b>TEXT</b>") == one
    assert compute_fingerprint("Title", "Some &#116;ext") == one
    assert compute_fingerprint("Other", "Some text") != one
    assert compute_fingerprint("Title", "Some texts") != one
    assert compute_fingerprint("Title", " \n") == ""
    assert compute_fingerprint("Title", "<img src=a>") != compute_fingerprint("Title", "<img src=b>") != ""
    assert compute_fingerprint("ＴＩＴＬＥ", "Ｓｏｍｅ text") == one


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        # A sentence counts only if it ends in the last two thirds, and where the limit is.
        ("Abc. " + "word " * 9, "Abc. word word word word…"),
        ("Abcdefgh. " + "word " * 9, "Abcdefgh."),
        ("Abcdefg. " + "word " * 9, "Abcdefg. word word word…"),
        ("One two three four fiv. Six", "One two three four fiv."),
        ("One two three four fives. X", "One two three four fives."),
        ("One two three four fivess. X", "One two three four…"),
        ("One.  two\nthree", "One. two three"),
    ],
)
def test_the_end_of_an_excerpt(text: str, excerpt: str) -> None:
    assert make_excerpt(text, 25) == excerpt
