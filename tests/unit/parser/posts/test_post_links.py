"""Links from post to post, in the forms of the generators."""

import pytest

from feeds.parser.posts.post_links import PostPlace, resolve_post_links, resolve_shortcodes

BASE = "https://a.example/"
PAGES = {
    "b.md": "https://a.example/b/",
    "sub/c.md": "https://a.example/sub/c/",
    "sub/d/index.md": "https://a.example/sub/d/",
    "sub/with space.md": "https://a.example/sub/with-space/",
    "_posts/2024-05-01-e.md": "https://a.example/2024/05/01/e.html",
}


def find(path: str) -> str:
    return PAGES.get(path, "")


def resolve(href: str, path: str = "sub/a.md", above: str = "") -> str:
    place = PostPlace(path, "https://a.example/sub/a/", BASE, above)
    html = resolve_post_links(f'<p><a title="x" href="{href}">x</a></p>', place, find)
    return html.partition('href="')[2].partition('"')[0]


@pytest.mark.parametrize(
    ("href", "page"),
    [
        ("c.md", "https://a.example/sub/c/"),
        ("./c.md#part", "https://a.example/sub/c/#part"),
        ("../b.md?x=1#p", "https://a.example/b/?x=1#p"),
        ("/b.md", "https://a.example/b/"),
        ("with%20space.md", "https://a.example/sub/with-space/"),
        ("d/index.md", "https://a.example/sub/d/"),
        ("../_posts/2024-05-01-e.md", "https://a.example/2024/05/01/e.html"),
        # Pelican
        ("{filename}c.md", "https://a.example/sub/c/"),
        ("%7Bfilename%7D/b.md#x", "https://a.example/b/#x"),
        ("%7Cfilename%7C../b.md", "https://a.example/b/"),
        ("|filename|/b.md", "https://a.example/b/"),
        ("{static}/images/p.png", "https://a.example/images/p.png"),
        ("{static}p.png", "https://a.example/sub/p.png"),
        ("{filename}/files/p.pdf", "https://a.example/files/p.pdf"),
        ("{attach}pics/p.png", "https://a.example/sub/a/p.png"),
        ("{filename}/pages/about.md", "https://a.example/pages/about.html"),
        ("{tag}python", "https://a.example/tag/python.html"),
        ("{category}news", "https://a.example/category/news.html"),
        ("{index}", "https://a.example/index.html"),
        # Zola
        ("@/b.md", "https://a.example/b/"),
        ("@/sub/c.md#part", "https://a.example/sub/c/#part"),
        ("@/other/_index.md", "https://a.example/other/"),
        ("@/pages/about.md", "https://a.example/pages/about/"),
        # What is no link to a file of the folder
        ("gone.md", "gone.md"),
        ("https://b.example/README.md", "https://b.example/README.md"),
        ("//b.example/b.md", "//b.example/b.md"),
        ("#b.md", "#b.md"),
        ("../../../b.md", "../../../b.md"),
        ("b.pdf", "b.pdf"),
    ],
)
def test_a_link_to_a_file_leads_to_its_page(href: str, page: str) -> None:
    assert resolve(href) == page


def test_a_source_below_content_is_found_from_the_root() -> None:
    assert resolve("@/blog/b.md", "a.md", "blog/") == "https://a.example/b/"
    assert resolve("{filename}/blog/b.md", "a.md", "blog/") == "https://a.example/b/"
    assert resolve("/content/blog/b.md", "a.md", "blog/") == "https://a.example/b/"


def test_pictures_are_resolved_and_text_stays() -> None:
    place = PostPlace("a.md", "https://a.example/a/", BASE, "")
    html = "<img src='{static}/p.png'><code>&lt;a href=\"b.md\"&gt;</code> see b.md"
    assert resolve_post_links(html, place, find) == (
        '<img src="https://a.example/p.png"><code>&lt;a href="b.md"&gt;</code> see b.md'
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[x]({{< ref "b.md" >}})', "[x](https://a.example/b/)"),
        ('[x]({{< relref "c.md#part" >}})', "[x](https://a.example/sub/c/#part)"),
        ('[x]({{% ref "/sub/c" %}})', "[x](https://a.example/sub/c/)"),
        ('[x]({{< ref "d" >}})', "[x](https://a.example/sub/d/)"),
        ('[x]({{< ref path="b.md" lang="en" >}})', "[x](https://a.example/b/)"),
        ('[x]({{< ref "#part" >}})', "[x](https://a.example/sub/a/#part)"),
        ('[x]({{< ref "gone.md" >}})', '[x]({{< ref "gone.md" >}})'),
        ("{{ range .Pages }}", "{{ range .Pages }}"),
    ],
)
def test_references_of_hugo_become_addresses(text: str, expected: str) -> None:
    place = PostPlace("sub/a.md", "https://a.example/sub/a/", BASE, "")
    assert resolve_shortcodes(text, place, find) == expected


def test_endless_marks_take_linear_time() -> None:
    place = PostPlace("a.md", "https://a.example/a/", BASE, "")
    resolve_shortcodes('{{< ref "' * 50_000, place, find)
    resolve_post_links('<a href="' * 50_000 + ".md", place, find)
