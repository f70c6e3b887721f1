"""Who is to be told of what: subscriptions to our documents, tasks at other hosts, our own subscriptions.

What is due lies in the rows themselves, written in the transaction that makes it so; nothing is
taken out before it is done. So a sender may be killed anywhere, and a second one may run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlsplit

from feeds.storage.sqlite import Database

TaskKind = Literal["verify", "ping", "ask"]


@dataclass(frozen=True, slots=True)
class Due:
    """Something to do now, at which host."""

    delivery: bool
    """A delivery to a subscriber; otherwise a task."""
    number: int
    host: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A document that a callback has not got yet."""

    number: int
    topic: str
    """Path of the document in the output tree."""
    callback: str
    host: str
    secret: str
    wanted: str
    """Digest of the version that was published last."""
    tries: int


@dataclass(frozen=True, slots=True)
class Task:
    """Something else to ask of another host; ``serial`` tells whether it was wanted again meanwhile."""

    number: int
    kind: TaskKind
    host: str
    data: Mapping[str, str]
    tries: int
    serial: int


@dataclass(frozen=True, slots=True)
class Upstream:
    """Our own subscription to an upstream at its hub."""

    source: str
    topic: str
    hub: str
    secret: str
    token: str
    """Last part of the address of our callback."""
    state: Literal["asked", "active", "refused", "leaving"]
    ends: int
    """When the lease ends, in seconds since 1970; 0 before it began."""
    received: int
    """When content came last; 0 for never."""
    trouble: str = ""


