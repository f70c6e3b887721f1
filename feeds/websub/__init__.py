"""Push: telling subscribers what is new (WebSub, a W3C Recommendation).

:mod:`~feeds.websub.protocol` decides, purely; :mod:`~feeds.websub.hub` takes subscriptions to our own
documents, :mod:`~feeds.websub.dispatcher` does what is due, from the store, with bounds;
:mod:`~feeds.websub.outgoing` says what doing it means; :mod:`~feeds.websub.subscriber` subscribes to
upstreams at their hubs. Handlers take Starlette's ``Request`` and return its ``Response``: the HTTP
server routes to them by path.
"""
