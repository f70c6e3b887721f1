"""The Liquid that posts use: ``raw``, ``highlight``, ``link``, ``post_url``, ``site.*``, ``page.*``.

Other tags are dropped, with the text between them kept, and named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from html import escape

from feeds.dates import parse_date

_TOKEN = re.compile(
    r"\{%(-?)([^%]{0,2000}?(?:%(?!\})[^%]{0,500}){0,4})(-?)%\}|\{\{(-?)([^{}]{0,2000}?)(-?)\}\}"
)
_END = {name: re.compile(r"\{%-?\s*end" + name + r"\s*-?%\}") for name in ("raw", "comment", "highlight")}
_SPACE = re.compile(r"\s*+")
_LONGEST_VALUE = 16 * 1024
"""Characters that filters may make of a value."""
_MOST_VALUES = 1024 * 1024
"""Characters of all values that a text shows or assigns: one that is doubled often enough fills any memory."""
_STRING = re.compile(r"\"[^\"]*\"|'[^']*'")

Link = Callable[[str, str], "str | None"]


@dataclass(frozen=True, slots=True)
class DroppedTag:
    """A tag or variable that means nothing here; ``line`` counts from 1 in the text."""

    line: int
    text: str


class _TooLong(Exception):  # noqa: N818 - it ends one tag
    """A value grows beyond its bound."""


@dataclass(slots=True)
class _State:
    scope: dict[str, str]
    link: Link
    dropped: list[DroppedTag] = field(default_factory=list)
    open: set[str] = field(default_factory=set)
    """Blocks that nothing further on closes: looked for once, not at each of their beginnings."""
    room: int = _MOST_VALUES


def render_liquid(text: str, scope: Mapping[str, str], link: Link) -> tuple[str, tuple[DroppedTag, ...]]:
    """The text with its Liquid carried out, and what was dropped. Never fails; linear in the text.

    ``scope`` holds values by their full names (``site.title``, ``page.url``); ``link(kind,
    argument)`` gives the path of the page that a ``link`` or ``post_url`` tag means, or None.
    """
    if "{%" not in text and "{{" not in text:
        return text, ()
    state = _State(dict(scope), link)
    out: list[str] = []
    position, line, counted = 0, 1, 0
    while found := _TOKEN.search(text, position):
        line += text.count("\n", counted, found.start())
        counted = found.start()
        before = text[position : found.start()]
        if "-" in (found[1], found[4]):
            before = before.rstrip()
        out.append(before)
        position = found.end()
        try:
            if found[2] is not None:
                result, position = _tag(text, found, state, line)
                result = _without_base(result, "".join(out[-2:]), state)
            else:
                result = _variable(found[5], state, line, found[0])
        except _TooLong:
            state.dropped.append(DroppedTag(line, found[0]))
            result = ""
        out.append(result)
        if (
            "-" in (found[3], found[6])
            and position == found.end()
            and (space := _SPACE.match(text, position))
        ):
            position = space.end()
    out.append(text[position:])
    return "".join(out), tuple(state.dropped)


def _without_base(path: str, before: str, state: _State) -> str:
    """The path of a page behind ``{{ site.baseurl }}``, which older sites write before their links themselves."""
    base = state.scope.get("site.baseurl", "").rstrip("/")
    return path.removeprefix(base) if base and path.startswith(base + "/") and before.endswith(base) else path


def _tag(text: str, found: re.Match[str], state: _State, line: int) -> tuple[str, int]:
    name, argument = ([*found[2].split(None, 1), "", ""])[:2]
    argument = argument.strip()
    end = found.end()
    if name.startswith("#"):  # a remark
        return "", end
    if name in ("raw", "comment", "highlight"):
        close = None if name in state.open else _END[name].search(text, end)
        if not close:
            state.open.add(name)
            state.dropped.append(DroppedTag(line, found[0]))
            return "", end
        inner = text[end : close.start()]
        if name == "highlight":
            return _highlight(argument, inner), close.end()
        return (inner if name == "raw" else ""), close.end()
    if name in ("link", "post_url"):
        address = state.link(name, argument)
        if address is not None:
            return address, end
    elif name == "assign" and "=" in argument:
        variable, _, expression = argument.partition("=")
        state.scope[variable.strip()] = _taken(_evaluate(expression, state) or "", state)
        return "", end
    state.dropped.append(DroppedTag(line, found[0]))
    return "", end


def _highlight(argument: str, code: str) -> str:
    language = re.sub(r"[^\w+#.-]", "", argument.partition(" ")[0])
    marks = f' class="language-{escape(language)}"' if language else ""
    inner = escape(code.strip("\n"), quote=False).replace("\n\n", "\n&#10;")
    return f"<pre><code{marks}>{inner}</code></pre>"


def _variable(expression: str, state: _State, line: int, whole: str) -> str:
    value = _evaluate(expression, state)
    if value is None:
        state.dropped.append(DroppedTag(line, whole))
        return ""
    return _taken(value, state)


def _taken(value: str, state: _State) -> str:
    """The value, if there is still room for it."""
    if len(value) > state.room:
        raise _TooLong
    state.room -= len(value)
    return value


def _evaluate(expression: str, state: _State) -> str | None:
    """The value of an expression with its filters; None for an unknown name."""
    strings = _STRING.findall(expression)
    parts = [p.strip() for p in _STRING.sub("\x00", expression).split("|")]
    queue = iter(strings)

    def restored(part: str) -> str:
        return re.sub("\x00", lambda _: next(queue), part)

    value = _value(restored(parts[0]), state)
    for part in parts[1:]:
        name, _, argument = restored(part).partition(":")
        filtered = _FILTERS.get(name.strip())
        if filtered:
            value = filtered(value, [_value(a.strip(), state) or "" for a in argument.split(",")], state)
        if value is not None and len(value) > _LONGEST_VALUE:
            raise _TooLong
    return value


def _value(name: str, state: _State) -> str | None:
    name = name.strip()
    if _STRING.fullmatch(name):
        return name[1:-1]
    if re.fullmatch(r"-?\d+(?:\.\d+)?", name):
        return name
    return state.scope.get(name)


def _absolute(value: str | None, _: list[str], state: _State) -> str | None:
    base = state.scope.get("site.url", "") + state.scope.get("site.baseurl", "")
    if value is None or re.match(r"[a-z][a-z0-9+.-]*:", value):
        return value
    return base.rstrip("/") + "/" + value.lstrip("/")


def _relative(value: str | None, _: list[str], state: _State) -> str | None:
    return (
        None if value is None else state.scope.get("site.baseurl", "").rstrip("/") + "/" + value.lstrip("/")
    )


def _replace(value: str | None, arguments: list[str], _: _State) -> str | None:
    old, new = [*arguments, ""][:2]
    if value is None or len(arguments) < 2 or not old:
        return value
    grown = len(value) + value.count(old) * (len(new) - len(old))
    if grown > _LONGEST_VALUE:
        raise _TooLong
    return value.replace(old, new)


def _date(value: str | None, arguments: list[str], _: _State) -> str | None:
    """A date in another form; as it is, if it is none."""
    date = parse_date(value, UTC) if value else None
    try:
        return date.strftime(arguments[0]) if date and arguments[0] else value
    except (ValueError, UnicodeError):
        return value


_Filter = Callable[["str | None", list[str], _State], "str | None"]
_FILTERS: Mapping[str, _Filter] = {
    "escape": lambda v, a, s: None if v is None else escape(v),
    "xml_escape": lambda v, a, s: None if v is None else escape(v),
    "upcase": lambda v, a, s: None if v is None else v.upper(),
    "downcase": lambda v, a, s: None if v is None else v.lower(),
    "strip": lambda v, a, s: None if v is None else v.strip(),
    "append": lambda v, a, s: (v or "") + a[0],
    "prepend": lambda v, a, s: a[0] + (v or ""),
    "default": lambda v, a, s: v or a[0],
    "replace": _replace,
    "date": _date,
    "relative_url": _relative,
    "absolute_url": _absolute,
}
