"""Shortcodes of Hugo and Zola in posts."""

import pytest

from feeds.models import Generator
from feeds.parser.posts.shortcodes import expand_shortcodes, find_unknown_shortcodes


def expand(text: str, generator: Generator = "hugo") -> str:
    return expand_shortcodes(text, generator, lambda named: f"https://a.example/{named.removesuffix('.md')}/")


@pytest.mark.parametrize(
    ("written", "html"),
    [
        ('{{< figure src="a.png" >}}', '<figure><img src="a.png" alt=""></figure>'),
        (
            '{{< figure src="a.png" alt="A quay" title="Quay" caption="At noon & later" attr="Ann" attrlink="/ann" width=300 >}}',
            '<figure><img src="a.png" alt="A quay" width="300"><figcaption><h4>Quay</h4>'
            '<p>At noon &amp; later <a href="/ann">Ann</a></p></figcaption></figure>',
        ),
        (
            '{{% figure src="a.png" caption="The *old* quay" %}}',
            '<figure><img src="a.png" alt="The *old* quay"><figcaption>\n\nThe *old* quay \n\n</figcaption></figure>',
        ),
        (
            '{{< figure src="a.png" link="/b" >}}',
            '<figure><a href="/b"><img src="a.png" alt=""></a></figure>',
        ),
        (
            '{{< figure\n  src="a.png"\n  alt=`x "y"`\n>}}',
            '<figure><img src="a.png" alt="x &quot;y&quot;"></figure>',
        ),
        ('{{< img src="a.png" alt="a" />}}', '<figure><img src="a.png" alt="a"></figure>'),
        (
            "{{< youtube w7Ft2ymGmfc >}}",
            '<a href="https://www.youtube.com/watch?v=w7Ft2ymGmfc">https://www.youtube.com/watch?v=w7Ft2ymGmfc</a>',
        ),
        ('{{< youtube id="w7" title="A film" >}}', '<a href="https://www.youtube.com/watch?v=w7">A film</a>'),
        ("{{< vimeo 146022717 >}}", '<a href="https://vimeo.com/146022717">https://vimeo.com/146022717</a>'),
        (
            '{{< tweet user="ann" id="12" >}}',
            '<a href="https://twitter.com/ann/status/12">https://twitter.com/ann/status/12</a>',
        ),
        ("{{< tweet 12 >}}", '<a href="https://twitter.com/i/status/12">https://twitter.com/i/status/12</a>'),
        (
            '{{< x user="ann" id="12" >}}',
            '<a href="https://x.com/ann/status/12">https://x.com/ann/status/12</a>',
        ),
        (
            "{{< gist ann 50a7 >}}",
            '<a href="https://gist.github.com/ann/50a7">https://gist.github.com/ann/50a7</a>',
        ),
        (
            "{{< instagram BWNj >}}",
            '<a href="https://www.instagram.com/p/BWNj/">https://www.instagram.com/p/BWNj/</a>',
        ),
        ('{{< video src="a.mp4" >}}', '<video src="a.mp4" controls></video>'),
        (
            '[b]({{< ref "b.md" >}}) [c]({{< relref path="c.md" lang="de" >}})',
            "[b](https://a.example/b/) [c](https://a.example/c/)",
        ),
        (
            '{{< highlight go "linenos=true" >}}\nif a < b {\n\n}\n{{< /highlight >}}',
            '<pre><code class="language-go">if a &lt; b {\n\n}\n</code></pre>',
        ),
        (
            '{{< highlight bash "hl_inline=true" >}}ls{{< /highlight >}}',
            '<code class="language-bash">ls</code>',
        ),
        ("{{< mermaid >}}\na --> b\n{{< /mermaid >}}", "<pre><code>a --&gt; b\n</code></pre>"),
        ("a{{% comment %}}hidden {{< b >}}{{% /comment %}}c", "ac"),
        (
            '{{< details summary="More" >}}\nText\n{{< /details >}}',
            "<details><summary>More</summary>\n\n\nText\n\n</details>\n",
        ),
        ("{{< details >}}never closed", "never closed"),
    ],
)
def test_what_hugo_brings_is_written_as_html(written: str, html: str) -> None:
    assert expand(written) == html


