"""A document that took too long is not tried again while its bytes and the settings stay."""

from __future__ import annotations

from feeds.ingest.verdicts import add_refusal, are_outdated, get_refusal, name_entries


def test_a_refusal_counts_for_the_same_bytes_and_settings() -> None:
    head = add_refusal({"title": "T"}, "key", "digest", "too slow")
    assert head["title"] == "T"
    assert get_refusal(head, "key", "digest") == "too slow"
    assert get_refusal(head, "key", "other") == ""
    assert get_refusal(head, "other", "digest") == ""
    assert get_refusal({}, "key", "") == ""


def test_verdicts_of_other_settings_are_outdated() -> None:
    head = add_refusal({}, "key", "digest", "too slow")
    assert not are_outdated(head, "key")
    assert are_outdated(head, "other")
    assert not are_outdated({}, "key")


def test_only_the_first_names_are_shown() -> None:
    assert name_entries(["a", "b"]) == "'a', 'b'"
    assert name_entries(["a"] * 20).endswith("'a'")
    assert name_entries(["a"] * 21).endswith("'a' and 1 more")
