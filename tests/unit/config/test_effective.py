"""The effective configuration names where each value comes from and hides secrets."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from feeds.config.effective import hide_secrets, load_effective, write_effective
from feeds.errors import ConfigError

TEXT = """\
[site]
title = "T"
url = "https://x.example"
[output]
formats = ["rss"]
[[sources]]
name = "blog"
kind = "upstream"
url = "https://b.example/feed?token=verysecret"
proxy = "http://me:verysecret@p.example:1/"
auth = "env:BLOG"
[[sources]]
name = "posts"
path = "../posts"
[labels.tag]
"a b" = "c"
[serve]
private = [{ feed = "tag/x", secret = "env:X" }]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "config" / "feedd.toml"
    file.parent.mkdir()
    file.write_text(TEXT, "utf-8")
    return file


def test_every_value_has_its_origin_and_line(file: Path) -> None:
    _, settings = load_effective(file)
    found = {setting.as_dict()["key"]: setting.as_dict() for setting in settings}

    def get(key: str) -> tuple[object, ...]:
        return found[key]["value"], found[key]["from"], found[key]["line"]

    assert get("site.url") == ("https://x.example/", "file", 3)
    assert get("site.author") == ("T", "default: the title", None)
    assert get("site.language") == ("en", "default", None)
    assert get("output.archive") == ([], "default", None)
    assert get("store.url") == (str(file.parent.parent / "state" / "feedd.db"), "default", None)
    assert get("sources[0].kind") == ("upstream", "file", 8)
    assert get("sources[1].kind") == ("folder", "default", None)
    assert get("sources[1].path") == (str(file.parent.parent / "posts"), "file", 14)
    assert get("sources[0].auth") == ("env:BLOG", "file", 11)
    assert get("identity[0].name") == ("infoCode", "default", None)
    assert get("labels.tag.a b") == ("c", "file", 16)
    assert get("serve.private[0].feed") == ("tag/x", "file", 18)
    assert get("clean.boilerplate") == (None, "default: built-in patterns", None)


def test_the_text_is_toml_with_the_same_values_and_without_secrets(file: Path) -> None:
    text = write_effective(*load_effective(file))
    values = tomllib.loads(text)
    assert values["sources"][1]["path"] == str(file.parent.parent / "posts")
    assert values["serve"]["private"] == [{"feed": "tag/x", "secret": "env:X"}]
    assert "verysecret" not in text
    assert "# line 3\n" in text
    assert "# keep is not set (default: forever)\n" in text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://b.example/feed", "https://b.example/feed"),
        ("https://b.example/?feed=rss2", "https://b.example/?feed=rss2"),
        ("https://b.example/?feed=rss2&key=1", "https://b.example/?feed=rss2&***"),
        ("https://b.example/?key=1", "https://b.example/?***"),
        ("http://me:pw@p.example:1/", "http://***@p.example:1/"),
    ],
)
def test_passwords_and_tokens_are_hidden(url: str, shown: str) -> None:
    assert hide_secrets(url) == shown


def test_a_wrong_configuration_is_not_shown(file: Path) -> None:
    file.write_text(TEXT.replace("[output]", "[outptu]"), "utf-8")
    with pytest.raises(ConfigError, match="outptu"):
        load_effective(file)
