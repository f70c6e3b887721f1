"""Read ``feedd.toml`` and collect what is wrong with it."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from feeds.config import checks
from feeds.config.fields import DEFAULT_PATH, INFO_CODES, LATER_SECTIONS, PRIVATE, SECTIONS, TABLES, Key
from feeds.config.tables import LATER, Tables, problem_of
from feeds.config.values import (
    Config,
    FolderSource,
    IdentityRule,
    Limits,
    ListSource,
    Output,
    PrivateFeed,
    Push,
    Serve,
    Site,
    Source,
    UpstreamSource,
)
from feeds.errors import ConfigError
from feeds.models import Format
from feeds.values.urls import iri_to_uri

_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")


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
    reader = _Reader(file)
    config = reader.config(values)
    if reader:
        raise ConfigError(reader.report(file, text))
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


class _Reader(Tables):
    """Makes a :class:`Config` of the tables and collects what is wrong with them."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file.absolute()
        self.folder = self.file.parent

    def config(self, values: dict[str, Any]) -> Config:
        """The configuration; meaningless if there are mistakes."""
        self._sections(values)
        output = self._output(values)
        sources = self.array("sources", values)
        identity = self.array("identity", values)
        if "sources" not in values or values["sources"] == []:
            self.wrong("sources", 'there is none; add a [[sources]] with name, kind = "folder" and path')
        store = self.table("store", values)
        clean, limits = self.table("clean", values), self.table("limits", values)
        serve = self._serve(values)
        boilerplate = values.get("clean")
        given = isinstance(boilerplate, dict) and "boilerplate" in boilerplate
        return Config(
            path=self.file,
            site=self._site(values),
            output=output,
            history=store["history"],
            store=self._path(store["url"].removeprefix("sqlite:///")),
            sources=tuple(self._source(one, f"sources[{i}]") for i, one in enumerate(sources)),
            identity=tuple(IdentityRule(**one) for one in identity)
            or tuple(IdentityRule("infoCode", pattern) for pattern in INFO_CODES),
            boilerplate=tuple(clean["boilerplate"]) if given else None,
            labels=self._labels(values.get("labels", {})),
            aliases=self._aliases(values.get("aliases", {}), output, serve),
            limits=Limits(**limits),
            serve=serve,
            push=self._push(values),
        )

    def _site(self, values: Mapping[str, Any]) -> Site:
        site = self.table("site", values)
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
        output = self.table("output", values)
        return Output(
            dir=self._path(output["dir"]),
            formats=tuple(output["formats"]),
            entries=output["entries"],
            slugs=output["slugs"],
            pages=output["pages"],
            templates=self._path(output["templates"]) if output["templates"] else None,
            keep=output["keep"],
            archive=self._archive(values, output),
            archive_kinds=tuple(output["archive_kinds"]),
        )

    def _archive(self, values: Mapping[str, Any], output: Mapping[str, Any]) -> tuple[Format, ...]:
        """The formats of archives; the default is what of it is written at all."""
        given = values.get("output")
        missing = [form for form in output["archive"] if form not in output["formats"]]
        if missing and isinstance(given, dict) and "archive" in given:
            self.wrong(
                "output.archive", f'names a format that is not written; add "{missing[0]}" to output.formats'
            )
        return tuple(form for form in output["archive"] if form not in missing)

    def _serve(self, values: Mapping[str, Any]) -> Serve | None:
        if "serve" not in values:
            return None
        given = values["serve"]
        private = given.get("private", []) if isinstance(given, dict) else []
        rest = (
            {key: one for key, one in given.items() if key != "private"} if isinstance(given, dict) else given
        )
        serve = self.table("serve", {"serve": rest})
        if not isinstance(private, list):
            self.wrong("serve.private", "must be an array of tables; write [[serve.private]]")
            private = []
        return Serve(**serve, private=tuple(self._private(i, one) for i, one in enumerate(private)))

    def _private(self, number: int, one: object) -> PrivateFeed:
        name = f"serve.private[{number}]"
        if not isinstance(one, dict):
            self.wrong(name, "must be a table; write [[serve.private]]")
            return PrivateFeed("")
        for key in one:
            if key not in PRIVATE:
                self.wrong(f"{name}.{key}", "unknown key" + checks.suggestion(key, list(PRIVATE)))
        found = {key: self.value(f"{name}.{key}", spec, one.get(key)) for key, spec in PRIVATE.items()}
        if not found["auth"] and not found["secret"]:
            self.wrong(name, "needs `auth` or `secret`; add one, or nobody can read this feed")
        return PrivateFeed(found["feed"].strip("/"), found["auth"], found["secret"])

    def _push(self, values: Mapping[str, Any]) -> Push:
        push = self.table("push", values)
        serve = values.get("serve")
        served = serve.get("public", "") if isinstance(serve, dict) else ""
        public = _folder(push["public"] or (served if isinstance(served, str) else ""))
        site = values.get("site")
        below = public or (_folder(str(site.get("url", ""))) if isinstance(site, dict) else "")
        own = f"{iri_to_uri(below)}hub" if push["hub"] else ""
        return Push(tuple(push["hubs"]), own, public, tuple(push["allow"]))

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
            markdown=one["markdown"],
            future=one["future"],
            drafts=one["drafts"],
            on_remove=one["on_remove"],
            keep=one["keep"],
            categories=tuple(one["categories"]),
            terms=one["terms"],
            source_line=one["source_line"],
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
            keep=one["keep"],
        )

    def _need(self, one: Mapping[str, Any], name: str, key: str) -> None:
        """A key that sources of this kind must have."""
        if not one[key] and self.keys.isdisjoint((f"{name}.{key}", name, f"{name}.kind")):
            self.wrong(f"{name}.{key}", f"is missing; add it: {SECTIONS['sources'][key].doc}")

    def _path(self, text: str) -> Path:
        return Path(os.path.normpath(self.folder / text))

    def _sections(self, values: Mapping[str, Any]) -> None:
        known = [*SECTIONS, *TABLES]
        for name in values:
            if name in LATER_SECTIONS:
                self.wrong(name, LATER)
            elif name not in known:
                self.wrong(name, "unknown section" + checks.suggestion(name, known))

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
                problem = problem_of(Key("string", "", check=checks.text), label)
                if problem:
                    self.wrong(f"labels.{kind}.{name}", problem)
            found[kind] = table
        return found

    def _aliases(self, table: object, output: Output, serve: Serve | None) -> dict[str, str]:
        if not isinstance(table, dict):
            self.wrong("aliases", "must be a table; write [aliases]")
            return {}
        places = {old.casefold(): old for old in table}
        for old, document in table.items():
            above = [old[:i].casefold() for i, c in enumerate(old[:4096]) if c == "/"]
            problem = checks.alias(old) or checks.target(document, output.formats)
            if not problem and (places[old.casefold()] != old or any(place in places for place in above)):
                problem = "clashes with another alias on some file systems; rename one"
            if (
                not problem
                and serve
                and any(f"{document}/".startswith(f"{one.feed}/") for one in serve.private)
            ):
                problem = "would open a private feed to everybody; remove it"
            if problem:
                self.wrong(f"aliases.{old}", problem)
        return table


def _folder(url: str) -> str:
    return url if not url or url.endswith("/") else url + "/"
