"""The tests of identity notice faults: each is planted in a copy of the program, and a test has to fail there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import ROOT

LIVES = """
import random
from tests.integration.storage.test_identity_rules import live_through
for seed in range(400):
    live_through(random.Random(seed))
"""
"""Random lives of a store, compared with the rules written a second time."""
NAMES = "import feeds, pytest, sys; sys.exit(pytest.main(['-q', '-x', '-p', 'no:cacheprovider', 'tests/unit/test_item_names.py']))"
SILENT = NAMES.replace("tests/unit/test_item_names.py", "tests/integration/storage/test_silent_copies.py")


class Fault(NamedTuple):
    """A change of one place in a module, and the program that has to fail with it."""

    module: str
    right: str
    wrong: str
    program: str = LIVES


FAULTS = {
    "keys that entries of a document share are not blocked": Fault(
        "item_names.py", "frozenset(found | _find_shared_keys(names, entries))", "frozenset(found)", NAMES
    ),
    "entries with one name are compared by title alone": Fault(
        "item_names.py", "found[name].add(_compute_digest(entry))", "found[name].add(entry.title)", NAMES
    ),
    "a stored name is not kept": Fault(
        "item_names.py",
        "[[name] if name else [] for name in stored]",
        "[[] for _ in stored]",
        NAMES,
    ),
    "files join each other by their page": Fault("identity.py", "owners.get(key) is s}", "key in owners}"),
    "a copy joins others by a reserved address": Fault(
        "identity.py",
        "page if (page := to_page_key(key)) in owners or page in reserved else key for key in keys",
        "key for key in keys",
    ),
    "a post shows what a copy states": Fault(
        "identity.py", "if s.place or reserved.isdisjoint(s.weak)]", "if s.source]"
    ),
    "a copy adds its terms without being asked": Fault(
        "identity.py",
        "[s for s in sightings if s.place or s.merges_terms] if has_file",
        "sightings if has_file",
    ),
    "files are not looked for by the address of an entry": Fault(
        "storage/neighbourhood.py",
        "for s in both for key in identity.list_related_keys(s)}",
        "for s in both for key in s.weak}",
    ),
    "the address of an entry with a strong key is not known to be reserved": Fault(
        "storage/neighbourhood.py",
        "for s in new if s.strong and not s.place)",
        "for s in new if not s.source)",
    ),
    "the keys of a renamed entry go to another with its old name": Fault(
        "storage/past_keys.py", 'self._db.many("ledger_drop", self._dropped)', "pass"
    ),
    "a renamed entry loses its keys": Fault(
        "storage/sightings.py",
        "known.get(item) or known.get(reading.replaces) or []",
        "known.get(item) or []",
    ),
    "a copy that comes first is taken for a silent copy": Fault(
        "post_ids.py", "compute_rank(copy) > compute_rank(shown)", "bool(copy.source)", SILENT
    ),
    "a copy with terms of its own is taken for a silent copy": Fault(
        "post_ids.py", "{*copy.categories} <= {*shown.categories}", "bool(copy.source)", SILENT
    ),
    "the better key of a silent copy is not noticed": Fault("post_ids.py", "own < best", "False", SILENT),
    "a silent copy that joins two posts joins the first": Fault(
        "storage/silent_copies.py", "if len(numbers) == 1}", "if numbers}", SILENT
    ),
    "a published post does not own the keys of its silent copies": Fault(
        "storage/silent_copies.py", "for key in c.sighting.weak]", "for key in ()]", SILENT
    ),
    "the page of an unpublished file is not reserved": Fault(
        "identity.py", "in owners or page in reserved else key", "in owners else key"
    ),
    "a copy of an unpublished file is published": Fault(
        "identity.py", "to_page_key(key) in reserved for s", "False for s"
    ),
    "many new items do not see the page of an unpublished file": Fault(
        "storage/bulk_insert.py", '"key_owners", "pages_reserved")', '"key_owners")'
    ),
    "a page that an unpublished file gives up stays reserved": Fault(
        "storage/neighbourhood.py", "for page in change.pages}", "for page in ()}"
    ),
    "many new items do not see the page of a file": Fault(
        "storage/bulk_insert.py", "related = list_related_keys(sighting)", "related = sighting.own"
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_place_of_a_fault_is_there(name: str) -> None:
    fault = FAULTS[name]
    assert (ROOT / "feeds" / fault.module).read_text("utf-8").count(fault.right) == 1


@pytest.mark.stress
@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_noticed(name: str, tmp_path: Path) -> None:
    fault = FAULTS[name]
    shutil.copytree(ROOT / "feeds", tmp_path / "feeds", ignore=shutil.ignore_patterns("__pycache__"))
    module = tmp_path / "feeds" / fault.module
    text = module.read_text("utf-8")
    assert text.count(fault.right) == 1, "the place of the fault has changed"
    module.write_text(text.replace(fault.right, fault.wrong), "utf-8")
    surroundings = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-P", "-c", fault.program]
    done = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, timeout=900)
    assert done.returncode != 0
    assert "Error" in done.stdout + done.stderr
