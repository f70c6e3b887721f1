"""Every section and key of ``feedd.toml``, once: type, default, meaning and check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from feeds.config import checks
from feeds.models import DIALECTS, FORMATS

DEFAULT_PATH = "config/feedd.toml"
INFO_CODES = (
    r"[?&]infoCode=NW(?P<key>(?:(?P<date>(?:19|20)\d{6})[^&#\s]|\d)[^&#\s]{0,199})",
    r"[?&]infoCode=(?P<key>(?P<date>(?:19|20)\d{6})?[^&#\s]{1,200})",
)
"""The rules that apply without any ``[[identity]]``: ``NW`` before digits is not part of the key."""

Check = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a section.

    ``type`` is that of JSON Schema. ``low`` and ``high`` bound an integer, ``choices`` a text or
    the texts of an array.
    """

    type: str
    doc: str
    default: Any = None
    required: bool = False
    check: Check | None = None
    choices: tuple[str, ...] = ()
    low: int = 0
    high: int = 0
    kinds: tuple[str, ...] = ()
    """Kinds of source that the key belongs to; empty for all."""
    may_be_empty: bool = False
    """Of an array with ``choices``."""


_FOLDER, _POLLED = ("folder",), ("upstream", "opml")


SECTIONS: dict[str, dict[str, Key]] = {
    "site": {
        "title": Key(
            "string", "Title of the site and of the feed of all posts.", required=True, check=checks.text
        ),
        "url": Key(
            "string",
            "Where the output folder is published; every address in a feed is absolute.",
            required=True,
            check=checks.url,
        ),
        "language": Key("string", "Language tag (RFC 5646).", "en", check=checks.language),
        "timezone": Key("string", "For dates without an offset.", "UTC", check=checks.zone),
        "author": Key("string", "Author of posts that name none. Default: the title.", check=checks.text),
        "description": Key("string", "One sentence about the site. Default: the title.", check=checks.text),
    },
    "output": {
        "dir": Key("string", "Folder of the documents.", "../output", check=checks.path),
        "formats": Key("array", "Formats of every feed.", ["atom", "rss", "json"], choices=FORMATS),
        "entries": Key("integer", "Posts in a subscription document.", 50, low=1, high=100_000),
        "keep": Key(
            "string",
            'How long posts are kept: "2y", "6m", "90d", or a number of the newest. Default: for ever.',
            check=checks.keep,
        ),
        "archive": Key(
            "array",
            "Formats of the whole history (RFC 5005), out of `formats`; [] for none.",
            ["atom"],
            choices=FORMATS,
            may_be_empty=True,
        ),
        "archive_kinds": Key(
            "array",
            "Kinds of feeds that have archives.",
            ["all", "category", "tag"],
            choices=("all", "category", "tag"),
        ),
        "slugs": Key(
            "string",
            "Names of folders: pinyin and ASCII, or their own letters.",
            "ascii",
            choices=("ascii", "unicode"),
        ),
        "pages": Key(
            "boolean", "A page for people beside each feed; false: only the front page, `index.html`.", True
        ),
        "templates": Key(
            "string",
            "Folder of own templates, words and styles for pages. Default: feedd's own look.",
            check=checks.path,
        ),
    },
    "store": {
        "url": Key("string", "Path of the SQLite file.", "../state/feedd.db", check=checks.store),
        "history": Key(
            "integer", "Older versions of a post that are kept for `feedd explain`.", 0, low=0, high=1000
        ),
    },
    "sources": {
        "name": Key(
            "string",
            "The source's identity; renaming it makes another source.",
            required=True,
            check=checks.name,
        ),
        "kind": Key("string", "What it is.", "folder", choices=("folder", "upstream", "opml")),
        "path": Key(
            "string",
            "Folder of posts: a Jekyll tree or any other; or the file of an OPML list.",
            check=checks.path,
            kinds=("folder", "opml"),
        ),
        "url": Key(
            "string",
            "Address of an upstream's feed, or of an OPML list.",
            check=checks.upstream,
            kinds=_POLLED,
        ),
        "base": Key(
            "string",
            "Address of the posts' own site. Default: that of `_config.yml`, else `site.url`.",
            check=checks.url,
            kinds=_FOLDER,
        ),
        "permalink": Key(
            "string",
            '"jekyll" or a pattern such as "/:year/:month/:title.html".',
            "jekyll",
            check=checks.permalink,
            kinds=_FOLDER,
        ),
        "ids": Key(
            "string",
            '"jekyll-feed" mints the ids that its subscribers know.',
            "feedd",
            choices=("feedd", "jekyll-feed"),
            kinds=_FOLDER,
        ),
        "markdown": Key(
            "string",
            "How its Markdown is written. Default: as `_config.yml` says, else kramdown in a Jekyll tree and commonmark elsewhere.",
            choices=DIALECTS,
            kinds=_FOLDER,
        ),
        "future": Key("boolean", "Publish posts dated in the future at once.", False, kinds=_FOLDER),
        "drafts": Key("boolean", "Publish `_drafts` too.", False, kinds=_FOLDER),
        "source_line": Key(
            "boolean",
            "A last line of a body that is nothing but `<address>` is where the post came from.",
            False,
            kinds=_FOLDER,
        ),
        "categories": Key("array", "Added to each post.", [], check=checks.texts),
        "terms": Key("string", '"none": only the added categories.', "own", choices=("own", "none")),
        "keep": Key(
            "string",
            'How long its posts are kept: "2y", "6m", "90d", or a number of the newest. Default: for ever.',
            check=checks.keep,
        ),
        "on_remove": Key(
            "string",
            'What becomes of the post of a removed file: "withdraw" takes it out, "keep" leaves it.',
            "withdraw",
            choices=("withdraw", "keep"),
            kinds=_FOLDER,
        ),
        "title": Key("string", "Its title. Default: the feed's own.", check=checks.text, kinds=("upstream",)),
        "link": Key(
            "string", "Address of its pages. Default: the feed's own.", check=checks.page, kinds=("upstream",)
        ),
        "every": Key(
            "string",
            'How often it is asked, such as "30m", "2h" or "1d". Default: by its own rhythm.',
            check=checks.interval,
            kinds=_POLLED,
        ),
        "auth": Key(
            "string",
            'Where its credentials are: "env:NAME" with "user:password" or "Bearer …" in the variable.',
            check=checks.auth,
            kinds=_POLLED,
        ),
        "proxy": Key("string", "Address of a proxy on the way to it.", check=checks.proxy, kinds=_POLLED),
        "allow": Key(
            "array",
            'Hosts that are not globally reachable and may be asked all the same: "host:port".',
            [],
            check=checks.hosts,
            kinds=_POLLED,
        ),
        "group": Key(
            "string",
            "Sources of a group are asked one after the other. Default: the host.",
            check=checks.name,
            kinds=_POLLED,
        ),
        "timeout": Key(
            "integer", "Seconds that a fetch may take in all.", 30, low=1, high=600, kinds=_POLLED
        ),
        "max_mb": Key("integer", "Megabytes that a document may have.", 16, low=1, high=256, kinds=_POLLED),
    },
    "identity": {
        "name": Key(
            "string",
            "Name of the rule; part of the ids that are minted with it.",
            required=True,
            check=checks.name,
        ),
        "pattern": Key(
            "string",
            "Regular expression with a group `key` and perhaps `date`.",
            required=True,
            check=checks.pattern,
        ),
    },
    "clean": {
        "boilerplate": Key(
            "array", "Last lines of a body to drop: regular expressions.", check=checks.expressions
        )
    },
    "serve": {
        "listen": Key(
            "string", '"host:port", "[v6]:port" or "unix:/path".', "127.0.0.1:8080", check=checks.listen
        ),
        "public": Key(
            "string",
            "Address under which subscribers see the output. Default: `site.url`.",
            check=checks.url,
        ),
        "max_age": Key(
            "integer", "Seconds for which a subscriber need not ask again.", 300, low=1, high=604_800
        ),
        "auth": Key(
            "string",
            '"env:NAME" of a variable with "user:password": the whole tree is private.',
            check=checks.auth,
        ),
        "token": Key(
            "string",
            '"env:NAME" of a variable with the bearer token that opens /metrics and /status.',
            check=checks.auth,
        ),
        "precompress": Key(
            "boolean", "Write .gz, .br and .zst beside every document, for other servers.", False
        ),
        "connections": Key("integer", "Open connections at most.", 2000, low=10, high=100_000),
        "memory": Key(
            "integer", "Megabytes of documents and their compressed forms kept ready.", 64, low=1, high=65_536
        ),
    },
    "limits": {
        "terms": Key("integer", "Categories and tags of a post, at most.", 30, low=1, high=1000),
        "removals": Key(
            "integer",
            "Percentage of a source's posts that may go at once (20 posts always may).",
            10,
            low=1,
            high=100,
        ),
        "term_length": Key("integer", "Characters of a category or tag, at most.", 100, low=1, high=1000),
        "item_seconds": Key(
            "integer", "Seconds that one post or entry may take; then it is rejected.", 20, low=1, high=600
        ),
        "document_seconds": Key(
            "integer",
            "Seconds for one feed document, or a thousand files; then the rest of it is rejected.",
            60,
            low=1,
            high=3600,
        ),
    },
    "push": {
        "hubs": Key(
            "array",
            "Addresses of outside hubs (WebSub) that are told of every change.",
            [],
            check=checks.hubs,
        ),
        "hub": Key("boolean", "Be the hub of the feeds that are published here.", False),
        "public": Key(
            "string",
            "Address under which feedd itself is reached; its hub lies below it. Default: `site.url`.",
            check=checks.url,
        ),
        "allow": Key(
            "array",
            "Callbacks and hubs, as `host:port`, that may be asked though they are not globally reachable.",
            [],
            check=checks.authorities,
        ),
    },
}
"""Every section with its keys; ``sources`` and ``identity`` are arrays of tables."""

