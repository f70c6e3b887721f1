"""Each check accepts what is valid and describes what is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from feeds.config import checks

VALID: list[tuple[Callable[..., str], object]] = [
    (checks.check_keep, "2y"),
    (checks.check_keep, "5000"),
    (checks.check_interval, "30m"),
    (checks.check_feed_url, "https://b.example/?feed=rss2"),
    (checks.check_page_url, "https://b.example/?p=1"),
    (checks.check_url, "https://b.example/x"),
    (checks.check_hubs, ["https://h.example/?x"]),
    (checks.check_auth, "env:NAME_1"),
    (checks.check_proxy, "http://me:pass@p.example:3128"),
    (checks.check_listen, "[::1]:80"),
    (checks.check_listen, "unix:/run/feedd"),
    (checks.check_hosts, ["10.0.0.1:80", "[::1]:8000"]),
    (checks.check_texts, ["tea", "木"]),
    (checks.check_name, "news"),
    (checks.check_language, "zh-Hant-TW"),
    (checks.check_zone, "Asia/Shanghai"),
    (checks.check_pattern, "x=(?P<key>\\d+)"),
    (checks.check_store, "sqlite:////var/x.db"),
    (checks.check_path, "a b"),
    (checks.check_permalink, "/:title.html"),
    (checks.check_alias, "old/feed.xml"),
]
INVALID: list[tuple[Callable[..., str], object, str]] = [
    (checks.check_keep, "2h", "neither a length of time"),
    (checks.check_interval, "soon", "'soon' is not an interval"),
    (checks.check_interval, "1s", "between one minute and 31 days"),
    (checks.check_interval, "99w", "between one minute and 31 days"),
    (checks.check_feed_url, "https://me:secret@b.example/", 'auth = "env:NAME"'),
    (checks.check_page_url, "https://me:secret@b.example/", "no user name or password"),
    (checks.check_page_url, "news.example", 'not a valid URL: "news.example". Start it with https://'),
    (checks.check_page_url, "http://", 'not a valid URL: "http://". Write it as https://HOST/PATH'),
    (checks.check_page_url, "me:secret@b.example", "not a valid URL. Start it with https://"),
    (checks.check_url, "https://b.example/?x", "no query, fragment or password"),
    (checks.check_hubs, ["https://h.example/#x"], "not the URL of a hub"),
    (checks.check_auth, "secret", "must name an environment variable"),
    (checks.check_proxy, "socks://p.example", 'not an HTTP proxy: "socks://p.example"'),
    (checks.check_listen, "80", "not an address to listen at"),
    (checks.check_hosts, ["a:1", "10.0.0.1"], "'10.0.0.1' is not a host with a port"),
    (checks.check_texts, ["a", "b\x01"], "control character"),
    (checks.check_name, "a:b", "no `:`"),
    (checks.check_language, "zh_CN", "did you mean `zh-CN`?"),
    (checks.check_language, "?", "write it as `en` or `zh-CN`"),
    (checks.check_zone, "Europa/Berlin", "unknown time zone 'Europa/Berlin'; did you mean 'Europe/Berlin'?"),
    (checks.check_zone, "shanghai", "did you mean 'Asia/Shanghai'?"),
    (checks.check_zone, "?", "use an IANA name"),
    (checks.check_pattern, "x", "group named `key`"),
    (checks.check_pattern, "(", "not a regular expression"),
    (checks.check_expressions, ["a", "("], "not a regular expression"),
    (checks.check_store, "postgresql://x/y", "not available in this version"),
    (checks.check_store, "mysql://x/y", "not a SQLite file"),
    (checks.check_path, "a\0b", "NUL"),
    (checks.check_permalink, "bogus", "neither a pattern"),
    (checks.check_alias, "../x", "inside the output folder"),
    (checks.check_alias, "Category/x/RSS.xml", "choose another"),
]


@pytest.mark.parametrize(("check", "value"), VALID)
def test_a_valid_value_has_no_message(check: Callable[..., str], value: object) -> None:
    assert check(value) == ""


@pytest.mark.parametrize(("check", "value", "text"), INVALID)
def test_an_invalid_value_is_described_without_secrets(
    check: Callable[..., str], value: object, text: str
) -> None:
    assert text in check(value)
    assert "secret" not in check(value)


def test_an_alias_names_a_document_that_is_published() -> None:
    assert checks.check_target("tag/x/rss.xml", ["rss"]) == ""
    assert 'add "atom" to output.formats' in checks.check_target("atom.xml", ["rss"])
    assert "must name a document" in checks.check_target("tag/../atom.xml", ["atom"])


def test_values_are_parsed() -> None:
    assert [checks.parse_interval(text) for text in ("30m", "2h", "1d", "x")] == [1800, 7200, 86400, 0]
    assert [checks.parse_keep(text) for text in ("90d", "12", "0", "-1")] == [
        (90 * 86400, 0),
        (0, 12),
        (0, 0),
        (0, 0),
    ]
    assert checks.resolve_path(Path("/a/b"), "../c") == Path("/a/c")
    assert checks.clean_text(" a\x00\ud800b ") == "ab"
    assert [checks.end_with_slash(url) for url in ("", "https://x", "https://x/")] == [
        "",
        "https://x/",
        "https://x/",
    ]


def test_a_pattern_that_re2_refuses_may_be_slow() -> None:
    assert checks.describe_slow_pattern("a") == ""
    assert checks.describe_slow_pattern("(?=a)a").startswith("'(?=a)a' may be slow")


@pytest.mark.parametrize(
    ("check", "value", "text"),
    [
        (checks.check_login, "user:pass", ""),
        (checks.check_login, "user", "must hold user:password"),
        (checks.check_credentials, "Bearer abc", ""),
        (checks.check_credentials, "user:pass", ""),
        (checks.check_credentials, "abc", "must hold user:password or Bearer and a token"),
        (checks.check_secret, "s" * 16, ""),
        (checks.check_secret, "s" * 15, "must hold 16 characters or more"),
        (checks.check_token, "t", ""),
        (checks.check_token, " ", "must not be blank"),
    ],
)
def test_the_value_of_a_variable_is_checked(check: Callable[[str], str], value: str, text: str) -> None:
    assert check(value) == text
