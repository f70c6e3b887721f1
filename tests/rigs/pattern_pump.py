"""Find every regular expression of a package, pump each with text made from its own structure, and report slow growth.

Run as a program: ``python -m tests.rigs.pattern_pump PACKAGE`` writes JSON lines, first the name of each pattern
before it is tried, last the report. The process bounds its own CPU time, so a catastrophic pattern ends only
this process, and the last name shows which pattern it was.
"""

from __future__ import annotations

import ast
import gc
import importlib
import importlib.util
import itertools
import json
import pkgutil
import re
import re._constants as sre  # type: ignore[import-not-found]
import re._parser as sre_parser  # type: ignore[import-not-found]
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CPU_SECONDS = 60
"""Of the whole process; the kernel ends it."""
_TEXT_SECONDS = 0.5
"""CPU time of one call; a longer call is interrupted and counts as superlinear."""
_LENGTH = 4000
"""Characters of the first text. Only if a pattern is slow with it, longer texts are tried."""
_FAST = 300e-9
"""Seconds for a character, below which a text of this length cannot hide quadratic growth."""
_GROWTH = 7.0
"""Four times the text takes 4 times as long if growth is linear, and 16 times if it is quadratic."""
_FEWEST_TEXTS, _MOST_TEXTS = 150, 500
_SECONDS = 0.08
"""CPU time for a pattern, after which no more than the fewest texts are tried."""
_COMMON = " \n\tab1A<>\"'&-.,/:;=([{])}%_!?#|+*~@\\`$^ü中"
SAMPLES = {"key": "title", "indent": 3, "mark": "`", "length": 3, "name": "comment", "pattern": "a b|ab|a"}
"""Values for the parts of patterns that are made within functions."""
_CLASSES = {
    sre.CATEGORY_DIGIT: "1",
    sre.CATEGORY_NOT_DIGIT: "a ",
    sre.CATEGORY_SPACE: " \n",
    sre.CATEGORY_NOT_SPACE: "a",
    sre.CATEGORY_WORD: "a1",
    sre.CATEGORY_NOT_WORD: " -",
}
_FUNCTIONS = ("compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn")


@dataclass(eq=False)
class Found:
    """A pattern with where it is and how the code uses it."""

    where: str
    pattern: Any
    methods: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Slow:
    """A pattern whose time grows faster than its text."""

    where: str
    pattern: str
    method: str
    text: str
    seconds: tuple[float, ...]


