"""The Liquid that posts use: ``raw``, ``highlight``, ``link``, ``post_url``, ``site.*``, ``page.*``, conditions.

What a condition hides is not shown. Other tags are dropped, with the text between them kept, and named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final, NamedTuple

from feeds.parser.posts.liquid_conditions import Verdict, evaluate_condition, is_at_most, matches_any
from feeds.parser.posts.liquid_values import (
    Doubtful,
    TooLong,
    evaluate,
    find_value,
    read_operand,
    site_text,
    text_of,
)

_TOKEN = re.compile(
    r"\{%(-?)([^%]{0,2000}?(?:%(?!\})[^%]{0,500}){0,4})(-?)%\}|\{\{(-?)([^{}]{0,2000}?)(-?)\}\}"
)
_TAG = re.compile(r"\s*+(#|\w*+)(.*)", re.DOTALL)
_END = {name: re.compile(r"\{%-?\s*end" + name + r"\s*(-?)%\}") for name in ("raw", "highlight")}
_SPACE = re.compile(r"\s*+")
_MOST_VALUES = 1024 * 1024
"""Characters of all values that a text shows or assigns: one that is doubled often enough fills any memory."""
_LOOPS: Final = ("for", "tablerow")
_BLOCKS: Final = ("if", "unless", "case", "capture", *_LOOPS)
_ELSE_IF: Final = ("elsif", "elseif", "elif")
_BRANCHES: Final = ("else", "when", *_ELSE_IF)

Link = Callable[[str, str], "str | None"]


@dataclass(frozen=True, slots=True)
class DroppedTag:
    """A tag or variable that means nothing here; ``line`` counts from 1 in the text."""

    line: int
    text: str


class _Token(NamedTuple):
    """A tag or a variable, ``raw`` and ``highlight`` with all that is in them."""

    start: int
    end: int
    text: str
    """The tag itself, as it is written."""
    name: str
    """Empty for a variable."""
    argument: str
    trims: tuple[bool, bool]
    """Whether it takes the white space before and after it away."""
    inner: str = ""


@dataclass(slots=True)
class _Frame:
    """A block that is open."""

    name: str
    around: bool
    """Whether the text around it is shown."""
    shown: bool
    """Whether the text of the branch that is open is shown."""
    done: bool
    """Whether no later branch is shown."""
    value: object = None
    """Of a ``case``."""
    outer: list[str] | None = None
    """Where the text went before a ``capture``."""
    variable: str = ""


@dataclass(slots=True)
class _State:
    scope: dict[str, object]
    link: Link
    dropped: list[DroppedTag] = field(default_factory=list)
    room: int = _MOST_VALUES


def render_liquid(text: str, scope: Mapping[str, object], link: Link) -> tuple[str, tuple[DroppedTag, ...]]:
    """Carry out the Liquid of a text, and give what was dropped too. Never fails; linear in the text.

    Args:
        text: The body of a post.
        scope: Values by their names, also by full ones (``site.title``); a mapping holds those of its names.
        link: ``link(kind, argument)`` gives the path of the page that a ``link`` or ``post_url`` tag means, or None.
    """
    if "{%" not in text and "{{" not in text:
        return text, ()
    rendering = _Rendering(text, _State(dict(scope), link))
    return rendering.run(), tuple(rendering.state.dropped)


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    open_ended: set[str] = set()  # looked for once, not at each of their beginnings
    while found := _TOKEN.search(text, position):
        position = found.end()
        before, after = "-" in (found[1], found[4]), "-" in (found[3], found[6])
        if found[2] is None:
            yield _Token(found.start(), position, found[0], "", found[5], (before, after))
            continue
        tag = _TAG.match(found[2])
        name, argument = (tag[1] or "?", tag[2].strip()) if tag else ("?", "")
        inner = ""
        if name in _END and name not in open_ended:
            close = _END[name].search(text, position)
            if close:
                inner, position, after = text[position : close.start()], close.end(), close[1] == "-"
            else:
                open_ended.add(name)
        whole = name not in _END or name not in open_ended
        yield _Token(
            found.start(), position, found[0], name if whole else "?", argument, (before, after), inner
        )


def _pairs(tokens: Sequence[_Token]) -> tuple[dict[int, int], set[int]]:
    """Match the tags that open blocks with those that close them.

    Returns:
        The place of the end of each comment by that of its beginning, and the places of all tags that open or
        close another block. A tag that closes a block closes those inside it too.
    """
    comments: dict[int, int] = {}
    begun: list[int] = []
    for place, token in enumerate(tokens):
        if token.name == "comment":
            begun.append(place)
        elif token.name == "endcomment" and begun:
            comments[begun.pop()] = place
    matched: set[int] = set()
    opened: list[int] = []
    depths = dict.fromkeys(_BLOCKS, 0)
    until = -1
    for place, token in enumerate(tokens):
        until = max(until, comments.get(place, -1))
        if place <= until:
            continue
        name = token.name.removeprefix("end")
        if token.name in _BLOCKS and token.argument:
            opened.append(place)
            depths[name] += 1
        elif name != token.name and depths.get(name):
            while depths[name] and place not in matched:
                inner = opened.pop()
                depths[tokens[inner].name] -= 1
                if tokens[inner].name == name:
                    matched |= {inner, place}
    return comments, matched


class _Rendering:
    """One walk over a text."""

    def __init__(self, text: str, state: _State) -> None:
        self.text, self.state = text, state
        self.tokens = list(_tokens(text))
        self.comments, self.matched = _pairs(self.tokens)
        self.out: list[str] = []
        self.frames: list[_Frame] = []
        self.loops: list[int] = []
        """Which of the frames are loops."""
        self._line, self._counted = 1, 0

    @property
    def shown(self) -> bool:
        """Whether no condition hides what comes next."""
        return not self.frames or self.frames[-1].shown

    def run(self) -> str:
        position = place = 0
        while place < len(self.tokens):
            token = self.tokens[place]
            before = self.text[position : token.start]
            if self.shown:
                self.out.append(before.rstrip() if token.trims[0] else before)
            if place in self.comments:
                place = self.comments[place]
                token = self.tokens[place]
            else:
                self.take(place, token)
            position = token.end
            if token.trims[1] and (space := _SPACE.match(self.text, position)):
                position = space.end()
            place += 1
        self.out.append(self.text[position:] if self.shown else "")
        return "".join(self.out)

    def take(self, place: int, token: _Token) -> None:
        """Carry out one tag or variable."""
        try:
            if token.name.removeprefix("end") in _BLOCKS or token.name in _BRANCHES:
                self.block(place, token)
            elif self.shown:
                result = self.tag(token) if token.name else self.variable(token)
                self.out.append(_without_base(result, "".join(self.out[-2:]), self.state.scope))
        except TooLong:
            self.drop(token)

    def drop(self, token: _Token) -> str:
        """Name what is left out."""
        self._line += self.text.count("\n", self._counted, token.start)
        self._counted = token.start
        self.state.dropped.append(DroppedTag(self._line, token.text))
        return ""

    def block(self, place: int, token: _Token) -> None:
        """A tag that opens a block, closes one, or begins the next branch."""
        if token.name in _BRANCHES and self.frames:
            self.branch(token)
        elif token.name in _BLOCKS and token.argument:
            self.open(place, token)
        elif place in self.matched and self.frames:
            while self.close().name != token.name.removeprefix("end"):
                pass
        elif self.shown:
            self.drop(token)

    def open(self, place: int, token: _Token) -> None:
        """Open a block; where nothing closes it, only a condition that is known hides the rest of the text."""
        shown, closed = self.shown, place in self.matched
        frame = _Frame(token.name, shown, shown, done=not shown)
        known = not shown or self.begin(frame, token)
        endless = token.name in ("capture", *_LOOPS) and not closed
        if shown and (endless or not known):
            self.drop(token)
        if closed or (shown and known and not endless):
            self.loops += [len(self.frames)] if token.name in _LOOPS else []
            self.frames.append(frame)
            if token.name == "capture" and shown:
                frame.outer, self.out = self.out, []

    def begin(self, frame: _Frame, token: _Token) -> bool:
        """Decide whether the first branch of a block is shown; False if not all of that could be evaluated."""
        if token.name == "capture":
            frame.variable = token.argument.strip("\"'")
            return True
        if token.name == "case":
            frame.shown = False  # what stands before the first ``when``
            frame.value, known = read_operand(token.argument, self.state.scope)
            return known
        if token.name in _LOOPS:
            verdict = Verdict(self.has_items(token.argument.partition(" in ")[2]), known=False)
        else:
            verdict = evaluate_condition(token.argument, self.lookup)
        frame.shown = frame.done = verdict.holds is not (token.name == "unless")
        return verdict.known

    def has_items(self, collection: str) -> bool:
        """Whether a loop over this would show its text: it is shown once then, and else what its ``else`` says."""
        low, dots, high = collection.strip().partition(")")[0].partition("..")
        if dots and low.startswith("("):
            ends = [read_operand(one.strip(), self.state.scope)[0] for one in (low[1:], high)]
            return is_at_most(*ends)
        value = read_operand((collection.split(None, 1) or [""])[0], self.state.scope)[0]
        return isinstance(value, (str, list, Mapping)) and len(value) > 0

    def branch(self, token: _Token) -> None:
        """Begin the next branch of the block that is open."""
        frame = self.frames[-1]
        verdict = Verdict(False)
        if token.name == "else" and frame.name != "capture":
            verdict = Verdict(not frame.done)
        elif token.name == "when" and frame.name == "case":
            verdict = matches_any(frame.value, token.argument, self.lookup)
        elif token.name in _ELSE_IF and frame.name in ("if", "unless"):
            verdict = evaluate_condition(token.argument, self.lookup) if not frame.done else verdict
        else:
            verdict = Verdict(frame.shown, known=False)
        if frame.around and not verdict.known:
            self.drop(token)
        frame.shown = frame.around and verdict.holds
        frame.done = frame.done or verdict.holds

    def close(self) -> _Frame:
        """Close the innermost block."""
        frame = self.frames.pop()
        if frame.name in _LOOPS:
            self.loops.pop()
        if frame.outer is not None:
            value, self.out = "".join(self.out), frame.outer
            self.state.scope[frame.variable] = value if len(value) <= self.state.room else None
            self.state.room -= min(len(value), self.state.room)
        return frame

    def leave_loop(self) -> bool:
        """Hide what follows in the innermost loop; False if there is none."""
        if not self.loops:
            return False
        for frame in self.frames[self.loops[-1] :]:
            frame.around = frame.shown = False
        return True

    def tag(self, token: _Token) -> str:
        """What a tag that is no block shows."""
        name, argument = token.name, token.argument
        if name == "#" or (name in ("break", "continue") and self.leave_loop()):
            return ""
        if name == "raw":
            return token.inner
        if name == "highlight":
            return _highlight(argument, token.inner)
        if name in ("link", "post_url"):
            address = self.state.link(name, argument)
            if address is not None:
                return address
        elif name == "assign" and "=" in argument:
            variable, _, expression = argument.partition("=")
            value = evaluate(expression, self.state.scope)
            _taken(text_of(value) or "", self.state)
            self.state.scope[variable.strip()] = value
            return ""
        return self.drop(token)

    def variable(self, token: _Token) -> str:
        """What a variable shows."""
        text = text_of(evaluate(token.argument, self.state.scope))
        return self.drop(token) if text is None else _taken(text, self.state)

    def lookup(self, name: str) -> object:
        """The value of a name in a condition."""
        value = find_value(self.state.scope, name)
        if isinstance(value, Doubtful):
            raise KeyError(name)
        return value


def _without_base(path: str, before: str, scope: Mapping[str, object]) -> str:
    """The path of a page behind ``{{ site.baseurl }}``, which older sites write before their links themselves."""
    base = site_text(scope, "baseurl").rstrip("/")
    return path.removeprefix(base) if base and path.startswith(base + "/") and before.endswith(base) else path


def _highlight(argument: str, code: str) -> str:
    language = re.sub(r"[^\w+#.-]", "", argument.partition(" ")[0])
    marks = f' class="language-{escape(language)}"' if language else ""
    inner = escape(code.strip("\n"), quote=False).replace("\n\n", "\n&#10;")
    return f"<pre><code{marks}>{inner}</code></pre>"


def _taken(value: str, state: _State) -> str:
    """The value, if there is still room for it."""
    if len(value) > state.room:
        raise TooLong
    state.room -= len(value)
    return value
