"""Evaluate the Liquid of posts with python-liquid: its limits, Jekyll's tags, and a record of what fails.

This module imports the library, which takes a tenth of a second. Only :mod:`feeds.parser.posts.liquid` imports it,
when a post has Liquid at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from html import escape
from typing import Final, TextIO

from liquid import Environment, RenderContext
from liquid.ast import Node
from liquid.builtin.expressions import (
    BooleanExpression,
    FilteredExpression,
    LoopExpression,
    parse_identifier,
    parse_primitive,
    tokenize,
)
from liquid.builtin.output import Output, OutputNode
from liquid.exceptions import LiquidError, LocalNamespaceLimitError
from liquid.mode import Mode
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.template import BoundTemplate
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG, Token

from feeds.parser.posts.liquid_filters import FILTERS, UNSUPPORTED_FILTERS, limit_filter, to_liquid
from feeds.parser.posts.liquid_lists import parse_expression, to_text
from feeds.parser.posts.liquid_names import NameReport
from feeds.parser.posts.liquid_source import MASK, Convert, Include, Link, Source, repair_source

_MOST_VALUES: Final = 1024 * 1024
"""Limit for the characters of all values of a post: a value that doubles often enough fills any memory."""
_MOST_SHOWN: Final = 4 * 1024 * 1024
"""Limit for the bytes that the Liquid of a post writes."""
_MOST_LOOPS: Final = 10_000
"""Limit for the iterations of all loops; those of nested loops multiply."""
_MOST_INCLUDES: Final = 100
_DEEPEST_INCLUDE: Final = 10
_PARAMETER: Final = re.compile(
    r"""(?<![\w-])([\w-]++)\s*+=\s*+(?:"((?>[^"\\]|\\.)*)"|'((?>[^'\\]|\\.)*)'|([\w.\[\]-]++))""", re.DOTALL
)
_QUOTE: Final = re.compile(r"\\(['\"])")
_VARIABLE: Final = re.compile(r"\{\{([^{}]*+)\}\}")
_FILE: Final = re.compile(r"(?>(?:\{\{[^{}]*+\}\}|\S)+)")


class Rendering:
    """Renders one text; ``dropped`` lists line and text of tags that have no meaning or fail."""

    def __init__(self, scope: Mapping[str, object], link: Link, include: Include, convert: Convert) -> None:
        # Conditions compare numbers, while headers are loaded as text.
        self.scope = {name: to_liquid(value) for name, value in scope.items()}
        self.link, self.include, self.convert = link, include, convert
        self.names = NameReport(self.scope)
        self.dropped: list[tuple[int, str]] = []
        self.room = _MOST_VALUES
        self.includes = 0
        self._parsed: list[tuple[Source, int]] = []
        self._sources: list[tuple[Source, int]] = []
        """The templates that are being parsed or rendered, with the line to report for them (0: its own lines)."""

    def render(self, text: str) -> str:
        """Return the result for the body of a post."""
        environment = _make_environment()
        # A tag may name another post, whose Liquid then runs inside this rendering.
        outer, environment.rendering = environment.rendering, self
        try:
            template = self.parse(text, 0)
            context = _Context(template, globals=self.scope)
            buffer = template._get_buffer()
            template.render_with_context(context, buffer)
        finally:
            environment.rendering = outer
        self._report_names()
        return buffer.getvalue().replace(MASK, "{")

    def _report_names(self) -> None:
        for source, line in self._parsed:
            for mark in self.names.find_unknown(source.marks):
                self._report(source.find_line(mark.start), mark.text, line)

    def parse(self, text: str, line: int) -> BoundTemplate:
        """Parse a template; ``line`` is that of the tag that includes it, or 0."""
        environment = _make_environment()
        source = repair_source(text, _can_parse, self.is_known)
        self._sources.append((source, line))
        for mark in source.dropped:
            self._report(source.find_line(mark.start), mark.text, line)
        self.names.collect_names(source.marks)
        self._parsed.append((source, line))
        nodes = get_parser(environment).parse(TokenStream(environment.tokenizer()(source.text)))
        return _Template(environment, nodes, globals=self.scope)

    def is_known(self, condition: str) -> bool:
        """Return whether every name of a condition has a value; only then may it hide the rest of a text."""
        return self.names.has_values(condition)

    def report_token(self, token: Token | None) -> None:
        """Record a tag or variable that failed."""
        for source, line in reversed(self._sources):
            if token is not None and token.source == source.text:
                mark = source.find_mark(token.start_index)
                if mark is not None:
                    self._report(source.find_line(mark.start), mark.text, line)
                return

    def find_line(self, token: Token) -> int:
        """Return the line of a tag in the body, or that of its outermost include."""
        source, line = self._sources[-1]
        mark = source.find_mark(token.start_index)
        return line or (source.find_line(mark.start) if mark else 1)

    def _report(self, line: int, text: str, including: int) -> None:
        # A loop could otherwise fill the memory with reports.
        if len(self.dropped) < 1000:
            self.dropped.append((including or line, text))

    def reserve_room(self, size: int) -> None:
        """Count the characters of a value.

        Raises:
            LocalNamespaceLimitError: it is too much.
        """
        if size > self.room:
            raise LocalNamespaceLimitError("too many values", token=None)
        self.room -= size


