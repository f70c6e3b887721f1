"""Pages: what they say, what they never do, how they can be replaced; without a browser."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.errors import UsageError
from feeds.models import NEWEST
from feeds.renderer import bar_chart, html_pages, page_body, translations
from feeds.renderer.catalog import CatalogueFeed
from feeds.renderer.feed_index import build_sections
from feeds.renderer.templates import POLICY, load_templates, read_templates
from feeds.sanitizer import attributes
from feeds.sanitizer.html import clean_html
from tests.rigs.examples import examples
from tests.rigs.pages_sample import (
    NOON,
    NOW,
    SITE,
    activity,
    catalogue,
    entries,
    formats,
    head,
    sample_pages,
    sources,
    statuses,
)

LOOK = load_templates()
VOID = frozenset(("br", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "rect"))
TAG = html_pages.PageFeed(
    "tag", "标签 <b>", "", "zh-CN", f"{SITE}tag/x/", formats(f"{SITE}tag/x/"), 300, NOON,
    f"{SITE}tag/x/archive/2.atom.xml",
)  # fmt: skip
HOSTILE = (
    "<script>alert(1)</script>",
    '" onload="alert(1)',
    "' x='",
    "{{ 7*7 }}",
    "</title><h1>",
    "&amp;\u202e",
)


class Reader(HTMLParser):
    """Collects the tags of a page, and fails where they are not balanced."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(data.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice in <{tag}>"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.tags if tag == name]


@pytest.fixture(scope="module")
def sample() -> dict[str, bytes]:
    return {path: data for path, data in sample_pages().items() if path.endswith(".html")}


def entry(html: str = "<p>x</p>", **more) -> html_pages.PageEntry:
    return entries()[3]._replace(html=html, **more)


def body(html: str) -> str:
    return html_pages.render_entry(entry(html), head(), LOOK).decode()


def test_pages_are_whole_documents_with_a_policy_a_language_and_nothing_inline(sample):
    for path, data in sample.items():
        read = Reader(data)
        assert data.startswith(b"<!DOCTYPE html>\n"), path
        assert read.all("html") == [{"lang": "zh-CN"}]
        assert {"http-equiv": "Content-Security-Policy", "content": POLICY} in read.all("meta")
        assert {"name": "referrer", "content": "no-referrer"} in read.all("meta")
        assert read.all("style") == []
        assert not [tag for tag in read.tags if "style" in tag[1] or any(n.startswith("on") for n in tag[1])]
        assert len(read.all("main")) == len(read.all("h1")) == 1
        ids = [attrs["id"] for _, attrs in read.tags if "id" in attrs]
        assert len(ids) == len(set(ids)), path
        targets = {attrs["href"][1:] for attrs in read.all("a") if (attrs.get("href") or "").startswith("#")}
        assert targets - {""} <= set(ids), path


def test_pages_name_only_their_own_files_by_relative_address(sample):
    for path, data in sample.items():
        up = "../" * path.count("/")
        read = Reader(data)
        named = [a["href"] for a in read.all("link") if a["rel"] in ("stylesheet", "icon")]
        named += [a["src"] for a in read.all("script")]
        assert {one.removeprefix(up) for one in named} == set(LOOK.assets)


def test_every_control_has_a_name(sample):
    for data in sample.values():
        read = Reader(data)
        labelled = data.count(b"<label>")
        named = [a for a in read.all("input") + read.all("select") + read.all("svg") if "aria-label" in a]
        assert len(named) + labelled == sum(len(read.all(t)) for t in ("input", "select", "svg"))
        assert all("alt" in a for a in read.all("img"))


def test_unchanged_input_gives_the_same_bytes():
    assert sample_pages() == sample_pages()


def test_a_feed_page_tells_how_to_subscribe_and_where_the_history_is():
    page = html_pages.render_feed_page(head(), TAG, [b"<article>one</article>"] * 30, LOOK)
    read = Reader(page)
    alternates = {a["type"]: a["href"] for a in read.all("link") if a["rel"] == "alternate"}
    assert alternates == {
        "application/atom+xml": f"{SITE}tag/x/atom.xml",
        "application/rss+xml": f"{SITE}tag/x/rss.xml",
        "application/feed+json": f"{SITE}tag/x/feed.json",
    }
    assert [a["value"] for a in read.all("input")] == [url for _, url in TAG.formats]
    assert page.count(b"<article>") == NEWEST
    assert TAG.archive in [a.get("href") for a in read.all("a")]
    assert "标签 &lt;b&gt;" in page.decode()