def host_of(url: str) -> str:
    """Host and port of an address, as the bound per host counts them."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def enqueue(
    db: Database, documents: Iterable[tuple[str, str]], site_url: str, hubs: Sequence[str] = ()
) -> None:
    """Note that documents have changed: ``(path, digest)`` each.

    To be called in the transaction that settles them as written. ``hubs`` are outside ones: a private
    document must not be among those that they are told of.
    """
    for path, digest in documents:
        db.run("push_want", {"topic": path, "digest": digest})
        for hub in hubs:
            url = site_url + quote(path)
            _put_task(db, "ping", f"{hub} {url}", hub, {"hub": hub, "topic": url})


def _put_task(
    db: Database, kind: TaskKind, name: str, url: str, data: Mapping[str, str], due: int = 0
) -> None:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    db.run("push_task_put", {"kind": kind, "name": name, "host": host_of(url), "data": text, "due": due})


def due(db: Database, now: int, each: int, most: int) -> list[Due]:
    """What is to be done now, oldest first: at most ``each`` per host and ``most`` of either sort."""
    bounds = {"now": now, "each": each, "most": most}
    tasks = [Due(False, *row) for row in db.rows("push_tasks_due", bounds)]
    return tasks + [Due(True, *row) for row in db.rows("push_deliveries_due", bounds)]


def delivery(db: Database, number: int, now: int) -> Delivery | None:
    """A delivery as it stands now; None if it is no longer due or its lease has ended."""
    rows = db.rows("push_delivery", {"id": number, "now": now})
    return Delivery(*rows[0]) if rows else None


def delivered(db: Database, one: Delivery, digest: str) -> None:
    """The callback took the version ``digest``; a version that came after the one wanted then stays due."""
    with db.transaction():
        db.run("push_delivered", {**_key(one), "digest": digest, "wanted": one.wanted})


def postpone(db: Database, one: Delivery, until: int, trouble: str) -> None:
    """The callback did not take it: again at ``until``."""
    with db.transaction():
        db.run("push_postpone", {**_key(one), "due": until, "trouble": trouble})


def passed(db: Database, one: Delivery) -> None:
    """There is nothing to deliver any more: the document is gone."""
    with db.transaction():
        db.run("push_pass", (one.number,))


def _key(one: Delivery) -> dict[str, object]:
    return {"id": one.number, "topic": one.topic, "callback": one.callback}


def document_digest(db: Database, path: str) -> str | None:
    """Digest of a document as it was last settled; None if there is none of this path."""
    found: str | None = db.value("push_document", (path,))
    return found


def subscribe(db: Database, topic: str, callback: str, secret: str, ends: int) -> bool:
    """Begin or renew a verified subscription; False if the document is gone.

    It begins at the version that is published now: that one the subscriber can fetch.
    """
    with db.transaction():
        digest = document_digest(db, topic)
        if digest is None:
            return False
        values = {"topic": topic, "callback": callback, "secret": secret, "ends": ends}
        db.run("push_subscribe", {**values, "digest": digest, "host": host_of(callback)})
    return True


def unsubscribe(db: Database, topic: str, callback: str) -> None:
    """End a subscription, if there is one."""
    with db.transaction():
        db.run("push_unsubscribe", {"topic": topic, "callback": callback})


def expire(db: Database, now: int) -> None:
    """End every subscription whose lease is over."""
    with db.transaction():
        db.run("push_expire", (now,))


def subscriptions_of_host(db: Database, host: str) -> int:
    """How many subscriptions have their callback at a host."""
    return int(db.value("push_host_counts", (host,)))


def counts(db: Database) -> tuple[int, int]:
    """Subscriptions, and how many of them wait for a delivery."""
    subscriptions, waiting = db.rows("push_counts")[0]
    return int(subscriptions), int(waiting)


def tasks_waiting(db: Database, kind: TaskKind) -> int:
    """How many tasks of a kind there are."""
    return int(db.value("push_task_count", (kind,)))


def put_task(
    db: Database, kind: TaskKind, name: str, url: str, data: Mapping[str, str], due: int = 0
) -> None:
    """Want something asked of the host of ``url``; a task with the same name is replaced."""
    with db.transaction():
        _put_task(db, kind, name, url, data, due)


def task(db: Database, number: int, now: int) -> Task | None:
    """A task as it stands now; None if it is no longer due."""
    rows = db.rows("push_task", {"id": number, "now": now})
    if not rows:
        return None
    number, kind, host, data, tries, serial = rows[0]
    return Task(number, kind, host, json.loads(data), tries, serial)


def task_done(db: Database, one: Task) -> None:
    """Forget a task, unless it was wanted again meanwhile."""
    with db.transaction():
        db.run("push_task_done", {"id": one.number, "serial": one.serial})


def task_again(db: Database, one: Task, until: int) -> None:
    """Try a task again at ``until``, unless it was wanted again meanwhile."""
    with db.transaction():
        db.run("push_task_again", {"id": one.number, "serial": one.serial, "due": until})


def want_upstream(db: Database, one: Upstream, now: int) -> None:
    """Note a wish to subscribe at a hub, and the task of asking it."""
    values = {"source": one.source, "topic": one.topic, "hub": one.hub, "secret": one.secret}
    with db.transaction():
        db.run("push_upstream_put", {**values, "token": one.token, "state": one.state, "ends": one.ends})
        _put_task(db, "ask", one.source, one.hub, {"source": one.source}, now)


def upstream_state(
    db: Database, one: Upstream, state: str, ends: int, ask: int | None = None, trouble: str = ""
) -> None:
    """Note how our subscription stands, and when its hub is to be asked again (None: it is not)."""
    values = {"source": one.source, "state": state, "ends": ends, "trouble": trouble}
    with db.transaction():
        db.run("push_upstream_state", values)
        if ask is None:
            db.run("push_task_drop", ("ask", one.source))
        else:
            _put_task(db, "ask", one.source, one.hub, {"source": one.source}, ask)


def upstream_received(db: Database, source: str, now: int) -> None:
    """Note that content came."""
    with db.transaction():
        db.run("push_upstream_received", {"source": source, "now": now})


def drop_upstream(db: Database, source: str) -> None:
    """Forget our subscription."""
    with db.transaction():
        db.run("push_upstream_drop", (source,))
        db.run("push_task_drop", ("ask", source))


def upstream(db: Database, *, source: str = "", token: str = "") -> Upstream | None:
    """Our subscription of a source, or the one with this callback."""
    rows = (
        db.rows("push_upstream_of_source", (source,))
        if source
        else db.rows("push_upstream_of_token", (token,))
    )
    return Upstream(*rows[0]) if rows else None


def upstreams(db: Database) -> list[Upstream]:
    """All of our subscriptions."""
    return [Upstream(*row) for row in db.rows("push_upstreams")]
