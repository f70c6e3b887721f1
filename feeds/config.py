"""``feedd.toml`` becomes a frozen :class:`Config`; every mistake is told at once.

The tables of fields below are the only place that knows the keys: the parser, the JSON Schema
(:func:`schema`) and the reference in ``docs/configuration.md`` follow them.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from feeds.errors import ConfigError
from feeds.model import FORMATS, Format
from feeds.urls import is_address

DEFAULT_PATH = "config/feedd.toml"
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_INFO_CODE = r"[?&]infoCode=(?:NW(?=\d))?(?P<key>(?P<date>(?:19|20)\d{6})?[^&#\s]{1,200})"


@dataclass(frozen=True, slots=True)
class Site:
    """Section ``[site]``: what the feeds say of the site."""

    title: str
    url: str
    language: str
    timezone: str
    author: str
    description: str


@dataclass(frozen=True, slots=True)
class Output:
    """Section ``[output]``: what is written where."""

    dir: Path
    formats: tuple[Format, ...]
    entries: int
    slugs: Literal["ascii", "unicode"]


@dataclass(frozen=True, slots=True)
class FolderSource:
    """A ``[[sources]]`` of kind ``folder``."""

    name: str
    path: Path
    base: str
    permalink: str
    ids: Literal["feedd", "jekyll-feed"]
    future: bool
    drafts: bool
    categories: tuple[str, ...]
    terms: Literal["own", "none"]


@dataclass(frozen=True, slots=True)
class IdentityRule:
    """An ``[[identity]]``: what makes two addresses the same article."""

    name: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Section ``[limits]``."""

    terms: int
    term_length: int


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration; paths are absolute."""

    path: Path
    site: Site
    output: Output
    store: Path
    sources: tuple[FolderSource, ...]
    identity: tuple[IdentityRule, ...]
    boilerplate: tuple[str, ...] | None
    labels: Mapping[str, Mapping[str, str]]
    aliases: Mapping[str, str]
    limits: Limits


Check = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a section: its JSON Schema type, whether it must be there, and a check of its value."""

    type: str
    doc: str
    default: Any = None
    required: bool = False
    check: Check | None = None
    choices: tuple[str, ...] = ()
    later: bool = False


def _is_url(value: str) -> str:
    return "" if is_address(value) else "is no web address; write it with https:// and a host"


def _is_language(value: str) -> str:
    if _LANGUAGE.fullmatch(value):
        return ""
    return f"is no language tag (RFC 5646); did you mean `{value.replace('_', '-')}`?"


def _is_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        return "is no time zone; write an IANA name such as `Asia/Shanghai`"
    return ""


def _is_pattern(value: str) -> str:
    try:
        groups = re.compile(value).groupindex
    except re.error as error:
        return f"is no regular expression: {error}"
    return "" if "key" in groups else "needs a group named `key`: (?P<key>…)"


def _are_patterns(values: list[str]) -> str:
    for value in values:
        try:
            re.compile(value)
        except re.error as error:
            return f"{value!r} is no regular expression: {error}"
    return ""


def _between(low: int, high: int) -> Check:
    return lambda value: "" if low <= value <= high else f"must lie between {low} and {high}"


def _is_store(value: str) -> str:
    if value.startswith(("postgresql:", "postgres:")):
        return "names a database that this version of feedd does not know; give the path of a SQLite file"
    return ""


