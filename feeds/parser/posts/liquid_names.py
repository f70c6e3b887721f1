"""Find variables in the Liquid of a post that have a value in Jekyll, but not in feedd.

Jekyll provides lists of posts and the time of the build. feedd does not, because every post that uses them would change
with each new post or with each build. A key that is missing in front matter is empty in Jekyll too, so it is not reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from feeds.parser.posts.liquid_source import Mark

_FROM_JEKYLL: Final = {
    "site": frozenset(
        "posts pages tags categories related_posts collections static_files documents html_pages html_files time".split()  # noqa: SIM905
    ),
    "page": frozenset(("next", "previous", "content", "excerpt", "output")),
    "jekyll": frozenset(("version",)),
}
"""Keys whose values only the generator of the site knows."""
_ROOTS_FROM_JEKYLL: Final = frozenset(("paginator", "content", "layout", "theme"))
_LITERALS: Final = frozenset(("and", "or", "contains", "true", "false", "nil", "null", "empty", "blank"))
_LOOPS: Final = frozenset(("forloop", "tablerowloop", "include"))
_STRING: Final = re.compile(r"'[^']*+'|\"[^\"]*+\"")
_NAMES: Final = re.compile(r"(?<![\w.\[-])([A-Za-z_][\w-]*+)\??(?:\.([\w-]++))?(?!\s*+:)")
_FILTER: Final = re.compile(r"\|\s*+[\w-]++")
_FIRST_NAME: Final = re.compile(r"\s*+([A-Za-z_][\w-]*+)")
_SETS_NAME: Final = frozenset(("assign", "capture", "for", "tablerow", "increment", "decrement"))
_TESTS: Final = frozenset(("if", "unless", "elsif", "case", "when"))
_READS: Final = frozenset(("", "assign", "for", "tablerow", *_TESTS))
_DEFAULT: Final = re.compile(r"\|\s*+default\b")


class NameReport:
    """The variables of a text: those that feedd provides, and those that the tags of the text set."""

    def __init__(self, scope: Mapping[str, object]) -> None:
        self._scope = scope
        self._set: set[str] = set()

    def has_values(self, condition: str) -> bool:
        """Return whether every name of a condition has a value."""
        return all(
            root in self._scope
            and not (key and isinstance(value := self._scope[root], dict) and key not in value)
            for root, key in _find_names(condition)
        )

    def collect_names(self, marks: Sequence[Mark]) -> None:
        """Collect the variables that the tags of a template set."""
        for mark in marks:
            if mark.name in _SETS_NAME and (name := _FIRST_NAME.match(mark.argument)):
                self._set.add(name[1])

    def find_unknown(self, marks: Sequence[Mark]) -> Iterator[Mark]:
        """Yield the tags and variables that read a name without a value, once the variables of all templates are collected.

        A loop may read in a later round what is set at its end, and an included file may set what is read after it.
        """
        for mark in _skip_comments(marks):
            if mark.name in _READS and self._reads_unknown(mark):
                yield mark

    def _reads_unknown(self, mark: Mark) -> bool:
        names = list(_find_names(_cut_target(mark)))
        if any(self._is_from_jekyll(root, key) for root, key in names):
            return True
        # `default` is written for a name that may be unknown.
        if _DEFAULT.search(mark.argument):
            return False
        return any(
            root not in self._scope and root not in self._set and root not in _LOOPS for root, _ in names
        )

    def _is_from_jekyll(self, root: str, key: str) -> bool:
        if root in _ROOTS_FROM_JEKYLL:
            return root not in self._set
        page = self._scope.get("page")
        is_own = root == "page" and isinstance(page, dict) and page.get(key) is not None
        return key in _FROM_JEKYLL.get(root, ()) and not is_own


def _cut_target(mark: Mark) -> str:
    """Return what a tag reads, without the name that it sets."""
    if mark.name == "assign":
        return mark.argument.partition("=")[2]
    if mark.name in ("for", "tablerow"):
        # `limit:2 offset:1 reversed` are words of the tag.
        source = re.search(r"\bin\s++(\S++)", mark.argument)
        return source[1] if source else ""
    return mark.argument


def _find_names(text: str) -> Iterator[tuple[str, str]]:
    """Yield the names of an expression with their first keys; names in strings and of filters are none."""
    for root, key in _NAMES.findall(_FILTER.sub("|", _STRING.sub("''", text))):
        if root not in _LITERALS:
            yield root, key


def _skip_comments(marks: Sequence[Mark]) -> Iterator[Mark]:
    until = -1
    for index, mark in enumerate(marks):
        if index > until:
            if mark.name == "comment" and mark.closes is not None:
                until = mark.closes
            yield mark
