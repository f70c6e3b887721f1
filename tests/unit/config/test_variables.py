"""Secrets come from environment variables; messages name the variable and never the secret."""

from __future__ import annotations

import pytest

from feeds.config import PrivateFeed, Serve
from feeds.config.variables import find_variable_mistakes, read_variable
from feeds.errors import ConfigError

ENVIRONMENT = {"LOGIN": "me:pass word", "SHORT": "short"}


def test_a_secret_comes_from_its_variable() -> None:
    assert read_variable(Serve(auth="env:LOGIN"), "auth", "serve.auth", ENVIRONMENT) == "me:pass word"
    assert read_variable(Serve(), "auth", "serve.auth", ENVIRONMENT) == ""
    assert read_variable(Serve(auth="env:SHORT"), "auth", "x", ENVIRONMENT, checked=False) == "short"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("plain:text", "serve.auth: write env:NAME"),
        ("env:", "serve.auth: write env:NAME"),
        ("env:NONE", "serve.auth: environment variable NONE is not set"),
        ("env:SHORT", "serve.auth: environment variable SHORT must hold user:password"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_variable(Serve(auth=text), "auth", "serve.auth", ENVIRONMENT)
    assert message in str(caught.value)
    assert "plain:text" not in str(caught.value)


def test_every_variable_of_a_table_is_checked() -> None:
    rule = PrivateFeed(feed="tag/a", auth="env:LOGIN", secret="env:SHORT")
    assert list(find_variable_mistakes(rule, ENVIRONMENT)) == [
        ("secret", "environment variable SHORT must hold 16 characters or more")
    ]
