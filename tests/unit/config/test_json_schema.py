"""The JSON Schema accepts and refuses what the reader does."""

from __future__ import annotations

import tomllib

import jsonschema
import pytest

from feeds.config.json_schema import build_schema

VALIDATOR = jsonschema.Draft202012Validator(build_schema())
SITE = '[site]\ntitle = "T"\nurl = "https://x.example/"\n'
MINIMAL = SITE + '[[sources]]\nname = "n"\npath = "p"\n'


@pytest.mark.parametrize(
    "text",
    [
        MINIMAL,
        MINIMAL + 'kind = "folder"\ndrafts = true\n',
        SITE + '[[sources]]\nname = "n"\nkind = "upstream"\nurl = "https://b.example/"\n',
        SITE + '[[sources]]\nname = "n"\nkind = "opml"\nurl = "https://b.example/"\n',
        MINIMAL + "[output]\narchive = []\n",
        MINIMAL + '[labels.tag]\na = "b"\n[aliases]\n"a.xml" = "atom.xml"\n',
        MINIMAL + '[[serve.private]]\nfeed = "tag/x"\nauth = "env:X"\nsecret = "env:Y"\n',
    ],
)
def test_a_valid_configuration_is_accepted(text: str) -> None:
    VALIDATOR.validate(tomllib.loads(text))


@pytest.mark.parametrize(
    "text",
    [
        SITE,
        MINIMAL.replace('title = "T"\n', ""),
        MINIMAL.replace('"T"', '""'),
        MINIMAL.replace('path = "p"', ""),
        MINIMAL + 'every = "1h"\n',
        MINIMAL + "[serve]\nlistne = 1\n",
        MINIMAL + "[outptu]\n",
        MINIMAL + '[output]\narchive = ["xml"]\n',
        MINIMAL + "[output]\nformats = []\n",
        MINIMAL + '[output]\nformats = ["rss", "rss"]\n',
        MINIMAL + "[output]\nentries = 0\n",
        MINIMAL + '[[serve.private]]\nfeed = "tag/x"\n',
        SITE + '[[sources]]\nname = "n"\nurl = "https://b.example/"\n',
        SITE + '[[sources]]\nname = "n"\nkind = "opml"\n',
        SITE + '[[sources]]\nname = "n"\nkind = "opml"\nurl = "https://b.example/"\npath = "p"\n',
        MINIMAL + '[labels.author]\na = "b"\n',
    ],
)
def test_an_invalid_configuration_is_refused(text: str) -> None:
    assert not VALIDATOR.is_valid(tomllib.loads(text))


def test_descriptions_have_no_links_and_values_have_defaults_and_examples() -> None:
    output = build_schema()["$defs"]["Output"]["properties"]
    assert "](" not in str(build_schema())
    assert output["dir"]["default"] == "../output"
    assert output["formats"]["default"] == ["atom", "rss", "json"]
    assert output["entries"] == {
        "description": "Posts in a subscription document.",
        "type": "integer",
        "minimum": 1,
        "maximum": 100_000,
        "default": 50,
        "examples": [20],
    }
    assert "default" not in output["keep"]