@pytest.mark.parametrize(
    ("written", "html"),
    [
        (
            '{{ youtube(id="w7", autoplay=true) }}',
            '<a href="https://www.youtube.com/watch?v=w7">https://www.youtube.com/watch?v=w7</a>',
        ),
        ("{{ vimeo(id='14') }}", '<a href="https://vimeo.com/14">https://vimeo.com/14</a>'),
        (
            '{{ gist(url="https://gist.github.com/a/b", class="g") }}',
            '<a href="https://gist.github.com/a/b">https://gist.github.com/a/b</a>',
        ),
        ('{{ figure(src="a.png", alt="A") }}', '<figure><img src="a.png" alt="A"></figure>'),
        ('{% quote(author="Ann") %}\nSome *text*\n{% end %}\nrest', "\nSome *text*\n\nrest"),
        (
            "{{/* youtube(id=1) */}} and {%/* quote() */%}x{%/* end */%}",
            "{{ youtube(id=1) }} and {% quote() %}x{% end %}",
        ),
        ("{{ page.title }} and {% if x %}y{% endif %}", "{{ page.title }} and {% if x %}y{% endif %}"),
        ("{{< figure src=a.png >}}", "{{< figure src=a.png >}}"),
    ],
)
def test_what_zola_brings_is_written_as_html(written: str, html: str) -> None:
    assert expand(written, "zola") == html


@pytest.mark.parametrize("generator", ["hugo", "content"])
def test_the_tags_of_a_theme_are_removed_and_named(generator: Generator) -> None:
    text = 'One\n{{% notice tip "x" %}}\nTwo **three**\n{{% /notice %}}\n{{< button href="/a" >}}four{{< /button >}} {{<toc>}}\n'
    assert expand(text, generator) == "One\n\nTwo **three**\n\nfour \n"
    assert find_unknown_shortcodes(text, generator) == [
        (2, '{{% notice tip "x" %}}'),
        (5, '{{< button href="/a" >}}'),
        (5, "{{<toc>}}"),
    ]


@pytest.mark.parametrize(
    "code",
    [
        "```\n{{< toc >}}\n```\n",
        "> ~~~ md\n> {{% toc %}}\n> ~~~\n",
        "* ```\n  {{< toc >}}\n  ```\n",
        "a `{{< toc >}}` b\n",
        "a `` `{{< toc >}} `` b\n",
        "<pre>{{< toc >}}</pre>\n",
        "<code>{{< toc >}}</code>\n",
        "```\n{{< toc >}}",
    ],
)
def test_code_stays_as_it_is_written(code: str) -> None:
    assert expand(code + "") == code
    assert find_unknown_shortcodes(code, "hugo") == []
    assert expand("{{< toc >}}" + "\n" + code) == "\n" + code


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('`{{</* figure src="a" */>}}`', '`{{< figure src="a" >}}`'),
        ("```\n{{%/* toc */%}}\n```", "```\n{{% toc %}}\n```"),
        (
            "{{< highlight md >}}{{</* toc */>}}{{< /highlight >}}",
            '<pre><code class="language-md">{{&lt; toc &gt;}}\n</code></pre>',
        ),
    ],
)
def test_a_tag_that_is_commented_prints_itself(written: str, shown: str) -> None:
    assert expand(written) == shown


@pytest.mark.parametrize("generator", ["", "jekyll", "eleventy", "pelican", "hexo"])
def test_other_trees_have_no_shortcodes(generator: Generator) -> None:
    text = '{{< figure src="a.png" >}} {{ youtube(id="1") }}'
    assert expand(text, generator) == text
    assert find_unknown_shortcodes(text, generator) == []


def test_a_line_of_markdown_below_a_picture_is_still_markdown() -> None:
    assert (
        expand("{{< figure src=a.png >}}\nSome *text*")
        == '<figure><img src="a.png" alt=""></figure>\n\nSome *text*'
    )

    in_list = "* {{< figure src=a.png >}}\n* next"
    assert expand(in_list) == '* <figure><img src="a.png" alt=""></figure>\n* next'


@pytest.mark.parametrize(
    "text",
    [
        "{{< highlight x >}}" * 8_000,
        "{{< a " * 20_000,
        "{{%" * 40_000,
        "`" * 1000 + "{{< a >}} `" * 8_000,
        "{{< /highlight >}}" * 8_000,
        "```\n" * 10_001 + "{{< a >}}",
        '{{< a "\\' + "\\" * 3000 + " >}}" + "{{ a(" * 8_000,
    ],
)
def test_hostile_texts_take_linear_time(text: str) -> None:
    expand(text, "content")
    find_unknown_shortcodes(text, "content")