def test_a_feed_without_posts_or_history_says_so():
    page = html_pages.render_feed_page(
        head(), replace(TAG, entries=0, updated=None, archive=""), [], LOOK
    ).decode()
    assert "还没有文章" in page
    assert "archive" not in page


def test_a_feed_page_stays_small_but_shows_at_least_one_post():
    large = b"<article>" + b"x" * 120_000 + b"</article>"
    assert len(html_pages.render_feed_page(head(), TAG, [large] * 20, LOOK)) < 300_000
    assert html_pages.render_feed_page(head(), TAG, [large * 4], LOOK).count(b"<article>") == 4
    assert len(body("<p>" + "长" * 90_000 + "</p>")) < 3_000


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_outside_is_text(text):
    one = entry(
        title=text,
        authors=(text,),
        summary=text,
        terms=((text, "/tag/x/"),),
        link=f"https://a.example/{text}",
    )
    feed = replace(TAG, title=text, description=text)
    source = replace(sources()[0], title=text, link=f"javascript:{text}")
    status = replace(statuses()[0], title=text, error=text, url=f"javascript:{text}", name=text)
    listed = [CatalogueFeed("tag", text, "x", 1, NOON, formats(f"{SITE}tag/x/"))]
    for page in (
        html_pages.render_feed_page(head(), feed, [html_pages.render_entry(one, head(), LOOK)], LOOK),
        html_pages.render_front_page(
            head(), listed, [html_pages.render_teaser(one, head(), LOOK)], [source], LOOK
        ),
        html_pages.render_status_page(head(), [status], activity(), NOW, LOOK),
    ):
        read = Reader(page)
        assert len(read.all("script")) == len(read.all("h1")) == 1
        assert not [tag for tag in read.tags if "onload" in tag[1] or ("x" in tag[1] and tag[0] != "rect")]
        assert b"javascript:" not in page
        assert "{{" not in text or text.encode() in page


def test_pictures_and_media_wait_and_do_not_tell_who_reads():
    out = body(
        '<p><img src="https://a.example/b.png" loading="eager"></p><audio src="https://a.example/c"></audio>'
    )
    read = Reader(out.encode())
    assert read.all("img") == [
        {"loading": "lazy", "decoding": "async", "referrerpolicy": "no-referrer", "src": "https://a.example/b.png", "alt": ""}
    ]  # fmt: skip
    assert read.all("audio") == [{"controls": None, "preload": "none", "src": "https://a.example/c"}]


def test_styles_and_colours_go_and_alignment_stays():
    out = body(
        '<p style="color:#000;text-align: center" title="a style=" lang="en">x</p><font color="red" size="7">y</font>'
    )
    assert '<p align="center" title="a style=" lang="en">x</p><font>y</font>' in out


def test_ids_of_two_entries_do_not_clash():
    html = '<p id="user-content-a">x<a href="#user-content-a">y</a></p>'
    first, second = (html_pages.render_entry(entry(html, id=one), head(), LOOK) for one in ("urn:a", "urn:b"))
    read = Reader(html_pages.render_feed_page(head(), TAG, [first, second], LOOK))
    ids = [attrs["id"] for attrs in read.all("p") if "id" in attrs]
    assert len(set(ids)) == 2
    assert [a["href"] for a in read.all("a") if a["href"].startswith("#user")] == [f"#{one}" for one in ids]
    assert page_body.PREFIX == attributes.PREFIX


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>第一行\n第二行</p>", "<p>第一行第二行</p>"),
        ("<p>受伤。\n 合作</p>", "<p>受伤。合作</p>"),
        ("<p><em>火候</em>\n还得</p>", "<p><em>火候</em>还得</p>"),
        ("<p>用 A\nB 说</p>", "<p>用 A\nB 说</p>"),
        ("<pre>第一行\n第二行</pre><p>一\n二</p>", "<pre>第一行\n第二行</pre><p>一二</p>"),
        ("<p>한국\n어</p>", "<p>한국\n어</p>"),
    ],
)
def test_a_line_break_between_chinese_characters_is_no_space(html, shown):
    assert shown in body(html)


