"""WebSub (a W3C Recommendation): push changed feeds to subscribers, and subscribe to feeds of others.

:mod:`~feeds.websub.protocol` has the pure rules. :mod:`~feeds.websub.hub` accepts subscriptions to our own
documents. :mod:`~feeds.websub.dispatcher` runs the due requests of the store within limits, and
:mod:`~feeds.websub.outgoing` sends each of them. :mod:`~feeds.websub.subscriber` subscribes to upstream feeds at
their hubs. Handlers take Starlette's ``Request`` and return its ``Response``; the HTTP server routes
to them by path.
"""
