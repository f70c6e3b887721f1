"""Templates, words and assets: feedd's own, and those of the site's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.errors import UsageError
from feeds.renderer.catalog import CatalogueHead
from feeds.renderer.templates import (
    build_assets,
    compile_templates,
    compute_digest,
    load_templates,
    read_templates,
    render,
)

SITE = CatalogueHead("Site", "", "en", "https://a.example/")


def test_assets_are_named_by_their_content(tmp_path: Path) -> None:
    files = read_templates()
    assets = build_assets(files)
    assert {Path(path).suffix for path in assets} == {".css", ".js", ".svg"}
    for path, data in assets.items():
        assert path == f"assets/feedd-{compute_digest(data.decode())}{Path(path).suffix}"
    (tmp_path / "extra.css").write_text("p{}", "utf-8")
    changed = build_assets(read_templates(tmp_path))
    (css,) = changed.keys() - assets.keys()
    assert changed[css].endswith(b"p{}")


def test_the_digest_changes_with_any_file(tmp_path: Path) -> None:
    before = read_templates(tmp_path).digest()
    assert before == read_templates().digest()
    (tmp_path / "icon.svg").write_text("<svg/>", "utf-8")
    after = read_templates(tmp_path)
    assert after.digest() != before
    assert after.own == ("icon.svg",)
    assert after.build_label("icon.svg") == str(tmp_path / "icon.svg")
    assert after.build_label("feed.html") == "feed.html"


def test_own_words_are_added_to_a_language_or_to_english(tmp_path: Path) -> None:
    (tmp_path / "words.toml").write_text('[xx]\nhome = "Heim"\n[en]\nhome = "Start"\n', "utf-8")
    templates = load_templates(tmp_path)
    plain = load_templates()
    assert templates.choose_words("en").home == "Start"
    assert templates.choose_words("xx").home == "Heim"
    other = next(name for name in plain.choose_words("en") if name != "home")
    assert templates.choose_words("xx")[other] == plain.choose_words("en")[other]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{% if %}", r"status\.html:1: "),
        ("\n{{ missing }}", r"status\.html:2: 'missing' is undefined; correct it"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "status.html").write_text(text, "utf-8")
    with pytest.raises(UsageError, match=message):
        render(compile_templates(read_templates(tmp_path)), "status.html", SITE)


def test_values_are_escaped_and_links_checked(tmp_path: Path) -> None:
    (tmp_path / "status.html").write_text(
        "{{ text }}|{{ web('javascript:x') }}|{{ web('https://a.example/') }}|{{ file_name('https://a.example/d/a%20b.mp3') }}"
        "|{{ file_name('x') }}|{{ site.title }}",
        "utf-8",
    )
    assert render(load_templates(tmp_path), "status.html", SITE, text="<b>") == (
        "&lt;b&gt;|#|https://a.example/|a b.mp3||Site"
    )


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_templates(tmp_path / "none")
    (tmp_path / "extra.css").write_bytes(b"\xff")
    with pytest.raises(UsageError, match=r"extra\.css: is not UTF-8 .*byte 0"):
        read_templates(tmp_path)
    (tmp_path / "extra.css").write_bytes(b"a" * 1_000_001)
    with pytest.raises(UsageError, match="larger than a megabyte"):
        read_templates(tmp_path)
    (tmp_path / "extra.css").unlink()
    (tmp_path / "notes.txt").write_bytes(b"\xff")
    assert read_templates(tmp_path).own == ()
