"""Mutation testing: small faults put into a module, one at a time; its tests have to notice each.

``python -m benchmarks.mutants [MODULE...] [--log FILE] [--most N] [--seed S]`` works in a copy of the checkout, so that
the program which tests start has the fault too. It prints every mutant that survives, with its line. With ``--log`` a run
that was stopped goes on where it was. ``--draw N`` puts one fault into each of N modules drawn at random instead, and runs only
the test files that are named like the module. The survivors that are left, and why, stand in ``docs/explanation/testing.md``.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import hypothesis
import pytest

from benchmarks.mutant_changes import apply_change, find_visible_changes, mutants

ROOT = Path(__file__).parents[1]
_IDENTITY = [
    "unit/test_identity",
    "integration/storage/test_identity_model",
    "integration/storage/test_identity_rules",
]
_STORE = [
    "integration/storage/test_ledger",
    "integration/ingest/test_withdrawal",
    "integration/ingest/test_upstreams",
    "integration/publisher/test_random_histories",
    "integration/publisher/test_retention",
    "integration/storage/test_queries",
]
TESTS = {
    "feeds.identity": [*_IDENTITY, *_STORE[:3]],
    "feeds.post_ids": [*_IDENTITY, *_STORE[:3]],
    "feeds.values.urls": [
        "unit/values/test_urls",
        "unit/test_identity",
        "integration/ingest/test_file_items",
        "integration/http/test_client",
        "unit/parser/feeds/test_entry",
        "integration/publisher/test_stored_xss",
    ],
    "feeds.values.document_paths": ["unit/output/test_tree", "unit/renderer/test_html_pages"],
    "feeds.output.tree": ["unit/output/test_tree"],
    "feeds.output.validator": ["unit/output/test_validator"],
    "feeds.publisher.precompressed": ["integration/server/test_built_output"],
    "feeds.storage.neighbourhood": [*_IDENTITY[1:], *_STORE],
    "feeds.storage.posts": [*_IDENTITY[1:], *_STORE],
    "feeds.storage.sightings": [*_IDENTITY[1:], *_STORE, "integration/test_build"],
}
"""The files of tests that have to notice a fault in a module, the quick ones first."""
_SECONDS = 240


def _copy(folder: Path) -> Path:
    """A copy of the checkout, with the shared data beside it if there are any."""
    target = folder / "checkout"
    away = shutil.ignore_patterns(".*", "__pycache__")

    def leave_out(place: str, names: list[str]) -> set[str]:
        # `feeds/output` is code; only the folders of that name at the top are what a build writes.
        return away(place, names) | ({"output", "state"} if Path(place) == ROOT else set())

    shutil.copytree(ROOT, target, ignore=leave_out)
    if (ROOT.parent / "shared").is_dir():
        (folder / "shared").symlink_to(ROOT.parent / "shared")
    # Each test file is run by a process of its own, which would compile everything again.
    compileall.compile_dir(target / "feeds", quiet=1)
    return target


def survives(checkout: Path, tests: Sequence[str]) -> bool:
    """Whether no test of these files notices what is wrong in the checkout; one that hangs is noticed."""
    return all(_passes(checkout, name) for name in tests)


def _passes(checkout: Path, tests: str) -> bool:
    child = os.fork()
    if not child:
        _test(checkout, tests)
    end = time.monotonic() + _SECONDS
    done, status = 0, 0
    while not done and time.monotonic() < end:
        time.sleep(0.02)
        done, status = os.waitpid(child, os.WNOHANG)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what the tests started, too
    if not done:
        os.waitpid(child, 0)
    return bool(done) and status == 0


def _test(checkout: Path, tests: str) -> NoReturn:
    """The life of a child: the tests of one file run in the checkout, and nothing is said."""
    code = 1
    try:
        os.setpgid(0, 0)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        os.chdir(checkout)
        os.environ["PYTHONPATH"] = str(checkout)
        sys.path[:] = [str(checkout), *(one for one in sys.path if one not in ("", str(ROOT)))]
        hypothesis.settings.register_profile("mutants", phases=list(hypothesis.Phase)[:3], print_blob=False)
        hypothesis.settings.load_profile("mutants")
        early = "ignore::pytest.PytestAssertRewriteWarning"  # hypothesis is loaded once, by the parent
        options = ["-x", "-q", "-W", early, "-p", "no:cacheprovider", "--hypothesis-seed=1"]
        code = int(pytest.main([*options, f"tests/{tests}.py"]))
    finally:
        os._exit(code)


def _put(file: Path, text: str) -> None:
    """Write a module so that what was compiled of it before is not used."""
    for old in (file.parent / "__pycache__").glob(f"{file.stem}.*"):
        old.unlink()
    file.write_text(text, "utf-8")


def _log(path: Path | None) -> dict[str, str]:
    """What an earlier run found, by mutant."""
    if path is None or not path.exists():
        return {}
    lines = (line.rpartition("\t") for line in path.read_text("utf-8").splitlines())
    return {mutant: verdict for mutant, _, verdict in lines}


def _try(name: str, checkout: Path, chosen: argparse.Namespace, known: dict[str, str]) -> int:
    """Try the mutants of one module; how many survive."""
    place = name.replace(".", "/") + ".py"
    source = (ROOT / place).read_text("utf-8")
    lines = source.splitlines()
    found = list(mutants(source))
    if chosen.most:
        found = random.Random(chosen.seed).sample(found, min(chosen.most, len(found)))
    alive, sound = 0, False
    for number, (line, kind, tree) in enumerate(found):
        mutant = f"{name}\t{number}\t{line}\t{kind}\t{lines[line - 1].strip()}"
        verdict = known.get(mutant, "")
        if not verdict:
            if not sound and not survives(checkout, TESTS[name]):
                print(f"{name}: its tests fail without any fault; nothing can be said", flush=True)
                return 1
            sound = True
            _put(checkout / place, ast.unparse(tree))
            verdict = "survives" if survives(checkout, TESTS[name]) else "noticed"
            _put(checkout / place, source)
            if chosen.log:
                with chosen.log.open("a", encoding="utf-8") as log:
                    log.write(f"{mutant}\t{verdict}\n")
        if verdict == "survives":
            alive += 1
            print(f"{name}:{line}: {kind}: {lines[line - 1].strip()}", flush=True)
    print(f"{name}: {len(found) - alive} of {len(found)} mutants were noticed", flush=True)
    return alive


def find_like_named(module: Path) -> list[str]:
    """Return the test files that are named like a module: the unit test, and those of the same package elsewhere."""
    name = module.with_name(f"test_{module.stem.strip('_')}.py").relative_to("feeds")
    found = [kind / name for kind in (Path("unit"), Path("integration"))]
    return [str(path.with_suffix("")) for path in found if (ROOT / "tests" / path).exists()]


def draw(checkout: Path, count: int, seed: int) -> int:
    """Put one fault into each of ``count`` modules drawn at random; return how many their like-named tests miss.

    Texts stay: most are messages, whose wording is no fault. So does what :func:`benchmarks.mutant_changes.find_invisible` finds.
    """
    chance = random.Random(seed)
    every = sorted(path.relative_to(ROOT) for path in (ROOT / "feeds").rglob("*.py"))
    # The code of a package itself is tested with the modules of the package.
    modules = [path for path in every if path.stem != "__init__"]
    chance.shuffle(modules)
    judged = missed = 0
    for module in modules:
        source = (ROOT / module).read_text("utf-8")
        found = find_visible_changes(source)
        if judged == count or not found:
            continue
        number, line, kind, new = chance.choice(found)
        tree = apply_change(source, number, new)
        tests = find_like_named(module)
        _put(checkout / module, ast.unparse(tree))
        noticed = bool(tests) and not survives(checkout, tests)
        _put(checkout / module, source)
        judged, missed = judged + 1, missed + (not noticed)
        verdict = "noticed " if noticed else "survives"
        print(f"{verdict} {module}:{line}: {kind}: {source.splitlines()[line - 1].strip()}", flush=True)
    print(f"{judged - missed} of {judged} faults were noticed (seed {seed})", flush=True)
    return missed


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the mutants; 1 if some survive."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("module", nargs="*", default=list(TESTS))
    options.add_argument("--log", type=Path, help="what was found, to go on from")
    options.add_argument("--most", type=int, default=0, help="only so many, chosen by chance")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument(
        "--draw", type=int, default=0, help="one fault in each of so many modules drawn at random"
    )
    chosen = options.parse_args(arguments)
    for name in chosen.module:
        if name not in TESTS:
            options.error(f"no tests are named for {name}; add them to TESTS")
    known = _log(chosen.log)
    with tempfile.TemporaryDirectory() as folder:
        checkout = _copy(Path(folder))
        if chosen.draw:
            return int(draw(checkout, chosen.draw, chosen.seed) > 0)
        left = sum(_try(name, checkout, chosen, known) for name in chosen.module)
    return int(left > 0)


if __name__ == "__main__":
    sys.exit(main())
