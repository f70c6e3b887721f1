"""Fetch an upstream feed once, with a conditional request and limits, and interpret the response.

:func:`fetch` sends the request; :func:`interpret_response` is pure and decides what the response means. The returned state
is all that is stored of a feed between two polls, and it can be written as JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from feeds.errors import FetchError
from feeds.fetcher.request import Request
from feeds.http import Client, Conditions, Link, Response, cache_control
from feeds.http.address import is_same_site, parse_address, redact_address
from feeds.http.messages import describe_status

Outcome = Literal["new", "same", "gone", "failed", "delayed"]

# Some servers send a page instead of the feed to clients that accept anything equally.
_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, "
    "application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
_CONFIRMATIONS = 3
_CONFIRMED_OVER = timedelta(days=1)
_GIVE_UP_ADOPTED = 5
_LONGEST_VALIDATOR = 4096
# RFC 6585, 4, and RFC 9110, 15.6.4: the server is there, but wants fewer requests.
_DELAYS = (429, 503)


class FetchState(NamedTuple):
    """State of an upstream feed that is stored from one fetch to the next."""

    configured: str = ""
    """Digest of the configured address; the state is discarded when the address changes."""
    url: str = ""
    """The address that it has moved to permanently, or empty."""
    adopted_at: str = ""
    """When ``url`` was adopted (RFC 3339)."""
    etag: str = ""
    last_modified: str = ""
    validated: str = ""
    """The address that the validators came from."""
    digest: str = ""
    """Of the last body, in hexadecimal digits."""
    max_age: int | None = None
    """Seconds, as last stated."""
    redirect_to: str = ""
    redirect_count: int = 0
    redirect_since: str = ""
    failures: int = 0
    """In a row."""
    gone: bool = False

    def drop_validators(self) -> FetchState:
        """Return the state with which the next response has the complete document."""
        return self._replace(etag="", last_modified="", validated="", digest="")

    def to_json(self) -> str:
        """Serialise the state as JSON, without default values."""
        # Most values are the defaults, and a store may have ten thousand feeds.
        values = {name: value for name, none in _DEFAULTS.items() if (value := getattr(self, name)) != none}
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> FetchState:
        """Parse the text that :meth:`to_json` wrote; unknown names are ignored."""
        values: Mapping[str, Any] = json.loads(text or "{}")
        # A newer version may have stored names that this version does not know.
        return cls(**{key: value for key, value in values.items() if key in _DEFAULTS})


_DEFAULTS: Mapping[str, Any] = FetchState._field_defaults


class Fetched(NamedTuple):
    """Result of a fetch. ``data`` is set only if the outcome is ``new``."""

    outcome: Outcome
    state: FetchState
    """The state for the next fetch."""
    reason: str
    """For people, as ``feedd status`` shows it; without secrets."""
    data: bytes = b""
    content_type: str = ""
    url: str = ""
    """Final address of the document: the base of its relative addresses."""
    status: int = 0
    """HTTP status; 0 if no request was sent or no response came."""
    max_age: int | None = None
    """Seconds."""
    retry_after: int | None = None
    """Seconds, at most a week."""
    links: tuple[Link, ...] = ()
    """The links of its ``Link`` headers: hubs may be among them."""
    at: datetime | None = None
    """When the response arrived, if it was not ingested at once."""
    digest: str = ""
    """Of ``data``, if it was computed."""


async def fetch(client: Client, request: Request, state: FetchState, now: datetime) -> Fetched:
    """Fetch an upstream feed unless it is gone; network errors become an outcome, not an exception."""
    # The redirects, failures and digest of another address mean nothing for this address.
    state = _match_state(request, state)
    # RFC 9110, 15.5.11: 410 is meant to be permanent; only a changed address starts anew.
    if state.gone:
        return Fetched("gone", state, "gone (HTTP 410); not polled any more")
    url = state.url or request.url
    headers = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
    # An empty value is not a validator, so it must not be sent.
    conditions = {name: value for name, value in headers.items() if value}
    try:
        response = await client.get(
            url,
            {"Accept": _ACCEPT},
            conditions=Conditions(state.validated, conditions) if conditions else None,
            allow=request.allow,
            auth=_select_auth(request, url),
            proxy=request.proxy,
            deadline=request.timeout,
            most_bytes=request.most_bytes,
        )
    # One unreachable feed must not end the poll of the others.
    except FetchError as error:
        return Fetched("failed", _count_failure(state), str(error))
    return interpret_response(request, state, response, now)


def interpret_response(request: Request, state: FetchState, response: Response, now: datetime) -> Fetched:
    """Interpret a response; return the outcome and the state after it."""
    freshness = _read_max_age(response, now)
    # A 304 without conditions is an error of the server, not "not changed".
    if response.status == 304 and response.conditional:
        # RFC 9111, 4.3.4: a 304 updates only the fields that it repeats.
        stated = state.max_age if freshness is None else freshness
        after = _apply_success(state, response, now, stated)
        return _build_fetched("same", after, response, "not changed (304)", after.max_age)
    # An empty body would otherwise be a feed that has lost all its entries.
    if response.status in (200, 203) and response.body:
        digest = compute_document_digest(response.body)
        after = _apply_success(state, response, now, freshness)._replace(digest=digest)
        # Many servers send no validators; equal bytes save parsing all the same.
        if digest == state.digest:
            return _build_fetched("same", after, response, "not changed (the same bytes)", freshness)
        fetched = _build_fetched("new", after, response, "read", freshness)
        # A server may send a header of any length, and a media type is short.
        media_type = response.get_header("content-type")[:200]
        return fetched._replace(data=response.body, content_type=media_type, digest=digest)
    # A 410 behind a temporary redirect does not concern the address of the feed itself.
    if response.status == 410 and response.moved_to == (response.hops[-1].url if response.hops else ""):
        reason = "gone (HTTP 410); not polled any more"
        return _build_fetched("gone", state._replace(gone=True), response, reason, None)
    return _build_failure(state, response, now, freshness)


def compute_document_digest(data: bytes) -> str:
    """Compute the digest by which the same bytes are recognised."""
    return hashlib.sha256(data).hexdigest()[:32]


def mark_unreadable(before: FetchState, fetched: Fetched, reason: str) -> Fetched:
    """Turn a fetch into a failure because its body is not a feed.

    The validators of ``before`` stay, so that the next response cannot be "not changed" for a body that was
    never parsed.
    """
    configured = fetched.state.configured
    state = _count_failure(before if before.configured == configured else FetchState(configured))
    return fetched._replace(outcome="failed", data=b"", state=state, reason=reason)


def find_host_group(request: Request, state: FetchState) -> str:
    """Return the politeness group of a source: its ``group``, else the host of the next request."""
    if request.group:
        return request.group
    return extract_host(_match_state(request, state).url or request.url)


def extract_host(url: str) -> str:
    """Extract the host of an address; an address without a host is returned whole."""
    try:
        return parse_address(url).host
    except FetchError:
        return url


def _match_state(request: Request, state: FetchState) -> FetchState:
    """Return the state, or an empty state if the configured address has changed; its digest is stored, as it may hold a secret."""
    configured = hashlib.blake2b(request.url.encode(), digest_size=8).hexdigest()
    return state if state.configured == configured else FetchState(configured)


def _select_auth(request: Request, url: str) -> str:
    """Return the credentials if ``url`` is on the host that they are for, else an empty text."""
    if url == request.url:
        return request.auth
    home = parse_address(request.url)
    return (request.auth or home.userinfo) if is_same_site(home, parse_address(url)) else ""


def _read_max_age(response: Response, now: datetime) -> int | None:
    control = ",".join(response.get_headers("cache-control"))
    return cache_control.compute_max_age(
        control, response.get_header("expires"), response.get_header("date"), now
    )


def _build_fetched(
    outcome: Outcome, state: FetchState, response: Response, reason: str, freshness: int | None
) -> Fetched:
    moved = response.moved_to
    if state.redirect_to:
        reason += f"; moved to {redact_address(moved)}, adopted once that is confirmed"
    elif moved and state.url == moved:
        reason += f"; moved permanently to {redact_address(moved)}, which is polled from now on"
    return Fetched(
        outcome,
        state,
        reason,
        url=response.url,
        status=response.status,
        max_age=freshness,
        links=response.find_links(),
    )


def _apply_success(state: FetchState, response: Response, now: datetime, max_age: int | None) -> FetchState:
    """Compute the state after a 200 or 304: new validators, no failures, redirects counted."""
    # Very long validators would be sent with every request, so they are dropped below.
    etag, modified = response.get_header("etag"), response.get_header("last-modified")
    if response.status == 304:
        # RFC 9110, 15.4.5: what a 304 does not repeat stays as it was.
        etag, modified = etag or state.etag, modified or state.last_modified
    valid = state._replace(
        etag=etag if len(etag) <= _LONGEST_VALIDATOR else "",
        last_modified=modified if len(modified) <= _LONGEST_VALIDATOR else "",
        validated=response.url,
        max_age=max_age,
        failures=0,
    )
    return _count_redirect(valid, response.moved_to, now)


def _count_redirect(state: FetchState, moved: str, now: datetime) -> FetchState:
    """Adopt a permanent redirect after three confirmations within at least a day: expired domains redirect for a while."""
    if not moved:
        if not state.redirect_to:
            return state
        return state._replace(redirect_to="", redirect_count=0, redirect_since="")
    # Another target starts the count anew: only a stable target is adopted.
    if moved != state.redirect_to:
        return state._replace(redirect_to=moved, redirect_count=1, redirect_since=now.isoformat())
    count = state.redirect_count + 1
    if count < _CONFIRMATIONS or now - datetime.fromisoformat(state.redirect_since) < _CONFIRMED_OVER:
        return state._replace(redirect_count=count)
    adopted = state._replace(url=moved, adopted_at=now.isoformat())
    return adopted._replace(redirect_to="", redirect_count=0, redirect_since="")


def _count_failure(state: FetchState) -> FetchState:
    failures = state.failures + 1
    if state.url and failures % _GIVE_UP_ADOPTED == 0:
        # The adopted address fails for long, so the configured address is tried again.
        return state._replace(url="", adopted_at="", failures=failures)
    return state._replace(failures=failures)


def _build_failure(state: FetchState, response: Response, now: datetime, freshness: int | None) -> Fetched:
    wait = cache_control.parse_retry_after(response.get_header("retry-after"), now)
    # A 503 without a time is a failure like any other.
    delayed = response.status == 429 or (response.status in _DELAYS and wait is not None)
    if delayed:
        reason = f"rate-limited, {describe_status(response.status)}"
    elif response.status in (200, 203):
        reason = "an empty document"
    elif response.status == 304:
        reason = "HTTP 304 to a request without conditions"
    elif response.status in (401, 403):
        reason = f"{describe_status(response.status)}; set or correct the `auth` of the source"
    else:
        reason = describe_status(response.status)
    return Fetched(
        "delayed" if delayed else "failed",
        _count_failure(state),
        f"{reason} ({redact_address(response.url)})",
        url=response.url,
        status=response.status,
        max_age=freshness,
        retry_after=wait,
    )
