"""Store the state of WebSub: subscriptions to our documents, tasks at other hosts, our own subscriptions.

Due work is stored in the rows, in the transaction that makes it due, and removed only when it is done.
So a sender may be killed at any time, and several senders may run at once. Times are seconds since 1970.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlsplit

from feeds.storage.sqlite import Database

TaskKind = Literal["verify", "ping", "ask"]
Verdict = Literal["queued", "no document", "queue full", "host full"]
"""What became of a request to subscribe or unsubscribe."""


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery or a task that is due, and its host."""

    to_subscriber: bool
    """Whether it is a delivery to a subscriber; else it is a task."""
    number: int
    host: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A version of a document that was not delivered to a callback yet."""

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
    """Another request to a host. ``serial`` changes whenever the task is stored again."""

    number: int
    kind: TaskKind
    host: str
    data: Mapping[str, str]
    tries: int
    serial: int


@dataclass(frozen=True, slots=True)
class Upstream:
    """Our own subscription to an upstream feed at its hub."""

    source: str
    topic: str
    hub: str
    secret: str
    token: str
    """Last segment of the path of our callback."""
    state: Literal["asked", "active", "refused", "leaving"]
    ends: int
    """When the lease ends; 0 before it began."""
    received: int
    """When content was delivered last; 0 for never."""
    trouble: str = ""


def extract_host(url: str) -> str:
    """Return host and port of an address, in lower case, for the limit per host."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def enqueue(
    db: Database, documents: Iterable[tuple[str, str]], site_url: str, hubs: Sequence[str] = ()
) -> None:
    """Make the deliveries of changed documents due, and the pings of external hubs.

    ``documents`` are pairs of path and digest. Call it in the transaction that marks them as published.
    With ``hubs``, no document may be private, because a ping contains its address.
    """
    for path, digest in documents:
        # One row for each subscription, not for each version: a slow subscriber gets the newest version only.
        db.run("push_want", {"topic": path, "digest": digest})
        for hub in hubs:
            url = site_url + quote(path)
            put_task(db, "ping", f"{hub} {url}", hub, {"hub": hub, "topic": url})