@pytest.mark.parametrize("piece", ["<pre", "<pre>", '<a href="', "<p ", "字\n", "字</em>", ' a="b"', "<img"])
def test_mending_takes_linear_time(piece):
    start = time.perf_counter()
    page_body.prepare_html(piece * (250_000 // len(piece)) + "\n字", "m")
    assert time.perf_counter() - start < 2


@examples(60)
@given(st.text(st.sampled_from("<>\"'=/ abimgpstylehrf&;#\n字"), max_size=80), st.sampled_from(HOSTILE))
def test_what_the_sanitiser_lets_through_keeps_its_tags(noise, hostile):
    html = clean_html(
        f'<p style="x" title=\'{noise}\'>{noise}<img alt="{noise}" src="https://a.example/x">{hostile}', SITE
    )
    mended = page_body.prepare_html(html, "m")
    names = re.compile(r"</?([a-z][a-z0-9]*)")
    assert names.findall(mended) == names.findall(html)
    assert re.sub(r"<[^<>]*>|\s", "", mended) == re.sub(r"<[^<>]*>|\s", "", html)


def test_a_front_page_with_thousands_of_feeds_has_each_once_under_its_letter_and_the_largest_first():
    feeds = catalogue()
    found = build_sections(head(), feeds)
    assert [(shelf.heading, shelf.total, len(shelf.top)) for shelf in found] == [
        ("categories", 2000, 40),
        ("tags", 2000, 40),
    ]
    for shelf in found:
        rows = [row for group in shelf.groups for row in group.rows]
        assert len({row.href for row in rows}) == len(rows) == 2000
        assert all(row.key[0].upper() == group.initial for group in shelf.groups for row in group.rows)
        assert [row.posts for row in shelf.top] == sorted((row.posts for row in rows), reverse=True)[:40]


def test_a_front_page_with_few_feeds_lists_them_without_letters():
    few = catalogue(most=12)
    strange = CatalogueFeed("tag", "“引”", "“引”", 3, None, formats(f"{SITE}tag/%E2/"))
    (_, tags) = build_sections(head(), [*few, strange])
    assert tags.top == ()
    assert [len(group.rows) for group in tags.groups] == [13]
    page = html_pages.render_front_page(head(), few, [], [], LOOK).decode()
    assert "<details" not in page
    assert 'id="sources"' not in page


def test_the_status_page_says_errors_and_polls_in_words():
    page = html_pages.render_status_page(head(), statuses(), activity(), NOW, LOOK).decode()
    assert "answered 503 (service unavailable)" in page
    assert "连续失败 6 次" in page
    assert "7 分钟前" in page
    assert "26 分钟后" in page
    assert page.count("<rect ") == 30
    assert "<svg" not in html_pages.render_status_page(head(), [], [], NOW, LOOK).decode()


def test_the_page_speaks_the_language_of_the_site():
    english = replace(head(), language="en-GB")
    assert "Show data" in html_pages.render_status_page(english, statuses(), activity(), NOW, LOOK).decode()
    assert LOOK.choose_words("zh_TW")["tags"] == "标签"
    assert LOOK.choose_words("fr")["tags"] == "Tags"
    assert LOOK.choose_words("en").keys() == LOOK.choose_words("zh").keys()


@pytest.mark.parametrize(
    ("span", "text"),
    [(30, "now"), (60, "1 minute ago"), (119 * 60, "119 minutes ago"), (7200, "2 hours ago"),
     (3 * 86400, "3 days ago"), (-600, "in 10 minutes"), (-5, "due now")],
)  # fmt: skip
def test_spans_of_time(span, text):
    now = datetime(2024, 1, 2, tzinfo=UTC)
    assert translations.format_span(LOOK.choose_words("en"), now - timedelta(seconds=span), now) == text


def test_sizes_and_dates():
    assert [translations.format_size(n) for n in (0, 12, 24_600, 24_600_000)] == [
        "",
        "1 kB",
        "24 kB",
        "24.6 MB",
    ]
    assert translations.format_day(LOOK.choose_words("en"), NOON) == "20 May 2024"
    assert translations.format_moment(LOOK.choose_words("zh"), NOON) == "2024年5月20日 12:00"


@given(st.lists(st.integers(0, 10**6), max_size=60))
def test_bars_stay_in_their_field(counts):
    bars = bar_chart.compute_bars(
        [(date(2024, 1, 1) + timedelta(days=n), one) for n, one in enumerate(counts)]
    )
    assert [bar.count for bar in bars] == counts
    for bar in bars:
        assert 0 <= bar.x <= bar.x + bar.width <= bar_chart.WIDTH + 0.2
        assert 0 <= bar.y <= bar_chart.HEIGHT
        assert abs(bar.y + bar.height - bar_chart.HEIGHT) < 0.11
        assert (bar.height > 0) == (bar.count > 0)


def test_a_folder_of_own_files_replaces_and_adds(tmp_path):
    (tmp_path / "teaser.html").write_text("<i>{{ entry.title }} {{ w.tags }}</i>", "utf-8")
    (tmp_path / "extra.css").write_text(":root { --link: #123456 }", "utf-8")
    (tmp_path / "words.toml").write_text('[zh]\ntags = "话题"\n', "utf-8")
    look = load_templates(tmp_path)
    assert html_pages.render_teaser(entry(title="<x>"), head(), look) == "<i>&lt;x&gt; 话题</i>".encode()
    (css,) = (data for path, data in look.assets.items() if path.endswith(".css"))
    assert css.endswith(b"--link: #123456 }")
    assert read_templates(tmp_path).digest() != read_templates().digest()
    assert look.assets.keys() != LOOK.assets.keys()
    assert look.choose_words("zh")["sources"] == "来源"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [("entry.html", "a\n{% if %}", "entry.html:2: "), ("words.toml", "x =", "words.toml"),
     ("words.toml", "x = 1", "[en]"), ("entry.html", "\n\n{{ entry.nothing }}", "entry.html:3: "),
     ("entry.html", "\n{{ w.no_such_word }}", "entry.html:2: "), ("entry.html", "{{ 1 // 0 }}", "entry.html:1: "),
     ("entry.html", "x" * 1_000_001, "megabyte"), ("entry.html", "{% include 'entry.html' %}", "entry.html:1: ")],
)  # fmt: skip
def test_a_mistake_in_an_own_file_is_named(tmp_path, name, text, told):
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(UsageError, match=re.escape(told)):
        html_pages.render_entry(entry(), head(), load_templates(tmp_path))


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="nowhere"):
        load_templates(tmp_path / "nowhere")


