"""The rules of WebSub as pure functions (W3C Recommendation of 23 January 2018; section numbers refer to it)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from feeds.http.ip_ranges import is_global, is_literal
from feeds.values import document_paths
from feeds.values.urls import is_address

HOUR = 3600
DAY = 24 * HOUR
LEASE = 10 * DAY
"""Seconds of a lease for a subscriber that requests no length."""
LONGEST_LEASE = 30 * DAY
# The delays grow to a day, so that a subscriber may be down for long without many useless requests.
BACKOFF = (5, 20, 60, 5 * 60, 15 * 60, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY)
"""Seconds until the next attempt, after each failed attempt; the last value repeats."""
SECRET_BYTES = 200
"""A secret must be shorter than this (section 5.1)."""
LONGEST_FORM = 16 * 1024

_LONGEST_ADDRESS = 2048
# A request of WebSub has few parameters; the limits bound the work for hostile forms.
_MOST_FIELDS = 40
_SIGNATURE = re.compile(r"\s*(sha1|sha256|sha384|sha512)=([0-9a-fA-F]{40,128})\s*")

Meaning = Literal["done", "gone", "retry"]


@dataclass(frozen=True, slots=True)
class Topics:
    """The addresses of our documents."""

    site_url: str
    """Address of the output tree; ends with a slash."""
    hub: str
    """Address of our own hub."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    private: Collection[str] = ()
    """Paths without subscriptions: of documents or, with a slash at the end, of folders; "/" for all."""

    def url(self, path: str) -> str:
        """Return the address of a document."""
        return self.site_url + quote(path)

    def path(self, url: str) -> str:
        """Return the path of the document with exactly this address; empty if it is not ours."""
        path = unquote(url.removeprefix(self.site_url))
        # Building the address again proves that it has no other spelling.
        known = url.startswith(self.site_url) and self.url(path) == url and self.media_type(path)
        return path if known and not self.is_private(path) else ""

    def is_private(self, path: str) -> bool:
        """Return whether a document has no subscriptions because its address is secret."""
        return any(
            path == private or private == "/" or (private.endswith("/") and path.startswith(private))
            for private in self.private
        )

    def media_type(self, path: str) -> str:
        """Return the media type of a document; empty if it is not a feed."""
        return document_paths.get_media_type(path, self.aliases)


