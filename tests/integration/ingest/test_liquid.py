"""What a condition of Liquid hides is in no document, and what it shows is there: the program over a Jekyll tree."""

from __future__ import annotations

import json

import pytest

from feeds.parser.posts.liquid import render_liquid
from tests.conftest import Project

HIDING = {
    "unless": "{% unless true %}SECRET{% endunless %}SEEN",
    "unless else": "{% unless true %}SECRET{% else %}SEEN{% endunless %}",
    "if": "{% if false %}SECRET{% endif %}SEEN",
    "if else": "{% if page.title %}SEEN{% else %}SECRET{% endif %}",
    "nothing known": "{% if nobody.knows %}SECRET{% else %}SEEN{% endif %}",
    "nil": "{% if nil %}SECRET{% endif %}{% unless nil %}SEEN{% endunless %}",
    "elsif": "{% if false %}SECRET{% elsif page.level == 3 %}SEEN{% else %}SECRET{% endif %}",
    "first of several": "{% if true %}SEEN{% elsif true %}SECRET{% else %}SECRET{% endif %}",
    "null in the header": "{% if page.nothing %}SECRET{% endif %}SEEN",
    "false in the header": "{% if page.secret %}SECRET{% endif %}SEEN",
    "true in the header": "{% unless page.open %}SECRET{% endunless %}{% if page.open == true %}SEEN{% endif %}",
    "site": "{% if site.show_drafts %}SECRET{% endif %}{% if site.author.name == 'Li' %}SEEN{% endif %}",
    "comparison": "{% if page.level > 3 %}SECRET{% endif %}{% if page.level >= 3 %}SEEN{% endif %}",
    "numbers": "{% if page.level < 10 %}SEEN{% endif %}{% if '10' < page.level %}SECRET{% endif %}",
    "without spaces": "{%if page.level==4%}SECRET{%endif%}{%if page.level!=4%}SEEN{%endif%}",
    "unequal": "{% if page.level <> 3 %}SECRET{% else %}SEEN{% endif %}",
    "a list": "{% if page.tags contains 'lig' %}SECRET{% endif %}{% if page.tags contains 'light' %}SEEN{% endif %}",
    "a text": "{% if page.title contains 'unknown' %}SECRET{% endif %}{% if page.title contains 'st' %}SEEN{% endif %}",
    "and": "{% if true and false %}SECRET{% endif %}{% if true and page.open %}SEEN{% endif %}",
    "or": "{% if false or nobody %}SECRET{% endif %}{% if false or page.open %}SEEN{% endif %}",
    "from right to left": "{% if false and false or true %}SECRET{% endif %}SEEN",
    "empty": "{% if page.title == empty %}SECRET{% endif %}{% if page.title != blank %}SEEN{% endif %}",
    "brackets": '{% if page["level"] == 4 %}SECRET{% endif %}{% if page.meta["big size"] == "x y" %}SEEN{% endif %}',
    "size": "{% if page.tags.size > 2 %}SECRET{% endif %}{% if page.tags.size == 2 %}SEEN{% endif %}",
    "case": "{% case page.level %}SECRET{% when 1, 2 %}SECRET{% when 3 or 4 %}SEEN{% else %}SECRET{% endcase %}",
    "case else": "{% case page.level %}{% when 'three' %}SECRET{% else %}SEEN{% endcase %}",
    "nested": "{% if false %}a{% if true %}SECRET{% else %}SECRET{% endif %}SECRET{% else %}SEEN{% endif %}",
    "nested other way": "{% if true %}{% unless true %}SECRET{% endunless %}SEEN{% else %}SECRET{% endif %}",
    "case in if": "{% if false %}{% case 1 %}{% when 1 %}SECRET{% else %}SECRET{% endcase %}{% endif %}SEEN",
    "white space": "SEEN {%- if false -%} SECRET {%- else -%} {%- endif -%}",
    "assigned": "{% assign hide = true %}{% unless hide %}SECRET{% endunless %}SEEN",
    "assigned in the dark": "{% if false %}{% assign on = true %}{% endif %}{% if on %}SECRET{% endif %}SEEN",
    "captured": "{% capture c %}{% if false %}SECRET{% endif %}SEEN{% endcapture %}{{ c }}",
    "captured only": "{% capture c %}SECRET{% endcapture %}SEEN",
    "captured in the dark": "{% if false %}{% capture c %}SECRET{% endcapture %}{% endif %}{{ c }}SEEN",
    "loop over nothing": "{% for a in page.nobody %}SECRET{% else %}SEEN{% endfor %}",
    "loop": "{% for a in page.tags %}SEEN{% else %}SECRET{% endfor %}",
    "empty range": "{% for i in (3..2) %}SECRET{% endfor %}{% for i in (1..2) %}SEEN{% endfor %}",
    "left loop": "{% for a in page.tags %}SEEN{% if true %}{% break %}{% endif %}SECRET{% else %}SECRET{% endfor %}",
    "condition in a loop": "{% for a in page.tags %}{% if false %}SECRET{% endif %}SEEN{% endfor %}",
    "comment": "{% comment %}SECRET{% if true %}SECRET{% endif %}{% endcomment %}SEEN",
    "comment in comment": "{% comment %}a{% comment %}b{% endcomment %}SECRET{% endcomment %}SEEN",
    "comment in the dark": "{% if false %}{% comment %}{% endif %}{% endcomment %}SECRET{% endif %}SEEN",
    "raw in the dark": "{% if false %}{% raw %}{% endif %}{% endraw %}SECRET{% endif %}SEEN",
    "end without beginning": "{% endif %}{% else %}{% if false %}SECRET{% endif %}SEEN",
    "end of a loop outside": "{% if false %}{% for a in b %}SECRET{% endif %}SEEN{% endfor %}",
    "nothing closes it": "SEEN{% if false %}SECRET",
    "several lines": "{% unless page.open\n   or page.secret %}\nSECRET\n\nSECRET\n{% endunless %}\n\nSEEN",
    "where it runs": "{% if jekyll.environment == 'production' %}SEEN{% else %}SECRET{% endif %}",
}


