"""Tags of Hexo in posts."""

import time

import pytest

from feeds.parser.posts.hexo_tags import expand_hexo_tags, find_unknown_hexo_tags
from feeds.parser.posts.shortcodes import expand_shortcodes, find_unknown_shortcodes


def expand(text: str) -> str:
    return expand_hexo_tags(text, lambda slug: f"/p/{slug}/" if slug == "quay" else "")


@pytest.mark.parametrize(
    ("written", "html"),
    [
        ("{% asset_img a.png %}", '<img src="a.png" alt="">'),
        ("{% asset_img a.png The quay %}", '<img src="a.png" alt="The quay" title="The quay">'),
        (
            """{% img left /a.png 300 200 '"T" "A"' %}""",
            '<img src="/a.png" alt="&quot;T&quot; &quot;A&quot;" width="300" height="200" title="&quot;T&quot; &quot;A&quot;">',
        ),
        ('{% asset_img a.png "A quay" "Alt" %}', '<img src="a.png" alt="Alt" title="A quay">'),
        ("{% post_link quay %}", '<a href="/p/quay/">quay</a>'),
        ("{% post_link quay 'The quay' false %}", '<a href="/p/quay/">The quay</a>'),
        ("{% post_link gone The <quay> %}", "The &lt;quay&gt;"),
        ("[a]({% post_path quay %})", "[a](/p/quay/)"),
        ("{% asset_link a.pdf The plan %}", '<a href="a.pdf">The plan</a>'),
        ("![x]({% asset_path a.png %})", "![x](a.png)"),
        ("{% link The harbour https://h.example/ true %}", '<a href="https://h.example/">The harbour</a>'),
        (
            "{% youtube abc %}",
            '<a href="https://www.youtube.com/watch?v=abc">https://www.youtube.com/watch?v=abc</a>',
        ),
        ("{% gist 12ab a.rb %}", '<a href="https://gist.github.com/12ab">https://gist.github.com/12ab</a>'),
        (
            "{% codeblock t.js lang:js %}\nif (a < b) {% raw %}\n{% endcodeblock %}",
            '<pre><code class="language-js">if (a &lt; b) {% raw %}\n</code></pre>',
        ),
        (
            "{% blockquote Ann, The Book %}\n*a*\n{% endblockquote %}",
            "\n<blockquote>\n\n*a*\n\n<footer>Ann, The Book</footer>\n</blockquote>\n",
        ),
        ("{% raw %}{{ a }} {% b %}{% endraw %}", "{{ a }} {% b %}"),
        ("{% note info %}a *b*{% endnote %} c", "a *b* c"),
        ("`{% note %}` stays", "`{% note %}` stays"),
        ("100 {% of it", "100 {% of it"),
        ("{% codeblock %} never ends", " never ends"),
    ],
)
def test_a_tag_becomes_html(written: str, html: str) -> None:
    assert expand(written) == html


def test_tags_of_themes_are_found_with_their_lines() -> None:
    text = "a\n{% note info %}\nb\n{% endnote %}\n{% youtube x %} {% tabs A %}\n`{% c %}`"
    assert find_unknown_hexo_tags(text) == [(2, "{% note info %}"), (5, "{% tabs A %}")]


def test_only_trees_of_hexo_have_them() -> None:
    text = "{% note info %}a{% endnote %}"
    assert expand_shortcodes(text, "hexo", lambda _: "") == "a"
    assert [tag for _, tag in find_unknown_shortcodes(text, "hexo")] == ["{% note info %}"]
    assert expand_shortcodes(text, "jekyll", lambda _: "") == text


def test_it_takes_linear_time() -> None:
    for piece in ("{% a ", "{% codeblock %}", "{% a %}", "{%- end", "{% a 'b"):
        start = time.process_time()
        expand(piece * 20_000)
        assert time.process_time() - start < 3
