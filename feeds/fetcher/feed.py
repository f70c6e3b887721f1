"""Fetching an upstream once: conditional, bounded, and what the answer means for the next time.

:func:`fetch` asks; :func:`judge` decides, purely, what the answer means. The state that it gives is
all that is kept of an upstream's past between two polls, and it is fit for JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from feeds.errors import FetchError
from feeds.http import DEADLINE, MOST_BYTES, Client, Conditions, Response, address, same_site, shown
from feeds.http.cache_control import max_age, retry_after

Outcome = Literal["new", "same", "gone", "failed", "delayed"]

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, "
    "application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
_CONFIRMATIONS = 3
_CONFIRMED_OVER = timedelta(days=1)
_GIVE_UP_ADOPTED = 5
_LONGEST_VALIDATOR = 4096
_DELAYS = (429, 503)


class Request(NamedTuple):
    """What is to be fetched for one source, and under which limits."""

    name: str
    """The source's name."""
    url: str
    """The configured address."""
    group: str = ""
    """Sources of a group are asked one after the other; empty for those of the same host."""
    allow: tuple[str, ...] = ()
    """``host:port`` pairs that may be asked though they are not globally reachable."""
    auth: str = ""
    """``user:password`` or ``Bearer …``, for the host of ``url`` only."""
    proxy: str = ""
    timeout: float = DEADLINE
    """Seconds for the whole fetch."""
    most_bytes: int = MOST_BYTES
    gap: float = 1.0
    """Seconds of rest for the group after it."""


class FetchState(NamedTuple):
    """What is remembered of an upstream from one fetch to the next."""

    configured: str = ""
    """Digest of the configured address that this is about; with another one everything begins anew."""
    url: str = ""
    """The address that it has moved to for good, or empty."""
    adopted_at: str = ""
    """When ``url`` was taken over (RFC 3339)."""
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

    def to_json(self) -> str:
        """As JSON, without what is at its default."""
        values = {name: value for name, none in _NOTHING.items() if (value := getattr(self, name)) != none}
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> FetchState:
        """Read what :meth:`to_json` wrote; unknown names are passed over."""
        values: Mapping[str, Any] = json.loads(text or "{}")
        return cls(**{key: value for key, value in values.items() if key in _NOTHING})


_NOTHING: Mapping[str, Any] = FetchState._field_defaults


class Fetched(NamedTuple):
    """What a fetch came to. ``data`` is there only if the outcome is ``new``."""

    outcome: Outcome
    state: FetchState
    """The next one."""
    reason: str
    """In words, for ``feedd status``; without secrets."""
    data: bytes = b""
    content_type: str = ""
    url: str = ""
    """Where the document came from in the end: the base of its relative addresses."""
    status: int = 0
    """Of HTTP; 0 if there was no answer, or no question."""
    max_age: int | None = None
    """Seconds."""
    retry_after: int | None = None
    """Seconds, at most a week."""
    links: tuple[str, ...] = ()
    """``Link`` headers as they came (RFC 8288): hubs may be among them."""
    at: datetime | None = None
    """When the answer was there, if it was not taken in at once."""


async def fetch(client: Client, request: Request, state: FetchState, now: datetime) -> Fetched:
    """Ask for the upstream, unless it is gone. Never raises for what the network does."""
    state = _of(request, state)
    if state.gone:
        return Fetched("gone", state, "gone for good (410); not asked any more")
    url = state.url or request.url
    headers = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
    conditions = {name: value for name, value in headers.items() if value}
    try:
        response = await client.get(
            url,
            {"Accept": _ACCEPT},
            conditions=Conditions(state.validated, conditions) if conditions else None,
            allow=request.allow,
            auth=_auth(request, url),
            proxy=request.proxy,
            deadline=request.timeout,
            most_bytes=request.most_bytes,
        )
    except FetchError as error:
        return Fetched("failed", _failed(state), str(error))
    return judge(request, state, response, now)


def judge(request: Request, state: FetchState, response: Response, now: datetime) -> Fetched:
    """What an answer means, and the state after it."""
    freshness = _max_age(response, now)
    if response.status == 304 and response.conditional:
        stated = state.max_age if freshness is None else freshness
        after = _succeeded(state, response, now, stated)
        return _fetched("same", after, response, "not changed (304)", after.max_age)
    if response.status in (200, 203) and response.body:
        digest = hashlib.sha256(response.body).hexdigest()[:32]
        after = _succeeded(state, response, now, freshness)._replace(digest=digest)
        if digest == state.digest:
            return _fetched("same", after, response, "not changed (the same bytes)", freshness)
        fetched = _fetched("new", after, response, "read", freshness)
        return fetched._replace(data=response.body, content_type=response.header("content-type")[:200])
    if response.status == 410 and response.moved_to == (response.hops[-1].url if response.hops else ""):
        reason = "gone for good (410); not asked any more"
        return _fetched("gone", state._replace(gone=True), response, reason, None)
    return _trouble(state, response, now, freshness)


