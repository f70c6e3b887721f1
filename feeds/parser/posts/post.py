"""Parse a post file to an item."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from feeds.errors import PostRejected
from feeds.models import Item, Markup, Repair, Skipped
from feeds.parser.posts.cascades import find_section_values
from feeds.parser.posts.file_encoding import decode
from feeds.parser.posts.front_matter import FrontMatter, read_front_matter
from feeds.parser.posts.front_matter_values import flatten_list
from feeds.parser.posts.header_fields import HeaderFields
from feeds.parser.posts.jekyll import (
    FolderSettings,
    find_defaults,
    find_folder_categories,
    merge_front_matter,
)
from feeds.parser.posts.liquid import Convert, Include, find_no_file, keep_text, render_liquid
from feeds.parser.posts.media import read_media
from feeds.parser.posts.permalinks import (
    build_jekyll_id,
    build_post_url,
    describe_file,
    find_page_file,
    make_relative,
    split_name,
)
from feeds.parser.posts.post_dates import PostDates, convert_zone
from feeds.parser.posts.shortcodes import find_unknown_shortcodes
from feeds.parser.posts.visibility import find_hiding_key, find_ignored, fold_keys
from feeds.values.urls import escape_address, is_absolute_iri, is_address, resolve

Tail = Callable[[str], tuple[str, str]]
Guess = Callable[[str], "datetime | None"]
Link = Callable[[str, str], "str | None"]

_ANY_DATES = (datetime(2001, 1, 2, tzinfo=UTC), datetime(2003, 5, 9, tzinfo=UTC))
# In the order of preference: keys that can only mean the original page come before `link`, which some themes use for
# other pages.
_ADDRESS_KEYS = ("source_url", "canonical_url", "external-url", "external_url", "link")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:/?/|//")


def parse_post(
    data: bytes,
    path: str,
    settings: FolderSettings,
    tail: Tail,
    guess: Guess,
    link: Link,
    include: Include = find_no_file,
    convert: Convert = keep_text,
) -> Item | Skipped:
    """Parse a post file to an item, or to the reason why it is skipped.

    Args:
        data: The bytes of the file.
        path: Path in the source, with ``/``.
        settings: Settings of the source.
        tail: Cuts source address and boilerplate off the end of a body, and returns the address.
        guess: Finds a date in an address or a file name by an identity pattern.
        link: Resolves Liquid's ``link`` and ``post_url``.
        include: Reads a file beside the post for Liquid's ``include_relative``.
        convert: Converts Markdown to HTML for Liquid's ``markdownify``.

    Raises:
        PostRejected: the file is not text.
    """
    if ignored := find_ignored(path):
        return Skipped("ignored", ignored)
    # UTF-16 text is full of NUL bytes too, so a byte order mark exempts a file.
    if data.count(b"\0", 0, 4096) > 64 and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise PostRejected("not a text file (it contains NUL bytes); remove it from the folder")
    text, repairs = decode(data)
    matter = read_front_matter(text)
    if matter is None:
        return Skipped("ignored", "no front matter")
    return _Reader(path, settings, text, matter, [*repairs, *matter.repairs]).read_item(
        tail, guess, link, include, convert
    )


class _Reader:
    """Reads the values of one file, and collects ``repairs``."""

    def __init__(
        self, path: str, settings: FolderSettings, text: str, matter: FrontMatter, repairs: list[Repair]
    ) -> None:
        self.path, self.settings = path, settings
        self.matter, self.repairs = matter, repairs
        self.draft = "_drafts" in path.split("/")
        defaults = find_defaults(settings.site, path, self.draft) if settings.site.defaults else {}
        hidden, inherited, self.expiry = find_section_values(settings.sections, path, settings.above)
        self.hidden_by = hidden or find_hiding_key(matter.values, {**defaults, **inherited})
        own = {**inherited, **fold_keys(matter.values)} if inherited else fold_keys(matter.values)
        self.values: Mapping[str, Any] = merge_front_matter(fold_keys(defaults), own) if defaults else own
        self.fields = HeaderFields(text, matter, self.values, repairs)
        self.dates = PostDates(self.fields, settings.zone, settings.generator)

    def read_item(
        self, tail: Tail, guess: Guess, link: Link, include: Include, convert: Convert
    ) -> Item | Skipped:
        hidden = self.hidden_by or ("a draft" if self.draft and not self.settings.drafts else "")
        if hidden:
            return Skipped("unpublished", hidden, self._find_reserved_page(guess))
        # The tail is cut before Liquid runs: Liquid could change the address in it.
        body, address = tail(self.matter.body)
        published = self.dates.read_published()
        categories, tags = self._read_categories(), self._read_tags()
        stated = next((a for k in _ADDRESS_KEYS if (a := self.fields.read_text(k))), "")
        # A guess depends on the name and address only, so it stays the same when the text of the post changes.
        guessed = self._guess(guess, stated or address) if published is None else None
        if published is None and guessed is None and not any(r.rule.endswith("-date") for r in self.repairs):
            self.fields.add_repair("date", "no-date", "the time of the file")
        page_path, permalink = self._build_page(published or guessed, categories)
        found = self._find_stated_address(permalink) or address
        title = self.fields.read_text("title")
        if not title:
            self.fields.add_repair("title", "empty-title", "made from the text")
        enclosures, extras = read_media(self.values, lambda text: self._resolve_file(text, permalink))
        page: dict[str, object] = {"categories": categories, "tags": tags, "url": page_path, "title": title}
        if date := convert_zone(published or guessed, self.settings.zone):
            page["date"] = f"{date:%Y-%m-%d %H:%M:%S %z}"  # as Liquid shows it in Jekyll
        page |= describe_file(self.path, page_path, self.fields.read_text("slug"), self.draft)
        body = self._run_liquid(body, page, link, include, convert)
        self._report_shortcodes(body)
        return Item(
            guid=self.fields.read_text("guid") or self.fields.read_text("id"),
            title=title,
            address=found if is_address(found) else "",
            permalink=permalink,
            authors=self._read_authors(),
            published=published,
            updated=self.dates.read_updated(),
            guess=guessed,
            categories=tuple(categories),
            tags=tuple(tags),
            body=body,
            markup=self._choose_markup(),
            summary=self.fields.read_text("description")
            or self.fields.read_text("excerpt")
            or self.fields.read_text("summary"),
            language=(self.fields.read_text("lang") or self.fields.read_text("language")).replace("_", "-"),
            fixed_id=self._build_fixed_id(page_path),
            expires=self.dates.read_expiry(self.expiry),
            repairs=tuple(self.repairs),
            enclosures=enclosures,
            extras=extras,
        )

    def _find_reserved_page(self, guess: Guess) -> str:
        """Return the address of the page that an unpublished post would have, unless an unknown date is a part of it."""
        stated = next((a for k in _ADDRESS_KEYS if (a := self.fields.read_text(k))), "")
        date = self.dates.read_published() or self._guess(guess, stated)
        categories = self._read_categories()
        dates = [date] if date else _ANY_DATES
        found = {self._build_page(date, categories)[1] for date in dates}
        return found.pop() if len(found) == 1 else ""

    def _resolve_file(self, text: str, permalink: str) -> str:
        """Return the address of a file that the front matter names; a path from the root is below the site's base."""
        below = text.startswith("/") and not text.startswith("//")
        return escape_address(resolve(self.settings.base, text[1:]) if below else resolve(permalink, text))

    def _guess(self, guess: Guess, address: str) -> datetime | None:
        numbers, _ = split_name(self.path)
        if numbers and (day := self.dates.read_day(numbers)):
            return day
        for text in (address, self.path.rpartition("/")[2].rpartition(".")[0]):
            found = guess(text) if text else None
            if found:
                return found
        return None

    def _read_words(self, key: str, whole_key: str) -> list[str]:
        """Return terms as Jekyll reads them: a list or words; the singular key has a whole string."""
        # Jekyll splits `categories: a b` at spaces, but reads `category: a b` as a single term.
        value, whole = self.values.get(key), self.values.get(whole_key)
        if isinstance(value, str):
            if "," in value:
                value = value.replace(",", " ")
                self.fields.add_repair(key, "comma-in-terms", " ".join(value.split()))
            found: list[object] = [*value.split()]
        else:
            found = flatten_list(value)
        if whole is not None:
            found += flatten_list(whole)
        return [term for entry in found if (term := _to_term(entry))]

    def _read_terms(self, key: str, whole_key: str) -> list[str]:
        taxonomies = self.values.get("taxonomies")
        hugo = flatten_list(fold_keys(taxonomies).get(key)) if isinstance(taxonomies, dict) else []
        return [*self._read_words(key, whole_key), *(term for v in hugo if (term := _to_term(v)))]

    def _read_categories(self) -> list[str]:
        above = map(_to_term, find_folder_categories(self.path, self.settings.site.collections_dir))
        return list(dict.fromkeys([*above, *self._read_terms("categories", "category")]))

    def _read_tags(self) -> list[str]:
        return list(dict.fromkeys(self._read_terms("tags", "tag")))

    def _read_authors(self) -> tuple[str, ...]:
        value = self.values.get("authors") or self.values.get("author")
        values = value if isinstance(value, list) else [value]
        names = [v.get("name", "") if isinstance(v, dict) else v for v in values]
        return tuple(dict.fromkeys(" ".join(n.split()) for n in names if isinstance(n, str) and n.strip()))

    def _choose_markup(self) -> Markup:
        if self.path.lower().endswith((".html", ".htm")):
            return "html"
        return "markdown"

    def _build_page(self, date: datetime | None, categories: list[str]) -> tuple[str, str]:
        """Return path and address of the page: those of the post if they are valid, else by the pattern of the source."""
        style = self.settings.permalink
        if style == "jekyll":
            style = self.settings.site.permalink
        date = self.dates.find_page_date(date)
        own, slug = self._read_own_path(), self.fields.read_text("slug")
        file = find_page_file(self.path, self.settings.generator, slug)
        # The second turn, with the pattern of the source, runs only if the own permalink is invalid.
        for stated in dict.fromkeys((own, "")):
            path = build_post_url(stated or style, file, date, categories, slug)
            permalink = resolve(self.settings.base, make_relative(path)) if path else ""
            if not stated or not path or escape_address(permalink):
                break
            self._add_page_repair("the pattern of its source")
        return path, permalink

    def _read_own_path(self) -> str:
        """Return the path of the page that the front matter states; an address of another site does not count."""
        stated = self.fields.read_text("permalink") or self.fields.read_text("url")
        if self.settings.generator in ("zola", "content") and (path := self.fields.read_text("path")):
            # Zola's pages are folders. In Jekyll and Hugo `path` has no meaning.
            stated = f"/{path.strip('/')}/"
        if "{{" in stated or "{%" in stated:
            # A template of Eleventy, whose names and filters only its site knows.
            self._add_page_repair("the pattern of its source")
            return ""
        if not _ABSOLUTE.match(stated):
            return stated
        try:
            parts, base = urlsplit(stated), urlsplit(self.settings.base)
        except ValueError:
            parts = base = urlsplit("")
        if base.hostname and parts.hostname == base.hostname:
            return "/" + parts.path.removeprefix(base.path.rstrip("/")).lstrip("/")
        self._add_page_repair("the pattern of its source, because that is the address of another site")
        return ""

    def _add_page_repair(self, new: str) -> None:
        self.fields.add_repair(
            "permalink" if self.fields.read_text("permalink") else "url", "bad-permalink", new
        )

    def _find_stated_address(self, permalink: str) -> str:
        """Return the first web address of the source in the front matter; script and mail addresses do not count."""
        for key in _ADDRESS_KEYS:
            text = self.fields.read_text(key)
            if text and (found := escape_address(resolve(permalink, text))):
                return found
            if text:
                self.fields.add_repair(key, "bad-address", "the address of its page")
        return ""

    def _build_fixed_id(self, page_path: str) -> str:
        if not self.settings.jekyll_ids:
            return ""
        found = build_jekyll_id(self.settings.site.base, page_path, self.path, self.fields.read_text("slug"))
        return found if is_absolute_iri(found) else ""

    def _run_liquid(
        self, body: str, page: Mapping[str, object], link: Link, include: Include, convert: Convert
    ) -> str:
        # Only Jekyll's and Eleventy's posts have Liquid, and their headers are YAML.
        if not self.settings.liquid or self.matter.dialect != "yaml":
            return body
        # Most posts have no brace at all, and a search for a single character is much faster than for two.
        if (
            "{" not in body
            or ("{%" not in body and "{{" not in body)
            or self.values.get("render_with_liquid") is False
        ):
            return body
        scope = {
            "site": {"baseurl": "", **self.settings.site.values, "data": self.settings.data},
            "page": {**self.matter.values, **self.values, **page, "path": self.path},
            "jekyll": {"environment": "production"},
        }
        includes = self.settings.includes

        def find_include(tag: str, name: str) -> str | None:
            return includes.get(name) if tag == "include" else include(self.path, name)

        body, dropped = render_liquid(body, scope, link, find_include, convert)
        self.repairs += [
            Repair(self.matter.body_line + t.line - 1, "liquid-dropped", t.text, "") for t in dropped
        ]
        return body

    def _report_shortcodes(self, body: str) -> None:
        """Report the shortcodes that are removed where the body is converted to HTML."""
        self.repairs += [
            Repair(self.matter.body_line + line - 1, "shortcode-dropped", text, "")
            for line, text in find_unknown_shortcodes(body, self.settings.generator)
        ]


def _to_term(value: object) -> str:
    if isinstance(value, str):
        return _fold_term(value)
    return str(value).lower() if isinstance(value, int) else ""


@lru_cache(maxsize=4096)
def _fold_term(text: str) -> str:
    """Return a term with white space collapsed and characters composed; cached, because many posts share a term."""
    return unicodedata.normalize("NFC", " ".join(text.split()))
