"""Any bytes: mutated from real seeds, they make no reader fail, hang or eat memory.

`make stress` sends a million inputs in all, `make fuzz` more of them where they reach new code. A failing input is written to
``tests/cases/fuzz/<reader>-<digest>``, where it stays as a case. The mutations are deterministic, so a run can be repeated by its seed.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from feeds.config import Serve
from feeds.errors import FeeddError
from feeds.parser.feeds.encoding import decode
from feeds.parser.feeds.feed import parse_upstream
from feeds.sanitizer.html import clean_html
from feeds.sanitizer.markdown import markdown_to_html
from feeds.sanitizer.text import clean_title, extract_text, make_title
from tests.conftest import ROOT
from tests.rigs.fuzzing import guided
from tests.rigs.fuzzing.mutations import mutations
from tests.rigs.fuzzing.readers import (
    BASE,
    CASES,
    READERS,
    REQUESTS,
    SLOWEST,
    Reader,
    failure,
    keep,
    read_address,
    read_config,
    read_date,
    read_list,
    read_page,
    read_post,
)
from tests.rigs.serve_rig import Output, document, entry, serving


def fuzz(reader: Reader, count: int, seed: int) -> list[str]:
    """What failed, once for each kind of failure; such an input is kept as a case."""
    found: dict[str, str] = {}
    for data in mutations(reader.seeds(), count, seed):
        if (why := failure(reader, data)) and why.kind not in found:
            keep(reader.name, data)
            found[why.kind] = why.text
    return list(found.values())


@pytest.mark.parametrize("reader", READERS, ids=lambda one: one.name)
def test_no_input_makes_a_reader_fail(reader: Reader) -> None:
    assert fuzz(reader, max(60, reader.many // 600), seed=1) == []


@pytest.mark.parametrize("reader", READERS, ids=lambda one: one.name)
def test_what_once_failed_fails_no_more(reader: Reader) -> None:
    kept = sorted(CASES.glob(f"{reader.name}-*"))
    assert [why.text for path in kept if (why := failure(reader, path.read_bytes()))] == []


@pytest.mark.stress
@pytest.mark.parametrize("reader", READERS, ids=lambda one: one.name)
def test_a_million_inputs_in_all(reader: Reader) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert fuzz(reader, reader.many, seed=2) == []
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 300_000, "kilobytes; nothing piles up"


def test_a_full_run_has_a_million_inputs() -> None:
    assert sum(reader.many for reader in READERS) >= 1_000_000


def _send_requests(folder: Path, count: int, seed: int) -> None:
    """Each on a connection of its own; whatever comes, the server answers everybody else."""
    atom = document("atom", [entry(n) for n in range(3)])
    Output(folder).publish({"atom.xml": atom})
    with serving(folder, Serve(listen="127.0.0.1:0")) as client:
        for number, data in enumerate(mutations(REQUESTS, count, seed)):
            answer = client.raw(data, half_close=True)
            assert not answer or answer.startswith(b"HTTP/1.1 "), (data, answer[:200])
            assert b"Internal Server Error" not in answer, data
            if number % 50 == 0:
                assert client.ask("/atom.xml").body == atom
        assert client.ask("/atom.xml").body == atom


def test_no_request_disturbs_the_server(tmp_path: Path) -> None:
    _send_requests(tmp_path, 150, seed=1)


@pytest.mark.stress
def test_twenty_thousand_requests(tmp_path: Path) -> None:
    _send_requests(tmp_path, 20_000, seed=2)


def _clean(data: bytes) -> None:
    """Without what a reader checks afterwards: that takes longer."""
    html = clean_html(data.decode("utf-8", "replace"), BASE)
    make_title(extract_text(html))
    clean_title(data.decode("utf-8", "replace"))


def _convert(data: bytes) -> None:
    clean_html(markdown_to_html(data.decode("utf-8", "replace")), BASE)


def _understand(data: bytes) -> None:
    parse_upstream(decode(data, "text/xml"), BASE, "UTC")


_HEAD = b"---\na: b\n---\n{% assign a = 'xxxxxxxxxx' %}"
_ATOM = b"<feed xmlns='http://www.w3.org/2005/Atom'>"
_QUADRATIC: dict[str, Callable[[int], tuple[Callable[[bytes], None], bytes]]] = {
    "open tags": lambda n: (_clean, b"<b>" * n),
    "open comments": lambda n: (_clean, b"<!--" * n),
    "open character data": lambda n: (_clean, b"<![CDATA[]" * n),
    "references": lambda n: (_clean, b"&lt" * n),
    "attributes": lambda n: (_clean, b"<p " + b"a='b' " * n + b">"),
    "quotes": lambda n: (_clean, b"<a title='" * n),
    "nested tables": lambda n: (_clean, b"<table><td>" * n),
    "styles": lambda n: (_clean, b"<p style='" + b"color:red;" * n + b"'>"),
    "srcset": lambda n: (_clean, b"<img srcset='" + b"a.png 1x, " * n + b"'>"),
    "brackets": lambda n: (_convert, b"[" * n),
    "stars": lambda n: (_convert, b"*a " * n),
    "backticks": lambda n: (_convert, b"`" * n + b"a" + b"``" * n),
    "quotations": lambda n: (_convert, b"> " * n + b"x"),
    "links": lambda n: (_convert, b"[a](" * n),
    "underlines": lambda n: (_convert, b"_a" * n),
    "definitions": lambda n: (_convert, b"[a]: b\n" * n),
    "headings": lambda n: (_convert, b"# a\n" * n),
    "underlined headings": lambda n: (_convert, (b"a\n==\n" * 3000 + b"\n") * (n // 3000)),
    "full stops": lambda n: (_clean, b"." * n),
    "attribute lists": lambda n: (_convert, b"\n    {: .b}\n" * n),
    "definition lists": lambda n: (_convert, b"a\n: b\n: c\n" * n),
    "unclosed tags": lambda n: (_convert, (b"<p" + b" a='b'" * 20 + b"\n\n") * (n // 20)),
    "character data in markdown": lambda n: (_convert, (b"<![CDATA[" * 1500 + b"\n\n") * (n // 1500)),
    "html in markdown": lambda n: (_convert, b"<div>\n" * n),
    "yaml flow": lambda n: (read_post, b"---\na: " + b"[" * n + b"\n---\n"),
    "yaml quotes": lambda n: (read_post, b'---\ntitle: "' + b'" ' * n + b"\n---\n"),
    "yaml keys": lambda n: (read_post, b"---\n" + b"a: b\n" * n + b"---\n"),
    "liquid": lambda n: (read_post, b"---\na: b\n---\n" + b"{% raw %}" * n),
    "liquid marks": lambda n: (read_post, b"---\na: b\n---\n" + b"{{ x" * n),
    "liquid spaces": lambda n: (read_post, b"---\na: b\n---\n" + (b" " * 20 + b"{%- x -%}") * n),
    "liquid doubling": lambda n: (read_post, _HEAD + b"{% assign a = a | append: a %}" * 60 + b"{{ a }}" * n),
    "liquid replacing": lambda n: (
        read_post,
        _HEAD + b"{% assign a = a | replace: 'x', a %}" * 60 + b"{{ a }}" * n,
    ),
    "json": lambda n: (read_post, b'{"a":' * n),
    "items": lambda n: (_understand, b"<rss><channel>" + b"<item>" * n),
    "cdata": lambda n: (_understand, b"<rss><channel><item><title>" + b"<![CDATA[" * n),
    "entities": lambda n: (_understand, b"<rss><channel><title>" + b"&x;" * n),
    "relative bases": lambda n: (_understand, _ATOM + b"<entry xml:base='a/'>" * (n // 4)),
    "relative bases inside": lambda n: (_understand, _ATOM + b"<entry>" + b"<x xml:base='a/'>" * (n // 4)),
    "spaces in tags": lambda n: (_understand, b"<rss" + b" " * n + b"<a" * n),
    "outlines": lambda n: (read_list, b"<opml><body>" + b"<outline text='a'>" * n),
    "spaces in dates": lambda n: (read_date, b"1" + b" " * n + b"x"),
    "digits": lambda n: (read_date, b"1" * n),
    "slashes": lambda n: (read_address, b"http://a/" + b"/" * n),
    "dots": lambda n: (read_address, b"http://a/" + b"../" * n),
    "sources": lambda n: (read_config, b"[[sources]]\n" * (n // 4)),
    "page links": lambda n: (read_page, b"<a href=" * n),
}


@pytest.mark.parametrize("name", _QUADRATIC)
def test_known_quadratic_inputs_take_linear_time(name: str) -> None:
    """Ten to forty thousand repetitions end within a bound that square time would miss by far."""
    read, data = _QUADRATIC[name](40_000)
    begun = time.process_time()
    with suppress(FeeddError):
        read(data)
    assert time.process_time() - begun < 4 * SLOWEST


def _guided(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.rigs.fuzzing.guided", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_coverage_is_followed_for_each_reader() -> None:
    assert list(guided.NAMES) == [reader.name for reader in READERS]
    wrong = _guided("nothing")
    assert wrong.returncode == 2
    assert "no reader 'nothing'; there are post, html, " in wrong.stderr


def test_a_finding_is_cut_down_and_kept_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def read(data: bytes) -> None:
        assert b"bad" not in data, "bad"

    executor = guided.Executor(Reader("some", read, list, 0), tmp_path)
    for data in (b"good", b"it is bad", b"and as bad as ever"):
        executor(data)
    (case,) = tmp_path.iterdir()
    assert case.read_bytes() == b"bad"
    assert f"finding: {case.name}: some: AssertionError at test_fuzz.py:" in capfd.readouterr().err


@pytest.mark.stress
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed: `make fuzz` installs it")
def test_fuzzing_follows_coverage() -> None:
    """Some seconds of each reader; `make fuzz` takes as long as it is told."""
    done = _guided("--seconds", "20")
    assert done.returncode == 0, done.stdout + done.stderr
