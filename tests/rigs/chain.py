"""A reader of published feeds that follows them to their beginning, as RFC 5005 (section 4) says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

SITE = "https://site.example/feeds/"
ATOM = "{http://www.w3.org/2005/Atom}"
FH = "{http://purl.org/syndication/history/1.0}"


@dataclass(frozen=True)
class Document:
    """What one document says: entries as id and version, in its order."""

    path: str
    entries: tuple[tuple[str, str], ...]
    before: str
    sealed: bool
    deleted: tuple[str, ...] = ()


def read(output: Path, path: str) -> Document:
    """A document of the output tree, by its path in it."""
    data = (output / path).read_bytes()
    if path.endswith(".json"):
        feed = json.loads(data)
        assert feed["feed_url"] == SITE + path
        entries = [(one["id"], one["date_modified"] + one["title"]) for one in feed["items"]]
        return Document(path, tuple(entries), _place(feed.get("next_url", "")), "/archive/" in "/" + path)
    root = etree.fromstring(data)
    channel = root if root.tag == ATOM + "feed" else root.find("channel")
    links = {link.get("rel"): link.get("href") for link in channel.findall(ATOM + "link")}
    assert links["self"] == SITE + path
    assert "next-archive" not in links
    sealed = channel.find(FH + "archive") is not None
    assert ("current" in links) == sealed == ("/archive/" in "/" + path)
    if channel is root:
        entries = [
            (one.findtext(ATOM + "id"), one.findtext(ATOM + "updated") + one.findtext(ATOM + "title"))
            for one in root.findall(ATOM + "entry")
        ]
    else:
        entries = [(one.findtext("guid"), one.findtext("title")) for one in channel.findall("item")]
    deleted = tuple(
        one.get("ref") for one in root.iter("{http://purl.org/atompub/tombstones/1.0}deleted-entry")
    )
    return Document(path, tuple(entries), _place(links.get("prev-archive", "")), sealed, deleted)


def _place(url: str) -> str:
    assert not url or url.startswith(SITE)
    return url.removeprefix(SITE)


def chain(output: Path, path: str) -> list[Document]:
    """The subscription document at ``path`` and its archives, the newest first."""
    found = [read(output, path)]
    while found[-1].before:
        found.append(read(output, found[-1].before))
        assert found[-1].sealed
    return found


def archives(output: Path) -> dict[str, bytes]:
    """Every archive in the output tree."""
    return {
        str(path.relative_to(output)): path.read_bytes()
        for path in output.rglob("*")
        if path.parent.name == "archive" and path.is_file()
    }


def newest(documents: list[Document]) -> dict[str, str]:
    """Each entry in the version that a reader meets first."""
    found: dict[str, str] = {}
    for document in documents:
        for uid, version in document.entries:
            found.setdefault(uid, version)
    return found
