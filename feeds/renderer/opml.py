"""A list of upstreams as OPML 2.0, which :func:`feeds.parser.lists.opml.read_opml` reads back without a loss."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from html import escape

from feeds.models import Subscription
from feeds.values.urls import without_user

NAMESPACE = "https://feedd.invalid/ns/opml"
"""Of the attributes that only feedd knows; OPML 2.0 wants them in a namespace."""

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_EDGES = re.compile(r"\A\s+|\s+\Z|[\t\r\n]")


@dataclass(frozen=True, slots=True)
class OpmlHead:
    """What the list says of itself; ``created`` is left out of a list that should not change by itself."""

    title: str
    owner: str = ""
    created: datetime | None = None


@dataclass(slots=True)
class _Folder:
    """An outline that groups: subscriptions by number, and folders, in the order of first appearance."""

    name: str = ""
    inside: list[int | _Folder] = field(default_factory=list)
    folders: dict[str, _Folder] = field(default_factory=dict)

    def folder(self, name: str) -> _Folder:
        """The folder of this name in this one."""
        if name not in self.folders:
            self.folders[name] = _Folder(name)
            self.inside.append(self.folders[name])
        return self.folders[name]


def write_opml(head: OpmlHead, subscriptions: Sequence[Subscription]) -> bytes:
    """The list as OPML 2.0: each category of a subscription is an outline around it, the first outermost.

    A user name and password in an address are left out. Where grouping changes the order of the
    subscriptions, which says whose version of a post is shown, ``feedd:rank`` keeps it.
    """
    root = _Folder()
    for number, one in enumerate(subscriptions):
        here = root
        for category in dict.fromkeys(one.categories):
            here = here.folder(category)
        here.inside.append(number)
    walk = list(_walk(root))
    numbers = [step for step in walk if isinstance(step, int)]
    ranked = numbers != sorted(numbers)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<opml version="2.0" xmlns:feedd="{NAMESPACE}">',
        "<head>",
        *_head(head),
        "</head>",
        "<body>",
        *(
            _outline(subscriptions[step], step + 1 if ranked else 0) if isinstance(step, int) else step
            for step in walk
        ),
        "</body>",
        "</opml>",
    ]
    return ("\n".join(lines) + "\n").encode()


def _walk(root: _Folder) -> Iterator[int | str]:
    """Numbers of subscriptions, between the tags of the folders; folders may be nested as deep as they like."""
    rest: list[int | str | _Folder] = list(reversed(root.inside))
    while rest:
        step = rest.pop()
        if isinstance(step, _Folder):
            yield f"<outline{_attribute('text', step.name)}{_attribute('title', step.name)}>"
            rest += ["</outline>", *reversed(step.inside)]
        else:
            yield step


def _head(head: OpmlHead) -> Iterator[str]:
    yield f"<title>{_text(head.title)}</title>"
    if head.created:
        yield f"<dateCreated>{format_datetime(head.created)}</dateCreated>"
    if head.owner:
        yield f"<ownerName>{_text(head.owner)}</ownerName>"


def _outline(one: Subscription, rank: int) -> str:
    url = without_user(one.url)
    values = {
        "type": one.type,
        "text": one.title or one.name or url,
        "title": one.title,
        ("url" if one.type == "include" else "xmlUrl"): url,
        "htmlUrl": without_user(one.link),
        "language": one.language,
        "description": one.description,
        "feedd:name": one.name,
        "feedd:every": one.every,
        "feedd:terms": one.terms,
        "feedd:group": one.group,
        "feedd:rank": str(rank or ""),
    }
    return "<outline" + "".join(_attribute(name, value) for name, value in values.items() if value) + "/>"


def _attribute(name: str, value: str) -> str:
    return f' {name}="{_text(value)}"'


def _text(value: str) -> str:
    """Escaped; spaces that a reader would fold or strip are references (XML 1.0, 3.3.3)."""
    return _EDGES.sub(
        lambda match: "".join(f"&#{ord(one)};" for one in match[0]), escape(_ILLEGAL.sub("", value))
    )
