"""Load templates, words and assets of pages: feedd's, and those of the site's folder.

The only importer of jinja2.
"""

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
"""Folder of the files that pages link to, in the output tree."""
_OWN_WORDS = "words.toml (own)"
_MAX_FILE_BYTES = 1_000_000
_SUFFIXES = (".html", ".css", ".js", ".svg", ".toml")
_NAMES = {"atom": "Atom", "rss": "RSS", "json": "JSON"}
_TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml", "json": "application/feed+json"}


@dataclass(frozen=True, slots=True)
class TemplateFiles:
    """Sources of templates, words and assets by name: plain values that can be sent to any process."""

    texts: tuple[tuple[str, str], ...]
    folder: Path | None = None
    own: tuple[str, ...] = ()
    """Names of the files that come from ``folder``."""

    def digest(self) -> str:
        """Return a digest of all sources: if it changes, pages must be rendered again."""
        return compute_digest(repr(self.texts))

    def build_label(self, name: str) -> str:
        """Return the name of a file for messages: its path if it is the site's own."""
        return f"{self.folder / name}" if self.folder and name in self.own else name


@dataclass(frozen=True, slots=True)
class Templates:
    """Compiled templates with words and assets; :func:`load_templates` creates them."""

    environment: jinja2.Environment
    languages: Mapping[str, translations.Words]
    assets: Mapping[str, bytes]
    """Files that pages link to, by path in the output tree."""
    names: Mapping[str, str]
    """Their paths by kind: ``css``, ``js``, ``icon``."""
    places: frozenset[str]
    """Names of the templates in messages."""

    def choose_words(self, language: str) -> translations.Words:
        """Return the words of pages in this language."""
        return translations.choose_words(self.languages, language)


def read_templates(folder: Path | None = None) -> TemplateFiles:
    """Read feedd's files, each replaced by the file of the same name in ``folder``, and ``extra.css`` added.

    Raises:
        UsageError: The folder or a file in it cannot be read; the message names it.
    """
    built_in = dict(read_packaged_texts("data/templates"))
    own = _read_folder(folder) if folder else {}
    # Words are merged with those of feedd, while other files replace them.
    if "words.toml" in own:
        own[_OWN_WORDS] = own.pop("words.toml")
    return TemplateFiles(tuple(sorted((built_in | own).items())), folder, tuple(sorted(own)))


def load_templates(folder: Path | None = None) -> Templates:
    """Read and compile templates: :func:`read_templates` and :func:`compile_templates`."""
    return compile_templates(read_templates(folder))


@lru_cache(maxsize=4)
def compile_templates(read: TemplateFiles) -> Templates:
    """Compile templates.

    Raises:
        UsageError: A file is not a template; the message names file and line.
    """
    sources = dict(read.texts)
    languages = translations.read_words(sources["words.toml"], "words.toml")
    if _OWN_WORDS in sources:
        place = f"{read.folder}/words.toml"
        for language, words in translations.read_words(sources[_OWN_WORDS], place).items():
            languages[language] = translations.Words(languages.get(language, languages["en"]) | words)
    names, written = _build_assets(sources)
    places = frozenset(read.build_label(name) for name in sources if name.endswith(".html"))
    return Templates(_build_environment(read), languages, written, names, places)


def build_assets(read: TemplateFiles) -> dict[str, bytes]:
    """Return the files that pages link to, by path; the bytes of a path never change."""
    return _build_assets(dict(read.texts))[1]


def _build_assets(sources: Mapping[str, str]) -> tuple[dict[str, str], dict[str, bytes]]:
    """Return the paths of assets by kind (``css``, ``js``, ``icon``), and their bytes by path."""
    css = sources["feedd.css"] + sources.get("extra.css", "")
    written = {"css": css, "js": sources["feedd.js"], "icon": sources["icon.svg"]}
    names = {
        kind: f"{ASSETS}feedd-{compute_digest(text)}.{'svg' if kind == 'icon' else kind}"
        for kind, text in written.items()
    }
    return names, {names[kind]: text.encode() for kind, text in written.items()}


def _read_folder(folder: Path) -> dict[str, str]:
    try:
        found = [file for file in sorted(folder.iterdir()) if file.suffix in _SUFFIXES and file.is_file()]
        large = next((file for file in found if file.stat().st_size > _MAX_FILE_BYTES), None)
        # A large file in the folder is a mistake, and rendering it would fill the memory.
        if large:
            raise UsageError(f"{large}: larger than a megabyte, so not a template; remove it from the folder")
        return {file.name: _read_text(file) for file in found}
    except OSError as error:
        raise UsageError(
            f"{error.filename or folder}: cannot be read ({error.strerror}); correct it"
        ) from error


def _read_text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{file}: is not UTF-8 ({error.reason}, byte {error.start}); save it as such"
        ) from error


def compute_digest(text: str) -> str:
    """Return twelve hex digits of a text's digest."""
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _build_environment(read: TemplateFiles) -> jinja2.Environment:
    import jinja2
    from markupsafe import Markup

    class Environment(jinja2.Environment):
        def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
            """Return the globals as a plain dictionary, which is copied faster for each entry."""
            return {**self.globals, **(d or {})}

    sources = {name: text for name, text in read.texts if name.endswith(".html")}
    environment = Environment(
        # The path goes into tracebacks: a mistake is named with its file and line.
        loader=jinja2.FunctionLoader(
            lambda name: (sources[name], read.build_label(name), None) if name in sources else None
        ),
        autoescape=True,
        # A misspelt name must fail in `feedd check`, and not show nothing on all pages.
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # The sources are fixed, and checking them takes time for each entry.
        auto_reload=False,
    )
    environment.globals.update(
        day=translations.format_day, moment=translations.format_moment, ago=translations.format_span, count=translations.format_count,
        number=translations.format_number, size=translations.format_size, web=_check_link, file_name=_find_file_name,
        policy=Markup(POLICY), names=_NAMES, types=_TYPES,  # noqa: S704 - a constant
    )  # fmt: skip
    # The templates of feedd are tested, so they are compiled only when they are used.
    for name in sources.keys() & set(read.own):
        try:
            environment.get_template(name)
        except jinja2.TemplateSyntaxError as error:
            raise UsageError(
                f"{read.build_label(name)}:{error.lineno}: {error.message}; correct it"
            ) from error
    return environment


def _check_link(address: str) -> str:
    """Return an address that a link may lead to; ``#`` for anything but a web address."""
    return address if is_address(address) else "#"


def _find_file_name(address: str) -> str:
    return unquote(urlsplit(address).path.rpartition("/")[2])[:80] if is_address(address) else ""


def render(templates: Templates, name: str, site: CatalogueHead, **values: object) -> str:
    """Render a template.

    Raises:
        UsageError: The template, or a template that it includes, fails; the message names file and line.
    """
    try:
        return templates.environment.get_template(name).render(
            site=site, w=templates.choose_words(site.language), files=templates.names, **values
        )
    except Exception as error:  # a template is code, so it can raise anything
        # The innermost frame of a template is where it went wrong, in a file that it includes perhaps.
        frames = [frame for frame in extract_tb(error.__traceback__) if frame.filename in templates.places]
        place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else name
        raise UsageError(f"{place}: {error}; correct it, or the words it uses") from error