class Finder:
    """Collect the patterns that modules compile: while they are imported, in constants, and in functions without arguments."""

    def __init__(self, package: str) -> None:
        self.folder = Path(str(importlib.util.find_spec(package).submodule_search_locations[0]))  # type: ignore[union-attr, index]
        self.package = package
        self.found: dict[tuple[str, int], list[Any]] = {}
        self.unknown: list[str] = []

    def run(self) -> list[Found]:
        """Return every pattern; places whose pattern cannot be found are in ``unknown``."""
        plain = re._compile  # type: ignore[attr-defined]

        def record(pattern: Any, flags: Any) -> Any:
            compiled = plain(pattern, flags)
            frame = sys._getframe(1)
            while frame.f_back is not None and frame.f_code.co_filename == re.__file__:
                frame = frame.f_back
            if frame.f_code.co_filename.startswith(str(self.folder)):
                self.found.setdefault((frame.f_code.co_filename, frame.f_lineno), []).append(compiled)
            return compiled

        re._compile = record  # type: ignore[attr-defined]
        try:
            modules = self._import_modules()
            trees = {
                name: ast.parse(Path(str(module.__file__)).read_text("utf-8"))
                for name, module in modules.items()
            }
            results = [
                one for name, module in modules.items() for one in self._find_in_module(module, trees[name])
            ]
        finally:
            re._compile = plain  # type: ignore[attr-defined]
        uses = {name: _collect_uses(tree) for name, tree in trees.items()}
        imports = {name: _list_imported(tree) for name, tree in trees.items()}
        for one in results:
            place, _, variable = one.where.partition(" ")
            module = place.partition(":")[0]
            imported = (module.rpartition(".")[2], variable)
            for user in (name for name in trees if name == module or imported in imports[name]):
                one.methods |= uses[user].get(variable, set())
        return results

    def _import_modules(self) -> dict[str, Any]:
        root = importlib.import_module(self.package)
        names = [self.package]
        names += [info.name for info in pkgutil.walk_packages(root.__path__, self.package + ".")]
        return {name: importlib.import_module(name) for name in names if not name.endswith("__main__")}

    def _find_in_module(self, module: Any, tree: ast.Module) -> Iterator[Found]:
        owners = _find_owners(tree)
        for call in ast.walk(tree):
            if not _is_pattern_call(call):
                continue
            assert isinstance(call, ast.Call)
            owner = owners.get(call.lineno, "")
            where = f"{module.__name__}:{call.lineno} {owner}".rstrip()
            compiled = self._get_patterns(module, tree, call)
            if not compiled:
                self.unknown.append(where)
            method = (
                call.func.attr if isinstance(call.func, ast.Attribute) and call.func.attr != "compile" else ""
            )
            for pattern in compiled:
                yield Found(where, pattern, {method} - {""})

    def _get_patterns(self, module: Any, tree: ast.Module, call: ast.Call) -> list[Any]:
        recorded = self._get_recorded(module, call)
        if recorded:
            return recorded
        try:  # the arguments need nothing but names of the module
            values = [_evaluate(module, argument) for argument in call.args[:1]]
            flags = [_evaluate(module, one.value) for one in call.keywords if one.arg == "flags"]
            if isinstance(call.func, ast.Attribute) and call.func.attr in (
                "compile",
                "findall",
                "finditer",
                "search",
                "match",
                "fullmatch",
            ):
                place = 1 if call.func.attr == "compile" else 2
                flags += [_evaluate(module, one) for one in call.args[place : place + 1]]
            return [re.compile(values[0], *flags)]
        except NameError:
            pass
        for function in _list_functions(tree, call):
            if not (function.args.args or function.args.kwonlyargs) and hasattr(module, function.name):
                getattr(module, function.name)()
        return self._get_recorded(module, call)

    def _get_recorded(self, module: Any, call: ast.Call) -> list[Any]:
        lines = range(call.lineno, (call.end_lineno or call.lineno) + 1)
        return [one for line in lines for one in self.found.get((str(module.__file__), line), [])]


def _evaluate(module: Any, node: ast.expr) -> Any:
    """Evaluate an argument; names within a function have the values of :data:`SAMPLES`."""
    return eval(compile(ast.Expression(node), "<argument>", "eval"), SAMPLES | vars(module))


def _is_pattern_call(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _FUNCTIONS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
    )


