"""Inputs that make converters of Markdown slow: run as a program, it converts each and says how far it got.

``python -m tests.rigs.nasty_markdown SIZE`` converts every input of about SIZE characters in both dialects.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

_LARGEST = 5_000_000
"""Characters of HTML: what is used again and again does not multiply without bound."""

_REPEATED = (
    "> x\ny\n", "- ", "*", "[", "`", "<", "\\|-:", "![](", "*[a]: b\n", "[^x] ", "```\n", "~~~ a\n", "a**b", "*a _b ",
    "*_", "[a](", "[a](<b", "[a]\n", "<div>", "<div>\n", '<a "', "<!-- ", "<!--\n", "<? ", '<div a="\n',
    '<div markdown="1">\n', '<p markdown="1">x\n', "<code>", "<code><kbd>", "<p>x\n\n", "{: .x}\n", "x\n{: #a}\n\n",
    "*a*{: .b}", "{: ", "{::comment} ", "{::comment}\n", "{::nomarkdown}\nx\n", "$$", "$$a$ ", "^\n", "* x\n{:toc}\n",
    "a|b\n", "a|b\nx\n\n", "|`", "# a\n", "a\n-\n", "a\n: b\n", ": ", "a  \n", " ", "\t", "\tx\n", "\0", "\\", "&a;",
    "<a:", "<a@b", "~~a ", '[a](b "', "1. ", "1) x\n", "**“a”**中", "\ufffc", "\ufffc0\ufffc", "a\r\n\r", "](a a ",
    "word ", "- a\n\n      b\n", "> - a\n", "<script></script>", "</div>\n", "{:/}", "[a]: b\n", "[a\\_b] ", "- <div>\n",
    "    x\ny\n", "| a\n", "](a(b", "<font>", "<font></font>\n\n", "<!-- -->\n", "\n", "- a\n  - b | c\n", "> ```\n", "> * a\n> - ~b\n", "> - a\n> 1. ~b\n",
)  # fmt: skip

# A run, what stands before it, and what after it makes it no match.
_LONG_RUNS = (
    (" ", "1", ")"), (" ", "[a]: x", "y\n\n[a\\_]"), (" ", "", "x ```"), (" ", "<a", 'xmarkdown="1">'), (" ", "a|b\n|", "x"),
    ("-", "a|b\n|", "x"), ("=", "a|b\n|", "x"), ("- ", "", "x"), ("* ", "", "x"), ("<code>", "|", ""), ("#", "# ", "x"),
    ("> ", "", "```"), ("1. ", "", "|"), ("(", "[a](b", ""), ("a ", "](", ""), ("\\", "](", ")"), (" ", "# a", "{#b"),
    ("<a b=' ", "", ""), (" ", "{: a", ""), ("~", "", " x"), ("`", "", " x"), (" ", "*[a]:", "b"), ("<x:", "", ""),
)  # fmt: skip


def make_inputs(size: int) -> Iterator[tuple[str, str]]:
    """Make inputs, each with a name."""
    for piece in _REPEATED:
        yield repr(piece), piece * (size // len(piece))
    for name, begin, end in _LONG_RUNS:
        yield f"a long run: {name}", begin + name * (size // len(name)) + end
    root = int(size**0.5)
    yield "quotations in quotations", "\n".join(">" * depth + " x" for depth in range(1, root))
    yield "items in items", "".join("  " * depth + "- x\n" for depth in range(root))
    yield "tables in items", "".join("  " * depth + "- a|b\n" for depth in range(root))
    yield "longer and longer fences", "".join("`" * length + "\n" for length in range(3, root))
    yield "longer and longer runs", " ".join("`" * length for length in range(1, root))
    yield "abbreviations", _numbered("*[a{0}]: b\n", size) + _numbered("a{0} ", size)
    yield "notes", _numbered("x[^{0}]\n\n[^{0}]: y\n\n", size)
    yield "a chain of notes", _numbered("[^{0}]: [^{1}]\n", size) + "[^0]\n"
    yield "attribute lists with names", _numbered("{{:a{0}: a{1} .x}}\n", size) + "{: a0}\nx\n"
    yield "elements with names", _numbered("<a{0}>", size)
    yield "a long definition", "[a]: /" + "x" * 1000 + "\n\n" + "[a] " * (size // 4)
    yield "a long definition with an escape", "[a_b]: /" + "x" * 1000 + "\n\n" + "[a\\_b] " * (size // 7)
    yield "a long abbreviation", f"*[a]: {'x' * (size // 2)}\n\n" + "a " * (size // 4)
    yield "a long attribute list", f"{{:a: x='{'y' * (size // 2)}'}}\n\n" + "*b*{: a}" * (size // 16)
    yield "a wide table", "|" + "a|" * (size // 4) + "\n|" + "-|" * (size // 4) + "\n"
    yield "a ragged table", "|" + "a|" * root * 8 + "\n|" + "-|" * root * 8 + "\n" + "|a\n" * root * 8


def _numbered(pattern: str, size: int) -> str:
    return "".join(pattern.format(number, number + 1) for number in range(size // len(pattern)))


def main() -> None:
    """Convert all of them."""
    from feeds.models import DIALECTS
    from feeds.sanitizer.markdown import markdown_to_html

    for name, text in make_inputs(int(sys.argv[1])):
        for dialect in DIALECTS:
            print(f"{name} in {dialect}", flush=True)
            assert len(markdown_to_html(text, dialect)) < _LARGEST
    print("all")


if __name__ == "__main__":
    main()