SECTIONS: dict[str, dict[str, Key]] = {
    "site": {
        "title": Key("string", "Title of the site and of the feed of all posts.", required=True),
        "url": Key(
            "string",
            "Where the output folder is published; every address in a feed is absolute.",
            required=True,
            check=_is_url,
        ),
        "language": Key("string", "Language tag (RFC 5646).", "en", check=_is_language),
        "timezone": Key("string", "For dates without an offset.", "UTC", check=_is_zone),
        "author": Key("string", "Author of posts that name none. Default: the title."),
        "description": Key("string", "One sentence about the site. Default: the title."),
    },
    "output": {
        "dir": Key("string", "Folder of the documents.", "../output"),
        "formats": Key("array", "Formats of every feed.", ["atom", "rss", "json"], choices=FORMATS),
        "entries": Key("integer", "Posts in a subscription document.", 50, check=_between(1, 100_000)),
        "archive": Key("array", "Formats of the whole history.", [], later=True),
        "slugs": Key(
            "string",
            "Names of folders: pinyin and ASCII, or their own letters.",
            "ascii",
            choices=("ascii", "unicode"),
        ),
    },
    "store": {"url": Key("string", "Path of the SQLite file.", "../state/feedd.db", check=_is_store)},
    "sources": {
        "name": Key("string", "The source's identity; renaming it makes another source.", required=True),
        "kind": Key("string", "What it is.", "folder", choices=("folder",)),
        "path": Key("string", "Folder of posts: a Jekyll tree or any other.", required=True),
        "base": Key(
            "string",
            "Address of the site that the posts are pages of. Default: that of `_config.yml`, else `site.url`.",
            check=_is_url,
        ),
        "permalink": Key("string", '"jekyll" or a pattern such as "/:year/:month/:title.html".', "jekyll"),
        "ids": Key(
            "string",
            '"jekyll-feed" mints the ids that its subscribers know.',
            "feedd",
            choices=("feedd", "jekyll-feed"),
        ),
        "future": Key("boolean", "Publish posts dated in the future at once.", False),
        "drafts": Key("boolean", "Publish `_drafts` too.", False),
        "categories": Key("array", "Added to each post.", []),
        "terms": Key("string", '"none": only the added categories.', "own", choices=("own", "none")),
        "on_remove": Key("string", "What becomes of the post of a removed file.", later=True),
    },
    "identity": {
        "name": Key("string", "Name of the rule; part of the ids that are minted with it.", required=True),
        "pattern": Key(
            "string",
            "Regular expression with a group `key` and perhaps `date`.",
            required=True,
            check=_is_pattern,
        ),
    },
    "clean": {
        "boilerplate": Key("array", "Last lines of a body to drop: regular expressions.", check=_are_patterns)
    },
    "limits": {
        "terms": Key("integer", "Categories and tags of a post, at most.", 30, check=_between(1, 1000)),
        "term_length": Key(
            "integer", "Characters of a category or tag, at most.", 100, check=_between(1, 1000)
        ),
    },
}
"""Every section with its keys; ``sources`` and ``identity`` are arrays of tables."""

_LISTS = ("sources", "identity")
_TABLES = {
    "labels": "Better names than the written ones: `[labels.category]`, `[labels.tag]`.",
    "aliases": "Old addresses: the same bytes as a document.",
}
_LATER = ("serve", "hubs", "rules", "feeds", "push", "private")
_TYPES: dict[str, Any] = {"string": str, "integer": int, "boolean": bool, "array": list}


def load_config(path: str | Path | None = None) -> Config:
    """Read a configuration; without ``path`` that of ``$FEEDD_CONFIG`` or ``config/feedd.toml``.

    Raises:
        ConfigError: it cannot be read or is wrong; every mistake with file and key.
    """
    file = Path(path or os.environ.get("FEEDD_CONFIG") or DEFAULT_PATH)
    try:
        text = file.read_text("utf-8")
        values = tomllib.loads(text)
    except FileNotFoundError as error:
        raise ConfigError([f"{file}: no such file; `feedd init` writes a starter configuration"]) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError([f"{file}: cannot be read: {error}"]) from error
    reader = _Reader(file, text)
    config = reader.config(values)
    if reader.mistakes:
        raise ConfigError(reader.mistakes)
    return config


