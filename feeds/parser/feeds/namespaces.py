"""Give the elements of known namespaces their usual prefixes: a prefix is only a name (Namespaces in XML 1.0, 3).

feedparser and the steps before it go by the prefix in many places. A document that binds Media RSS to ``m`` and
Dublin Core to ``media`` reads as if both had their usual prefixes afterwards.
"""

from __future__ import annotations

import re
from typing import Final

_USUAL: Final = {
    "search.yahoo.com/mrss": "media",
    "tools.search.yahoo.com/mrss": "media",
    "www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "podcastindex.org/namespace/1.0": "podcast",
    "github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md": "podcast",
    "purl.org/dc/elements/1.1": "dc",
    "purl.org/dc/elements/1.0": "dc",
    "purl.org/rss/1.0/modules/dc": "dc",
    "purl.org/dc/terms": "dcterms",
    "purl.org/rss/1.0/modules/content": "content",
    "purl.org/rss/1.0/modules/syndication": "sy",
    "purl.org/syndication/history/1.0": "fh",
    "rssnamespace.org/feedburner/ext/1.0": "feedburner",
}
"""Prefixes by the address of a namespace without scheme and final slash, in lower case."""
_PREFIXES: Final = frozenset(_USUAL.values())
# Formats of feeds, and languages inside their texts: elements without a prefix keep their names.
_PLAIN = re.compile(
    r"atom|purl\.org/rss/1\.0/?$|netscape\.com|purl\.org/pie|userland|blogs\.law\.harvard|cyber\.law|rssboard|rss-?2"
    r"|w3\.org/(?:1999/xhtml|2000/svg|1998/math)|^$",
    re.IGNORECASE,
)
_DECLARATION = re.compile(r"""xmlns(?::([A-Za-z_][\w.\-]*))?\s*+=\s*+(?:"\s*+([^"<]*+)"|'\s*+([^'<]*+)')""")
_TAG = re.compile(
    r"""<(?:!--|!\[CDATA\[|\?|(/?)(?:([A-Za-z_][\w.\-]*+):)?([A-Za-z_][\w.\-]*+)((?>(?:[^<>"']++|"[^"]*+"|'[^']*+')*))>)"""
)
_CLOSERS: Final = {"<!--": "-->", "<![CDATA[": "]]>", "<?": ">"}
_OTHER: Final = "feeddother"
"""The name of elements that a feed format does not define although they are called like its own."""
_SENSITIVE: Final = frozenset(
    "id guid title link description summary content encoded author name category updated published pubdate".split()  # noqa: SIM905
)
_DEEPEST_MISMATCH: Final = 20
_Scope = dict[str, str]


def use_standard_prefixes(text: str) -> str:
    """Return the document with its known namespaces under their usual prefixes, in linear time."""
    declared = {(prefix or "", double or single) for prefix, double, single in _DECLARATION.findall(text)}
    if all(_is_usual(prefix, _shorten(uri)) for prefix, uri in declared):
        return text
    return _Walk(text).run()


def _shorten(uri: str) -> str:
    return uri.strip().lower().partition("://")[2].rstrip("/") if "://" in uri else uri.strip().lower()


def _is_usual(prefix: str, uri: str) -> bool:
    if not prefix:
        return bool(_PLAIN.search(uri))
    return _USUAL.get(uri, prefix) == prefix and (prefix not in _PREFIXES or uri in _USUAL)


class _Walk:
    """One walk over the tags of a document, with the declarations in scope."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.scope: _Scope = {}
        self.own: str | None = None  # the namespace that the root has without a prefix
        self.opened: list[tuple[str, _Scope]] = []
        self.pieces: list[str] = []
        self.copied = 0

    def run(self) -> str:
        position = 0
        while found := _TAG.search(self.text, position):
            position = found.end()
            if found[3]:
                self.tag(found)
                continue
            closer = _CLOSERS[found[0]]
            position = self.text.find(closer, position) + len(closer)
            if position < len(closer):
                break
        return "".join([*self.pieces, self.text[self.copied :]])

    def tag(self, found: re.Match[str]) -> None:
        slash, prefix, local, rest = found.groups()
        name = f"{prefix or ''}:{local}"
        before = self.scope
        if not slash and "xmlns" in rest:
            changes = {
                key or "": _shorten(double or single) for key, double, single in _DECLARATION.findall(rest)
            }
            self.scope = {**before, **changes}
        if self.own is None:
            self.own = self.scope.get("", "")
        self.rename(found, slash, prefix or "", local, rest)
        if slash:
            self.close(name)
        elif rest.endswith("/"):
            self.scope = before
        else:
            self.opened.append((name, before))

    def close(self, name: str) -> None:
        """Restore the declarations that were valid before an element; an end tag without a start tag changes nothing."""
        for back in range(1, min(len(self.opened), _DEEPEST_MISMATCH) + 1):
            if self.opened[-back][0] == name:
                self.scope = self.opened[-back][1]
                del self.opened[-back:]
                return

    def rename(self, found: re.Match[str], slash: str, prefix: str, local: str, rest: str) -> None:
        uri = self.scope.get(prefix)
        if uri is None:
            return
        usual = _USUAL.get(uri, "")
        if usual:
            if usual == prefix:
                return
            # The library goes by the prefix where it does not know the address, else by what the prefix is bound to.
            bound = _USUAL.get(self.scope.get(usual, "")) == usual or f"xmlns:{usual}" in rest
            declared = "" if slash or bound else f' xmlns:{usual}="http://{uri}/"'
            new = f"<{slash}{usual}:{local}{declared}{rest}>"
        elif prefix in _PREFIXES or self.is_misnamed(prefix, local, uri):
            new = f"<{slash}{_OTHER}{rest}>"
        else:
            return
        self.pieces += [self.text[self.copied : found.start()], new]
        self.copied = found.end()

    def is_misnamed(self, prefix: str, local: str, uri: str) -> bool:
        """Return whether an element without a prefix has the name of an element of a feed, but another meaning."""
        return not prefix and local.lower() in _SENSITIVE and uri != self.own and not _PLAIN.search(uri)