class _Environment(Environment):
    """Records mistakes instead of stopping at them or swallowing them."""

    block_nesting_limit = 100
    context_depth_limit = 100
    loop_iteration_limit = _MOST_LOOPS
    output_stream_limit = _MOST_SHOWN
    rendering: Rendering | None = None

    def error(
        self, exc: type[LiquidError] | LiquidError, msg: str | None = None, token: Token | None = None
    ) -> None:
        """Record which tag or variable failed; the library leaves it out."""
        found = exc.token if isinstance(exc, LiquidError) else None
        if self.rendering is not None:
            self.rendering.report_token(found or token)


class _Context(RenderContext):
    """A context that limits assigned values, and returns values unchanged from unknown filters."""

    def assign(self, key: str, val: object) -> None:
        """Keep a value under a name."""
        rendering = _get_rendering(self)
        rendering.reserve_room(len(val) if isinstance(val, (str, list)) else 8)
        self.locals[key] = val

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        """Return a filter; an unknown one changes nothing, as in Jekyll, and is reported."""
        if name not in self.env.filters:
            _get_rendering(self).report_token(token)
            return lambda value, *_arguments, **_named: value
        return super().filter(name, token)


class _Template(BoundTemplate):
    context_class = _Context


def _get_rendering(context: RenderContext) -> Rendering:
    environment = context.env
    assert isinstance(environment, _Environment)
    assert environment.rendering is not None
    return environment.rendering


@cache
def _make_environment() -> _Environment:
    environment = _Environment(tolerance=Mode.LAX)
    # The library limits output and loops, but not the values inside a filter.
    for name in [*environment.filters]:
        environment.filters[name] = limit_filter(environment.filters[name])
    for name, function in FILTERS.items():
        environment.add_filter(name, limit_filter(function))
    for name in UNSUPPORTED_FILTERS:
        environment.filters.pop(name, None)  # older versions of the library lack some of them
    for tag in (_Output, _Highlight):
        environment.add_tag(tag)
    for name, node in _ARGUMENT_TAGS.items():
        environment.tags[name] = _ArgumentTag(environment, name, node)
    return environment


def _can_parse(name: str, argument: str) -> bool:
    """Return whether the library can parse the argument of a tag, or the content of a variable."""
    # The library accepts any argument of the other tags, so they need no check.
    parse = _PARSERS.get(name)
    if parse is None:
        return True
    try:
        parse(_make_environment(), _tokenize(argument))
    except (LiquidError, RecursionError):
        return False
    return True


def _tokenize(expression: str) -> TokenStream:
    return TokenStream(tokenize(expression, Token(TOKEN_EXPRESSION, expression, 0, expression)))


def _parse_assignment(environment: Environment, tokens: TokenStream) -> None:
    parse_identifier(environment, tokens, allow_trailing_question_mark=False)
    tokens.eat("assign")
    FilteredExpression.parse(environment, tokens)


def _parse_case(environment: Environment, tokens: TokenStream) -> None:
    parse_primitive(environment, tokens)
    tokens.expect_eos()


_PARSERS: Final[Mapping[str, Callable[[Environment, TokenStream], object]]] = {
    "": FilteredExpression.parse,
    "if": BooleanExpression.parse,
    "unless": BooleanExpression.parse,
    "elsif": BooleanExpression.parse,
    "case": _parse_case,
    "when": parse_primitive,
    "for": LoopExpression.parse,
    "tablerow": LoopExpression.parse,
    "capture": parse_identifier,
    "assign": _parse_assignment,
}