class _Reader:
    """Reads the values and collects what is wrong with them."""

    def __init__(self, file: Path, text: str) -> None:
        self.file, self.lines = file, text.splitlines()
        self.folder = file.absolute().parent
        self.mistakes: list[str] = []

    def wrong(self, key: str, text: str) -> None:
        """Note a mistake, with its line if the key is found in the file."""
        name = re.escape(key.rpartition(".")[2])
        line = next(
            (n for n, one in enumerate(self.lines, 1) if re.match(rf"\s*(?:\[+\s*)?[\"']?{name}\b", one)), 0
        )
        self.mistakes.append(f"{self.file}{f':{line}' if line else ''}: {key}: {text}")

    def config(self, values: dict[str, Any]) -> Config:
        """The configuration; meaningless if there are mistakes."""
        self._sections(values)
        site = self._table("site", values.get("site", {}))
        output = self._table("output", values.get("output", {}))
        store = self._table("store", values.get("store", {}))
        clean = self._table("clean", values.get("clean", {}))
        limits = self._table("limits", values.get("limits", {}))
        sources = self._list("sources", values.get("sources", []))
        identity = self._list("identity", values.get("identity", []))
        if not sources:
            self.wrong("sources", 'there is none; add a [[sources]] with name, kind = "folder" and path')
        self._once("sources", [s["name"] for s in sources])
        self._once("identity", [i["name"] for i in identity])
        url = site["url"] if site["url"].endswith("/") else site["url"] + "/"
        return Config(
            path=self.file.absolute(),
            site=Site(
                site["title"],
                url,
                site["language"],
                site["timezone"],
                site["author"] or site["title"],
                site["description"] or site["title"],
            ),
            output=Output(
                self._path(output["dir"]),
                tuple(dict.fromkeys(output["formats"])),
                output["entries"],
                output["slugs"],
            ),
            store=self._path(store["url"].removeprefix("sqlite:///")),
            sources=tuple(self._source(s) for s in sources),
            identity=tuple(IdentityRule(i["name"], i["pattern"]) for i in identity)
            or (IdentityRule("infoCode", _INFO_CODE),),
            boilerplate=None if clean["boilerplate"] == "" else tuple(clean["boilerplate"]),
            labels=self._labels(values.get("labels", {})),
            aliases=self._aliases(values.get("aliases", {})),
            limits=Limits(limits["terms"], limits["term_length"]),
        )

    def _path(self, text: str) -> Path:
        return Path(os.path.normpath(self.folder / text))

    def _source(self, s: dict[str, Any]) -> FolderSource:
        base = s["base"]
        base = base if not base or base.endswith("/") else base + "/"
        return FolderSource(
            s["name"],
            self._path(s["path"]),
            base,
            s["permalink"],
            s["ids"],
            s["future"],
            s["drafts"],
            tuple(s["categories"]),
            s["terms"],
        )

    def _sections(self, values: dict[str, Any]) -> None:
        known = [*SECTIONS, *_TABLES]
        for name in values:
            if name in _LATER:
                self.wrong(name, "not available in this version of feedd; remove the section")
            elif name not in known:
                self.wrong(name, "unknown section" + _suggestion(name, known))

    def _list(self, section: str, tables: object) -> list[dict[str, Any]]:
        if not isinstance(tables, list):
            self.wrong(section, f"must be an array of tables: [[{section}]]")
            return []
        return [self._table(section, table, f"{section}[{i}]") for i, table in enumerate(tables)]

    def _table(self, section: str, table: object, name: str = "") -> dict[str, Any]:
        name = name or section
        keys = SECTIONS[section]
        if not isinstance(table, dict):
            self.wrong(name, f"must be a table: [{section}]")
            table = {}
        if section == "sources" and table.get("kind", "folder") in ("upstream", "opml"):
            self.wrong(
                f"{name}.kind",
                f'{table["kind"]!r} is not available in this version of feedd; only "folder" is',
            )
            return {key: _empty(spec) for key, spec in keys.items()} | {"name": str(table.get("name", name))}
        for key in table:
            if key not in keys:
                self.wrong(f"{name}.{key}", "unknown key" + _suggestion(key, list(keys)))
        return {key: self._value(f"{name}.{key}", spec, table.get(key)) for key, spec in keys.items()}

    def _value(self, name: str, spec: Key, value: Any) -> Any:  # noqa: ANN401 - any value of TOML
        if value is None:
            if spec.required:
                self.wrong(name, f"is missing: {spec.doc}")
            return _empty(spec)
        if spec.later:
            if value != spec.default:
                self.wrong(name, "not available in this version of feedd; remove it")
            return _empty(spec)
        problem = _problem(spec, value)
        if problem:
            self.wrong(name, problem)
            return _empty(spec)
        return value

    def _once(self, section: str, names: list[str]) -> None:
        for name in sorted({n for n in names if names.count(n) > 1}):
            self.wrong(f"{section}.name", f"{name!r} is given twice; each needs its own")

    def _labels(self, tables: object) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for kind, table in (tables if isinstance(tables, dict) else {"": tables}).items():
            if kind not in ("category", "tag") or not isinstance(table, dict):
                self.wrong(f"labels.{kind}", "must be one of the tables [labels.category] and [labels.tag]")
            elif wrong := [key for key, value in table.items() if not isinstance(value, str) or not value]:
                self.wrong(f"labels.{kind}.{wrong[0]}", "must be text")
            else:
                found[kind] = dict(table)
        return found

    def _aliases(self, table: object) -> dict[str, str]:
        if not isinstance(table, dict):
            self.wrong("aliases", "must be a table: [aliases]")
            return {}
        for old, target in table.items():
            parts = str(old).split("/")
            if not isinstance(target, str) or not re.fullmatch(
                r"(?:(?:category|tag)/[^/]+/)?(?:atom\.xml|rss\.xml|feed\.json)", target
            ):
                self.wrong(f"aliases.{old}", 'must name a document such as "atom.xml" or "tag/x/rss.xml"')
            if (
                old.startswith(("/", ".feedd"))
                or "\\" in old
                or not all(parts)
                or any(p in (".", "..") for p in parts)
            ):
                self.wrong(f"aliases.{old}", "must be a path inside the output folder, without `..`")
            elif old in ("index.html", "feeds.opml", "atom.xml", "rss.xml", "feed.json") or parts[0] in (
                "category",
                "tag",
            ):
                self.wrong(f"aliases.{old}", "is a document's own place; choose another path")
        return {str(k): str(v) for k, v in table.items()}