@dataclass(frozen=True, slots=True)
class SubscriptionRequest:
    """A valid request to the hub; ``path`` is the document, ``lease`` is in seconds."""

    mode: Literal["subscribe", "unsubscribe"]
    topic: str
    path: str
    callback: str
    lease: int = LEASE
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused: HTTP status and a sentence for the sender."""

    status: int
    reason: str


def parse_request(
    content_type: str, body: bytes, topics: Topics, allow: Collection[str] = ()
) -> SubscriptionRequest | Refusal:
    """Parse a request to the hub (section 5.1); unknown parameters are ignored.

    Args:
        content_type: The header as it came.
        body: The form.
        topics: Documents that may be subscribed to.
        allow: ``host:port`` of callbacks that need not be globally reachable.
    """
    form = _parse_form(content_type, body)
    if isinstance(form, Refusal):
        return form
    mode = form.get("hub.mode", "")
    # Some publishers' hubs accept this mode; this hub watches its own feeds.
    if mode == "publish":
        return Refusal(400, "this hub serves only its own feeds and detects their changes itself")
    if mode not in ("subscribe", "unsubscribe"):
        return Refusal(400, "hub.mode must be subscribe or unsubscribe")
    topic, callback = form.get("hub.topic", ""), form.get("hub.callback", "")
    wrong = _check_callback(callback, allow)
    if wrong:
        return Refusal(400, f"hub.callback {wrong}")
    path = topics.path(topic) if len(topic) <= _LONGEST_ADDRESS else ""
    if not path:
        return Refusal(404, "hub.topic is not a feed of this site; send the address of its rel=self link")
    # Section 5.1: the lease of an unsubscription is ignored.
    if mode == "unsubscribe":
        return SubscriptionRequest("unsubscribe", topic, path, callback)
    lease, secret = form.get("hub.lease_seconds", ""), form.get("hub.secret", "")
    if lease and not re.fullmatch(r"\s*[0-9]{1,15}\s*", lease, re.ASCII):
        return Refusal(400, "hub.lease_seconds must be a number of seconds")
    if len(secret.encode()) >= SECRET_BYTES:
        return Refusal(400, f"hub.secret must be shorter than {SECRET_BYTES} bytes")
    return SubscriptionRequest("subscribe", topic, path, callback, choose_lease(int(lease or 0)), secret)


def _parse_form(content_type: str, body: bytes) -> dict[str, str] | Refusal:
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return Refusal(415, "send application/x-www-form-urlencoded")
    # Anybody may post to a hub, so the form is bounded before it is parsed.
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
    # Which of two values counts is not defined, so neither is used.
    if len(set(names)) < len(names):
        return Refusal(400, "a parameter is given twice")
    return form


def _check_callback(url: str, allow: Collection[str]) -> str:
    """Return what is wrong with the text of a callback; its name is resolved when the callback is called."""
    if not url:
        return "is missing"
    if len(url) > _LONGEST_ADDRESS or not url.isascii() or not is_address(url):
        return f"must be an http or https address in ASCII of at most {_LONGEST_ADDRESS} characters"
    parts = urlsplit(url)
    # A callback with credentials would reveal them in logs, and fragments are never sent.
    if "@" in parts.netloc or "#" in url:
        return "must have neither password nor fragment"
    try:
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "has no usable port"
    # Written as in `allow`, with the port even if it is the default.
    named = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    # A hub must not be used to send requests into the network of its operator.
    if named not in allow and (host == "localhost" or (is_literal(host) and not is_global(host))):
        return "is not globally reachable"
    return ""


def choose_lease(requested: int) -> int:
    """Return the granted lease in seconds for the requested seconds (0: none stated)."""
    # Section 5.1 leaves the length to the hub; an endless lease would keep dead subscribers.
    return min(requested, LONGEST_LEASE) or LEASE


def build_verification_url(wish: SubscriptionRequest, challenge: str) -> str:
    """Build the address that verifies the intent of a subscriber (section 5.3)."""
    values = {"hub.mode": wish.mode, "hub.topic": wish.topic, "hub.challenge": challenge}
    if wish.mode == "subscribe":
        values["hub.lease_seconds"] = str(wish.lease)
    return with_query(wish.callback, values)


def build_denial_url(callback: str, topic: str, reason: str) -> str:
    """Build the address that notifies a subscriber of a denied subscription (section 5.2)."""
    return with_query(callback, {"hub.mode": "denied", "hub.topic": topic, "hub.reason": reason})


def with_query(url: str, values: Mapping[str, str]) -> str:
    """Add parameters to an address; its own parameters stay as they are."""
    # Section 5.1: the query of a callback must be preserved.
    return f"{url}{'&' if '?' in url else '?'}{urlencode(values)}"


def is_confirmed(status: int, body: bytes, challenge: str) -> bool:
    """Return whether the response to a verification confirms it: a 2xx that repeats the challenge."""
    # The time of the comparison must not reveal how much of the challenge is right.
    return 200 <= status < 300 and hmac.compare_digest(body.strip(), challenge.encode())


def sign(body: bytes, secret: str, method: str = "sha256") -> str:
    """Compute the value of ``X-Hub-Signature`` (section 7.1)."""
    return f"{method}={hmac.new(secret.encode(), body, method).hexdigest()}"


def is_signed(body: bytes, secret: str, header: str) -> bool:
    """Return whether ``X-Hub-Signature`` proves that the sender of ``body`` has the secret; in constant time."""
    found = _SIGNATURE.fullmatch(header)
    # A digest of another length cannot be right, whatever its name.
    if not found or len(found[2]) != 2 * hashlib.new(found[1]).digest_size:
        return False
    return hmac.compare_digest(sign(body, secret, found[1]), f"{found[1]}={found[2].lower()}")


def build_link_header(hubs: Sequence[str], self_url: str) -> str:
    """Build the value of a ``Link`` header with hubs and the document's own address (section 4)."""
    return ", ".join([*(f'<{hub}>; rel="hub"' for hub in hubs), f'<{self_url}>; rel="self"'])


def classify_status(status: int) -> Meaning:
    """Classify a subscriber's response to a delivery (section 7): only 2xx accepts it, 410 ends the subscription."""
    if 200 <= status < 300:
        return "done"
    # Section 7: 410 ends a subscription; any other failure may be temporary.
    return "gone" if status == 410 else "retry"


def compute_delay(tries: int, retry_after: str = "", spread: int = 0) -> int:
    """Compute the seconds until the next attempt, when ``tries`` attempts have failed already.

    A ``Retry-After`` in seconds lengthens it, up to a day. ``spread`` (any number) adds up to a tenth, so
    that deliveries that failed together are not repeated together.
    """
    seconds = BACKOFF[min(tries, len(BACKOFF) - 1)]
    stated = int(retry_after) if retry_after.isdecimal() and len(retry_after) < 9 else 0
    seconds = max(seconds, min(stated, DAY))
    return seconds + seconds * (spread % 11) // 100
