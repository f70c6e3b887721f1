"""Pages of posts: the site's zone, addresses of other sites, list pages of sections."""

import pytest

from feeds.models import Generator, Item, Skipped
from feeds.parser.posts.jekyll import FolderSettings, JekyllSite
from feeds.parser.posts.post import parse_post


def parse(
    header: str,
    path: str = "_posts/2024-08-09-evening.md",
    pattern: str = "",
    zone: str = "UTC",
    generator: Generator = "",
):
    site = JekyllSite(url="https://a.example", permalink="date")
    settings = FolderSettings(
        "https://a.example/", zone, pattern or "jekyll", site, jekyll_ids=True, generator=generator
    )
    data = f"---\ntitle: t\n{header}---\ntext\n".encode()
    return parse_post(data, path, settings, lambda body: (body, ""), lambda _: None, lambda *_: None)


@pytest.mark.parametrize(
    ("pattern", "page"),
    [
        ("", "https://a.example/2024/08/09/evening.html"),
        ("/:year/:month/:day/:hour/:minute/:title/", "https://a.example/2024/08/09/05/44/evening/"),
        ("/:y_day/:short_day/:title/", "https://a.example/222/Fri/evening/"),
    ],
)
def test_addresses_are_made_of_the_date_in_the_zone_of_the_site(pattern: str, page: str) -> None:
    item = parse("date: 2024-08-08 22:44:26 -0700\n", pattern=pattern)
    assert isinstance(item, Item)
    assert item.permalink == page
    assert item.published is not None
    assert item.published.isoformat() == "2024-08-08T22:44:26-07:00"


def test_the_id_of_jekyll_feed_is_made_of_it_too() -> None:
    item = parse("date: 2024-08-08 22:44:26 -0700\n", zone="Asia/Tokyo")
    assert isinstance(item, Item)
    assert item.fixed_id == "https://a.example/2024/08/09/evening"


def test_the_last_date_of_the_calendar_has_a_page() -> None:
    item = parse("date: 9999-12-31T23:59:59Z\n", zone="Asia/Tokyo")
    assert isinstance(item, Item)
    assert item.permalink == "https://a.example/9999/12/31/evening.html"


@pytest.mark.parametrize("key", ["url", "permalink"])
@pytest.mark.parametrize("address", ["https://b.example/page", "http://b.example/", "//b.example/page"])
def test_the_page_of_another_site_is_no_page_of_this_one(key: str, address: str) -> None:
    item = parse(f"date: 2024-05-01\n{key}: {address}\n")
    assert isinstance(item, Item)
    assert item.permalink == "https://a.example/2024/05/01/evening.html"
    assert item.address == ""
    (repair,) = [repair for repair in item.repairs if repair.rule == "bad-permalink"]
    assert repair.line == 4
    assert address in repair.old


@pytest.mark.parametrize(
    "template", ["/posts/{{ title | slugify }}/", "{% if a %}/x/{% endif %}", "{{ p }}.html"]
)
def test_a_template_is_no_address(template: str) -> None:
    item = parse(f"date: 2024-05-01\npermalink: '{template}'\n")
    assert isinstance(item, Item)
    assert item.permalink == "https://a.example/2024/05/01/evening.html"
    assert [repair.rule for repair in item.repairs if repair.rule == "bad-permalink"] == ["bad-permalink"]


@pytest.mark.parametrize(
    "address", ["https://a.example/own/page/", "http://a.example/own/page/", "/own/page/"]
)
def test_a_whole_address_of_the_own_site_is_its_page(address: str) -> None:
    item = parse(f"date: 2024-05-01\npermalink: {address}\n")
    assert isinstance(item, Item)
    assert item.permalink == "https://a.example/own/page/"


@pytest.mark.parametrize("path", ["_index.md", "blog/_index.md", "blog/_index.de.md", "_index.html"])
def test_the_list_page_of_a_section_is_no_post(path: str) -> None:
    assert isinstance(parse("", path), Skipped)
    assert isinstance(parse("", path.replace("_index", "index")), Item)


@pytest.mark.parametrize("ending", ["mdx", "rst", "org", "adoc", "RST"])
def test_a_format_that_is_not_read_is_named(ending: str) -> None:
    found = parse("", f"blog/a.{ending}")
    assert found == Skipped("ignored", f"feedd does not read .{ending.lower()} files")


@pytest.mark.parametrize(
    ("generator", "page"),
    [
        ("zola", "https://a.example/other/place/"),
        ("content", "https://a.example/other/place/"),
        ("hugo", "https://a.example/2024/08/09/evening.html"),
        ("jekyll", "https://a.example/2024/08/09/evening.html"),
    ],
)
@pytest.mark.parametrize("stated", ["other/place", "/other/place/"])
def test_zola_states_the_path_of_a_page(generator: Generator, page: str, stated: str) -> None:
    item = parse(f"date: 2024-08-09\npath: {stated}\n", generator=generator)
    assert isinstance(item, Item)
    assert item.permalink == page
