"""Liquid in a post of a Jekyll site."""

from __future__ import annotations

import pytest

from feeds.parser.posts.liquid import render_liquid


@pytest.mark.parametrize(
    ("text", "expected", "dropped"),
    [
        ("{{ site.title }} {{ page.title | upcase }}", "Harbour PAGE", 0),
        ("{{ site.author.name }}", "Li", 0),
        ("{% raw %}{{ x }} {% y %}{% endraw %}", "{{ x }} {% y %}", 0),
        ("a{%- comment -%} {{ x }} {%- endcomment -%}b", "ab", 0),
        ("{% # a remark %}a", "a", 0),
        ("{% assign x = 'v' | append: 'w' %}{{ x }}", "vw", 0),
        ("{% if page.x %}a{% else %}b{% endif %}", "b", 0),
        ("{% if x %}a{% else %}b{% endif %}", "b", 1),
        ("a{% include f.html\n  src='x'\n%}b", "ab", 1),
        ("{{ nothing }}", "", 1),
        ("[a]({% link _posts/x.md %})", "[a](/blog/x.html)", 0),
        ("[a]({{ site.baseurl }}{% link _posts/x.md %})", "[a](/blog/x.html)", 0),
        ("[a]({{site.url}}{% post_url x %})", "[a](https://h.example/blog/x.html)", 0),
        ("[a]({{ site.url }}{{ site.baseurl }}{% post_url x %})", "[a](https://h.example/blog/x.html)", 0),
        ("{{ '/css/a.css' | relative_url }}", "/blog/css/a.css", 0),
        ("{{ '/a' | absolute_url }}", "https://h.example/blog/a", 0),
        ("{{ page.date | date: '%d.%m.%Y' }}", "07.03.2024", 0),
        ("{% highlight ruby linenos %}\na < b\n{% endhighlight %}",
         '<pre><code class="language-ruby">a &lt; b</code></pre>', 0),
        ("100 % {sure} }} %}", "100 % {sure} }} %}", 0),
    ],
)  # fmt: skip
def test_liquid(text: str, expected: str, dropped: int) -> None:
    scope = {
        "site": {
            "title": "Harbour",
            "url": "https://h.example",
            "baseurl": "/blog",
            "author": {"name": "Li"},
        },
        "page": {"title": "Page", "date": "2024-03-07 09:05:06"},
    }
    found, left = render_liquid(text, scope, lambda kind, name: "/blog/x.html")
    assert (found, len(left)) == (expected, dropped)
