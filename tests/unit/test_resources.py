"""Data files of the package are read by their path in it."""

from __future__ import annotations

from pathlib import Path

import pytest

import feeds
from feeds._resources import read_packaged_list, read_packaged_text, read_packaged_texts

DATA = Path(feeds.__file__).parent / "data"


def test_a_file_is_read_as_utf_8() -> None:
    assert read_packaged_text("data/date_words.txt") == (DATA / "date_words.txt").read_text("utf-8")
    with pytest.raises(FileNotFoundError):
        read_packaged_text("data/no-such-file")


def test_a_list_has_neither_comments_nor_empty_lines() -> None:
    lines = (DATA / "trackers.txt").read_text("utf-8").split("\n")
    found = read_packaged_list("data/trackers.txt")
    assert [line for line in lines if line in found] == found
    assert any(line.startswith("#") for line in lines)
    assert found
    assert not any(not line or line.startswith("#") for line in found)


def test_the_files_of_a_folder_come_sorted_by_name() -> None:
    folder = next(one for one in sorted(DATA.iterdir()) if one.is_dir())
    found = list(read_packaged_texts(f"data/{folder.name}"))
    assert [name for name, _ in found] == sorted(path.name for path in folder.iterdir())
    assert all(text == (folder / name).read_text("utf-8") for name, text in found)
