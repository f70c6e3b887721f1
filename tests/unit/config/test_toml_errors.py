"""A configuration that is not TOML is described with its line and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.config.reading import read_file
from feeds.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a=1\na=2\nb=1", ":2: not valid TOML: cannot overwrite a value; a key is given twice"),
        ("[a.b]\nc=1\n[a.b]\n", ":3: not valid TOML: [a.b] is written twice; join the two tables"),
        ("a=\u201cx\u201d", 'write straight quotes (") instead of \u201c'),
        ("a=Max", "write text in quotes"),
        ('a="C:\\Users"', "use 'single quotes'"),
        ('a="C:\\dir"', "use 'single quotes'"),
        ("a=[1 2]", ":1: not valid TOML: unclosed array; close it"),
        ('a="x" // y', "a comment begins with #"),
        ('\na="x', ":2: not valid TOML: unterminated string; close the quotes"),
        ("a: b", ":1: not valid TOML: expected '='"),
        ("a=" + "9" * 5000, "not valid TOML: exceeds the limit"),
        ("a=" + "[" * 5000, "nested too deeply"),
    ],
)
def test_a_mistake_of_syntax_has_its_line_and_advice(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "feedd.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_file(file)
    [mistake] = caught.value.mistakes
    assert mistake.startswith(str(file))
    assert message in mistake
