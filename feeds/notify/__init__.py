"""Push: telling subscribers what is new (WebSub, a W3C Recommendation).

:mod:`~feeds.notify.rules` decides, purely; :mod:`~feeds.notify.hub` takes subscriptions to our own
documents, :mod:`~feeds.notify.deliver` does what is due, from the store, with bounds;
:mod:`~feeds.notify.jobs` says what doing it means; :mod:`~feeds.notify.subscriber` subscribes to
upstreams at their hubs. Handlers are plain functions over :mod:`~feeds.notify.web`'s values: the
HTTP server mounts them by path.
"""
