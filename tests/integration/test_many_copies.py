"""Articles with copies in many folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from feeds.api import build, load_config
from feeds.storage import neighbourhood

FOLDERS = 30
ARTICLES = 5


def write_site(folder: Path) -> Path:
    """Write a configuration with folders that hold the same articles."""
    text = (
        '[site]\ntitle = "T"\nurl = "https://site.example/"\n[output]\ndir = "out"\n[store]\nurl = "s.db"\n'
    )
    for number in range(FOLDERS):
        place = folder / f"f{number}"
        place.mkdir()
        for article in range(ARTICLES):
            head = f"title: A{article}\ndate: 2024-01-0{article + 1}\nsource_url: https://a.example/{article}"
            (place / f"{article}.md").write_text(f"---\n{head}\n---\nText {number}.\n", "utf-8")
        text += f'[[sources]]\nname = "n{number}"\nkind = "folder"\npath = "f{number}"\n'
    config = folder / "feedd.toml"
    config.write_text(text, "utf-8")
    return config


def test_a_copy_is_read_once_however_many_folders_hold_copies(tmp_path: Path, monkeypatch: Any) -> None:
    config = load_config(write_site(tmp_path))
    read = []
    original = neighbourhood.read_sighting
    monkeypatch.setattr(neighbourhood, "read_sighting", lambda *a: read.append(a) or original(*a))
    report = build(config, jobs=1)
    assert (report.posts, report.merged) == (ARTICLES, ARTICLES * (FOLDERS - 1))
    assert len(read) <= 3 * ARTICLES * FOLDERS
    assert build(config, jobs=1).written == []


def test_a_change_in_one_of_many_folders_is_published(tmp_path: Path) -> None:
    config = load_config(write_site(tmp_path))
    build(config, jobs=1)
    changed = tmp_path / "f0" / "2.md"
    changed.write_text(changed.read_text("utf-8").replace("Text 0", "Another text"), "utf-8")
    (tmp_path / "f7" / "3.md").unlink()
    report = build(config, jobs=1)
    assert (report.posts, report.changed, report.gone) == (ARTICLES, 1, 1)
    assert "Another text" in (tmp_path / "out" / "atom.xml").read_text("utf-8")
