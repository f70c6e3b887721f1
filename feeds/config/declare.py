"""How a key of ``feedd.toml`` is declared: a field of a msgspec struct with annotations.

A field has a type, its documentation as a string, its :class:`Details`, and for a number its bounds. The
reader, the JSON Schema, the reference in the documentation and ``feedd config show`` all follow the fields::

    class Site(Section, frozen=True):
        language: Annotated[str, "Language tag (RFC 5646).", Details("zh-CN", check_language)] = "en"
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self, Union, get_args, get_origin

import msgspec
from msgspec import structs

Check = Callable[[Any], str]
"""Returns what is wrong with a value, as the end of a message; empty if nothing is."""
NOT_EMPTY = msgspec.Meta(min_length=1)
"""An array with at least one element."""
FOREVER, NONE = "forever", "none"


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the configuration. Its fields are the keys."""

    alternatives: ClassVar[tuple[str, ...]] = ()
    """A keyword of JSON Schema and keys: ``oneOf`` if it needs exactly one of them, ``anyOf`` for at least one."""

    def change(self, **values: Any) -> Self:  # noqa: ANN401 - the types of the fields
        """Return a copy with other values."""
        return structs.replace(self, **values)

    def find_conflicts(self, given: Container[str]) -> Iterator[tuple[str, str]]:
        """Yield a key and a message for values that do not fit together. ``given`` holds the keys of the file."""
        return iter(())


class Details(NamedTuple):
    """What describes a key beyond its type and documentation."""

    example: object = None
    check: Check | None = None
    adapt: Callable[[str], str] | None = None
    """Converts a valid value to its stored form."""
    default: str = ""
    """The default of a path, relative to the configuration file."""
    fallback: str = ""
    """What applies without the key if that is not one value, in words."""
    variable: Check | None = None
    """The check of the secret in the environment variable that the value names."""
    url: bool = False
    """Whether the value may contain a password or a token, which must not be shown."""


def number(least: int, most: int, unit: str) -> msgspec.Meta:
    """Describe the bounds of a number, both included, and its unit."""
    return msgspec.Meta(ge=least, le=most, extra={"unit": unit})


class Key(NamedTuple):
    """A declared key."""

    name: str
    attribute: str
    """Name of the field."""
    annotated: Any
    """The whole annotation, with bounds."""
    kind: Any
    """Its type without metadata and None."""
    default: Any
    """``msgspec.NODEFAULT`` if the key is required."""
    text: str
    """What it means, in Markdown."""
    details: Details
    bounds: msgspec.Meta
    """Of a number or of the length of an array."""
    is_array: bool
    """Whether it is an array, of values or of tables."""
    is_mapping: bool
    """Whether it is a table whose keys are free."""
    sections: Mapping[str, type[Section]]
    """The tables that it holds, by the value of ``kind`` that selects them; empty for a value."""
    choices: Sequence[str]
    """The possible values of a string, or of the elements of an array; empty if they are free."""

    @property
    def required(self) -> bool:
        """Whether the file must have it."""
        return self.default is msgspec.NODEFAULT


@cache
def list_keys(section: type[msgspec.Struct]) -> dict[str, Key]:
    """Return the declared keys of a section by their names in the file."""
    return {field.encode_name: _read_field(field) for field in structs.fields(section)}


def _read_field(field: structs.FieldInfo) -> Key:
    annotations = get_args(field.type) if get_origin(field.type) is Annotated else (field.type,)
    [kind] = [member for member in _split_union(annotations[0]) if member is not NoneType][:1]
    found: dict[type, Any] = {type(given): given for given in annotations[1:]}
    details = found.get(Details, Details())
    has_factory = field.default_factory is not msgspec.NODEFAULT
    held = get_args(kind)[0] if get_origin(kind) is tuple else kind
    return Key(
        name=field.encode_name,
        attribute=field.name,
        annotated=field.type,
        kind=kind,
        default=details.default or (field.default_factory() if has_factory else field.default),
        text=found.get(str, ""),
        details=details,
        bounds=found.get(msgspec.Meta, msgspec.Meta()),
        is_array=get_origin(kind) is tuple,
        is_mapping=get_origin(kind) is dict,
        sections={_get_tag(inner): inner for inner in _split_union(held) if _is_section(inner)},
        choices=get_args(held) if get_origin(held) is Literal else (),
    )


def _split_union(kind: Any) -> Sequence[Any]:  # noqa: ANN401 - a type
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def _is_section(kind: Any) -> bool:  # noqa: ANN401 - a type
    return isinstance(kind, type) and issubclass(kind, Section)


def _get_tag(section: type[Section]) -> str:
    return str(section.__struct_config__.tag or "")
