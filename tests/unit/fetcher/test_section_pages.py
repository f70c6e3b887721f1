"""List pages of sections, above and below a source."""

from datetime import UTC, datetime
from pathlib import Path

from feeds.fetcher.section_pages import read_sections

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DRAFT = "---\ncascade:\n  draft: true\n---\n"


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        (path / "_index.md").parent.mkdir(exist_ok=True)
        (path / "_index.md").write_text(text, "utf-8")


def test_sections_above_and_below_a_source_are_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        content=DRAFT,
        content__blog__old=DRAFT,
        content__blog__new="---\ntitle: New\n---\n",
        content__other=DRAFT,
    )
    found = read_sections(tmp_path / "content" / "blog", "hugo", "UTC", NOW)
    assert [section.folder for section in found] == ["", "old/"]
    assert [section.folder for section in read_sections(tmp_path / "content", "content", "UTC", NOW)] == [
        "",
        "blog/old/",
        "other/",
    ]
    assert read_sections(tmp_path / "content", "jekyll", "UTC", NOW) == ()


def test_the_configuration_of_the_site_has_a_cascade_too(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "hugo.toml").write_text(
        '[[cascade]]\ndraft = true\n[cascade._target]\npath = "/f/**"\n', "utf-8"
    )
    (section,) = read_sections(tmp_path / "content", "hugo", "UTC", NOW)
    assert section.hidden_by == ""
    assert section.cascades[0].pattern == "/f/**"
    assert dict(section.cascades[0].values) == {"draft": True}


def test_a_section_with_a_date_in_the_future_has_no_posts_yet(tmp_path: Path) -> None:
    write(
        tmp_path, content__a="---\npublishDate: 2026-01-02\n---\n", content__b="---\ndate: 2025-12-31\n---\n"
    )
    (section,) = read_sections(tmp_path / "content", "content", "UTC", NOW)
    assert (section.folder, section.hidden_by) == ("a/", "publishdate: 2026-01-02")
