"""Two versions of a text, compared word by word."""

from __future__ import annotations

from feeds.cli.text_diff import find_changes


def test_equal_texts_have_no_changes() -> None:
    assert find_changes("same", "same") == []


def test_each_changed_place_with_its_surroundings() -> None:
    assert find_changes("one two three", "one 2 three") == ["one [-two-]{+2+} three"]
    assert find_changes("a", "a b") == ["a{+ b+}"]
    assert find_changes("a b", "a") == ["a[- b-]"]
    assert find_changes("茶叶好", "茶叶坏") == ["茶叶[-好-]{+坏+}"]


def test_places_far_apart_are_listed_one_by_one() -> None:
    old = "x " + "same " * 30 + "y"
    new = "X " + "same " * 30 + "Y"
    assert find_changes(old, new) == ["[-x-]{+X+} same same same", "same same same [-y-]{+Y+}"]


def test_a_change_far_into_a_long_text_is_found() -> None:
    text = "a " * 20_000
    assert find_changes(text + "x", text + "y") == ["a a a [-x-]{+y+}"]


def test_a_long_change_is_compared_as_far_as_the_limit() -> None:
    text = "a " * 100
    (change,) = find_changes("x " + text + "p", "y " + text + "q", 20)
    assert change.startswith("[-x-]{+y+}")
