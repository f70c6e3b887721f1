"""Styled output: text stays text, and bars follow the steps."""

from __future__ import annotations

import pytest

from feeds.cli.terminal import draw_progress, print_status_tables, print_styled


def test_brackets_in_messages_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_styled("feedd: feedd.toml: [[sources]] is wrong")
    print_styled("plain [bold]text[/bold]")
    assert capsys.readouterr().err == "feedd: feedd.toml: [[sources]] is wrong\nplain [bold]text[/bold]\n"


def test_tables_have_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    print_status_tables(
        [("ok", "news", "2 posts"), ("failing", "[up]", "down")], "posts: 2", [("tag/x/", "1", "[x]")]
    )
    text = capsys.readouterr().out
    for word in ("Source", "Health", "news", "[up]", "down", "posts: 2", "tag/x/", "[x]"):
        assert word in text
    print_status_tables([], "none", [])
    assert capsys.readouterr().out == "none\n"


def test_a_step_is_added_once(capsys: pytest.CaptureFixture[str]) -> None:
    with draw_progress() as update:
        for done in (1, 2):
            update("reading", done, 2)
        update("writing", 1, 5)
    assert "Traceback" not in capsys.readouterr().err