def put_task(
    db: Database, kind: TaskKind, name: str, url: str, data: Mapping[str, str], due: int = 0
) -> None:
    """Store a request to the host of ``url``; it replaces a task with the same name. Call it in a transaction."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    db.run("push_task_put", {"kind": kind, "name": name, "host": extract_host(url), "data": text, "due": due})


def load_due(db: Database, now: int, each: int, most: int) -> list[Due]:
    """Load the due tasks, then the due deliveries, each oldest first.

    ``each`` is the maximum per host, ``most`` the maximum of tasks and of deliveries.
    """
    bounds = {"now": now, "each": each, "most": most}
    # Tasks come first, because a new subscriber waits for its verification.
    tasks = [Due(False, *row) for row in db.rows("push_tasks_due", bounds)]
    return tasks + [Due(True, *row) for row in db.rows("push_deliveries_due", bounds)]


def load_delivery(db: Database, number: int, now: int) -> Delivery | None:
    """Load the current state of a delivery; None if it is not due any more or its lease has ended."""
    rows = db.rows("push_delivery", {"id": number, "now": now})
    # Another sender may have delivered it, or the lease may have ended since it was loaded.
    return Delivery(*rows[0]) if rows else None


def mark_delivered(db: Database, delivery: Delivery, digest: str) -> None:
    """Record that the version ``digest`` was delivered. A version that was published meanwhile stays due."""
    with db.transaction():
        # Compared with the wanted digest in the statement, as a new version may be published during the
        # delivery.
        db.run("push_delivered", {**_key(delivery), "digest": digest, "wanted": delivery.wanted})


def postpone(db: Database, delivery: Delivery, until: int, trouble: str) -> None:
    """Record a failed delivery, to be tried again at ``until``."""
    with db.transaction():
        db.run("push_postpone", {**_key(delivery), "due": until, "trouble": trouble})


def cancel_delivery(db: Database, delivery: Delivery) -> None:
    """Cancel the due deliveries of a subscription, because its document does not exist any more."""
    with db.transaction():
        db.run("push_pass", (delivery.number,))


def _key(delivery: Delivery) -> dict[str, object]:
    return {"id": delivery.number, "topic": delivery.topic, "callback": delivery.callback}


def load_document_digest(db: Database, path: str) -> str | None:
    """Load the digest of a document as it was last published; None if no such document exists."""
    found: str | None = db.value("push_document", (path,))
    return found


def subscribe(db: Database, topic: str, callback: str, secret: str, ends: int) -> bool:
    """Start or renew a verified subscription; return False if the document does not exist any more.

    The first delivery is the next version, because the subscriber can fetch the present version.
    """
    with db.transaction():
        # Inside the transaction: a feed that is removed meanwhile must not get a subscription.
        digest = load_document_digest(db, topic)
        if digest is None:
            return False
        values = {"topic": topic, "callback": callback, "secret": secret, "ends": ends}
        db.run("push_subscribe", {**values, "digest": digest, "host": extract_host(callback)})
    return True


def unsubscribe(db: Database, topic: str, callback: str) -> None:
    """End a subscription if it exists."""
    with db.transaction():
        db.run("push_unsubscribe", {"topic": topic, "callback": callback})


def expire(db: Database, now: int) -> None:
    """End every subscription whose lease has ended."""
    with db.transaction():
        db.run("push_expire", (now,))


def count_subscriptions(db: Database) -> tuple[int, int]:
    """Count the subscriptions, and those with a due delivery."""
    subscriptions, waiting = db.rows("push_counts")[0]
    return int(subscriptions), int(waiting)


def count_subscriptions_of_host(db: Database, host: str) -> int:
    """Count the subscriptions with a callback at a host."""
    return int(db.value("push_host_counts", (host,)))


def count_tasks(db: Database, kind: TaskKind) -> int:
    """Count the tasks of a kind."""
    return int(db.value("push_task_count", (kind,)))


def queue_verification(
    db: Database, data: Mapping[str, str], most_waiting: int, most_per_host: int
) -> Verdict:
    """Queue the verification of a request to subscribe or unsubscribe, unless a limit is reached.

    It replaces a request for the same document and callback that still waits.

    Args:
        db: The store.
        data: The request: mode, path of the document, callback, and what the verification needs.
        most_waiting: The maximum number of waiting verifications.
        most_per_host: The maximum number of subscriptions with callbacks at one host.
    """
    path, callback = data["path"], data["callback"]
    with db.transaction():
        # Only documents that exist: otherwise a client could fill the store with invented topics.
        if load_document_digest(db, path) is None:
            return "no document"
        # Anybody may send requests, so the queue and each host need a limit.
        if count_tasks(db, "verify") >= most_waiting:
            return "queue full"
        held = count_subscriptions_of_host(db, extract_host(callback))
        if data["mode"] == "subscribe" and held >= most_per_host:
            return "host full"
        put_task(db, "verify", f"{path} {callback}", callback, data)
    return "queued"


def load_task(db: Database, number: int, now: int) -> Task | None:
    """Load the current state of a task; None if it is not due any more."""
    rows = db.rows("push_task", {"id": number, "now": now})
    if not rows:
        return None
    number, kind, host, data, tries, serial = rows[0]
    return Task(number, kind, host, json.loads(data), tries, serial)


def remove_task(db: Database, task: Task) -> None:
    """Remove a finished task, unless it was stored again meanwhile."""
    with db.transaction():
        db.run("push_task_done", {"id": task.number, "serial": task.serial})


def retry_task(db: Database, task: Task, until: int) -> None:
    """Schedule a failed task for ``until``, unless it was stored again meanwhile."""
    with db.transaction():
        db.run("push_task_again", {"id": task.number, "serial": task.serial, "due": until})


def add_upstream(db: Database, subscription: Upstream, now: int) -> None:
    """Store a subscription to an upstream feed, and the task that requests it from the hub."""
    values = {
        "source": subscription.source,
        "topic": subscription.topic,
        "hub": subscription.hub,
        "secret": subscription.secret,
    }
    with db.transaction():
        db.run(
            "push_upstream_put",
            {**values, "token": subscription.token, "state": subscription.state, "ends": subscription.ends},
        )
        # In the same transaction, so that no subscription is stored without its request.
        put_task(db, "ask", subscription.source, subscription.hub, {"source": subscription.source}, now)


def update_upstream_state(
    db: Database,
    subscription: Upstream,
    state: str,
    ends: int,
    next_request: int | None = None,
    trouble: str = "",
) -> None:
    """Store the state of our subscription, and when to send the next request to its hub (None for never)."""
    values = {"source": subscription.source, "state": state, "ends": ends, "trouble": trouble}
    with db.transaction():
        db.run("push_upstream_state", values)
        if next_request is None:
            db.run("push_task_drop", ("ask", subscription.source))
        else:
            put_task(
                db,
                "ask",
                subscription.source,
                subscription.hub,
                {"source": subscription.source},
                next_request,
            )


def update_upstream_delivery(db: Database, source: str, now: int) -> None:
    """Store the time at which content was delivered."""
    with db.transaction():
        db.run("push_upstream_received", {"source": source, "now": now})


def drop_upstream(db: Database, source: str) -> None:
    """Remove our subscription and its task."""
    with db.transaction():
        db.run("push_upstream_drop", (source,))
        db.run("push_task_drop", ("ask", source))


def find_upstream(db: Database, *, source: str = "", token: str = "") -> Upstream | None:
    """Load our subscription of a source, or the subscription with this token; None if there is none."""
    rows = (
        db.rows("push_upstream_of_source", (source,))
        if source
        else db.rows("push_upstream_of_token", (token,))
    )
    return Upstream(*rows[0]) if rows else None


def load_upstreams(db: Database) -> list[Upstream]:
    """Load all of our subscriptions."""
    return [Upstream(*row) for row in db.rows("push_upstreams")]
