"""The sections of the file and what does not fit together in them."""

from __future__ import annotations

from pathlib import Path

from feeds.config.declare import list_keys
from feeds.config.sections import INFO_CODES, Limits, Output
from feeds.values.patterns import compile_pattern


def test_archives_are_in_formats_that_are_published() -> None:
    output = Output(dir=Path("o"), formats=("rss",))
    assert list(output.find_conflicts({"formats"})) == []
    [(key, text)] = output.find_conflicts({"formats", "archive"})
    assert key == "archive"
    assert 'add "atom" to output.formats' in text


def test_defaults_are_within_their_bounds() -> None:
    for name, key in list_keys(Limits).items():
        assert key.bounds.ge is not None
        assert key.bounds.le is not None
        assert key.bounds.ge <= getattr(Limits(), name) <= key.bounds.le


def test_the_default_rules_find_the_key_and_the_date() -> None:
    found = compile_pattern(INFO_CODES[0].pattern).search("https://a.example/?infoCode=NW202112232224262886")
    assert found is not None
    assert (found["key"], found["date"]) == ("202112232224262886", "20211223")
    plain = compile_pattern(INFO_CODES[1].pattern).search("https://a.example/?infoCode=ABC-7#top")
    assert plain is not None
    assert (plain["key"], plain["date"]) == ("ABC-7", None)
