"""What WebSub needs of the store. Times are seconds since 1970."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from feeds.storage.subscriptions import Delivery, Due, Task, Upstream, Verdict


class Subscriptions(Protocol):
    """Subscriptions to our documents, and their deliveries."""

    def subscribe(self, topic: str, callback: str, secret: str, ends: int) -> bool:
        """Start or renew a verified subscription; return False if the document does not exist any more."""

    def unsubscribe(self, topic: str, callback: str) -> None:
        """End a subscription if it exists."""

    def expire_subscriptions(self, now: int) -> None:
        """End every subscription whose lease has ended."""

    def queue_verification(self, data: Mapping[str, str], most_waiting: int, most_per_host: int) -> Verdict:
        """Queue the verification of a request to subscribe or unsubscribe, unless a limit is reached."""

    def load_due_requests(self, now: int, each: int, most: int) -> list[Due]:
        """Load the due tasks, then the due deliveries, each oldest first."""

    def load_delivery(self, number: int, now: int) -> Delivery | None:
        """Load the current state of a delivery; None if it is not due any more or its lease has ended."""

    def mark_delivered(self, delivery: Delivery, digest: str) -> None:
        """Record that the version ``digest`` was delivered. A version that was published meanwhile stays due."""

    def postpone_delivery(self, delivery: Delivery, until: int, trouble: str) -> None:
        """Record a failed delivery, to be tried again at ``until``."""

    def cancel_delivery(self, delivery: Delivery) -> None:
        """Cancel the due deliveries of a subscription, because its document does not exist any more."""


class HubTasks(Protocol):
    """Requests to other hosts that wait."""

    def load_task(self, number: int, now: int) -> Task | None:
        """Load the current state of a task; None if it is not due any more."""

    def remove_task(self, task: Task) -> None:
        """Remove a finished task, unless it was stored again meanwhile."""

    def retry_task(self, task: Task, until: int) -> None:
        """Schedule a failed task for ``until``, unless it was stored again meanwhile."""


class UpstreamSubscriptions(Protocol):
    """Our own subscriptions to upstream feeds."""

    def add_upstream_subscription(self, subscription: Upstream, now: int) -> None:
        """Store a subscription to an upstream feed, and the task that requests it from the hub."""

    def update_upstream_subscription(
        self,
        subscription: Upstream,
        state: str,
        ends: int,
        next_request: int | None = None,
        trouble: str = "",
    ) -> None:
        """Store the state of our subscription, and when to send the next request to its hub (None for never)."""

    def record_upstream_delivery(self, source: str, now: int) -> None:
        """Store the time at which content was delivered."""

    def remove_upstream_subscription(self, source: str) -> None:
        """Remove our subscription and its task."""

    def find_upstream_subscription(self, *, source: str = "", token: str = "") -> Upstream | None:
        """Load our subscription of a source, or the subscription with this token; None if there is none."""

    def load_upstream_subscriptions(self) -> list[Upstream]:
        """Load all of our subscriptions."""
