"""Write the shortcodes that Hugo and Zola bring with them, and those that most themes have, as HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Final

_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
_ENDS: Final = {"<": ">}}", "%": "%}}"}
_MARKDOWN = re.compile(r"[*_`\[]")


@dataclass(slots=True)
class Arguments:
    """The arguments of a shortcode: by name, and those without a name."""

    named: dict[str, str] = field(default_factory=dict)
    positional: list[str] = field(default_factory=list)

    def get(self, *names: str, place: int = 0) -> str:
        """Return the first argument with one of these names, or else the argument at a place; empty if there is none."""
        value = next((self.named[name] for name in names if self.named.get(name)), "")
        if value or place < 0:
            return value.strip()
        return self.positional[place].strip() if place < len(self.positional) else ""


def _write_figure(given: Arguments, closing: bool) -> str:
    """Write the element ``figure`` as Hugo's own shortcode does."""
    source = given.get("src", "path", "url", "href", "image", "file", "source")
    if closing or not source:
        return ""
    caption, title = (given.get(name, place=-1) for name in ("caption", "title"))
    alternative = given.get("alt", "caption", "title", place=-1)
    sizes = "".join(
        f' {name}="{escape(value)}"' for name in ("width", "height") if (value := given.get(name, place=-1))
    )
    picture = f'<img src="{escape(source)}" alt="{escape(alternative)}"{sizes}>'
    if link := given.get("link", place=-1):
        picture = f'<a href="{escape(link)}">{picture}</a>'
    credit = escape(given.get("attr", "attribution", place=-1))
    if credit and (link := given.get("attrlink", place=-1)):
        credit = f'<a href="{escape(link)}">{credit}</a>'
    return f"<figure>{picture}{_write_caption(title, caption, credit)}</figure>"


def _write_caption(title: str, caption: str, credit: str) -> str:
    heading = f"<h4>{escape(title)}</h4>" if title else ""
    if _MARKDOWN.search(caption):
        # Blank lines have the Markdown of the caption rendered.
        return f"<figcaption>{heading}\n\n{caption} {credit}\n\n</figcaption>"
    text = " ".join(part for part in (escape(caption), credit) if part)
    return f"<figcaption>{heading}{f'<p>{text}</p>' if text else ''}</figcaption>" if heading or text else ""


def _write_media(name: str) -> Callable[[Arguments, bool], str]:
    def write(given: Arguments, closing: bool) -> str:
        source = given.get("src", "url", "href", "path", "file", "mp4", "webm", "mp3")
        return f'<{name} src="{escape(source)}" controls></{name}>' if source and not closing else ""

    return write


def _write_details(given: Arguments, closing: bool) -> str:
    if closing:
        return "\n</details>\n"
    return f"<details><summary>{escape(given.get('summary', 'title') or 'Details')}</summary>\n"


def _write_link(pattern: str, *names: str) -> Callable[[Arguments, bool], str]:
    """Return a function that writes a link to a page which a shortcode embeds by an id."""

    def write(given: Arguments, closing: bool) -> str:
        uid = given.get("id", *names)
        if closing or not _ID.fullmatch(uid):
            return ""
        return _link(pattern.format(uid), given.get("title", place=-1))

    return write


def _write_post(site: str) -> Callable[[Arguments, bool], str]:
    """Return a function that writes a link to a short message, of which the user may not be known."""

    def write(given: Arguments, closing: bool) -> str:
        # With two arguments without names the user comes first.
        two = len(given.positional) > 1
        uid = given.get("id", place=1 if two else 0)
        user = given.get("user", place=0 if two else -1) or "i"
        if closing or not (_ID.fullmatch(uid) and _ID.fullmatch(user)):
            return ""
        return _link(f"https://{site}/{user}/status/{uid}")

    return write


def _write_gist(given: Arguments, closing: bool) -> str:
    url = given.get("url", place=-1)
    user, uid = given.get("user"), given.get("id", place=1)
    if not url and _ID.fullmatch(user) and _ID.fullmatch(uid):
        url = f"https://gist.github.com/{user}/{uid}"
    return _link(url) if url.startswith("https://") and not closing else ""


def _link(url: str, text: str = "") -> str:
    return f'<a href="{escape(url)}">{escape(text or url)}</a>'


def _write_code(given: Arguments, inner: str) -> str:
    """Write a block of code; the line breaks beside the tags are not a part of it."""
    language = given.get("lang", "language", "type")
    shown = inner
    for kind in ("<", "%"):
        shown = shown.replace(f"{{{{{kind}/*", f"{{{{{kind}").replace(f"*/{_ENDS[kind]}", _ENDS[kind])
    name = f' class="language-{escape(language)}"' if _ID.fullmatch(language) else ""
    if "hl_inline=true" in given.get("options", place=1).replace(" ", "").lower():
        return f"<code{name}>{escape(shown.strip(), quote=False)}</code>"
    # An empty line would end the block in some dialects of Markdown.
    return f"<pre><code{name}>{escape(shown.strip(chr(10)), quote=False)}\n</code></pre>"


def _drop_comment(_given: Arguments, _inner: str) -> str:
    return ""


_PICTURES: Final = ("figure", "img", "image", "picture")
WRITERS: Final[Mapping[str, Callable[[Arguments, bool], str]]] = {
    **dict.fromkeys(_PICTURES, _write_figure),
    "video": _write_media("video"),
    "audio": _write_media("audio"),
    "details": _write_details,
    "youtube": _write_link("https://www.youtube.com/watch?v={}", "youtubeid"),
    **dict.fromkeys(("vimeo", "vimeo_simple"), _write_link("https://vimeo.com/{}")),
    **dict.fromkeys(("instagram", "instagram_simple"), _write_link("https://www.instagram.com/p/{}/")),
    "bilibili": _write_link("https://www.bilibili.com/video/{}", "bvid"),
    "streamable": _write_link("https://streamable.com/{}"),
    **dict.fromkeys(("tweet", "twitter", "twitter_simple"), _write_post("twitter.com")),
    **dict.fromkeys(("x", "x_simple"), _write_post("x.com")),
    "gist": _write_gist,
}
"""By name: writes a tag, given its arguments and whether it is an end tag."""
BLOCK_WRITERS: Final[Mapping[str, Callable[[Arguments, str], str]]] = {
    **dict.fromkeys(("highlight", "mermaid", "code"), _write_code),
    "comment": _drop_comment,
}
"""By name: writes a block, given its arguments and the text between its tags."""
CONTAINERS: Final = frozenset(("details",))
"""Shortcodes whose element needs its end tag."""
REFERENCES: Final = frozenset(("ref", "relref"))
"""Shortcodes that are replaced by the address of a page."""
SILENT: Final = frozenset(("", "rawhtml", "raw", "unsafe", "raw-html"))
"""Shortcodes that only pass their text on, so that removing their tags loses nothing."""
