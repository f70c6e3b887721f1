"""Front matter in its dialects and repaired; dates, addresses and slugs."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.parser.posts.file_encoding import decode
from feeds.parser.posts.front_matter import read_front_matter
from feeds.parser.posts.liquid import render_liquid
from feeds.values.dates import parse_date
from feeds.values.slugs import build_slug, fold, make_distinct
from feeds.values.urls import canonicalise, resolve
from tests.rigs.examples import examples

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("header", "key", "value"),
    [
        ('title: "He said "no" today"', "title", 'He said "no" today'),
        ('title: "2021年"双十一"收官"', "title", '2021年"双十一"收官'),
        ("title: Council: no car park", "title", "Council: no car park"),
        ("title: @home", "title", "@home"),
        ("title: 'it's here'", "title", "it's here"),
        ("title： 标题", "title", "标题"),
        ("title: 2021", "title", "2021"),
        ("tags:\n- a\n- b", "tags", ["a", "b"]),
        ("tags: [a, 'b c']", "tags", ["a", "b c"]),
    ],
)
def test_a_broken_line_is_read_as_its_author_meant_it(header: str, key: str, value: object) -> None:
    matter = read_front_matter(f"---\nlayout: post\n{header}\ndate: 2024-01-01\n---\nbody\n")
    assert matter is not None
    assert matter.values[key] == value
    assert matter.values["layout"] == "post"
    assert matter.body == "body\n"


@pytest.mark.parametrize(
    "text",
    [
        '+++\ntitle = "T"\n+++\nbody',
        '{"title": "T"}\nbody',
        "Title: T\nDate: 2024-01-01\n\nbody",
        "---\ntitle: T\n---\nbody",
    ],
)
def test_every_dialect_is_understood(text: str) -> None:
    matter = read_front_matter(text)
    assert matter is not None
    values = {key.lower(): value for key, value in matter.values.items()}
    assert (values["title"], matter.body) == ("T", "body")


@examples(200)
@given(st.text())
def test_no_text_makes_the_reader_fail(text: str) -> None:
    read_front_matter(text)
    read_front_matter("---\n" + text + "\n---\n")
    read_front_matter("+++\n" + text + "\n+++\n")


@given(st.binary())
@examples(100)
def test_any_bytes_become_text(data: bytes) -> None:
    text, _ = decode(data)
    text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-12-23 16:14:00 +0800", "2021-12-23T16:14:00+08:00"),
        ("2021-12-08 10:39:11", "2021-12-08T10:39:11+08:00"),
        ("2021年12月23日 下午4:14", "2021-12-23T16:14:00+08:00"),
        ("Thu, 23 Dec 2021 16:14:00 GMT", "2021-12-23T16:14:00+00:00"),
        ("2021-12-23T16:14:00Z", "2021-12-23T16:14:00+00:00"),
        ("2021-02-30", None),
        (" +0800", None),
        ("yesterday", None),
    ],
)
def test_dates_are_read_or_refused(text: str, expected: str | None) -> None:
    found = parse_date(text, SHANGHAI)
    assert (found.isoformat() if found else None) == expected


@given(st.text())
@examples(200)
def test_no_text_is_a_date_without_an_offset(text: str) -> None:
    found = parse_date(text, UTC)
    assert found is None or found.utcoffset() is not None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("HTTP://Example.com:80/a%7eb?utm_source=x&b=1#f", "https://example.com/a~b?b=1#f"),
        ("https://example.com", "https://example.com/"),
        ("mailto:a@b", ""),
        ("https://[bad", ""),
        ("http://example.com:443/a", "https://example.com/a"),
        ("https://example.com:80/a", "https://example.com:80/a"),
        ("https://[::1]:443/a", "https://[::1]/a"),
        ("http://[fe80::1%25eth0]/", ""),
        ("http://[::%%26]/", ""),
        ("http://ex%61mple.com./a", "https://example.com/a"),
        ("http://%E4%BE%8B.example/", "https://xn--fsq.example/"),
        ("http://a%2Fb/", ""),
        ("http://a>b/", ""),
        ("http://%2e/", ""),
        ("http://a/%3%30", "https://a/%2530"),
        ("http://a/100%", "https://a/100%"),
        ("http://a/\udcf2", "https://a/%EF%BF%BD"),
    ],
)
def test_canonical_addresses(address: str, expected: str) -> None:
    assert canonicalise(address) == expected
    assert canonicalise(canonicalise(address)) == expected


@given(st.text(), st.text())
@examples(200)
def test_resolving_never_fails(base: str, reference: str) -> None:
    resolve("https://a.example/b/", reference)
    resolve(base, reference)
    canonicalise(reference)


@given(st.lists(st.text(min_size=1), max_size=20))
@examples(100)
def test_slugs_are_safe_and_distinct(names: list[str]) -> None:
    import re

    taken: set[str] = set()
    for name in dict.fromkeys(names):
        given_slug = make_distinct(build_slug(name, "ascii"), name, taken)
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", given_slug)
        assert fold(given_slug) not in taken
        taken.add(fold(given_slug))


def test_han_becomes_pinyin() -> None:
    assert build_slug("中国经济网新闻", "ascii") == "zhongguojingjiwangxinwen"
    assert build_slug("中国经济网", "unicode") == "中国经济网"


def test_liquid_is_carried_out_or_dropped_and_named() -> None:
    text, dropped = render_liquid(
        "{{ site.title }} {% raw %}{{ x }}{% endraw %} {% include y %}a{% link p.md %}",
        {"site": {"title": "T"}},
        lambda k, a: "/p",
    )
    assert text == "T {{ x }} a/p"
    assert [one.text for one in dropped] == ["{% include y %}"]


@pytest.mark.parametrize("filters", ["append: a", "prepend: a", "replace: 'x', a"])
def test_a_value_that_liquid_multiplies_is_dropped_when_it_is_too_long(filters: str) -> None:
    text = "{% assign a = 'xxxx' %}" + f"{{% assign a = a | {filters} %}}" * 40 + "{{ a }}"
    found, dropped = render_liquid(text, {}, lambda k, a: None)
    assert 4 < len(found) <= 16_384
    assert dropped[0].text == f"{{% assign a = a | {filters} %}}"


def test_values_that_are_shown_again_and_again_end_at_a_bound() -> None:
    found, dropped = render_liquid("{{ page.a }}\n" * 1000, {"page": {"a": "x" * 10_000}}, lambda k, a: None)
    assert 1_000_000 < len(found) < 1_100_000
    assert dropped[-1].line == 1000


@pytest.mark.parametrize(
    ("expression", "value"),
    [("'a b' | replace: ' ', ''", "ab"), ("'a' | replace: '', 'x'", "xax"), ("'a' | replace: 'a'", "")],
)
def test_replace_does_what_it_does_in_jekyll(expression: str, value: str) -> None:
    assert render_liquid(f"{{{{ {expression} }}}}", {}, lambda k, a: None) == (value, ())