def _find_owners(tree: ast.Module) -> dict[int, str]:
    """Return the name that a statement of the module or of a class assigns, by each of its lines."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and _is_pattern_call(node.value or node):
                found.update(dict.fromkeys(range(node.lineno, (node.end_lineno or 0) + 1), target.id))
        elif isinstance(node, ast.FunctionDef):
            lines = range(node.lineno, (node.end_lineno or 0) + 1)
            found.update({line: f"{node.name}()" for line in lines if line not in found})
    return found


def _list_functions(tree: ast.Module, call: ast.Call) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and call in ast.walk(node)]


def _list_imported(tree: ast.Module) -> set[tuple[str, str]]:
    """Return the names that a module imports, each with the last name of the other module."""
    return {
        ((node.module or "").rpartition(".")[2], alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _collect_uses(tree: ast.Module) -> dict[str, set[str]]:
    """Return what the code calls on each name; a name that it uses otherwise may be called with any method."""
    found: dict[str, set[str]] = {}
    called = set()
    for node in ast.walk(tree):
        owner = node.value if isinstance(node, ast.Attribute) else None
        name = (
            f"{owner.func.id}()" if isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) else ""
        )
        if isinstance(owner, ast.Name):
            called.add(owner)
            name = owner.id
        if name and isinstance(node, ast.Attribute) and node.attr in _FUNCTIONS:
            found.setdefault(name, set()).add(node.attr)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node not in called:
            found.setdefault(node.id, set()).update(("search", "fullmatch"))
    return found


# Texts


def derive_texts(pattern: Any) -> Iterator[tuple[str, str, str]]:
    """Yield a start, a piece to repeat and an end: made from the parts of a pattern, then from its letters."""
    if hasattr(pattern, "flags") and isinstance(pattern, re.Pattern):
        tree = sre_parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    else:
        tree = _parse_other(pattern.pattern)
    letters = "".join(dict.fromkeys("".join(_collect_letters(tree)) + " a<"))[:24]
    parts = [_combine(*part) for part in _walk(list(tree), [""])]
    return _take_in_turn([_combine_letters(letters), *parts])


def _parse_other(text: str) -> Any:
    try:
        return sre_parser.parse(text)
    except re.error:
        return []


def _take_in_turn(sources: list[Iterator[tuple[str, str, str]]]) -> Iterator[tuple[str, str, str]]:
    """Yield the first texts of every part before the second, each text once."""
    seen = set()
    for texts in itertools.zip_longest(*sources):
        for text in texts:
            if text and text[1] and text not in seen:
                seen.add(text)
                yield text


def _combine(before: str, pieces: list[str], after: str) -> Iterator[tuple[str, str, str]]:
    """Yield texts that repeat a part behind what comes before it, alone, and together with it."""
    for piece in pieces:
        yield before, piece, after[:-1] + "\0"
        yield "", before + piece, "\0"
        yield before, piece, "\n!"
        yield before, piece, after + "\0"
        yield "", before, "\0"
        yield before, before + piece, ""
        yield "", piece, after[:-1] + "\0"
    for one, two in itertools.islice(itertools.permutations(pieces, 2), 20):
        yield before, one + two, "\0"
        yield before, one + two, after[:-1] + "\0"


def _combine_letters(letters: str) -> Iterator[tuple[str, str, str]]:
    for one in letters:
        yield "", one, "\0"
        yield "", one, ""
    for one, two in itertools.permutations(letters[:7], 2):
        yield "", one + two, "\0"
        yield one, two, "\0"


def _walk(nodes: list[Any], before: list[str]) -> Iterator[tuple[str, list[str], str]]:
    """Yield what comes before each repeated part, pieces that the part matches, and what comes after it."""
    for place, node in enumerate(nodes):
        after = _match_all(nodes[place + 1 :])[0]
        operator, value = node
        if operator in _REPEATS and (value[1] is sre.MAXREPEAT or value[1] > 15):
            pieces = list(dict.fromkeys([*_match_all(list(value[2])), *_collect_letters(value[2])]))[:10]
            for one in before:
                yield one, pieces, after
        for inner in _get_inner(operator, value):
            yield from ((start, pieces, end + after) for start, pieces, end in _walk(inner, before))
        more = _match_all([node])
        before = list(dict.fromkeys(one + two for one in before[:3] for two in more[:3]))[:4]


_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)


def _get_inner(operator: Any, value: Any) -> list[list[Any]]:
    if operator in _REPEATS:
        return [list(value[2])]
    if operator is sre.SUBPATTERN:
        return [list(value[3])]
    if operator is sre.ATOMIC_GROUP:
        return [list(value)]
    if operator is sre.BRANCH:
        return [list(one) for one in value[1]]
    if operator in (sre.ASSERT, sre.ASSERT_NOT):
        return [list(value[1])]
    if operator is sre.GROUPREF_EXISTS:
        return [list(one) for one in value[1:] if one]
    return []


def _match_all(nodes: list[Any]) -> list[str]:
    """Return a few texts that a sequence of nodes matches."""
    found = [""]
    for node in nodes:
        found = list(dict.fromkeys(one + two for one in found[:4] for two in _match_node(*node)[:4]))
    return found[:6]


def _match_node(operator: Any, value: Any) -> list[str]:
    if operator is sre.LITERAL:
        return [chr(value)]
    if operator in (sre.NOT_LITERAL, sre.IN, sre.ANY):
        return list(_choose_letters(operator, value))[:6]
    if operator in _REPEATS:
        inner = _match_all(list(value[2]))
        return [one * max(value[0], 1) for one in inner] + ([""] if not value[0] else [])
    if operator is sre.ASSERT and value[0] == 1:
        return ["", *_match_all(list(value[1]))]
    if operator in (sre.ASSERT, sre.ASSERT_NOT):
        return [""]
    inner = _get_inner(operator, value)
    return [text for one in inner for text in _match_all(one)] or [""]


def _choose_letters(operator: Any, value: Any) -> str:
    """Return letters that a class matches."""
    if operator is sre.ANY:
        return "a <"
    if operator is sre.NOT_LITERAL:
        return "".join(letter for letter in 'a <"1' if ord(letter) != value)
    letters = "".join(_collect_letters([(operator, value)]))
    if value[0][0] is sre.NEGATE:
        return "".join(letter for letter in _COMMON if letter not in letters)
    return letters


def _collect_letters(nodes: Any) -> Iterator[str]:
    """Yield the letters that a pattern names, and samples of its classes."""
    for operator, value in nodes:
        if operator in (sre.LITERAL, sre.NOT_LITERAL):
            yield chr(value)
        elif operator is sre.RANGE:
            yield from dict.fromkeys((chr(value[0]), chr(value[1])))
        elif operator is sre.CATEGORY:
            yield _CLASSES.get(value, "a")
        elif operator is sre.IN:
            yield from _collect_letters(value)
        else:
            for inner in _get_inner(operator, value):
                yield from _collect_letters(inner)


# Measuring


class _TooLongError(Exception):
    pass


def _interrupt(number: int, frame: object) -> None:
    raise _TooLongError


def _measure(call: Callable[[], object], times: int) -> float:
    """Return the least CPU time of some calls; infinite if a call takes too long."""
    least = float("inf")
    for _ in range(times):
        signal.setitimer(signal.ITIMER_PROF, _TEXT_SECONDS)
        started = time.thread_time()
        try:
            call()
        except _TooLongError:
            return least
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        least = min(least, time.thread_time() - started)
    return least


def _build_call(pattern: Any, method: str, text: str) -> Callable[[], object]:
    subject: Any = text.encode("latin-1", "ignore") if isinstance(pattern.pattern, bytes) else text
    if method in ("search", "match", "fullmatch"):
        return lambda: getattr(pattern, method)(subject)
    if hasattr(pattern, "finditer"):
        return lambda: sum(1 for _ in pattern.finditer(subject))
    return lambda: pattern.search(subject)


def measure_growth(found: Found, method: str, start: str, piece: str, end: str) -> Slow | None:
    """Measure one text at growing lengths, and return what is superlinear."""

    def build(length: int) -> str:
        return start + piece * (length // len(piece)) + end

    seconds = [_measure(_build_call(found.pattern, method, build(_LENGTH)), 1)]
    if seconds[0] < _FAST * len(start + end) + _FAST * _LENGTH:
        return None
    for factor in (1, 4, 16):
        seconds.append(_measure(_build_call(found.pattern, method, build(_LENGTH * factor)), 3))
        if seconds[-1] == float("inf") or (factor == 16 and seconds[-1] > seconds[-2] * _GROWTH):
            text = f"{start[:60]!r} + {piece[:60]!r} * n + {end[:60]!r}"
            return Slow(found.where, str(found.pattern.pattern), method, text, tuple(seconds[1:]))
        if factor > 1 and seconds[-1] < seconds[-2] * _GROWTH:
            return None
    return None


def pump(found: Found) -> Slow | None:
    """Return the first text with which a pattern is superlinear."""
    methods = found.methods - {"compile"} or {"search", "fullmatch"}
    if methods & {"sub", "subn", "split", "findall", "finditer"}:
        methods = methods & {"match", "fullmatch", "search"} | {"finditer"}
    started = time.thread_time()
    for number, (start, piece, end) in enumerate(derive_texts(found.pattern)):
        if number > _MOST_TEXTS or (number > _FEWEST_TEXTS and time.thread_time() - started > _SECONDS):
            break
        for method in sorted(methods):
            slow = measure_growth(found, method, start, piece, end)
            if slow is not None:
                return slow
    return None


def collect_data(package: str) -> list[Found]:
    """Return the patterns in data files and defaults, which run on RE2 where it can run them."""
    if package != "feeds":
        return []
    from feeds.sanitizer.boilerplate import compile_patterns, load_default_boilerplate

    lines = load_default_boilerplate()
    return [
        Found(f"feeds/data/boilerplate.txt {line[:30]}", compiled, {"search", "fullmatch"})
        for line, compiled in zip(lines, compile_patterns(lines), strict=True)
    ]


def main(package: str) -> None:
    """Pump every pattern of a package and print what was found."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    signal.signal(signal.SIGPROF, _interrupt)
    finder = Finder(package)
    patterns = finder.run() + collect_data(package)
    gc.disable()
    slow = []
    for one in patterns:
        print(json.dumps({"trying": one.where}), flush=True)
        began = time.thread_time()
        trouble = pump(one)
        if "-v" in sys.argv and time.thread_time() - began > 0.15:
            print(one.where, round(time.thread_time() - began, 2), file=sys.stderr)
        if trouble is not None:
            slow.append(vars(trouble))
    report = {
        "patterns": len(patterns),
        "unknown": finder.unknown,
        "slow": slow,
        "cpu": round(time.process_time(), 1),
    }
    print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