def unreadable(before: FetchState, fetched: Fetched, reason: str) -> Fetched:
    """The same fetch after its body turned out to be no feed: a failure.

    The validators of ``before`` stay, so that the next answer is not "not changed" to what was never read.
    """
    configured = fetched.state.configured
    state = _failed(before if before.configured == configured else FetchState(configured))
    return fetched._replace(outcome="failed", data=b"", state=state, reason=reason)


def unfinished(before: FetchState, fetched: Fetched) -> Fetched:
    """The same fetch after only a part of its body was read: the next answer is a new document again."""
    old = before if before.configured == fetched.state.configured else FetchState()
    state = fetched.state._replace(
        etag=old.etag, last_modified=old.last_modified, validated=old.validated, digest=old.digest
    )
    return fetched._replace(state=state)


def asked_host(request: Request, state: FetchState) -> str:
    """The politeness group of a source: its ``group``, else the host that will be asked."""
    if request.group:
        return request.group
    return host_of(_of(request, state).url or request.url)


def host_of(url: str) -> str:
    """The host of an address; the address itself if it has none."""
    try:
        return address(url).host
    except FetchError:
        return url


def _of(request: Request, state: FetchState) -> FetchState:
    """The state, if it is about the configured address (its digest, for there may be a secret in it)."""
    configured = hashlib.blake2b(request.url.encode(), digest_size=8).hexdigest()
    return state if state.configured == configured else FetchState(configured)


def _auth(request: Request, url: str) -> str:
    """The credentials, if ``url`` is on the host that they are for."""
    if url == request.url:
        return request.auth
    home = address(request.url)
    return (request.auth or home.userinfo) if same_site(home, address(url)) else ""


def _max_age(response: Response, now: datetime) -> int | None:
    control = ",".join(response.every("cache-control"))
    return max_age(control, response.header("expires"), response.header("date"), now)


def _fetched(
    outcome: Outcome, state: FetchState, response: Response, reason: str, freshness: int | None
) -> Fetched:
    moved = response.moved_to
    if state.redirect_to:
        reason += f"; moved to {shown(moved)}, taken over once that is confirmed"
    elif moved and state.url == moved:
        reason += f"; moved for good to {shown(moved)}, which is asked from now on"
    return Fetched(
        outcome,
        state,
        reason,
        url=response.url,
        status=response.status,
        max_age=freshness,
        links=response.every("link"),
    )


def _succeeded(state: FetchState, response: Response, now: datetime, max_age: int | None) -> FetchState:
    """The state after a 200 or a 304: validators replaced, failures forgotten, redirects counted."""
    etag, modified = response.header("etag"), response.header("last-modified")
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
    """Take a permanent redirect over after three confirmations over a day, for parked domains come and go."""
    if not moved:
        if not state.redirect_to:
            return state
        return state._replace(redirect_to="", redirect_count=0, redirect_since="")
    if moved != state.redirect_to:
        return state._replace(redirect_to=moved, redirect_count=1, redirect_since=now.isoformat())
    count = state.redirect_count + 1
    if count < _CONFIRMATIONS or now - datetime.fromisoformat(state.redirect_since) < _CONFIRMED_OVER:
        return state._replace(redirect_count=count)
    adopted = state._replace(url=moved, adopted_at=now.isoformat())
    return adopted._replace(redirect_to="", redirect_count=0, redirect_since="")


def _failed(state: FetchState) -> FetchState:
    failures = state.failures + 1
    if state.url and failures % _GIVE_UP_ADOPTED == 0:
        # The new address has come to nothing: the configured one may know better by now.
        return state._replace(url="", adopted_at="", failures=failures)
    return state._replace(failures=failures)


def _trouble(state: FetchState, response: Response, now: datetime, freshness: int | None) -> Fetched:
    wait = retry_after(response.header("retry-after"), now)
    delayed = response.status == 429 or (response.status in _DELAYS and wait is not None)
    if delayed:
        reason = f"asked to come back later (status {response.status})"
    elif response.status in (200, 203):
        reason = "an empty document"
    elif response.status == 304:
        reason = "status 304 to a question without conditions"
    elif response.status in (401, 403):
        reason = f"status {response.status}: it wants (other) credentials; see the source's `auth`"
    else:
        reason = f"status {response.status}"
    return Fetched(
        "delayed" if delayed else "failed",
        _failed(state),
        f"{shown(response.url)}: {reason}",
        url=response.url,
        status=response.status,
        max_age=freshness,
        retry_after=wait,
    )
