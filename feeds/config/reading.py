"""Read ``feedd.toml`` and collect what is wrong with it."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from feeds.config import checks
from feeds.config.fields import (
    DEFAULT_PATH,
    INFO_CODE,
    LATER_SECTIONS,
    LISTS,
    SECTIONS,
    TABLES,
    Key,
)
from feeds.config.values import (
    Config,
    FolderSource,
    IdentityRule,
    Limits,
    ListSource,
    Output,
    Site,
    Source,
    UpstreamSource,
)
from feeds.errors import ConfigError

_TYPES: dict[str, Any] = {"string": str, "integer": int, "boolean": bool, "array": list}
_EMPTY: dict[str, Any] = {"string": "", "integer": 0, "boolean": False, "array": ()}
_LATER = "not available in this version of feedd; remove it"
_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")
_PART = r"(?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*')"
_HEADER = rf"[ \t]*(\[\[?)[ \t]*({_PART}(?:[ \t]*\.[ \t]*{_PART})*)[ \t]*\]"
_ASSIGNMENT = rf"[ \t]*({_PART}(?:[ \t]*\.[ \t]*{_PART})*)[ \t]*="


def load_config(path: str | Path | None = None) -> Config:
    """Read a configuration; without ``path`` that of ``$FEEDD_CONFIG`` or ``config/feedd.toml``.

    Raises:
        ConfigError: it cannot be read or is wrong; every mistake with file, line and key.
    """
    file = Path(path or os.environ.get("FEEDD_CONFIG") or DEFAULT_PATH)
    try:
        text = file.read_text("utf-8-sig")  # some editors begin a file with a byte order mark
        values = tomllib.loads(text)
    except FileNotFoundError as error:
        raise ConfigError([f"{file}: no such file; `feedd init` writes a starter configuration"]) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError([_unreadable(file, error)]) from error
    reader = _Reader(file, text)
    config = reader.config(values)
    if reader.mistakes:
        raise ConfigError(reader.report())
    return config


def _unreadable(file: Path, error: Exception) -> str:
    """What tomllib or the file system has against a file, in one line."""
    if isinstance(error, RecursionError):
        return f"{file}: is nested too deeply; correct it"
    reason = error.strerror or str(error) if isinstance(error, OSError) else str(error).splitlines()[0]
    found = _AT_LINE.search(reason)
    if found:
        return f"{file}:{found[1]}: is no TOML: {reason[: found.start()]}; correct it"
    return f"{file}: cannot be read: {reason}"


class _Reader:
    """Reads the values and collects what is wrong with them."""

    def __init__(self, file: Path, text: str) -> None:
        self.file, self.text = file, text
        self.folder = file.absolute().parent
        self.mistakes: list[tuple[str, str]] = []

    def wrong(self, key: str, text: str) -> None:
        """Note a mistake."""
        self.mistakes.append((key, text))

    def report(self) -> list[str]:
        """The mistakes, a line each, in the order of the file; those without a line last."""
        lines = _lines_of(self.text)
        ranked = sorted(self.mistakes, key=lambda one: _line(lines, one[0]) or len(self.text))
        return [
            f"{self.file}{f':{line}' if (line := _line(lines, key)) else ''}: {_printable(key)}: {text}"
            for key, text in ranked
        ]

    def config(self, values: dict[str, Any]) -> Config:
        """The configuration; meaningless if there are mistakes."""
        self._sections(values)
        output = self._output(values)
        sources = self._list("sources", values)
        identity = self._list("identity", values)
        if "sources" not in values or values["sources"] == []:
            self.wrong("sources", 'there is none; add a [[sources]] with name, kind = "folder" and path')
        clean, limits = self._table("clean", values), self._table("limits", values)
        boilerplate = values.get("clean")
        given = isinstance(boilerplate, dict) and "boilerplate" in boilerplate
        return Config(
            path=self.file.absolute(),
            site=self._site(values),
            output=output,
            store=self._path(self._table("store", values)["url"].removeprefix("sqlite:///")),
            sources=tuple(self._source(one, f"sources[{i}]") for i, one in enumerate(sources)),
            identity=tuple(IdentityRule(**one) for one in identity) or (IdentityRule("infoCode", INFO_CODE),),
            boilerplate=tuple(clean["boilerplate"]) if given else None,
            labels=self._labels(values.get("labels", {})),
            aliases=self._aliases(values.get("aliases", {}), output),
            limits=Limits(**limits),
        )

    def _site(self, values: Mapping[str, Any]) -> Site:
        site = self._table("site", values)
        title = site["title"]
        return Site(
            title=title,
            url=_folder(site["url"]),
            language=site["language"],
            timezone=site["timezone"],
            author=site["author"] or title,
            description=site["description"] or title,
        )

    def _output(self, values: Mapping[str, Any]) -> Output:
        output = self._table("output", values)
        return Output(
            dir=self._path(output["dir"]),
            formats=tuple(output["formats"]),
            entries=output["entries"],
            slugs=output["slugs"],
            pages=output["pages"],
            templates=self._path(output["templates"]) if output["templates"] else None,
        )

    def _source(self, one: Mapping[str, Any], name: str) -> Source:
        if one["kind"] == "upstream":
            self._need(one, name, "url")
            return self._upstream(one)
        if one["kind"] == "opml":
            if not one["url"]:
                self._need(one, name, "path")
            elif one["path"]:
                self.wrong(f"{name}.path", "only one of `path` and `url` may be given; remove one")
            path = self._path(one["path"]) if one["path"] else None
            return ListSource(one["name"], path, one["url"], self._upstream(one))
        self._need(one, name, "path")
        return FolderSource(
            name=one["name"],
            path=self._path(one["path"]),
            base=_folder(one["base"]),
            permalink=one["permalink"],
            ids=one["ids"],
            future=one["future"],
            drafts=one["drafts"],
            categories=tuple(one["categories"]),
            terms=one["terms"],
        )

    def _upstream(self, one: Mapping[str, Any]) -> UpstreamSource:
        return UpstreamSource(
            name=one["name"],
            url=one["url"],
            title=one["title"],
            link=one["link"],
            every=checks.seconds(one["every"]),
            categories=tuple(one["categories"]),
            terms=one["terms"],
            auth=one["auth"],
            proxy=one["proxy"],
            allow=tuple(one["allow"]),
            group=one["group"],
            timeout=one["timeout"],
            most_bytes=one["max_mb"] * 1024 * 1024,
        )

    def _need(self, one: Mapping[str, Any], name: str, key: str) -> None:
        """A key that sources of this kind must have."""
        wrong = any(at in (f"{name}.{key}", name, f"{name}.kind") for at, _ in self.mistakes)
        if not one[key] and not wrong:
            self.wrong(f"{name}.{key}", f"is missing; add it: {SECTIONS['sources'][key].doc}")

    def _path(self, text: str) -> Path:
        return Path(os.path.normpath(self.folder / text))

    def _sections(self, values: Mapping[str, Any]) -> None:
        known = [*SECTIONS, *TABLES]
        for name in values:
            if name in LATER_SECTIONS:
                self.wrong(name, _LATER)
            elif name not in known:
                self.wrong(name, "unknown section" + checks.suggestion(name, known))

    def _list(self, section: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        tables = values.get(section, [])
        if not isinstance(tables, list):
            self.wrong(section, f"must be an array of tables; write [[{section}]]")
            return []
        found = [self._values(section, f"{section}[{i}]", table) for i, table in enumerate(tables)]
        seen: set[str] = set()
        for i, one in enumerate(found):
            if one["name"] in seen:
                self.wrong(f"{section}[{i}].name", f"{one['name']!r} is given twice; each needs its own")
            seen.update({one["name"]} - {""})
        return found

    def _table(self, section: str, values: Mapping[str, Any]) -> dict[str, Any]:
        if section not in values:
            table: object = {}
            if section == "site":
                self.wrong(section, "is missing; add [site] with title and url")
                return {name: _default(key) for name, key in SECTIONS[section].items()}
        else:
            table = values[section]
        return self._values(section, section, table)

    def _values(self, section: str, name: str, table: object) -> dict[str, Any]:
        """The values of a table, with defaults; keys that are mistakes have them too."""
        keys = SECTIONS[section]
        defaults = {key: _default(spec) for key, spec in keys.items() if not spec.later}
        if not isinstance(table, dict):
            self.wrong(
                name, f"must be a table; write {f'[[{section}]]' if section in LISTS else f'[{section}]'}"
            )
            return defaults
        kind = table.get("kind", "folder")
        for key in table:
            if key in keys and keys[key].kinds and kind not in keys[key].kinds:
                if kind in keys["kind"].choices:
                    self.wrong(
                        f"{name}.{key}",
                        f"belongs to sources of kind {' and '.join(keys[key].kinds)}; remove it or correct `kind`",
                    )
            elif key not in keys:
                self.wrong(
                    f"{name}.{key}",
                    "unknown key" + checks.suggestion(key, [k for k in keys if not keys[k].later]),
                )
        found = {key: self._value(f"{name}.{key}", spec, table.get(key)) for key, spec in keys.items()}
        return {key: found[key] for key in defaults}

    def _value(self, name: str, spec: Key, value: Any) -> Any:  # noqa: ANN401 - any value of TOML
        problem = ""
        if value is None:
            problem = f"is missing; add it: {spec.doc}" if spec.required else ""
        elif spec.later:
            problem = "" if value == spec.default else _LATER
        else:
            problem = _problem(spec, value)
        if problem:
            self.wrong(name, problem)
        return _default(spec) if problem or value is None else value

    def _labels(self, tables: object) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {"category": {}, "tag": {}}
        if not isinstance(tables, dict):
            self.wrong("labels", "must be tables; write [labels.category] or [labels.tag]")
            return found
        for kind, table in tables.items():
            if kind not in found or not isinstance(table, dict):
                self.wrong(
                    f"labels.{kind}",
                    "must be one of the tables [labels.category] and [labels.tag]; rename it",
                )
                continue
            for name, label in table.items():
                problem = _problem(Key("string", "", check=checks.text), label)
                if problem:
                    self.wrong(f"labels.{kind}.{name}", problem)
            found[kind] = table
        return found

    def _aliases(self, table: object, output: Output) -> dict[str, str]:
        if not isinstance(table, dict):
            self.wrong("aliases", "must be a table; write [aliases]")
            return {}
        places = {old.casefold(): old for old in table}
        for old, document in table.items():
            above = [old[:i].casefold() for i, c in enumerate(old[:4096]) if c == "/"]
            problem = checks.alias(old) or checks.target(document, output.formats)
            if not problem and (places[old.casefold()] != old or any(place in places for place in above)):
                problem = "clashes with another alias on some file systems; rename one"
            if problem:
                self.wrong(f"aliases.{old}", problem)
        return table


def _printable(key: str) -> str:
    """A key in one line, whatever the file calls it."""
    return key[:200] if key.isprintable() else repr(key[:200])[1:-1]


def _folder(url: str) -> str:
    return url if not url or url.endswith("/") else url + "/"


def _default(spec: Key) -> Any:  # noqa: ANN401
    return spec.default if spec.default is not None else _EMPTY[spec.type]


def _problem(spec: Key, value: Any) -> str:  # noqa: ANN401
    """What is wrong with a value, or nothing."""
    wanted = _TYPES[spec.type]
    if not isinstance(value, wanted) or (isinstance(value, bool) and spec.type != "boolean"):
        return f"must be of type {spec.type}, not {type(value).__name__}; correct it"
    if isinstance(value, list):
        return _array_problem(spec, value)
    if isinstance(value, str) and not value.strip():
        return "must not be empty; fill it in or remove the line"
    if spec.high and not spec.low <= value <= spec.high:
        return f"must lie between {spec.low} and {spec.high}; correct it"
    if spec.choices and value not in spec.choices:
        return f"{value!r} is none of its values" + checks.suggestion(value, spec.choices)
    return spec.check(value) if spec.check else ""


def _array_problem(spec: Key, values: list[Any]) -> str:
    if not all(isinstance(one, str) and one.strip() for one in values):
        return "must be a list of texts; correct it"
    if spec.choices:
        unknown = [one for one in values if one not in spec.choices]
        if unknown:
            return f"{unknown[0]!r} is none of its values" + checks.suggestion(unknown[0], spec.choices)
        if not values:
            return f"must not be empty; name at least one of {', '.join(spec.choices)}"
        if len(set(values)) < len(values):
            return "names something twice; remove one"
    return spec.check(values) if spec.check else ""


def _lines_of(text: str) -> dict[str, int]:
    """The line of each table and key as far as its spelling is plain: ``sources[1].path`` to 12."""
    headers, assignments = re.compile(_HEADER), re.compile(_ASSIGNMENT)  # only mistakes need them
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    prefix = ""
    for number, line in enumerate(text.split("\n"), 1):
        header = headers.match(line)
        if header:
            name = _plain(header[2])
            if header[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                lines.setdefault(name, number)
                name = f"{name}[{counts[name]}]"
            lines.setdefault(name, number)
            prefix = name + "."
        elif found := assignments.match(line):
            lines.setdefault(prefix + _plain(found[1]), number)
    return lines


def _plain(dotted: str) -> str:
    return ".".join(part.strip("\"'") for part in re.findall(_PART, dotted))


def _line(lines: Mapping[str, int], key: str) -> int:
    """The line of a key, or of the table that should have it; 0 if neither is found."""
    while key:
        if key in lines:
            return lines[key]
        key = key.rpartition(".")[0]
    return 0
