"""The header dialects of a post file, and the repair of what is broken in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.parser.posts.front_matter import read_front_matter, read_simple, read_tolerant
from feeds.parser.posts.front_matter_values import load_yaml
from tests.rigs.examples import examples

QUICK = examples(60)

# header between the marks, values, rules of its repairs in order
YAML_CASES = {
    "simple": ('layout: post\ntitle: "集市开张"', {"layout": "post", "title": "集市开张"}, []),
    "numbers, dates": ("title: 2021\ndate: 2021-02-03", {"title": "2021", "date": "2021-02-03"}, []),
    "booleans": ('published: false\na: "true"\nb: no', {"published": False, "a": "true", "b": "no"}, []),
    "nulls": ('title:\ndate: ~\na: "~"', {"title": "", "date": "", "a": "~"}, []),
    "last wins": ("title: a\ntitle: b", {"title": "b"}, []),
    "lists": ("tags:\n- 早市\n- b\ncategories: [x, y]", {"tags": ["早市", "b"], "categories": ["x", "y"]}, []),
    "indented list": ("tags:\n  - a\n  - b", {"tags": ["a", "b"]}, []),
    "nested": ("author:\n  name: Li\n  x: true", {"author": {"name": "Li", "x": True}}, []),
    "block scalars": ("a: |\n  x\n  y\nb: >\n  x\n  y", {"a": "x\ny\n", "b": "x y\n"}, []),
    "curly quotes": ("title: “晨报”", {"title": "“晨报”"}, []),
    "hash in a word": ("title: C# notes", {"title": "C# notes"}, []),
    "comment": ("title: Tea # really", {"title": "Tea"}, []),
    "alias": ("a: &x [p, q]\nb: *x", {"a": ["p", "q"], "b": ["p", "q"]}, []),
    "merge": ("a: &x {p: 1}\nb:\n  <<: *x\n  q: 2", {"a": {"p": "1"}, "b": {"p": "1", "q": "2"}}, []),
    "quotes": ('title: "2021年"双十一"收官"', {"title": '2021年"双十一"收官'}, ["unescaped-quote"]),
    "English quotes": ('title: "He said "no" today"', {"title": 'He said "no" today'}, ["unescaped-quote"]),
    "quotes at the end": ('title: "He said "no""', {"title": 'He said "no"'}, ["unescaped-quote"]),
    "quotes at the start": ('title: "早"市开张', {"title": '"早"市开张'}, ["unescaped-quote"]),
    "single quotes": ("title: 'It's John's'", {"title": "It's John's"}, ["unescaped-quote"]),
    "mixed escapes": (r'title: "a \"b\" "c" d"', {"title": 'a "b" "c" d'}, ["unescaped-quote"]),
    "no closing quote": ('title: "Half\ntags: a', {"title": "Half", "tags": "a"}, ["missing-quote"]),
    "backslash": (r'title: "C:\dir"', {"title": r"C:\dir"}, ["unknown-escape"]),
    "colon": ("title: News: all good", {"title": "News: all good"}, ["unquoted-colon"]),
    "colon at the end": ("title: Listen:", {"title": "Listen:"}, ["unquoted-colon"]),
    "colon and hash": ("title: Fix: bug #12 done", {"title": "Fix: bug #12 done"}, ["unquoted-colon"]),
    "no space": ("layout: post\ntitle:Foo", {"layout": "post", "title": "Foo"}, ["missing-space"]),
    "wide colon": ("title：早报\ntags: a", {"title": "早报", "tags": "a"}, ["wide-colon"]),
    "tabs": ("tags:\n\t- a\n\t- b", {"tags": ["a", "b"]}, ["tab", "tab"]),
    "brackets in a title": ("title: [Update] Tea", {"title": "[Update] Tea"}, ["unquoted-character"]),
    "open list": ("tags: [a, b\ntitle: x", {"tags": ["a", "b"], "title": "x"}, ["broken-list"]),
    "broken list": ('tags: [@a, "b", c]', {"tags": ["@a", "b", "c"]}, ["broken-list"]),
    "list over lines": ("tags: [\n  @a,\n  b\n]\nid: x", {"tags": ["@a", "b"], "id": "x"}, ["broken-list"] * 4),
    "broken item": ('tags:\n- "a"b"\n- c', {"tags": ['a"b', "c"]}, ["unescaped-quote"]),
    "ragged list": ("tags:\n  - a\n- b", {"tags": ["a", "b"]}, ["broken-list"] * 3),
    "Liquid": ("title: {{ x }} y", {"title": "{{ x }} y"}, ["unquoted-character"]),
    "tag": ("title: !wow great", {"title": "!wow great"}, ["unquoted-character"]),
    "anchor": ("title: &more stuff", {"title": "&more stuff"}, ["unquoted-character"]),
    "wrapped title": ("title: A long\nway home\ntags: a", {"title": "A long way home", "tags": "a"}, ["bad-indent"]),
    "stray line": ("tags: a\noops here\nid: 1", {"tags": "a", "id": "1"}, ["no-key"]),
    "merge conflict": ("title: A\n<<<<<<< x\ntags: a", {"title": "A", "tags": "a"}, ["no-key"]),
    "indented key": ("title: A\n tags: a", {"title": "A", "tags": "a"}, ["bad-indent"]),
    "unindented text": ("description: |\nsome text\nid: 1", {"description": "some text\n", "id": "1"}, ["bad-indent"]),
    "one broken line": (
        'layout: post\ntitle: "a "b" c"\ntags:\n  - x\nauthor: {name: Li}\npublished: true',
        {"layout": "post", "title": 'a "b" c', "tags": ["x"], "author": {"name": "Li"}, "published": True},
        ["unescaped-quote"],
    ),
    "broken nested": ('author:\n  name: "A "B" C"\n  x: y', {"author": {"name": 'A "B" C', "x": "y"}}, ["unescaped-quote"]),
}  # fmt: skip


@pytest.mark.parametrize("case", YAML_CASES)
def test_yaml_is_read_as_its_author_meant_it(case):
    header, values, rules = YAML_CASES[case]
    found = read_front_matter(f"---\n{header}\n---\n正文\n")
    assert found is not None
    assert found.dialect == "yaml"
    assert dict(found.values) == values
    assert [r.rule for r in found.repairs] == rules
    assert found.body == "正文\n"
    assert found.body_line == header.count("\n") + 4


@pytest.mark.parametrize("case", [c for c in YAML_CASES if YAML_CASES[c][2]])
def test_each_repair_names_the_line_and_a_correct_one(case):
    header, values, _ = YAML_CASES[case]
    text = f"---\n{header}\n---\n"
    lines = text.split("\n")
    found = read_front_matter(text)
    assert found is not None
    for repair in found.repairs:
        assert lines[repair.line - 1] == repair.old
        lines[repair.line - 1] = repair.new
    assert load_yaml("\n".join([*lines[1 : header.count("\n") + 2], ""])) == values


@pytest.mark.parametrize("mark", list("@`%*&!>|[{?-"))
def test_a_title_may_begin_with_any_character(mark):
    found = read_front_matter(f"---\ntitle: {mark} 早: x\ntags: a\n---\n")
    assert found is not None
    assert found.values == {"title": f"{mark} 早: x", "tags": "a"}
    assert len(found.repairs) == 1


# text, values, body, body_line, rules
FENCES = {
    "empty": ("---\n---\n", {}, "", 3, []),
    "empty with body": ("---\n---\nx", {}, "x", 3, []),
    "spaces after marks": ("---  \ntitle: a\n--- \nx", {"title": "a"}, "x", 4, []),
    "dots": ("---\ntitle: a\n...\nx", {"title": "a"}, "x", 4, []),
    "no newline at the end": ("---\ntitle: a\n---", {"title": "a"}, "", 3, []),
    "mark of byte order": ("\ufeff---\ntitle: a\n---\nx", {"title": "a"}, "x", 4, []),
    "leading lines": ("\n\n---\ntitle: a\n---\nx", {"title": "a"}, "x", 6, ["leading-blank-lines"]),
    "no end": ("---\ntitle: a\ntags:\n- b\n\n正文\n", {"title": "a", "tags": ["b"]}, "正文\n", 6, ["no-end"]),
    "no end, no blank": ("---\ntitle: a\n<p>x</p>\n", {"title": "a"}, "<p>x</p>\n", 3, ["no-end"]),
    "no end, a rule later": ("---\ntitle: a\n\nTea.\n\n---\n\nb", {"title": "a"}, "Tea.\n\n---\n\nb", 4, ["no-end"]),
    "a rule in the body": ("---\ntitle: a\n---\nx\n---\ny", {"title": "a"}, "x\n---\ny", 4, []),
}  # fmt: skip


@pytest.mark.parametrize("case", FENCES)
def test_where_a_header_begins_and_ends(case):
    text, values, body, line, rules = FENCES[case]
    found = read_front_matter(text)
    assert found is not None
    assert (dict(found.values), found.body, found.body_line) == (values, body, line)
    assert [r.rule for r in found.repairs] == rules


@pytest.mark.parametrize(
    "text",
    [
        "", "Just text", "---", "---\n", "----\ntitle: a\n----\n", "--- title", "---\n\nA thought.\n\n---\n\nAnother.\n",
        "---\n\nNote: prose only.\n", "{% raw %}", "{: .wide}\n", "{ not json", "{} x", "+++\nx\n+++\n", "<p>x</p>",
        "<html><body>nothing said</body></html>", "Dear reader: hello", "https://a.example/", "title://x",
    ],
)  # fmt: skip
def test_a_file_without_a_header_is_told(text):
    assert read_front_matter(text) is None


OTHERS = {
    "toml": (
        '+++\ntitle = "茶"\ndate = 2021-12-23T16:14:00+08:00\nweight = 0x1F\ndraft = false\ntags = ["a"]\n[e]\nn = 1\n+++\nx',
        "toml",
        {"title": "茶", "date": "2021-12-23T16:14:00+08:00", "weight": "0x1F", "draft": False, "tags": ["a"], "e": {"n": "1"}},
        [],
    ),
    "toml, quotes": (
        '+++\ntitle = "a "b" c"\ntags = ["x"]\n[e]\nn = "1"\n+++\nx',
        "toml",
        {"title": 'a "b" c', "tags": ["x"], "e": {"n": "1"}},
        ["unescaped-quote"],
    ),
    "toml, bare text": ("+++\ntitle = Tea time\n+++\nx", "toml", {"title": "Tea time"}, ["unquoted-text"]),
    "toml, keys twice": ('+++\na = "1"\na = "2"\n+++\nx', "toml", {"a": "2"}, ["broken-header"]),
    "toml, no end": ('+++\ntitle = "a"\n\nx', "toml", {"title": "a"}, ["no-end"]),
    "json": (
        '{"title": "茶", "n": 1.50, "draft": true, "z": null, "tags": ["a", 2]}\nx',
        "json",
        {"title": "茶", "n": "1.50", "draft": True, "z": "", "tags": ["a", "2"]},
        [],
    ),
    "json, quotes": (
        '{\n  "title": "a "b" c",\n  "tags": [\n    "x"\n  ],\n  "id": "1"\n}\nx',
        "json",
        {"title": 'a "b" c', "tags": ["x"], "id": "1"},
        ["unescaped-quote"],
    ),
    "json, comma too many": ('{\n  "title": "a",\n}\nx', "json", {"title": "a"}, ["broken-header"]),
    "pelican": (
        "Title: 茶: green\nDate: 2021-12-03 10:20\nTags: a, b c\nAuthors: Li, J.; Wu\nSummary: one\n    two\n\nx",
        "pelican",
        {"title": "茶: green", "date": "2021-12-03 10:20", "tags": ["a", "b c"], "authors": ["Li, J.", "Wu"], "summary": "one two"},
        [],
    ),
    "pelican html": (
        '<html>\n<head><title>A &amp; B</title>\n<meta name="tags" content="a, b"/><META content="x > y" NAME=\'Category\'></head>\n'
        "<body>x</body></html>",
        "pelican",
        {"title": "A & B", "tags": ["a", "b"], "category": "x > y"},
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", OTHERS)
def test_other_dialects_give_the_same_kind_of_values(case):
    text, dialect, values, rules = OTHERS[case]
    found = read_front_matter(text)
    assert found is not None
    assert (found.dialect, dict(found.values), found.body) == (dialect, values, "x")
    assert [r.rule for r in found.repairs] == rules
    assert text.split("\n")[found.body_line - 1].endswith(("x", "x</body></html>"))


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("title: 茶\ntags:\n- a b\n- c\n---\n", {"title": "茶", "tags": ["a b", "c"]}),
        ("\ufefftitle: T\r\ntags: [a, b]\r\n-----\r\n".replace("\r", ""), {"title": "T", "tags": ["a", "b"]}),
        ("layout: post\ncategories:\n  - [P, Q]\n---\n", {"layout": "post", "categories": [["P", "Q"]]}),
    ],
)
def test_yaml_needs_no_mark_above_it(header, values):
    found = read_front_matter(header + "x")
    assert found is not None
    assert (dict(found.values), found.body, found.dialect) == (values, "x", "yaml")


@pytest.mark.parametrize("text", ["Note: a\n- b\n---\nx", "title - a\n- b\n---\n", "Words\n- a\n---\n"])
def test_a_heading_below_a_list_is_not_a_header(text):
    assert read_front_matter(text) is None


def test_pelican_needs_no_blank_line_to_end():
    found = read_front_matter("Title: a\n<p>x</p>\n")
    assert found is not None
    assert (found.body, found.body_line) == ("<p>x</p>\n", 2)


PIECES = st.sampled_from(
    [
        *["---", "+++", "\n", "\n", ": ", "：", '"', "'", "title: ", "tags:", "- ", "[", "{", "}", "]", ",", "#", " "],
        *["\t", "&a ", "*a", "|", ">", "!", "%", "\\", "=", "<html>", "<body>", "<title>", "\ufeff", "\x85", "\u2028"],
        *["\x7f", "\ud800", "茶", "a", "<<: "],
    ]
)  # fmt: skip
BROKEN = st.lists(PIECES, max_size=40).map("".join)


@examples(200)
@given(
    st.one_of(
        st.text(),
        BROKEN,
        BROKEN.map("---\ntitle: {}\n---\nx".format),
        BROKEN.map("+++\na = {}\n+++\n".format),
    )
)
def test_any_text_is_read_without_an_error(text):
    found = read_front_matter(text)
    if found:
        assert text.endswith(found.body) or found.dialect == "pelican"
        assert 1 <= found.body_line <= text.count("\n") + 1


VALUES = st.one_of(
    st.text(max_size=12).map(lambda t: t.replace("\n", " ")),
    st.sampled_from(["", "true", "null", "~", "no", "2021-12-23 16:14:00 +0800", " +0800", "a:b", "a: b", "a #b", "a#b", "x ", "'", "''"]),
    st.text(alphabet="ab茶 :#'\"-?~,", max_size=8),
)  # fmt: skip
LINES = st.tuples(
    st.sampled_from(["title", "date", "a-b", "_x", "tags"]),
    st.sampled_from([": ", ":", ":  "]),
    st.sampled_from(["{}", '"{}"', "'{}'"]),
    VALUES,
).map(lambda p: p[0] + p[1] + p[2].format(p[3]))


@examples(400)
@given(
    st.lists(LINES, max_size=4).map(lambda lines: "---\n" + "".join(f"{x}\n" for x in lines) + "---\nbody\n")
)
def test_the_fast_way_gives_what_yaml_gives(text):
    fast = read_simple(text)
    assert fast is None or fast == read_tolerant(text)


@QUICK
@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20))
def test_no_text_within_double_quotes_is_lost(text):
    found = read_front_matter(f'---\ntitle: "x{text}x"\ntags: a\n---\n')
    assert found is not None
    assert found.values["tags"] == "a"
    if "\\" not in text and '"' in text:
        assert found.values["title"] == f"x{text}x"


def test_a_header_too_long_for_yaml_still_gives_its_values():
    header = f"title: 茶\nimage: {'x' * 70_000}\ntags: a"
    found = read_front_matter(f"---\n{header}\n---\nbody")
    assert found is not None
    assert (found.values["title"], found.values["tags"], found.body) == ("茶", "a", "body")
    assert [r.rule for r in found.repairs] == ["long-header"]


@pytest.mark.parametrize(
    ("header", "key", "value"),
    [
        ('title: "He said "no" today"', "title", 'He said "no" today'),
        ('title: "2021年"双十一"收官"', "title", '2021年"双十一"收官'),
        ("title: Council: no car park", "title", "Council: no car park"),
        ("title: @home", "title", "@home"),
        ("title: 'it's here'", "title", "it's here"),
        ("title： 标题", "title", "标题"),
        ("title: 2021", "title", "2021"),
        ("tags:\n- a\n- b", "tags", ["a", "b"]),
        ("tags: [a, 'b c']", "tags", ["a", "b c"]),
    ],
)
def test_a_broken_line_is_read_as_its_author_meant_it(header: str, key: str, value: object) -> None:
    matter = read_front_matter(f"---\nlayout: post\n{header}\ndate: 2024-01-01\n---\nbody\n")
    assert matter is not None
    assert matter.values[key] == value
    assert matter.values["layout"] == "post"
    assert matter.body == "body\n"


@pytest.mark.parametrize(
    "text",
    [
        '+++\ntitle = "T"\n+++\nbody',
        '{"title": "T"}\nbody',
        "Title: T\nDate: 2024-01-01\n\nbody",
        "---\ntitle: T\n---\nbody",
    ],
)
def test_every_dialect_is_understood(text: str) -> None:
    matter = read_front_matter(text)
    assert matter is not None
    values = {key.lower(): value for key, value in matter.values.items()}
    assert (values["title"], matter.body) == ("T", "body")


@examples(200)
@given(st.text())
def test_no_text_makes_the_reader_fail(text: str) -> None:
    read_front_matter(text)
    read_front_matter("---\n" + text + "\n---\n")
    read_front_matter("+++\n" + text + "\n+++\n")
