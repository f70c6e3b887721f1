"""The figures of the code: the bounds that this checkout keeps, and that planted faults are found."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.house_code import Module, find_functions, find_mocks, find_untested
from benchmarks.house_words import (
    count_infrastructure,
    find_names_without_verb,
    find_private_words,
    load_name_rules,
)
from tests.conftest import ROOT

KEPT = ("functions", "mccabe", "files", "cycles", "types", "docstrings")
LONG = "\n".join(f"    value += {number}" for number in range(70))
BRANCHES = "\n".join(f"    if value == {number}:\n        return {number}" for number in range(12))
OTHER = '''"""Doc."""
from feeds import module as module
def open_file() -> None:
    """Open."""
def close_file() -> None:
    """Close."""
'''
FAULTS = {
    "functions": f'"""Doc."""\ndef add(value: int) -> int:\n    """Add."""\n{LONG}\n    return value\n',
    "mccabe": f'"""Doc."""\ndef pick(value: int) -> int:\n    """Pick."""\n{BRANCHES}\n    return 0\n',
    "files": '"""Doc."""\n' + "VALUE = 1\n" * 399,
    "cycles": '"""Doc."""\ndef load() -> None:\n    """Load."""\n    from feeds import other\n',
    "types": '"""Doc."""\nclass Reader:\n    """Reads."""\n    def read(self, data) -> None:\n        """Read."""\n',
    "docstrings": '"""Doc."""\ndef load() -> None:\n    pass\n',
    "names": '"""Doc."""\ndef entries_of() -> None:\n    """Return entries."""\ndef entry() -> None:\n    """Return it."""\n',
}


def run_house(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.house", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small checkout that keeps every bound."""
    (tmp_path / "benchmarks").mkdir()
    for path in ROOT.glob("benchmarks/house*"):
        shutil.copy(path, tmp_path / "benchmarks")
    (tmp_path / "benchmarks" / "__init__.py").touch()
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / "__init__.py").write_text('"""Doc."""\n')
    (tmp_path / "feeds" / "other.py").write_text(OTHER)
    (tmp_path / "feeds" / "module.py").write_text('"""Doc."""\ndef load() -> None:\n    """Load."""\n')
    (tmp_path / "tests").mkdir()
    return tmp_path


def test_the_code_keeps_its_bounds() -> None:
    done = run_house(ROOT, "--static", "--check", *KEPT)
    assert done.returncode == 0, done.stderr


def test_a_checkout_that_keeps_every_bound_passes(checkout: Path) -> None:
    done = run_house(checkout, "--static", "--json", "--check")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["modules"] == {"modules": 3, "lines": 10}


@pytest.mark.parametrize("bound", FAULTS)
def test_a_planted_fault_misses_its_bound_alone(checkout: Path, bound: str) -> None:
    (checkout / "feeds" / "module.py").write_text(FAULTS[bound])
    done = run_house(checkout, "--static", "--check", "--list", bound)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "feeds/module.py" in done.stdout or "feeds.module" in done.stdout


def test_only_the_named_bounds_are_checked(checkout: Path) -> None:
    (checkout / "feeds" / "module.py").write_text(FAULTS["names"])
    assert run_house(checkout, "--static", "--check", "names").returncode == 1
    assert run_house(checkout, "--static", "--check", "types", "files").returncode == 0
    assert run_house(checkout, "--static").returncode == 0


def test_an_unknown_figure_is_refused(checkout: Path) -> None:
    done = run_house(checkout, "--static", "--check", "verb")
    assert done.returncode == 1
    assert done.stderr.startswith("unknown figure verb; the figures are modules, ")


def test_no_verb_of_the_list_is_private() -> None:
    rules = load_name_rules()
    assert not (rules.verbs | rules.questions) & rules.private


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("def load_entries(): ...", True),
        ("def _load(): ...", True),
        ("def is_known(): ...", True),
        ("def entries_of(): ...", False),
        ("def request_of(): ...", False),
        ("def mint_key(): ...", False),
        ("def to_text(): ...", None),
        ("def row_to_post(): ...", None),
        ("def __len__(self): ...", None),
        ("class A:\n    @property\n    def name(self): ...", None),
        ("class A:\n    @functools.cached_property\n    def name(self): ...", None),
    ],
)
def test_a_name_begins_with_a_verb_or_need_not(text: str, begins: bool | None) -> None:
    needing, bare = find_names_without_verb(find_functions([Module("feeds/a.py", text)]))
    assert (needing, bool(bare)) == (int(begins is not None), begins is False)


