"""One version of a document with its variants: each coding and delta is made once, with its header fields."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote

from starlette.responses import Response

from feeds.output.compression import encode
from feeds.server.delta import Known, split
from feeds.server.documents import Document
from feeds.server.negotiation import CODINGS, format_http_date, parse_tags
from feeds.server.responses import PAGE_SAFETY, SAFETY, Fields, build_response

# Header fields and objects of a small document take more memory than its bytes.
_OVERHEAD = 4096
# Such a name changes with the content, so the file behind it never does.
_NAMED_BY_CONTENT = re.compile(r"assets/[^/]+-[0-9a-f]{12}\.[a-z]+")
_ARCHIVE = re.compile(r"(?:.+/)?archive/[0-9]+\.[a-z.]+")
# RFC 9111 sets no bound, but a year is what caches commonly treat as forever.
_YEAR, _MONTH = 31_536_000, 2_592_000


@dataclass(frozen=True, slots=True)
class Policy:
    """Values for the header fields of every document.

    ``public`` is the address of the tree with a slash at its end, or empty; ``hubs`` are WebSub hubs.
    """

    max_age: int
    public: str = ""
    hubs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Variant:
    """One representation, ready to send; ``fields`` lacks length and range."""

    etag: bytes
    body: bytes
    fields: Fields
    whole: Response
    """200 (or 226 for a delta)."""


@dataclass(slots=True)
class Resource:
    """The version of a document that is served at a path until the document changes."""

    document: Document
    private: bool
    policy: Policy
    known: Known
    variants: dict[str, Variant | None] = field(default_factory=dict)
    """By coding; None for a coding that saves nothing."""
    deltas: dict[tuple[str, str], Variant | None] = field(default_factory=dict)
    """By old digest and coding; None where nothing would be saved."""
    etags: dict[str, bytes] = field(default_factory=dict)
    """The strong validator of each representation, made or not (RFC 9110, 8.8.3.3)."""
    unchanged: dict[str, Response] = field(default_factory=dict)
    """304 by coding: for it the variant itself need not be made."""
    size: int = 0
    """Bytes held."""
    counted: int = 0
    """Bytes of it that the application has counted."""

    def __post_init__(self) -> None:
        self.size = len(self.document.data) + _OVERHEAD
        for coding in ("", *CODINGS):
            # RFC 9110, 8.8.3.3: representations that differ need different strong validators.
            mark = f"-{coding}" if coding else ""
            self.etags[coding] = etag = f'"{self.document.digest}{mark}"'.encode()
            self.unchanged[coding] = build_response(304, self._build_validators(etag))
        # The uncoded form costs nothing, so it is ready from the start.
        self._add_whole("", self.document.data)

    def choose_coding(self, codings: tuple[str, ...]) -> str | None:
        """Return the first of these codings that saves something, or may; None if there is none."""
        for coding in codings:
            # `self` means that the variant was not tried yet; None marks a coding that saves nothing.
            if self.variants.get(coding, self) is not None:
                return coding
        return None

    def make(self, coding: str) -> None:
        """Compress the document in a coding (slow: not on the event loop)."""
        # Another request may have made it meanwhile.
        if coding in self.variants:
            return
        body = encode(self.document.data, coding)
        # Remembered, so that the same useless compression is not tried for each request.
        if body is None:
            self.variants[coding] = None
        else:
            self.size += len(body)
            self._add_whole(coding, body)

    def _add_whole(self, coding: str, body: bytes) -> None:
        etag = self.etags[coding]
        fields = [*self._build_fields(etag, coding), (b"accept-ranges", b"bytes")]
        self.variants[coding] = Variant(etag, body, fields, build_response(200, fields, body))

    def find_delta_base(self, field_value: bytes) -> str:
        """Return the latest known version that an ``If-None-Match`` lists; empty if there is none."""
        # The coding of the old version does not matter, because a delta is made from the digest.
        named = {tag.strip(b'"').partition(b"-")[0].decode("latin-1") for tag in parse_tags(field_value)}
        # The latest version that the client has gives the shortest delta.
        return next((digest for digest in reversed(self.known) if digest in named), "")

    def make_delta(self, base: str, coding: str) -> None:
        """Build the response for clients that have the version ``base`` (slow: not on the event loop)."""
        parts = split(self.document.data, self.document.form)
        body = parts.select_newer(self.known[base]) if parts else None
        if body is None:
            self.deltas[base, coding] = None
            return
        encoded = encode(body, coding) if coding else None
        used = coding if encoded is not None else ""
        body = body if encoded is None else encoded
        # RFC 3229: the tag is that of the document which the client has after applying the delta.
        etag = self.etags[coding]
        # A cache that does not know deltas must not keep one as if it were the document (RFC 3229, 10.8).
        fields = [
            (b"content-type", self.document.media.encode()),
            (b"im", b"feed"),
            (b"delta-base", f'"{base}"'.encode()),
            (b"etag", etag),
            (b"cache-control", b"no-store, im"),
            (b"vary", b"Accept-Encoding, A-IM, If-None-Match"),
            *self._build_coding_field(used),
            *SAFETY,
            *self._build_links(),
        ]
        self.size += len(body)
        self.deltas[base, coding] = Variant(etag, body, fields, build_response(226, fields, body))

    def _build_validators(self, etag: bytes) -> Fields:
        """Return the fields that a 304 repeats (RFC 9110, 15.4.5)."""
        document = self.document
        # A shared cache would hand a private feed to people without the password.
        control = "no-store" if self.private else f"public, max-age={self._choose_max_age()}"
        # Caches must not answer a plain request with a delta, or the reverse (RFC 9110, 12.5.5).
        vary = b"Accept-Encoding, A-IM" if document.form else b"Accept-Encoding"
        return (
            (b"etag", etag),
            (b"last-modified", format_http_date(document.modified)),
            (b"cache-control", control.encode()),
            (b"vary", vary),
        )

    def _choose_max_age(self) -> str:
        """Return how long caches may use the document; files that never change are immutable (RFC 8246).

        A closed archive changes only if a post in it is withdrawn: then copies survive for a month at most.
        """
        path = self.document.path
        if _NAMED_BY_CONTENT.fullmatch(path):
            return f"{_YEAR}, immutable"
        return f"{_MONTH}, immutable" if _ARCHIVE.fullmatch(path) else str(self.policy.max_age)

    def _build_fields(self, etag: bytes, coding: str) -> Fields:
        media = self.document.media
        safety = PAGE_SAFETY if media.startswith("text/html") else SAFETY
        kind = (b"content-type", media.encode())
        return (
            kind,
            *self._build_validators(etag),
            *self._build_coding_field(coding),
            *safety,
            *self._build_links(),
        )

    @staticmethod
    def _build_coding_field(coding: str) -> Fields:
        return ((b"content-encoding", coding.encode()),) if coding else ()

    def _build_links(self) -> Fields:
        """Return where to subscribe (WebSub, 4), only for feeds that everybody may read."""
        policy = self.policy
        # A hub fetches the feed itself, which it cannot do with a private feed.
        if not policy.hubs or not policy.public or self.private or not self.document.form:
            return ()
        # RFC 8288 allows only ASCII in a target, while paths may have any letters.
        own = policy.public + quote(self.document.path)
        hubs = "".join(f'<{hub}>; rel="hub", ' for hub in policy.hubs)
        return ((b"link", f'{hubs}<{own}>; rel="self"'.encode("ascii")),)
