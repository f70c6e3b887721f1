"""The section of podcasts: what directories accept, and what the messages suggest."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.config import load_config
from feeds.config.checks import check_cover, check_line, check_mail, check_uuid
from feeds.config.podcast import check_categories
from feeds.errors import ConfigError
from feeds.session import build_publish_settings

BASE = '[site]\ntitle = "T"\nurl = "https://x.example/"\n[[sources]]\nname = "n"\npath = "posts"\n'
PODCAST = (
    '[podcast]\nemail = "radio@x.example"\ncategory = ["News/Politics", "TV & Film"]\n'
    'image = "https://x.example/cover.png"\n'
)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["News"], ""),
        (["News/Politics", "Society & Culture/Documentary"], ""),
        (["news"], "'news' is not a category that podcast directories know; did you mean 'News'?"),
        (
            ["Politics"],
            "'Politics' is not a category that podcast directories know; did you mean 'News/Politics'?",
        ),
        (["Technolgy"], "did you mean 'Technology'?"),
        (["Zzzz"], "'Zzzz' is not a category that podcast directories know"),
    ],
)
def test_categories_are_those_of_directories(values: list[str], expected: str) -> None:
    found = check_categories(values)
    assert found.endswith(expected) if expected else found == ""


def test_addresses_of_covers_mail_and_identifiers_are_checked() -> None:
    assert check_mail("ann.bo+radio@x.example") == ""
    assert [bool(check_mail(text)) for text in ("ann", "ann@", "a b@x.example", "a@b@x.example")] == [
        True
    ] * 4
    assert check_cover("https://x.example/Cover.JPG?v=2") == ""
    assert "must end with .jpg" in check_cover("https://x.example/cover.webp")
    assert "https://" in check_cover("cover.png")
    assert check_uuid("917393e3-1b1e-5cef-ace4-edaa54e1f810") == ""
    assert "is not a UUID" in check_uuid("917393e3")
    assert check_line("x" * 255) == ""
    assert "one line" in check_line("a\nb")


def test_a_podcast_names_its_owner_by_the_author_of_the_site(tmp_path: Path) -> None:
    file = tmp_path / "feedd.toml"
    file.write_text(BASE, "utf-8")
    assert build_publish_settings(load_config(file)).podcast is None
    file.write_text(BASE + PODCAST + 'owner = "Ann"\n', "utf-8")
    podcast = build_publish_settings(load_config(file)).podcast
    assert podcast is not None
    assert (podcast.owner, podcast.author, podcast.type, podcast.explicit) == ("Ann", "T", "episodic", False)
    assert podcast.categories == ("News/Politics", "TV & Film")


def test_what_directories_require_is_required(tmp_path: Path) -> None:
    file = tmp_path / "feedd.toml"
    file.write_text(BASE + "[podcast]\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert [line.partition(": ")[2].partition(": is missing")[0] for line in caught.value.mistakes] == [
        "podcast.email",
        "podcast.category",
        "podcast.image",
    ]
    file.write_text(BASE + PODCAST.replace('["News/Politics", "TV & Film"]', "[]"), "utf-8")
    with pytest.raises(ConfigError, match="category"):
        load_config(file)
