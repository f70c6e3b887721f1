"""The configuration: every mistake at once, and a schema and reference that agree with the code."""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds import load_config
from feeds.config import SECTIONS, schema
from feeds.errors import ConfigError
from feeds.parse.jekyll import JekyllSite
from feeds.starter import starter_config
from tests.conftest import ROOT


def test_the_schema_that_ships_is_that_of_the_code_and_fits_the_example() -> None:
    shipped = json.loads((files("feeds") / "data" / "feedd.schema.json").read_text("utf-8"))
    assert shipped == schema()
    jsonschema.validate(tomllib.loads((ROOT / "config" / "feedd.toml").read_text("utf-8")), shipped)


def test_the_reference_names_every_key() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    missing = [
        f"{s}.{k}"
        for s, keys in SECTIONS.items()
        for k, spec in keys.items()
        if not spec.later and f"`{k}`" not in text
    ]
    assert missing == []


def test_every_mistake_is_told_at_once_with_its_key_and_line(tmp_path: Path) -> None:
    path = tmp_path / "feedd.toml"
    path.write_text(
        '[site]\ntitle = ""\nurl = "ftp://x"\nlanguage = "zh_CN"\ntimezone = "Mars"\n[output]\nformats = ["atom", "pdf"]\n'
        'entries = 0\narchive = ["atom"]\n[[sources]]\nname = "a"\npath = "x"\npth = "y"\n[[sources]]\nname = "a"\n'
        'kind = "upstream"\nurl = "https://x.example/"\n[[identity]]\nname = "i"\npattern = "("\n[aliases]\n"../x" = "atom.xml"\n'
    )
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    text = str(caught.value)
    for part in (
        "feedd.toml:2: site.title",
        "site.url",
        "`zh-CN`",
        "Mars",
        "pdf",
        "output.entries",
        "output.archive: not available",
        "did you mean `path`",
        "'upstream' is not available",
        "identity[0].pattern",
        "aliases.../x",
        "given twice",
    ):
        assert part in text, part


@settings(max_examples=60, deadline=None)
@given(title=st.text(min_size=1).filter(str.strip), author=st.text())
def test_a_starter_configuration_gives_back_what_the_site_says(title: str, author: str) -> None:
    import tempfile

    clean = "".join(c for c in title if c.isprintable()).strip()
    site = JekyllSite(
        title=clean or "x",
        url="https://x.example",
        author="".join(c for c in author if c.isprintable()).strip(),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feedd.toml"
        path.write_text(starter_config(site, ".."), "utf-8")
        assert load_config(path).site.title == (clean or "x")