def _empty(spec: Key) -> Any:  # noqa: ANN401
    if spec.default is not None:
        return spec.default
    return {"string": "", "integer": 0, "boolean": False, "array": ""}[spec.type]


def _problem(spec: Key, value: Any) -> str:  # noqa: ANN401
    """What is wrong with a value, or nothing."""
    wanted = _TYPES[spec.type]
    if not isinstance(value, wanted) or (isinstance(value, bool) and spec.type != "boolean"):
        return f"must be of type {spec.type}, not {type(value).__name__}"
    if spec.type == "string" and not value.strip():
        return "must not be empty"
    if spec.type == "array" and not all(isinstance(one, str) and one for one in value):
        return "must be a list of texts"
    for one in value if spec.type == "array" else [value]:
        if spec.choices and one not in spec.choices:
            return f"{one!r} is none of {', '.join(spec.choices)}" + _suggestion(str(one), list(spec.choices))
    if spec.choices and spec.type == "array" and not value:
        return f"must name at least one of {', '.join(spec.choices)}"
    return spec.check(value) if spec.check else ""


def _suggestion(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1, 0.5)
    return f"; did you mean `{close[0]}`?" if close else f"; known are {', '.join(known)}"


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a configuration."""
    properties: dict[str, Any] = {}
    for section, keys in SECTIONS.items():
        table = {
            "type": "object",
            "additionalProperties": False,
            "required": [name for name, key in keys.items() if key.required],
            "properties": {name: _key_schema(key) for name, key in keys.items() if not key.later},
        }
        properties[section] = {"type": "array", "items": table} if section in _LISTS else table
    texts = {"type": "object", "additionalProperties": {"type": "string"}}
    properties["labels"] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"category": texts, "tag": texts},
        "description": _TABLES["labels"],
    }
    properties["aliases"] = {**texts, "description": _TABLES["aliases"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "feedd.toml",
        "type": "object",
        "additionalProperties": False,
        "required": ["site", "sources"],
        "properties": properties,
    }


def _key_schema(key: Key) -> dict[str, Any]:
    found: dict[str, Any] = {"type": key.type, "description": key.doc}
    if key.type == "array":
        found["items"] = {"type": "string", **({"enum": list(key.choices)} if key.choices else {})}
    elif key.choices:
        found["enum"] = list(key.choices)
    if key.default is not None:
        found["default"] = key.default
    return found
