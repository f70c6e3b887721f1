"""The rules of WebSub, as pure functions (W3C Recommendation of 23 January 2018; sections are its)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit

from feeds.http.ip_ranges import is_global, is_literal
from feeds.values import document_paths
from feeds.values.urls import is_address

HOUR = 3600
DAY = 24 * HOUR
LEASE = 10 * DAY
"""Seconds of a lease for whoever asks for no length of it."""
LONGEST_LEASE = 30 * DAY
BACKOFF = (5, 20, 60, 5 * 60, 15 * 60, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY)
"""Seconds until the next try, after each one that failed; the last for all that follow."""
SECRET_BYTES = 200
"""A secret must be shorter than this (5.1)."""
LONGEST_FORM = 16 * 1024

_LONGEST_ADDRESS = 2048
_MOST_FIELDS = 40
_LONGEST_LINKS = 16 * 1024
_LINK = re.compile(r"<([^<>]{1,2048})>([^<]*)")
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)
_SIGNATURE = re.compile(r"\s*(sha1|sha256|sha384|sha512)=([0-9a-fA-F]{40,128})\s*")

Meaning = Literal["done", "gone", "retry"]


@dataclass(frozen=True, slots=True)
class Topics:
    """Which addresses are our documents."""

    site_url: str
    """Where the output tree is published; with a slash at its end."""
    hub: str
    """Address of our own hub."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    private: Collection[str] = ()
    """Paths of documents or, with a slash at the end, of folders that nobody may subscribe to here; "/" for all."""

    def url(self, path: str) -> str:
        """The address of a document."""
        return self.site_url + quote(path)

    def path(self, url: str) -> str:
        """The document that ``url`` names exactly; empty if it cannot be one of ours."""
        path = unquote(url.removeprefix(self.site_url))
        known = url.startswith(self.site_url) and self.url(path) == url and self.media_type(path)
        return path if known and not self.is_private(path) else ""

    def is_private(self, path: str) -> bool:
        """Whether a document is for those only who know its address."""
        return any(
            path == one or one == "/" or (one.endswith("/") and path.startswith(one)) for one in self.private
        )

    def media_type(self, path: str) -> str:
        """The media type of a document; empty if it is no subscription document."""
        return document_paths.get_media_type(path, self.aliases)


@dataclass(frozen=True, slots=True)
class Wish:
    """A valid request to the hub; ``path`` is the document, ``lease`` in seconds."""

    mode: Literal["subscribe", "unsubscribe"]
    topic: str
    path: str
    callback: str
    lease: int = LEASE
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not taken: a status of HTTP and a sentence for whoever made it."""

    status: int
    reason: str


def read_wish(content_type: str, body: bytes, topics: Topics, allow: Collection[str] = ()) -> Wish | Refusal:
    """Understand a request to the hub (5.1); parameters that nobody knows are passed over.

    Args:
        content_type: The header as it came.
        body: The form.
        topics: What may be subscribed to.
        allow: ``host:port`` of callbacks that need not be globally reachable.
    """
    form = _form(content_type, body)
    if isinstance(form, Refusal):
        return form
    mode = form.get("hub.mode", "")
    if mode == "publish":
        return Refusal(400, "this hub serves only its own feeds and knows itself when they change")
    if mode not in ("subscribe", "unsubscribe"):
        return Refusal(400, "hub.mode must be subscribe or unsubscribe")
    topic, callback = form.get("hub.topic", ""), form.get("hub.callback", "")
    wrong = _wrong_callback(callback, allow)
    if wrong:
        return Refusal(400, f"hub.callback {wrong}")
    path = topics.path(topic) if len(topic) <= _LONGEST_ADDRESS else ""
    if not path:
        return Refusal(404, "hub.topic is no feed of this site; give the address of its rel=self link")
    if mode == "unsubscribe":
        return Wish("unsubscribe", topic, path, callback)
    lease, secret = form.get("hub.lease_seconds", ""), form.get("hub.secret", "")
    if lease and not re.fullmatch(r"\s*[0-9]{1,15}\s*", lease, re.ASCII):
        return Refusal(400, "hub.lease_seconds must be a number of seconds")
    if len(secret.encode()) >= SECRET_BYTES:
        return Refusal(400, f"hub.secret must be shorter than {SECRET_BYTES} bytes")
    return Wish("subscribe", topic, path, callback, lease_of(int(lease or 0)), secret)


def _form(content_type: str, body: bytes) -> dict[str, str] | Refusal:
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return Refusal(415, "send application/x-www-form-urlencoded")
    if len(body) > LONGEST_FORM:
        return Refusal(413, f"the form is longer than {LONGEST_FORM} bytes")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        return Refusal(
            400, f"the form is not UTF-8 in percent-encoding, or has more than {_MOST_FIELDS} fields"
        )
    form = dict(pairs)
    names = [name for name, _ in pairs if name.startswith("hub.")]
    if len(set(names)) < len(names):
        return Refusal(400, "a parameter is given twice")
    return form


def _wrong_callback(url: str, allow: Collection[str]) -> str:
    """What is wrong with a callback as far as its text tells; its name is resolved when it is asked."""
    if not url:
        return "is missing"
    if len(url) > _LONGEST_ADDRESS or not url.isascii() or not is_address(url):
        return f"must be an http or https address in ASCII of at most {_LONGEST_ADDRESS} characters"
    parts = urlsplit(url)
    if "@" in parts.netloc or "#" in url:
        return "must have neither password nor fragment"
    try:
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "has no usable port"
    named = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if named not in allow and (host == "localhost" or (is_literal(host) and not is_global(host))):
        return "is not globally reachable"
    return ""


def lease_of(asked: int) -> int:
    """The lease that is given, in seconds, for the one that is asked for (0: none in particular)."""
    return min(asked, LONGEST_LEASE) or LEASE


def verification(wish: Wish, challenge: str) -> str:
    """The address that a callback is asked with whether it really wants this (5.3)."""
    values = {"hub.mode": wish.mode, "hub.topic": wish.topic, "hub.challenge": challenge}
    if wish.mode == "subscribe":
        values["hub.lease_seconds"] = str(wish.lease)
    return with_query(wish.callback, values)


def denial(callback: str, topic: str, reason: str) -> str:
    """The address that tells a subscriber that there is no subscription (5.2)."""
    return with_query(callback, {"hub.mode": "denied", "hub.topic": topic, "hub.reason": reason})


def with_query(url: str, values: Mapping[str, str]) -> str:
    """The address with these parameters after its own, which are kept as they are."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(values)}"


