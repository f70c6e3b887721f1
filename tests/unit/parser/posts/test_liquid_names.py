"""A name is reported only where Jekyll may have another value for it, or nobody sets it."""

from __future__ import annotations

import pytest

from feeds.parser.posts.liquid import render_liquid

SCOPE = {"site": {"title": "T", "nothing": ""}, "page": {"title": "P", "nothing": None, "excerpt": "Own"}}
FILES = {
    "a.html": "{{ include.x }}{{ include.y }}",
    "sets.html": "{% assign later = 1 %}",
    "posts.html": "{{ site.posts }}",
}


def report(text: str) -> list[str]:
    found = render_liquid(text, SCOPE, lambda *_: None, lambda _, name: FILES.get(name))[1]
    return [tag.text for tag in found]


@pytest.mark.parametrize(
    "text",
    [
        "{{ page.nothing }}{{ site.nothing }}{{ nil }}",
        "{{ page.unset }}{% if page.unset %}a{% endif %}",
        "{% include a.html x='1' %}{{ include.x }}",
        "{{ unset | default: 'x' }}",
        "{% for t in page.title %}{{ before }}{% assign before = t %}{% endfor %}",
        "{% include sets.html %}{{ later }}",
        "{% capture c %}x{% endcapture %}{{ c }}{% increment n %}{{ n }}",
        "{% comment %}{{ site.posts }} {{ unset }}{% endcomment %}",
        "{% raw %}{{ site.posts }} {{ unset }}{% endraw %}",
        "{{ 'site.posts and page.next' }}{% assign s = \"site.tags\" %}{{ s | append: 'site.pages' }}",
        "{{ page.excerpt }}",
        "{% for i in (1..3) limit:2 %}{{ forloop.index }}{% endfor %}",
        "{% cycle 'a': 'b', 'c' %}",
        "{{ page.title | truncate: 3, '' | prepend: site.title }}",
    ],
)
def test_what_jekyll_shows_too_is_not_reported(text: str) -> None:
    assert report(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "{{ unset }}",
        "{{ unset.key }}",
        "{{ page.title | append: unset }}",
        "{% assign x = unset %}",
        "{% for x in site.posts %}{% endfor %}",
        "{% if page.next %}{% endif %}",
        "{{ site.tags | size }}",
        "{{ site.time }}",
        "{{ page.content }}",
        "{{ content }}",
        "{{ jekyll.version }}",
        "{% include posts.html %}",
    ],
)
def test_what_only_jekyll_knows_and_what_nobody_sets_is_reported(text: str) -> None:
    assert len(report(text)) == 1