@pytest.mark.parametrize(
    ("text", "kind", "form"),
    [
        ("# what nobody minted", "comment", "minted"),
        ('"""Files are taken\nin here."""', "docstring", "taken in"),
        ('A = 1\n"""The old one."""', "docstring", "old one"),
        ("def let_go(): ...", "name", "let go"),
        ("for one in range(3): ...", "name", "one"),
        ("class SurfacedPost: ...", "name", "surfaced"),
        ("def f(asked): ...", "name", "asked"),
    ],
)
def test_a_private_word_is_found_where_it_is(text: str, kind: str, form: str) -> None:
    assert [(use.kind, use.form) for use in find_private_words([Module("feeds/a.py", text)])] == [
        (kind, form)
    ]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("feeds/a.py", "# one transaction of one page; taken. In order"),
        ("feeds/a.py", '"""Call `mint` and :func:`settle`."""'),
        ("feeds/a.py", '"""``burnt``: a kind, and\n``the old\none`` of ``mint``."""'),
        ("feeds/a.py", 'TEXT = "the old one"'),
        ("feeds/websub/hub.py", "# the lease of a subscription"),
        ("feeds/a.py", "layer = standard = task = 1"),
    ],
)
def test_usual_words_are_not_counted(path: str, text: str) -> None:
    assert find_private_words([Module(path, text)]) == []


def test_like_named_tests_are_found() -> None:
    paths = ["feeds/a/feed.py", "feeds/b/feed.py", "feeds/c.py", "feeds/d/e.py", "feeds/__init__.py"]
    modules = [Module(path, "") for path in paths]
    tests = ["tests/test_feed.py", "tests/unit/a/test_feed.py", "tests/test_c_more.py", "tests/test_e.py"]
    assert find_untested(modules, [Module(path, "") for path in tests]) == (4, ["feeds/b/feed.py"])
    both = [*tests, "tests/test_b_feed.py"]
    assert find_untested(modules, [Module(path, "") for path in both]) == (4, [])


def test_mocks_are_counted() -> None:
    text = "def test_a(monkeypatch):\n    monkeypatch.setattr(a, 'b', 1)\n    monkeypatch.setenv('A', 'b')\n    mock.patch.object(a)\n"
    mocks, tests = find_mocks([Module("tests/test_a.py", text)])
    assert ([mock.split()[1] for mock in mocks], tests) == (["monkeypatch.setattr", "mock.patch.object"], 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("feeds/net/client.py", "feeds/http/client.py"),
        ("feeds/coding.py", "feeds/http/content_coding.py"),
        ("feeds/serve/server.py", "feeds/server/server.py"),
        ("feeds/serve/app.py", "feeds/server/app.py"),
        ("feeds/serve/codings.py", "feeds/output/compression.py"),
        ("feeds/clean/kramdown.py", "feeds/sanitizer/kramdown.py"),
        ("feeds/clean/html.py", "feeds/sanitizer/html.py"),
        ("feeds/parse/outline.py", "feeds/parser/feeds/splitter.py"),
        ("feeds/work/crew.py", "feeds/workers/process_pool.py"),
        ("feeds/commands/editing.py", "feeds/config/editor.py"),
        ("feeds/cli.py", "feeds/cli/main.py"),
    ],
)
def test_infrastructure_is_counted_alike_before_and_after_it_moved(before: str, after: str) -> None:
    def name_kinds(path: str) -> list[str]:
        return [kind for kind, files in count_infrastructure([Module(path, "")]).items() if files]

    assert name_kinds(before) == name_kinds(after)


def test_the_cost_of_an_import_is_that_of_a_started_program() -> None:
    command = [sys.executable, "-m", "benchmarks.house_costs", "feeds"]
    text = "import sys\nimport wave\nimport no_such_module\n"
    done = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, timeout=60)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [(int(modules) > 0, error) for _, modules, error in rows] == [
        (False, ""),
        (True, ""),
        (False, "No module named 'no_such_module'"),
    ]


def test_the_walks_pass_the_whole_program() -> None:
    script = (
        "import json; from benchmarks.house_walks import follow_all; "
        "print(json.dumps({name: sorted({*walk.functions}) for name, walk in follow_all().items()}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    walks = {name: {tuple(function) for function in way} for name, way in json.loads(done.stdout).items()}
    names = {
        name: {function for file, function, _ in way if file == "pipeline.py"} for name, way in walks.items()
    }
    found = {name: functions & {"ingest", "publish"} for name, functions in names.items()}
    assert found == {"document": {"ingest"}, "post": {"ingest", "publish"}, "publish": {"publish"}}
    assert walks["publish"] <= walks["post"]
    for way in walks.values():
        assert len({file.partition("/")[0] for file, _, _ in way}) > 10
