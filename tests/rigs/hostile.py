"""Posts that are slow, deep or large for a parser that does more work than it has to."""

from __future__ import annotations

MANY = 30_000


def build_post(body: str) -> str:
    """Build a post with this body."""
    return f"---\ntitle: t\n---\n{body}"


POSTS = {
    # Front matter
    "header of colons": "---\n" + "a: " * MANY + "\n---\ntext",
    "header of brackets": "---\ntags: " + "[" * 20_000 + "\n---\ntext",
    "header of braces": "---\na: " + "{b: " * 20_000 + "\n---\ntext",
    "header of deep lists": "---\ntags:\n" + "".join(" " * n + "-\n" for n in range(1000)) + "---\ntext",
    "header of dashes": "---\ntags: \n" + "- " * 20_000 + "\n---\ntext",
    "header of anchors": "---\n"
    + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    + "---\ntext",
    "header of aliases": "---\na0: &a0 [x, x]\n"
    + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    + "tags: *a29\n---\ntext",
    "header of merges": "---\na0: &a0 {x: 1}\n"
    + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], y{n}: 1}}\n" for n in range(1, 40))
    + "---\ntext",
    "header of itself": "---\ntags: &a [*a, *a]\ntitle: &b {c: *b}\n---\ntext",
    "header of keys": "---\n" + "".join(f"k{n}: v\n" for n in range(3000)) + "---\ntext",
    "header of tags": "---\ntags: [" + ", ".join(f"t{n}" for n in range(10_000)) + "]\n---\ntext",
    "header of numbers": f"---\nweight: {'9' * MANY}\nid: 1e{'9' * 5000}\n---\ntext",
    "header of types": "---\ntitle: !!python/object/apply:os.system ['x']\na: !!binary "
    + "A" * MANY
    + "\n---\ntext",
    "header without an end": "---\n" + "title: x\n" * 20_000,
    "header of dates": f"---\ndate: 2024年1月1日{' ' * MANY}x\n---\ntext",
    "header of zones": f"---\ndate: 2024-01-01 10:00 {'+' * MANY}99\n---\ntext",
    "header in TOML": "+++\na = " + "[" * 20_000 + "\n+++\ntext",
    "header in TOML with deep keys": "+++\n" + ".".join("a" * 3000) + " = 1\n+++\ntext",
    "header in TOML with tables": "+++\n"
    + "".join(f"[{'a.' * 20}b{n}]\n" for n in range(1000))
    + "+++\ntext",
    "header in TOML with numbers": f"+++\na = {'9' * 50_000}\ndate = 9999-99-99\n+++\ntext",
    "header in JSON": '{"a": ' + "[" * 20_000,
    "header in JSON with numbers": '{"title": "t", "a": ' + "9" * 50_000 + "}\ntext",
    # Liquid
    "Liquid that repeats": build_post("{% for a in (1..99999) %}" * 4 + "x" + "{% endfor %}" * 4),
    "Liquid that doubles": build_post(
        "{% assign a = 'x' %}" + "{% assign a = a | append: a %}" * 60 + "{{ a }}"
    ),
    "Liquid that replaces": build_post(
        "{% assign a = 'xxxxxxxx' %}" + "{% assign a = a | replace: 'x', 'xxxxxxxx' %}" * 20 + "{{ a }}"
    ),
    "Liquid of filters": build_post("{{ 'a' " + "| upcase " * 5000 + "}}"),
    "Liquid of deep conditions": build_post("{% if true %}" * 2000 + "x" + "{% endif %}" * 2000),
    "Liquid without an end": build_post("{% highlight a='" * 5000),
    "Liquid parameters": build_post("{% include " + "a" * MANY + "='x %}"),
    "Liquid of brackets": build_post("{{ a[" * 5000),
    "Liquid of braces": build_post("{{" * 20_000),
    "Liquid of numbers": build_post(f"{{{{ {'9' * 5000} | times: {'9' * 5000} | times: {'9' * 5000} }}}}"),
    # Markdown
    "brackets": build_post("[" * 20_000),
    "quotations": build_post("> " * 20_000),
    "lists in lists": build_post("".join(" " * 2 * n + "- a\n" for n in range(500))),
    "list marks": build_post("- " * 20_000),
    "emphasis": build_post("*a_ " * 20_000),
    "asterisks": build_post("*" * 20_000 + "a" + "*" * 20_000),
    "code marks": build_post("".join("`" * n + " " for n in range(1, 400))),
    "links without an end": build_post("[a](<b " * 10_000),
    "100,000 links": build_post("[a](/a) " * 100_000),
    "links by reference": build_post("[a][b] " * 20_000 + "\n\n[b]: " + "x" * 20_000),
    "definitions": build_post("".join(f"[a{n}]: /b\n" for n in range(2000))),
    "footnotes": build_post("".join(f"[^{n}] " for n in range(1000)) + "\n\n[^1]: " + "[^1]" * 1000),
    "tables": build_post("|" + "a|" * 1000 + "\n|" + "-|" * 1000 + "\n" + "|x\n" * 50),
    "abbreviations": build_post(
        "".join(f"*[{'a ' * 300}{n}]: x\n" for n in range(300)) + "\n" + "a " * 20_000
    ),
    "extensions": build_post("{::" + "a" * MANY + "}\n" * 10),
    "attribute lists": build_post("a\n{: " + ".a #b c='d' " * 10_000 + "}\n"),
    "mathematics": build_post("$$" * 10_001),
    "HTML without an end": build_post("<a b='" * 10_000 + "<p hidden>"),
    "deep HTML": build_post("<div>" * 5000),
    "deep HTML with Markdown": build_post('<div markdown="1">\n' * 500),
    "a line of megabytes": build_post("a" * 1_000_000),
    "lines": build_post("a\n\n" * 20_000),
    "line breaks": build_post("\\\n" * 20_000),
    "entities": build_post("&" * 20_000 + "&#9999999999;" * 2000),
}
"""Of folders, by kind."""