@pytest.fixture(scope="module")
def bodies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The published bodies, by title."""
    project = Project(tmp_path_factory.mktemp("liquid"))
    (project.folder / "site/_config.yml").write_text("show_drafts: false\nauthor:\n  name: Li\n", "utf-8")
    header = "level: 3\nopen: true\nsecret: false\nnothing:\ntags: [light, ship]\nmeta: {big size: x y}"
    for number, (name, body) in enumerate(HIDING.items()):
        place = project.posts / f"2024-01-02-p{number}.md"
        place.write_text(f"---\ntitle: Test {name}\ndate: 2024-01-02\n{header}\n---\n{body}\n", "utf-8")
    done = project.run("build")
    assert done.returncode == 0, done.stderr
    assert not [name for name, data in project.bytes().items() if b"SECRET" in data]
    items = json.loads((project.output / "feed.json").read_bytes())["items"]
    return {item["title"].removeprefix("Test "): item["content_html"] for item in items}


@pytest.mark.parametrize("name", HIDING)
def test_what_a_condition_hides_is_not_published(bodies: dict[str, str], name: str) -> None:
    assert "SECRET" not in bodies[name]
    assert "SEEN" in bodies[name]


def test_what_cannot_be_evaluated_is_named(project: Project) -> None:
    project.post(
        "2024-01-02-a.md", body="a\n{% if nobody %}b{% else %}c{% endif %}\n{% for x in y %}d{% endfor %}"
    )
    project.run("build")
    found = project.run("lint").stdout
    assert "a.md:8: liquid-dropped: removing {% if nobody %}" in found
    assert "a.md:9: liquid-dropped: removing {% for x in y %}" in found
    assert "endif" not in found


def test_a_block_that_nothing_closes_takes_no_text_unless_its_condition_is_known() -> None:
    text = "The tags `{% if user %}`, `{% for x in y %}`, `{% capture z %}` and `{% comment %}`."
    found, dropped = render_liquid(text, {}, lambda k, a: None)
    assert found == "The tags ``, ``, `` and ``."
    assert len(dropped) == 4


@pytest.mark.parametrize(
    "piece",
    [
        "{% if a %}",
        "{% if true %}{% endfor %}",
        "{% if true %}{% break %}",
        "{% for a in 'b' %}{% break %}",
        "{% comment %}{% endraw %}",
        "{% capture a %}{{ a }}",
        "{% case 1 %}{% when 1 %}{% else %}",
        "{% if " + "a and " * 100 + "%}{% endif %}",
        "{% if a[" + "[" * 200 + " %}{% endif %}",
        "{% if '" + '"' * 200 + " %}{% endif %}",
        "{% for x in (1" + "." * 200 + " %}{% endfor %}",
        "{% endif %}",
    ],
)
@pytest.mark.parametrize("closed", [False, True])
def test_the_work_grows_with_the_text_alone(piece: str, closed: bool) -> None:
    text = piece * (200_000 // len(piece)) + ("{% endif %}" * 10_000 if closed else "")
    assert isinstance(render_liquid(text, {"a": "x"}, lambda k, a: None)[0], str)


SITE_FILES = {
    "_includes/greet.html": "Hello {{ include.name }} {% include inner.html %}",
    "_includes/inner.html": "INNER",
    "_includes/loop.html": "again {% include loop.html %}",
    "_data/ports.yml": "- Yantian\n- Ningbo\n",
    "_data/crew/captain.json": '{"name": "Li"}',
    "_posts/part.txt": "PART {{ page.title }}",
}


def write_site(project: Project, body: str) -> None:
    for name, text in SITE_FILES.items():
        place = project.folder / "site" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
    project.post("2024-01-02-a.md", "A", body)


def published_body(project: Project) -> str:
    done = project.run("build")
    assert done.returncode == 0, done.stderr
    items = json.loads((project.output / "feed.json").read_bytes())["items"]
    return str(items[0]["content_html"])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{% include greet.html name="Bo" %}', "Hello Bo INNER"),
        ("{% include greet.html name=page.title %}", "Hello A INNER"),
        ("{% for port in site.data.ports %}[{{ port }}]{% endfor %}", "[Yantian][Ningbo]"),
        ("{{ site.data.crew.captain.name }}", "Li"),
        ("{% include_relative part.txt %}", "PART A"),
        ("x{% include_relative ../_config.yml %}y", "xy"),
        ("x{% include ../_config.yml %}y", "xy"),
        ("x{% for post in site.posts %}z{% endfor %}y", "xy"),
        ("{% if true %}a{% endif ignored %}b", "ab"),
    ],
)
def test_a_post_uses_the_files_of_its_site(project: Project, body: str, expected: str) -> None:
    write_site(project, body)
    assert expected in published_body(project)


def test_includes_that_include_themselves_end(project: Project) -> None:
    write_site(project, "{% include loop.html %}")
    assert 5 < published_body(project).count("again") <= 100
    assert "liquid-dropped: removing {% include loop.html %}" in project.run("lint").stdout


@pytest.mark.parametrize("name", ["_includes/inner.html", "_data/ports.yml", "_posts/part.txt"])
def test_a_changed_file_changes_the_posts_that_use_it(project: Project, name: str) -> None:
    write_site(
        project,
        "{% include inner.html %} {% for p in site.data.ports %}{{ p }}{% endfor %} {% include_relative part.txt %}",
    )
    before = published_body(project)
    assert json.loads(project.run("build", "--json").stdout)["written"] == []
    project.post("2024-01-03-b.md", "B", "{{ page.title }}")
    project.run("build")
    (project.folder / "site" / name).write_text("- CHANGED\n", "utf-8")
    report = json.loads(project.run("build", "--json").stdout)
    # Only the post whose text is another one counts, though all are read again.
    assert (report["new"], report["changed"]) == (0, 1)
    assert "CHANGED" in published_body(project)
    assert "CHANGED" not in before


def test_an_include_outside_the_site_is_not_followed(project: Project) -> None:
    secret = project.folder / "secret.txt"
    secret.write_text("SECRET", "utf-8")
    write_site(project, "a{% include link.html %}{% include_relative link.txt %}b")
    (project.folder / "site/_includes/link.html").symlink_to(secret)
    (project.folder / "site/_posts/link.txt").symlink_to(secret)
    assert "SECRET" not in published_body(project)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.md", "---\ntitle: A\ndate: 2024-01-02\n---\n{{ secrets.TOKEN }} {% for a in b %}"),
        ("b.md", "+++\ntitle = 'A'\ndate = 2024-01-02\n+++\n{{ secrets.TOKEN }} {% for a in b %}"),
        ("c.md", "Title: A\nDate: 2024-01-02\n\n{{ secrets.TOKEN }} {% for a in b %}"),
    ],
)
def test_braces_are_text_where_no_generator_runs_liquid(project: Project, name: str, text: str) -> None:
    for path in (project.folder / "site/_config.yml", project.posts):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
    (project.folder / "site" / name).write_text(text, "utf-8")
    assert "{{ secrets.TOKEN }} {% for a in b %}" in published_body(project)