LISTS = ("sources", "identity")
TABLES = {
    "labels": "Better names than the written ones: `[labels.category]`, `[labels.tag]`.",
    "aliases": "Old addresses: the same bytes as a document.",
}
PRIVATE: dict[str, Key] = {
    "feed": Key("string", 'Folder of the feed in the output: "category/inside".', required=True),
    "auth": Key("string", '"env:NAME" of a variable with "user:password".', check=checks.auth),
    "secret": Key(
        "string", '"env:NAME" of a variable with the secret part of its address.', check=checks.auth
    ),
}
"""A ``[[serve.private]]``: a feed that is not for everybody."""

LATER_SECTIONS = ("hubs", "rules", "feeds")


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a configuration; ``feeds/data/feedd.schema.json`` holds it."""
    properties: dict[str, Any] = {section: _section_schema(section) for section in SECTIONS}
    names = {"type": "object", "additionalProperties": {"type": "string", "minLength": 1}}
    kinds = {"category": names, "tag": names}
    properties["labels"] = {
        "type": "object",
        "description": TABLES["labels"],
        "additionalProperties": False,
        "properties": kinds,
    }
    properties["aliases"] = {**names, "description": TABLES["aliases"]}
    private = {
        "type": "object",
        "additionalProperties": False,
        "required": ["feed"],
        "properties": {name: _key_schema(key) for name, key in PRIVATE.items()},
    }
    properties["serve"]["properties"]["private"] = {"type": "array", "items": private}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "feedd.toml",
        "type": "object",
        "additionalProperties": False,
        "required": ["site", "sources"],
        "properties": properties,
    }


def _section_schema(section: str) -> dict[str, Any]:
    keys = SECTIONS[section]
    table = {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name, key in keys.items() if key.required],
        "properties": {name: _key_schema(key) for name, key in keys.items()},
    }
    if section not in LISTS:
        return table
    if section == "sources":
        table["allOf"] = [_kind_schema(kind, keys) for kind in keys["kind"].choices]
    return {"type": "array", "items": table, **({"minItems": 1} if section == "sources" else {})}


def _kind_schema(kind: str, keys: dict[str, Key]) -> dict[str, Any]:
    """What a source of a kind may and must have; a source without a kind is a folder."""
    given: dict[str, Any] = {"properties": {"kind": {"const": kind}}}
    if kind != keys["kind"].default:
        given["required"] = ["kind"]
    others = {name: False for name, key in keys.items() if key.kinds and kind not in key.kinds}
    need: dict[str, Any] = {"required": ["url" if kind == "upstream" else "path"]}
    if kind == "opml":
        need = {"oneOf": [{"required": ["path"]}, {"required": ["url"]}]}
    return {"if": given, "then": {"properties": others, **need}}


def _key_schema(key: Key) -> dict[str, Any]:
    found: dict[str, Any] = {"type": key.type, "description": key.doc}
    if key.type == "array":
        found["items"] = {
            "type": "string",
            "minLength": 1,
            **({"enum": list(key.choices)} if key.choices else {}),
        }
        if key.choices:
            found |= {"minItems": 0 if key.may_be_empty else 1, "uniqueItems": True}
    elif key.type == "string":
        found |= {"enum": list(key.choices)} if key.choices else {"minLength": 1}
    elif key.type == "integer":
        found |= {"minimum": key.low, "maximum": key.high}
    if key.default is not None:
        found["default"] = key.default
    return found
