"""Who looks for the place of a change finds every room in the docs."""

from __future__ import annotations

import re

from tests.conftest import ROOT


def test_every_room_stands_in_the_way_of_a_post() -> None:
    text = (ROOT / "docs" / "explanation" / "architecture.md").read_text("utf-8")
    told = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", text))))
    rooms = {
        path.stem
        for path in (ROOT / "feeds").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert sorted(rooms - told - {"__init__", "__main__"}) == []
