"""How pages look: templates, words and files, feedd's or of the site's own folder; the only importer of jinja2."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from feeds._resources import read_packaged_texts
from feeds.errors import UsageError
from feeds.models import POLICY
from feeds.renderer import translations
from feeds.renderer.catalog import CatalogueHead
from feeds.values.urls import is_address

if TYPE_CHECKING:
    import jinja2

ASSETS = "assets/"
"""Folder of the files that pages name, in the output tree."""
_OWN_WORDS = "words.toml (own)"
_LARGEST_FILE = 1_000_000
_SUFFIXES = (".html", ".css", ".js", ".svg", ".toml")
_NAMES = {"atom": "Atom", "rss": "RSS", "json": "JSON"}
_TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml", "json": "application/feed+json"}


@dataclass(frozen=True, slots=True)
class TemplateFiles:
    """Templates, words and files of pages as they are written, by name: values that any process can be sent."""

    texts: tuple[tuple[str, str], ...]
    folder: Path | None = None
    own: tuple[str, ...] = ()
    """Which of them come from ``folder`` and not from feedd."""

    def digest(self) -> str:
        """Changes when anything of them does: then what was rendered with them is to be rendered again."""
        return digest_of(repr(self.texts))

    def place(self, name: str) -> str:
        """What to call one of them in a message."""
        return f"{self.folder / name}" if self.folder and name in self.own else name


@dataclass(frozen=True, slots=True)
class Templates:
    """How pages look, ready to render; :func:`load_templates` makes one."""

    environment: jinja2.Environment
    languages: Mapping[str, translations.Words]
    assets: Mapping[str, bytes]
    """The files that pages name, by path in the output tree."""
    names: Mapping[str, str]
    """Those paths by what they are: ``css``, ``js``, ``icon``."""
    places: frozenset[str]
    """What the templates are called in messages."""

    def words(self, language: str) -> translations.Words:
        """What pages of a site in this language say."""
        return translations.words_for(self.languages, language)


def read_templates(folder: Path | None = None) -> TemplateFiles:
    """The look that feedd has, each file replaced by the one of that name in ``folder``; ``extra.css`` is added.

    Raises:
        UsageError: The folder or a file of it cannot be read; the text names it.
    """
    built_in = dict(read_packaged_texts("data/templates"))
    own = _own_files(folder) if folder else {}
    if "words.toml" in own:
        own[_OWN_WORDS] = own.pop("words.toml")
    return TemplateFiles(tuple(sorted((built_in | own).items())), folder, tuple(sorted(own)))


def load_templates(folder: Path | None = None) -> Templates:
    """:func:`read_templates` and :func:`compile_templates` at once."""
    return compile_templates(read_templates(folder))


@lru_cache(maxsize=4)
def compile_templates(read: TemplateFiles) -> Templates:
    """Make files of a look ready to render.

    Raises:
        UsageError: One of them is no template; the text names file and line.
    """
    sources = dict(read.texts)
    languages = translations.read_words(sources["words.toml"], "words.toml")
    if _OWN_WORDS in sources:
        place = f"{read.folder}/words.toml"
        for language, words in translations.read_words(sources[_OWN_WORDS], place).items():
            languages[language] = translations.Words(languages.get(language, languages["en"]) | words)
    names, written = _assets(sources)
    places = frozenset(read.place(name) for name in sources if name.endswith(".html"))
    return Templates(_environment(read), languages, written, names, places)


def assets_of(read: TemplateFiles) -> dict[str, bytes]:
    """The files that pages name, by path in the output tree; a path's bytes never change."""
    return _assets(dict(read.texts))[1]


def _assets(sources: Mapping[str, str]) -> tuple[dict[str, str], dict[str, bytes]]:
    """Paths of the files that pages name by what they are, and their bytes by path."""
    css = sources["feedd.css"] + sources.get("extra.css", "")
    written = {"css": css, "js": sources["feedd.js"], "icon": sources["icon.svg"]}
    names = {
        kind: f"{ASSETS}feedd-{digest_of(text)}.{'svg' if kind == 'icon' else kind}"
        for kind, text in written.items()
    }
    return names, {names[kind]: text.encode() for kind, text in written.items()}


def _own_files(folder: Path) -> dict[str, str]:
    try:
        found = [one for one in sorted(folder.iterdir()) if one.suffix in _SUFFIXES and one.is_file()]
        large = next((one for one in found if one.stat().st_size > _LARGEST_FILE), None)
        if large:
            raise UsageError(f"{large}: more than a megabyte is no template; take it out of the folder")
        return {one.name: _text_of(one) for one in found}
    except OSError as error:
        raise UsageError(
            f"{error.filename or folder}: cannot be read ({error.strerror}); correct it"
        ) from error


def _text_of(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{file}: is no UTF-8 ({error.reason}, byte {error.start}); save it as such"
        ) from error


def digest_of(text: str) -> str:
    """Twelve hex digits that stand for a text."""
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _environment(read: TemplateFiles) -> jinja2.Environment:
    import jinja2
    from markupsafe import Markup

    class Environment(jinja2.Environment):
        def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
            """The names that a template knows: a plain dictionary is copied faster, and it is for each entry."""
            return {**self.globals, **(d or {})}

    sources = {name: text for name, text in read.texts if name.endswith(".html")}
    environment = Environment(
        # The path goes into tracebacks: a mistake is named with its file and line.
        loader=jinja2.FunctionLoader(
            lambda name: (sources[name], read.place(name), None) if name in sources else None
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(
        day=translations.day, moment=translations.moment, ago=translations.ago, count=translations.count,
        number=translations.number, size=translations.size, web=_web, file_name=_file_name,
        policy=Markup(POLICY), names=_NAMES, types=_TYPES,  # noqa: S704 - a constant
    )  # fmt: skip
    for name in sources.keys() & set(read.own):  # feedd's own are compiled when they are used
        try:
            environment.get_template(name)
        except jinja2.TemplateSyntaxError as error:
            raise UsageError(f"{read.place(name)}:{error.lineno}: {error.message}; correct it") from error
    return environment


def _web(address: str) -> str:
    """An address that a link may lead to: the web, or a place on this page."""
    return address if is_address(address) else "#"


def _file_name(address: str) -> str:
    return unquote(urlsplit(address).path.rpartition("/")[2])[:80] if is_address(address) else ""


def render(templates: Templates, name: str, site: CatalogueHead, **values: object) -> str:
    """Fill a template.

    Raises:
        UsageError: It, or one that it includes, makes a mistake; the text names file and line.
    """
    try:
        return templates.environment.get_template(name).render(
            site=site, w=templates.words(site.language), files=templates.names, **values
        )
    except Exception as error:  # a template is code, so it can raise anything
        # The innermost frame of a template is where it went wrong, in a file that it includes perhaps.
        frames = [one for one in extract_tb(error.__traceback__) if one.filename in templates.places]
        place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else name
        raise UsageError(f"{place}: {error}; correct it, or the words it uses") from error
