"""From what an author wrote to what a reader may safely see.

:mod:`~feeds.clean.boilerplate` cuts the tail of a body, :mod:`~feeds.clean.markdown` makes HTML,
:mod:`~feeds.clean.html` mends and, last, sanitises it, :mod:`~feeds.clean.text` makes plain text.
"""
