"""Write a list of upstream feeds as OPML 2.0.

:func:`feeds.parser.lists.opml.read_opml` reads it without loss.
"""

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
"""Namespace of the attributes that only feedd knows (OPML 2.0 requires a namespace for them)."""

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_EDGES = re.compile(r"\A\s++|(?<!\s)\s++\Z|[\t\r\n]")


@dataclass(frozen=True, slots=True)
class OpmlHead:
    """Metadata of the list. Leave ``created`` out of a list that must not change by itself."""

    title: str
    owner: str = ""
    created: datetime | None = None


@dataclass(slots=True)
class _Folder:
    """An outline that groups: numbers of subscriptions, and folders, in the order of first appearance."""

    name: str = ""
    members: list[int | _Folder] = field(default_factory=list)
    folders: dict[str, _Folder] = field(default_factory=dict)

    def ensure_folder(self, name: str) -> _Folder:
        """Return the subfolder of this name, which is created if it does not exist."""
        if name not in self.folders:
            self.folders[name] = _Folder(name)
            self.members.append(self.folders[name])
        return self.folders[name]


def write_opml(head: OpmlHead, subscriptions: Sequence[Subscription]) -> bytes:
    """Write the list as OPML 2.0. Categories of a subscription are nested outlines, the first outermost.

    User names and passwords in addresses are removed. The order of subscriptions decides whose version of
    a post is shown; where grouping changes that order, ``feedd:rank`` keeps it.
    """
    root = _Folder()
    for number, subscription in enumerate(subscriptions):
        here = root
        for category in dict.fromkeys(subscription.categories):
            here = here.ensure_folder(category)
        here.members.append(number)
    walk = list(_walk(root))
    numbers = [step for step in walk if isinstance(step, int)]
    ranked = numbers != sorted(numbers)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<opml version="2.0" xmlns:feedd="{NAMESPACE}">',
        "<head>",
        *_write_head(head),
        "</head>",
        "<body>",
        *(
            _write_outline(subscriptions[step], step + 1 if ranked else 0) if isinstance(step, int) else step
            for step in walk
        ),
        "</body>",
        "</opml>",
    ]
    return ("\n".join(lines) + "\n").encode()


def _walk(root: _Folder) -> Iterator[int | str]:
    """Yield numbers of subscriptions between the tags of their folders; no recursion, so any depth works."""
    rest: list[int | str | _Folder] = list(reversed(root.members))
    while rest:
        step = rest.pop()
        if isinstance(step, _Folder):
            yield f"<outline{_write_attribute('text', step.name)}{_write_attribute('title', step.name)}>"
            rest += ["</outline>", *reversed(step.members)]
        else:
            yield step


def _write_head(head: OpmlHead) -> Iterator[str]:
    yield f"<title>{_escape(head.title)}</title>"
    if head.created:
        yield f"<dateCreated>{format_datetime(head.created)}</dateCreated>"
    if head.owner:
        yield f"<ownerName>{_escape(head.owner)}</ownerName>"


def _write_outline(subscription: Subscription, rank: int) -> str:
    url = without_user(subscription.url)
    values = {
        "type": subscription.type,
        "text": subscription.title or subscription.name or url,
        "title": subscription.title,
        ("url" if subscription.type == "include" else "xmlUrl"): url,
        "htmlUrl": without_user(subscription.link),
        "language": subscription.language,
        "description": subscription.description,
        "feedd:name": subscription.name,
        "feedd:every": subscription.every,
        "feedd:terms": subscription.terms,
        "feedd:group": subscription.group,
        "feedd:rank": str(rank or ""),
    }
    return (
        "<outline" + "".join(_write_attribute(name, value) for name, value in values.items() if value) + "/>"
    )


def _write_attribute(name: str, value: str) -> str:
    return f' {name}="{_escape(value)}"'


def _escape(value: str) -> str:
    """Escape a value; whitespace that a reader would normalise becomes references (XML 1.0, 3.3.3)."""
    return _EDGES.sub(
        lambda match: "".join(f"&#{ord(character)};" for character in match[0]),
        escape(_ILLEGAL.sub("", value)),
    )
