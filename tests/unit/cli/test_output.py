"""What commands print: messages, counts, JSON for any terminal, and nothing if that is wanted."""

from __future__ import annotations

import io
import json
import sys
from argparse import Namespace

import pytest

from feeds.cli import output
from feeds.protocols import ignore_progress


@pytest.mark.parametrize(("count", "text"), [(0, "0 posts"), (1, "1 post"), (2, "2 posts")])
def test_a_count_with_its_noun(count: int, text: str) -> None:
    assert output.format_count(count, "post") == text


def test_a_message_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_message("warning: x")
    assert capsys.readouterr() == ("", "warning: x\n")


@pytest.mark.parametrize(("encoding", "text"), [("utf-8", '"é"'), ("UTF8", '"é"'), ("ascii", '"\\u00e9"')])
def test_json_is_ascii_where_a_terminal_is_no_utf_8(
    monkeypatch: pytest.MonkeyPatch, encoding: str, text: str
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    output.print_json({"a": ["é", 1]})
    stream.seek(0)
    found = stream.read()
    assert text in found
    assert json.loads(found) == {"a": ["é", 1]}
    assert found.startswith('{\n  "a": [\n    ')


def test_streams_accept_any_text_and_closed_streams_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", None)
    output.prepare_streams()
    print("é\ud800", end="")
    assert print("gone", file=sys.stderr) is None  # type: ignore[func-returns-value]
    stream.seek(0)
    assert stream.read() == "\\xe9\\ud800"
    sys.stderr.close()


@pytest.mark.parametrize(
    ("as_json", "quiet", "printed"),
    [
        (False, False, "text\n"),
        (False, True, ""),
        (True, False, '{\n  "a": 1\n}\n'),
        (True, True, '{\n  "a": 1\n}\n'),
    ],
)
def test_a_result(capsys: pytest.CaptureFixture[str], as_json: bool, quiet: bool, printed: str) -> None:
    assert output.print_result(Namespace(json=as_json, quiet=quiet), {"a": 1}, "text") == 0
    assert capsys.readouterr().out == printed


@pytest.mark.parametrize("enabled", [True, False])
def test_no_progress_bar_without_a_terminal(enabled: bool) -> None:
    with output.show_progress(enabled) as progress:
        assert progress is ignore_progress
