"""Dates of posts without an offset, and the day in their addresses, which the generator of their tree writes."""

import pytest

from feeds.models import Generator, Item
from feeds.parser.posts.jekyll import FolderSettings, read_site_config
from feeds.parser.posts.post import parse_post

ZONES = {"west": "America/Los_Angeles", "east": "Asia/Shanghai"}


def parse(
    header: str, generator: Generator, zone: str = "west", path: str = "2024-02-06-a.md", config: str = ""
) -> Item:
    site = read_site_config(config)
    settings = FolderSettings(
        "https://a.example/", ZONES[zone], "/:year/:month/:day/:title/", site, generator=generator
    )
    item = parse_post(
        header.encode() + b"\ntext\n",
        path,
        settings,
        lambda body: (body, ""),
        lambda _: None,
        lambda *_: None,
    )
    assert isinstance(item, Item)
    return item


def read(
    header: str, generator: Generator, zone: str = "west", path: str = "2024-02-06-a.md"
) -> tuple[str, str]:
    """Return the date, and the day in the address."""
    item = parse(header, generator, zone, path)
    date = item.published or item.guess
    assert date is not None
    return date.isoformat(), "-".join(item.permalink.split("/")[3:6])


def write_yaml(value: str) -> str:
    return f"---\ntitle: t\ndate: {value}\n---"


# What Jekyll 4.3.1 writes for each form.
@pytest.mark.parametrize(
    ("written", "west", "east"),
    [
        ("2024-02-06 00:00:00", "2024-02-05", "2024-02-06"),
        ("2024-02-06T00:00:00", "2024-02-05", "2024-02-06"),
        ("2024-02-06t00:00:00", "2024-02-05", "2024-02-06"),
        ("2024-02-06   00:00:00", "2024-02-05", "2024-02-06"),
        ("2024-02-06 00:00:00.5", "2024-02-05", "2024-02-06"),
        ("2024-2-6 0:00:00", "2024-02-05", "2024-02-06"),
        ("2024-02-06 20:00:00 # evening", "2024-02-06", "2024-02-07"),
        ("2024-07-06 00:00:00", "2024-07-05", "2024-07-06"),
        ("2024-02-06 00:00", "2024-02-06", "2024-02-06"),
        ('"2024-02-06 00:00:00"', "2024-02-06", "2024-02-06"),
        ("'2024-02-06T00:00:00'", "2024-02-06", "2024-02-06"),
        (">\n  2024-02-06 00:00:00", "2024-02-06", "2024-02-06"),
        ("!!str 2024-02-06 00:00:00", "2024-02-06", "2024-02-06"),
        ("2024-02-06", "2024-02-06", "2024-02-06"),
        ("2024/02/06 00:00:00", "2024-02-06", "2024-02-06"),
    ],
)
def test_jekyll_writes_addresses_with_an_unquoted_time_in_utc(written: str, west: str, east: str) -> None:
    assert read(write_yaml(written), "jekyll", "west")[1] == west
    assert read(write_yaml(written), "jekyll", "east")[1] == east


@pytest.mark.parametrize(
    "generator", ["jekyll", "hugo", "pelican", "hexo", "zola", "eleventy", "content", ""]
)
@pytest.mark.parametrize("written", ["2024-02-06 00:00:00", '"2024-02-06T00:00:00"', "2024-02-06"])
def test_a_date_without_an_offset_is_in_the_zone_of_the_site(generator: Generator, written: str) -> None:
    assert read(write_yaml(written), generator)[0] == "2024-02-06T00:00:00-08:00"


@pytest.mark.parametrize(
    "written", ["2024-02-06 00:00:00 +0900", "2024-02-06T00:00:00+09:00", "2024-02-05 15:00:00Z"]
)
def test_a_written_offset_counts_and_jekyll_writes_addresses_in_its_own_zone(written: str) -> None:
    date, day = read(write_yaml(written), "jekyll")
    assert date in ("2024-02-06T00:00:00+09:00", "2024-02-05T15:00:00+00:00")
    assert day == "2024-02-05"


def test_a_header_that_is_repaired_and_a_default_have_such_times_too() -> None:
    broken = '---\ntitle: "a "quoted" word"\ndate: 2024-02-06 00:00:00\n---'
    assert read(broken, "jekyll")[1] == "2024-02-05"
    config = "defaults:\n  - scope: {path: ''}\n    values: {date: 2024-02-06 00:00:00}\n"
    assert "/2024/02/05/" in parse("---\ntitle: t\n---", "jekyll", config=config).permalink


@pytest.mark.parametrize(
    ("generator", "day"),
    [
        ("hugo", "2024-02-06"),
        ("pelican", "2024-02-06"),
        ("content", "2024-02-06"),
        ("jekyll", "2024-02-05"),
        ("hexo", "2024-02-05"),
        ("", "2024-02-05"),
    ],
)
def test_hugo_and_pelican_write_addresses_in_the_written_offset(generator: Generator, day: str) -> None:
    assert read(write_yaml("2024-02-06T01:00:00+09:00"), generator, path="a.md")[1] == day


def test_the_address_is_made_of_the_date_and_not_of_the_date_of_publication() -> None:
    header = write_yaml("2024-02-06T01:00:00+09:00\npublishDate: 2024-01-01")
    item = parse(header, "hugo")
    assert item.published is not None
    assert item.published.isoformat() == "2024-01-01T00:00:00-08:00"
    assert item.permalink == "https://a.example/2024/02/06/a/"


def test_a_missing_offset_is_named() -> None:
    (repair,) = parse(write_yaml("2024-02-06 00:00:00"), "jekyll").repairs
    assert (repair.line, repair.rule) == (3, "no-timezone")
