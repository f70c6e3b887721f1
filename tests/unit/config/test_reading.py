"""The configuration: what it accepts, and what it says about mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds.config import Config, load_config
from feeds.config.catalogue import list_tables
from feeds.errors import ConfigError
from feeds.values.patterns import compile_pattern, find_refusal

ROOT = Path(__file__).parents[3]
SITE = '[site]\ntitle = "T"\nurl = "https://x.example/feeds"\n'
SOURCE = '[[sources]]\nname = "n"\npath = "../posts"\n'
MINIMAL = SITE + SOURCE


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "feedd.toml"


def load(file: Path, text: str) -> Config:
    file.write_text(text, "utf-8")
    return load_config(file)


def mistakes(file: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(file, text)
    return [line.removeprefix(str(file)) for line in caught.value.mistakes]


def test_the_smallest_configuration_has_every_default(file: Path) -> None:
    config = load(file, MINIMAL)
    assert config.site.url == "https://x.example/feeds/"
    assert (config.site.author, config.site.description) == ("T", "T")
    assert config.output.formats == ("atom", "rss", "json")
    assert config.boilerplate is None
    assert (config.limits.terms, config.limits.term_length) == (30, 100)


def test_the_address_of_an_upstream_may_have_a_query(file: Path) -> None:
    upstream = '[[sources]]\nname = "u"\nkind = "upstream"\nurl = "https://b.example/?feed=rss2"\nlink = "https://b.example/?p=1"\n'
    (source,) = load(file, SITE + upstream).sources
    assert (source.url, source.link) == ("https://b.example/?feed=rss2", "https://b.example/?p=1")
    assert "password" in mistakes(file, SITE + upstream.replace("b.example/?p", "a:b@b.example/?p"))[0]


def test_paths_are_relative_to_the_file(file: Path) -> None:
    config = load(file, MINIMAL)
    assert config.sources[0].path == file.parent.parent / "posts"
    assert config.store == file.parent.parent / "state" / "feedd.db"


def test_a_missing_posts_folder_is_no_mistake_of_the_file(file: Path) -> None:
    assert not load(file, MINIMAL).sources[0].path.exists()


def test_the_environment_names_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(MINIMAL, "utf-8")
    monkeypatch.setenv("FEEDD_CONFIG", str(file))
    assert load_config().path == file


def test_every_mistake_is_told_at_once_with_its_line(file: Path) -> None:
    text = SITE + 'timezone = "/x"\n[[sources]]\nname = "n"\npth = "x"\n[limits]\nterms = true\n'
    told = "\n".join(mistakes(file, text))
    assert ":4: site.timezone: unknown time zone '/x'" in told
    assert ":7: sources[0].pth: unknown key; did you mean `path`?" in told
    assert "sources[0].path: is missing" in told
    assert "limits.terms: expected an integer, got the boolean true" in told


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        (MINIMAL + "[outptu]\n", "outptu", "did you mean `output`?"),
        (SITE + 'language = "zh_CN"\n' + SOURCE, "site.language", "`zh-CN`"),
        (MINIMAL.replace("https://", ""), "site.url", "not a valid URL"),
        (MINIMAL.replace('"T"', '" "'), "site.title", "empty"),
        (MINIMAL + "[output]\nentries = 0\n", "output.entries", "between 1 and"),
        (MINIMAL + "[output]\nformats = []\n", "output.formats", "at least one"),
        (MINIMAL + '[output]\nformats = ["atmo"]\n', "output.formats", "did you mean `atom`?"),
        (MINIMAL + '[[identity]]\nname = "a"\npattern = "("\n', "identity[0].pattern", "regular expression"),
        (MINIMAL + '[[identity]]\nname = "a"\npattern = "a"\n', "identity[0].pattern", "`key`"),
        (MINIMAL + '[clean]\nboilerplate = ["("]\n', "clean.boilerplate", "regular expression"),
        (SITE, "sources", "no sources configured"),
        (MINIMAL + SOURCE, "name", "given twice"),
        (MINIMAL + '[aliases]\n"../x" = "atom.xml"\n', "aliases.../x", "inside the output folder"),
        (MINIMAL + '[aliases]\n"a\\\\b" = "atom.xml"\n', "aliases.a", "inside the output folder"),
        (MINIMAL + '[aliases]\n"rss.xml" = "atom.xml"\n', "aliases.rss.xml", "choose another"),
        (MINIMAL + '[aliases]\n"x" = "y"\n', "aliases.x", "must name a document"),
    ],
)
def test_a_mistake_names_its_key_and_what_to_do(file: Path, text: str, key: str, says: str) -> None:
    told = mistakes(file, text)
    assert any(key in line and says in line for line in told), told


@pytest.mark.parametrize(
    "text",
    [
        MINIMAL + "[hubs]\nx = 1\n",
    ],
)
def test_what_a_later_release_builds_is_a_mistake_that_says_so(file: Path, text: str) -> None:
    told = mistakes(file, text)
    assert len(told) == 1
    assert "not available in this version of feedd" in told[0]


@pytest.mark.parametrize(
    ("block", "key"),
    [
        ('kind = "upstream"', "url"),
        ('kind = "opml"', "path"),
        ('kind = "opml"\npath = "a"\nurl = "https://b.example/"', "path"),
        ('kind = "upstream"\nurl = "https://b.example/"\npath = "a"', "path"),
        ('kind = "upstream"\nurl = "https://b.example/"\nevery = "soon"', "every"),
        ('kind = "upstream"\nurl = "https://b.example/"\nevery = "1s"', "every"),
        ('kind = "upstream"\nurl = "https://b.example/"\nauth = "secret"', "auth"),
        ('kind = "upstream"\nurl = "https://me:secret@b.example/"', "url"),
        ('kind = "upstream"\nurl = "https://b.example/"\nallow = ["10.0.0.1"]', "allow"),
        ('kind = "upstream"\nurl = "https://b.example/"\nproxy = "socks://x"', "proxy"),
    ],
)
def test_mistakes_in_sources_of_other_kinds(file: Path, block: str, key: str) -> None:
    told = mistakes(file, MINIMAL + f'[[sources]]\nname = "u"\n{block}\n')
    assert len(told) == 1
    assert f"sources[1].{key}" in told[0]
    assert "secret" not in told[0] or key == "auth"


def test_a_missing_file_says_how_to_get_one(file: Path) -> None:
    with pytest.raises(ConfigError, match="feedd init"):
        load_config(file)


def test_the_store_may_be_written_as_an_address(file: Path) -> None:
    assert load(file, MINIMAL + '[store]\nurl = "sqlite:////var/x.db"\n').store == Path("/var/x.db")


@pytest.mark.parametrize(
    ("address", "key", "date"),
    [
        ("https://a.example/?infoCode=NW202112232224262886", "202112232224262886", "20211223"),
        ("https://a.example/x?y=1&infoCode=202112232224262886&z=2", "202112232224262886", "20211223"),
        ("https://a.example/?infoCode=ABC-7#top", "ABC-7", None),
        ("https://a.example/?infoCode=NWABC", "NWABC", None),
    ],
)
def test_without_a_rule_the_parameter_infocode_is_the_key(
    file: Path, address: str, key: str, date: str | None
) -> None:
    rules = load(file, MINIMAL).identity
    assert {rule.name for rule in rules} == {"infoCode"}
    found = next(match for rule in rules if (match := compile_pattern(rule.pattern).search(address)))
    assert (found["key"], found["date"]) == (key, date)


def test_the_projects_own_configuration_is_right() -> None:
    assert load_config(ROOT / "config" / "feedd.toml").sources


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return json.dumps(value).replace("\x7f", "\\u007f")


_TEXT = st.text(st.characters(blacklist_categories=["Cs"], max_codepoint=0xFFFF), max_size=12)
_VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-(2**40), 2**40), _TEXT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_KEYS = st.sampled_from([*(name for name in list_tables() if "." not in name), "x"])
_INNER = st.sampled_from(
    sorted({name for table in list_tables().values() for name in table.keys} | {"category", "private", "y"})
)
_TABLE = st.dictionaries(_INNER, _VALUES, max_size=5)


@given(st.dictionaries(_KEYS, st.one_of(_VALUES, _TABLE, st.lists(_TABLE, max_size=2)), max_size=6))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_toml_is_a_configuration_or_a_list_of_mistakes(file: Path, values: dict[str, Any]) -> None:
    text = "".join(f"{name} = {_literal(value)}\n" for name, value in values.items())
    told: list[str] = []
    try:
        load(file, text)
    except ConfigError as error:
        told = error.mistakes or [""]
    assert all(line.startswith(str(file)) and "\n" not in line for line in told)


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_a_configuration_or_a_list_of_mistakes(file: Path, text: str) -> None:
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(ConfigError):
        load_config(file)


@pytest.mark.parametrize("zone", ["Beijing", "Ä", "Asia", "", "../x", "a\\u0000", "a" * 5000])
def test_a_time_zone_that_does_not_exist_is_a_mistake(file: Path, zone: str) -> None:
    [told] = mistakes(file, SITE + f'timezone = "{zone}"\n' + SOURCE)
    assert "site.timezone" in told


def test_a_city_alone_suggests_its_time_zone(file: Path) -> None:
    [told] = mistakes(file, SITE + 'timezone = "shanghai"\n' + SOURCE)
    assert "did you mean 'Asia/Shanghai'?" in told


@pytest.mark.parametrize(
    "text",
    [
        "a=" + "[" * 5000,
        MINIMAL + "[limits]\nterms = " + "9" * 5000 + "\n",
        MINIMAL + "[[identity]]\nname = 'a'\npattern = '" + "(" * 3000 + "'\n",
        MINIMAL + "[[identity]]\nname = 'a'\npattern = '(?P<key>a{99999999999999})'\n",
    ],
)
def test_what_no_reader_can_hold_is_a_mistake(file: Path, text: str) -> None:
    assert len(mistakes(file, text)) == 1


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (MINIMAL.replace("feeds", "feeds?a=1"), "site.url"),
        (MINIMAL.replace("x.ex", "u:p@x.ex"), "site.url"),
        (MINIMAL.replace('"T"', '"a\\u0001"'), "site.title"),
        (MINIMAL.replace('"n"', '"a:b"'), "sources[0].name"),
        (MINIMAL.replace("../posts", "a\\u0000b"), "sources[0].path"),
        (MINIMAL + 'every = "30m"\n', "sources[0].every"),
        (MINIMAL + 'permalink = "bogus"\n', "sources[0].permalink"),
        (MINIMAL + '[output]\nformats = ["atom", "atom"]\n', "output.formats"),
        (MINIMAL + '[store]\nurl = "postgresql://x/y"\n', "store.url"),
        (MINIMAL + '[store]\nurl = "mysql://x/y"\n', "store.url"),
        (MINIMAL + '[store]\nurl = "sqlite:///:memory:"\n', "store.url"),
        (MINIMAL + '[aliases]\n"Atom.xml" = "atom.xml"\n', "aliases.Atom.xml"),
        (MINIMAL + '[aliases]\n".feedd" = "atom.xml"\n', "aliases..feedd"),
        (MINIMAL + '[aliases]\n"a" = "atom.xml"\n"a/b" = "atom.xml"\n', "aliases.a/b"),
        (MINIMAL + '[aliases]\n"a" = "tag/../atom.xml"\n', "aliases.a"),
        (MINIMAL + '[output]\nformats = ["rss"]\n[aliases]\n"feed.xml" = "atom.xml"\n', "aliases.feed.xml"),
        (MINIMAL + "[labels.tag]\na = 1\n", "labels.tag.a"),
        (MINIMAL + "[[sources]]\nname = 'm'\npath = 3\n", ":9: sources[1].path"),
    ],
)
def test_what_would_spoil_documents_or_the_store_is_a_mistake(file: Path, text: str, key: str) -> None:
    [told] = mistakes(file, text)
    assert f" {key}: " in told or told.startswith(f"{key}: "), told


def test_a_feed_of_the_old_site_below_a_category_can_be_an_alias(file: Path) -> None:
    aliases = load(file, MINIMAL + '[aliases]\n"category/news/feed.xml" = "category/news/atom.xml"\n').aliases
    assert aliases == {"category/news/feed.xml": "category/news/atom.xml"}


def test_a_byte_order_mark_is_no_mistake(file: Path) -> None:
    assert load(file, "\ufeff" + MINIMAL).site.title == "T"


def test_a_megabyte_of_hostile_text_is_read_in_bounded_time(file: Path) -> None:
    import time

    started = time.perf_counter()
    for line in ("[" + " " * 1_000_000, "a." * 500_000, '"' * 1_000_000, "a\t" * 500_000):
        mistakes(file, "x = 1\n'''\n" + line)
        mistakes(file, "x = '''\n" + line + "\n'''\n")
    assert time.perf_counter() - started < 20


@pytest.mark.parametrize("pattern", [r"(a+)+", r"(?:\w+\s?)*x", r"(.*)*", r"((ab)+)+", r"(?:a|b+){2,}"])
def test_a_pattern_that_tries_many_ways_is_accepted_and_takes_linear_time(file: Path, pattern: str) -> None:
    config = load(file, f"{MINIMAL}[clean]\nboilerplate = ['{pattern}']\n")
    assert config.boilerplate == (pattern,)
    assert find_refusal(pattern) == ""
    compile_pattern(pattern).fullmatch("a" * 100_000 + "!")


@pytest.mark.parametrize("pattern", [r"(\w+,)*", r"([^/]+/)*", r"(a++)+", r"(?>a+)+", r"a+b+", r"(\s*\w)*x"])
def test_patterns_that_end_are_accepted(file: Path, pattern: str) -> None:
    config = load(file, f"{MINIMAL}[clean]\nboilerplate = ['{pattern}']\n")
    assert config.boilerplate == (pattern,)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"x = [\n1\n", ":2: not valid TOML: unclosed array"),
        (b'x = """\n1\n', ":2: not valid TOML: unterminated string"),
        (b"a = 1\r\nx =", ":2: not valid TOML: invalid value"),
        (b"x", ":1: not valid TOML: expected '='"),
        (b"a = 1\nx = '\xe9'\n", ":2: not valid TOML: not UTF-8 (byte 0xe9); save it as UTF-8"),
        (b"\xef\xbb\xbfa = 1\nx = '\xff'\n", ":2: not valid TOML: not UTF-8 (byte 0xff)"),
        (b"x = " + b"9" * 5000, ": not valid TOML: exceeds the limit"),
    ],
)
def test_a_file_that_is_no_toml_is_reported_with_its_line(file: Path, line: bytes, reason: str) -> None:
    file.write_bytes(line)
    with pytest.raises(ConfigError) as raised:
        load_config(file)
    (mistake,) = raised.value.mistakes
    assert mistake.startswith(f"{file}{reason}")
