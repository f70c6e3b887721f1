"""Push: telling subscribers what is new (WebSub, a W3C Recommendation).

:mod:`~feeds.websub.protocol` decides, purely; :mod:`~feeds.websub.hub` takes subscriptions to our own
documents, :mod:`~feeds.websub.dispatcher` does what is due, from the store, with bounds;
:mod:`~feeds.websub.outgoing` says what doing it means; :mod:`~feeds.websub.subscriber` subscribes to
upstreams at their hubs. Handlers are plain functions over :mod:`~feeds.websub.messages`'s values: the
HTTP server mounts them by path.
"""
