"""Read the environment variables that keys name: a secret is in no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from feeds.config.declare import Section, list_keys
from feeds.errors import ConfigError

_PREFIX = "env:"


def read_variable(
    section: Section, name: str, place: str, environment: Mapping[str, str], *, checked: bool = True
) -> str:
    """Return the secret in the variable that a key names as ``env:NAME``; empty without the key.

    Args:
        section: The table with the key.
        name: The key.
        place: The key in the file, for messages.
        environment: The variables.
        checked: Whether the value must have the form that the key describes.

    Raises:
        ConfigError: The text has another form, the variable is not set, or its value has the wrong form.
    """
    key = list_keys(type(section))[name]
    text = getattr(section, key.attribute)
    if not text:
        return ""
    variable = text.removeprefix(_PREFIX)
    # Configurations are copied and committed, so a secret in the file is refused, not only warned of.
    if not text.startswith(_PREFIX) or not variable:
        raise ConfigError([f"{place}: write env:NAME; a secret does not belong in the file"])
    value = environment.get(variable, "")
    if not value:
        raise ConfigError([f"{place}: environment variable {variable} is not set; set it or remove the key"])
    if checked and key.details.variable and (wrong := key.details.variable(value)):
        raise ConfigError([f"{place}: environment variable {variable} {wrong}"])
    return value


def find_variable_mistakes(section: Section, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each key of a table whose variable is not set or has the wrong form, with a message."""
    for name, key in list_keys(type(section)).items():
        if key.details.variable:
            try:
                read_variable(section, name, "", environment)
            except ConfigError as error:
                yield name, error.mistakes[0].removeprefix(": ")
