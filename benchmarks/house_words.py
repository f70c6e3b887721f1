"""Compare the words of the program with those of the field: verbs in names, and words of a private language."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.house_code import Function, Module

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\sA-Za-z]")
_BACKTICKS = re.compile(r"``.*?``|`[^`]*`", re.DOTALL)


@dataclass(frozen=True)
class NameRules:
    """What the names of functions are held against."""

    verbs: frozenset[str]
    questions: frozenset[str]
    private: frozenset[str]
    prescribed: frozenset[str]
    conversions: frozenset[str]

    def begins_with_verb(self, name: str) -> bool:
        """Return whether a name begins with a verb; in ``request_of`` and its like the first word is a noun."""
        first, *others = name.strip("_").split("_")
        return others[:1] != ["of"] and (first in self.verbs or first in self.questions)

    def needs_verb(self, function: Function) -> bool:
        """Return whether the name has to begin with a verb: properties, conversions and prescribed names need not."""
        name = function.node.name
        first, *others = name.strip("_").split("_")
        converts = first in self.conversions or bool(self.conversions & set(others[:-1]))
        return not (function.magic or function.is_property or converts or name in self.prescribed)


@dataclass(frozen=True)
class PrivateWord:
    """A word of a private language and the usual one in its place."""

    use: str
    forms: frozenset[tuple[str, ...]]
    """Its forms, each the words of a phrase."""
    names: frozenset[str]
    """Forms that count only where they are a whole name."""
    allowed: tuple[str, ...]
    """Beginnings of paths where the word is the term of a standard."""


@dataclass(frozen=True)
class Use:
    """Where a private word is used."""

    place: str
    kind: str
    """name, docstring or comment."""
    form: str
    instead: str


@cache
def load_rules() -> dict[str, Any]:
    """Read ``house.toml``."""
    return tomllib.loads(Path(__file__).with_name("house.toml").read_text("utf-8"))


def load_name_rules() -> NameRules:
    """Return the rules of names."""
    table = load_rules()["names"]
    return NameRules(**{key: frozenset(text.split()) for key, text in table.items()})


def load_private_words() -> list[PrivateWord]:
    """Return the words to be replaced."""
    return [
        PrivateWord(
            use=table["use"],
            forms=frozenset(tuple(form.split("_")) for form in table["forms"].split()),
            names=frozenset(table.get("names", "").split()),
            allowed=tuple(table.get("allowed", ())),
        )
        for table in load_rules()["words"]
    ]


def find_names_without_verb(functions: Sequence[Function]) -> tuple[int, list[str]]:
    """Return how many names have to begin with a verb, and the places of those that do not."""
    rules = load_name_rules()
    needing = [function for function in functions if rules.needs_verb(function)]
    bare = [function.place for function in needing if not rules.begins_with_verb(function.node.name)]
    return len(needing), bare


def find_private_words(modules: Sequence[Module]) -> list[Use]:
    """Return every use of a private word in names, docstrings and comments; text in backticks is code."""
    forms, whole_names = _collect_forms(load_private_words())
    uses = []
    for module in modules:
        for line, kind, text in _find_texts(module):
            words = tuple(word.lower() for word in _WORD.findall(text))
            found = _find_forms(words, forms)
            if kind == "name" and text in whole_names:
                found = [*found, ((text,), whole_names[text])]
            uses += [
                Use(f"{module.path}:{line}", kind, " ".join(form), word.use)
                for form, word in found
                if not module.path.startswith(word.allowed)
            ]
    return uses


def _collect_forms(
    words: Sequence[PrivateWord],
) -> tuple[dict[tuple[str, ...], PrivateWord], dict[str, PrivateWord]]:
    forms = {form: word for word in words for form in word.forms}
    return forms, {name: word for word in words for name in word.names}


def _find_forms(
    words: tuple[str, ...], forms: dict[tuple[str, ...], PrivateWord]
) -> list[tuple[tuple[str, ...], PrivateWord]]:
    longest = max(map(len, forms))
    return [
        (words[start : start + size], forms[words[start : start + size]])
        for start in range(len(words))
        for size in range(1, min(longest, len(words) - start) + 1)
        if words[start : start + size] in forms
    ]


def _find_texts(module: Module) -> Iterator[tuple[int, str, str]]:
    """Yield line, kind and text of everything that is worded in a module."""
    yield 1, "name", module.name.rpartition(".")[2]
    for line, text in module.comments:
        yield line, "comment", _BACKTICKS.sub(" ` ", text)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            if isinstance(node.value.value, str):
                yield node.lineno, "docstring", _BACKTICKS.sub(" ` ", node.value.value)
        elif name := _find_name(node):
            yield getattr(node, "lineno", 1), "name", name.replace("_", " ").strip()


def _find_name(node: ast.AST) -> str:
    """Return the name that a piece of code defines, or nothing."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case (
            ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name)
        ):
            return name
        case ast.alias(asname=str(name)):
            return name
    return ""


def count_infrastructure(modules: Sequence[Module]) -> dict[str, list[tuple[str, int]]]:
    """Return the files of each kind of infrastructure, with their lines."""
    return {
        table["name"]: [
            (module.path, len(module.text_lines))
            for module in modules
            if module.path.startswith(tuple(table["paths"])) and module.path not in table.get("except", ())
        ]
        for table in load_rules()["infrastructure"]
    }