class _OutputNode(OutputNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Write a value."""
        text = to_text(self.expression.evaluate(context))
        _get_rendering(context).reserve_room(len(text))
        return _write_path(text, context, buffer)


class _Output(Output):
    node_class = _OutputNode


def _write_path(text: str, context: RenderContext, buffer: TextIO) -> int:
    """Write a text, without the base path of the site if the output already ends with it.

    Older sites write the base path before ``link`` and ``post_url`` themselves.
    """
    site = context.globals.get("site")
    base = str(site.get("baseurl") or "").rstrip("/") if isinstance(site, Mapping) else ""
    if base and text.startswith(f"{base}/"):
        end = buffer.tell()
        buffer.seek(max(0, end - len(base)))
        before = buffer.read()
        buffer.seek(end)
        text = text.removeprefix(base) if before == base else text
    return buffer.write(text)


class _HighlightNode(Node):
    __slots__ = ("block", "language")

    def __init__(self, token: Token, language: str, block: Node) -> None:
        super().__init__(token)
        self.language, self.block, self.blank = language, block, False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Show code as a block with its language."""
        inner = context.get_buffer(buffer)
        self.block.render(context, inner)
        # A blank line would end the HTML block in Markdown.
        # `&#10;` is a line break to readers, while Markdown sees no blank line.
        code = escape(inner.getvalue().strip("\n"), quote=False).replace("\n\n", "\n&#10;")
        marks = f' class="language-{escape(self.language)}"' if self.language else ""
        return buffer.write(f"<pre><code{marks}>{code}</code></pre>")


class _Highlight(Tag):
    name = "highlight"
    end = "endhighlight"

    def parse(self, stream: TokenStream) -> Node:
        """Parse the language and the block."""
        token = stream.eat(TOKEN_TAG)
        argument = stream.eat(TOKEN_EXPRESSION).value if stream.current.kind == TOKEN_EXPRESSION else ""
        block = get_parser(self.env).parse_block(stream, frozenset((self.end,)))
        stream.expect(TOKEN_TAG, self.end)
        return _HighlightNode(token, re.sub(r"[^\w+#.-]", "", argument.partition(" ")[0]), block)


class _ArgumentNode(Node):
    """A tag with an argument of its own syntax."""

    __slots__ = ("argument", "tag")

    def __init__(self, token: Token, tag: str, argument: str) -> None:
        super().__init__(token)
        self.tag, self.argument, self.blank = tag, argument, False


class _LinkNode(_ArgumentNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Show the path of a page."""
        rendering = _get_rendering(context)
        path = rendering.link(self.tag, self.argument)
        if path is None:
            rendering.report_token(self.token)
            return 0
        return _write_path(path, context, buffer)


class _IncludeNode(_ArgumentNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Run the Liquid of a file in the place of the tag."""
        rendering = _get_rendering(context)
        found = _FILE.match(self.argument)
        name, rest = (found[0], self.argument[found.end() :]) if found else ("", "")
        # Jekyll allows variables in the name of the file.
        name = _VARIABLE.sub(lambda variable: to_text(_evaluate(variable[1], context)), name)
        text = None
        rendering.includes += 1
        # A file may include itself, which would never end.
        if rendering.includes <= _MOST_INCLUDES and len(rendering._sources) <= _DEEPEST_INCLUDE:
            text = rendering.include(self.tag, name.strip("\"'"))
        if text is None:
            rendering.report_token(self.token)
            return 0
        values = {
            key: _evaluate(value, context) if value else _QUOTE.sub(r"\1", text or other)
            for key, text, other, value in _PARAMETER.findall(rest)
        }
        template = rendering.parse(text, rendering.find_line(self.token))
        try:
            template.render_with_context(context, buffer, partial=True, include=values)
        finally:
            rendering._sources.pop()
        return 1


def _evaluate(expression: str, context: RenderContext) -> object:
    try:
        found: object = parse_expression(FilteredExpression, context.env, expression).evaluate(context)
        return found
    except LiquidError:
        return None


class _ArgumentTag(Tag):
    """A tag that keeps its argument as it is written."""

    block = False

    def __init__(self, env: Environment, name: str, node: type[_ArgumentNode]) -> None:
        super().__init__(env)
        self.name, self._node = name, node

    def parse(self, stream: TokenStream) -> Node:
        """Take the argument as it is."""
        token = stream.eat(TOKEN_TAG)
        argument = stream.current.value if stream.current.kind == TOKEN_EXPRESSION else ""
        return self._node(token, self.name, argument.strip())


_ARGUMENT_TAGS: Final[Mapping[str, type[_ArgumentNode]]] = {
    "link": _LinkNode,
    "post_url": _LinkNode,
    "include": _IncludeNode,
    "include_relative": _IncludeNode,
}
