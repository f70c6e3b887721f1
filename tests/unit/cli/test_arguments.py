"""Parts of the command line: text, counts, suggestions, and options that commands share."""

from __future__ import annotations

import argparse

import pytest

from feeds.cli.arguments import (
    Commands,
    Parser,
    build_common,
    build_jobs,
    decode,
    get_name,
    load_commands,
    parse_count,
    parse_pages,
    suggest,
)


def test_arguments_are_text_that_can_be_encoded() -> None:
    assert decode("新") == "新"
    assert decode("a\udcff") == "a\ufffd"


def test_counts() -> None:
    assert (parse_count("0"), parse_pages("12")) == (0, 12)
    for text in ("-1", "+1", "1_0", "x", "", "٣"):
        with pytest.raises(argparse.ArgumentTypeError, match="0 = automatic"):
            parse_count(text)
        with pytest.raises(argparse.ArgumentTypeError, match=r"expected a whole number$"):
            parse_pages(text)


def test_suggestions_and_names() -> None:
    assert suggest("biuld", ["build", "check"]) == "; did you mean 'build'?"
    assert suggest("zzz", ["build"]) == ""
    parser = argparse.ArgumentParser()
    assert get_name(parser.add_argument("-c", "--config")) == "--config"
    assert get_name(parser.add_argument("post", metavar="POST")) == "POST"
    assert get_name(parser.add_argument("other")) == "other"


def build() -> Parser:
    program = Parser(prog="p", parents=[build_common(), build_jobs()])
    commands = Commands(program.add_subparsers(dest="command"))
    work = commands.add("work", "work hard", build_jobs)
    work.add_argument("kind", choices=("a", "b"))
    commands.add("rest", "rest", report=False)
    return program


def test_shared_options_count_before_and_after_the_command() -> None:
    program = build()
    assert program.parse_args(["-c", "x", "work", "a"]).config == "x"
    assert program.parse_args(["work", "a", "-c", "x", "-j", "3", "--json"]).jobs == 3
    assert program.parse_args(["-j", "2", "work", "a"]).jobs == 2
    assert load_commands(program).keys() == {"work", "rest"}
    assert load_commands(program)["work"].description == "Work hard."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["wrk", "a"], "p: unknown command 'wrk'; did you mean 'work'?; see `p --help`"),
        (["work", "c"], "p work: invalid kind 'c': expected a or b; see `p work --help`"),
        (
            ["work", "a", "-j", "x"],
            "p work: invalid --jobs 'x': expected a whole number, 0 = automatic; see `p work --help`",
        ),
        (["rest", "--json"], "p: unrecognized arguments: --json; see `p --help`"),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        build().parse_args(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err == message + "\n"
