"""`feedd validate` names file, line and rule."""

from __future__ import annotations

from tests.conftest import feedd
from tests.unit.output.test_validator import ATOM


def test_the_command_names_file_line_and_rule(tmp_path) -> None:
    (tmp_path / "atom.xml").write_text(ATOM.replace("urn:f", "f"), "utf-8")
    done = feedd("validate", str(tmp_path / "atom.xml"))
    assert done.returncode == 1
    assert f"{tmp_path / 'atom.xml'}:1: atom-id: " in done.stdout