def colours(css: str) -> list[dict[str, str]]:
    """The colours of the style sheet: in light, and in dark."""
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    found = [dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", block)) for block in blocks]
    assert len(found) == 2
    assert found[0].keys() == found[1].keys()
    return found


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""

    def luminance(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_the_colours_meet_wcag_aa(dark):
    css = next(data for path, data in LOOK.assets.items() if path.endswith(".css")).decode()
    found = colours(css)[dark]
    for ground in ("bg", "card"):
        for name in ("text", "soft", "link", "visited", "good", "wait", "bad"):
            assert contrast(found[name], found[ground]) >= 4.5, (name, ground)
        assert contrast(found["edge"], found[ground]) >= 3, "edges of controls (WCAG 1.4.11)"
    without = re.sub(r":root \{.*?\}|@media print.*", "", css, flags=re.DOTALL)
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{]*\})", without), "a colour that is no variable"


def test_a_teaser_has_no_space_where_chinese_has_none():
    text = "列车不设广播。 下一站写在黑板上： 海港 08:00 到。 Then 10 分钟， “开车”。"
    shown = "列车不设广播。下一站写在黑板上：海港 08:00 到。 Then 10 分钟，“开车”。"
    assert page_body.join_paragraphs(text) == shown


def test_a_folder_on_the_status_page_is_a_place_and_no_link():
    one = html_pages.SourceStatus("news", "news", "folder", "/srv/posts", "ok", 3)
    page = html_pages.render_status_page(head(), [one], [(NOW.date(), 0)], NOW, LOOK).decode()
    assert "<code>/srv/posts</code>" in page
    assert 'href="#"' not in page
    assert "<svg" not in page, "a chart of nothing"