def confirms(status: int, body: bytes, challenge: str) -> bool:
    """Whether the answer to a verification confirms it: a 2xx that repeats the challenge."""
    return 200 <= status < 300 and hmac.compare_digest(body.strip(), challenge.encode())


def sign(body: bytes, secret: str, method: str = "sha256") -> str:
    """The value of ``X-Hub-Signature`` (7.1)."""
    return f"{method}={hmac.new(secret.encode(), body, method).hexdigest()}"


def is_signed(body: bytes, secret: str, header: str) -> bool:
    """Whether ``X-Hub-Signature`` proves that who sent ``body`` knows the secret; in constant time."""
    found = _SIGNATURE.fullmatch(header)
    if not found or len(found[2]) != 2 * hashlib.new(found[1]).digest_size:
        return False
    return hmac.compare_digest(sign(body, secret, found[1]), f"{found[1]}={found[2].lower()}")


def link_header(hubs: Sequence[str], self_url: str) -> str:
    """The value of a ``Link`` header that names hubs and the document's own address (4)."""
    return ", ".join([*(f'<{hub}>; rel="hub"' for hub in hubs), f'<{self_url}>; rel="self"'])


def discovered(fields: Sequence[str], base: str) -> tuple[tuple[str, ...], str]:
    """Hubs and own address that ``Link`` headers name (4): a subscriber looks there before it looks into the document.

    Args:
        fields: The headers as they came.
        base: The address of the document.
    """
    hubs: list[str] = []
    own = ""
    for address, parameters in _LINK.findall(", ".join(fields)[:_LONGEST_LINKS]):
        rel = _REL.search(parameters)
        try:
            url = urljoin(base, address.strip())
        except ValueError:
            continue
        if rel is None or not is_address(url):
            continue
        names = (rel[1] or rel[2] or "").lower().split()
        if "hub" in names:
            hubs.append(url)
        if "self" in names and not own:
            own = url
    return tuple(dict.fromkeys(hubs)), own


def meaning(status: int) -> Meaning:
    """What a subscriber's answer to a delivery means (7): only 2xx takes it, 410 ends the subscription."""
    if 200 <= status < 300:
        return "done"
    return "gone" if status == 410 else "retry"


def wait(tries: int, retry_after: str = "", spread: int = 0) -> int:
    """Seconds until the next try after ``tries`` failed before this one.

    A ``Retry-After`` in seconds lengthens it, to a day at most; ``spread`` (any number) moves it by
    up to a tenth, so that those that failed together do not come back together.
    """
    seconds = BACKOFF[min(tries, len(BACKOFF) - 1)]
    asked = int(retry_after) if retry_after.isdecimal() and len(retry_after) < 9 else 0
    seconds = max(seconds, min(asked, DAY))
    return seconds + seconds * (spread % 11) // 100
