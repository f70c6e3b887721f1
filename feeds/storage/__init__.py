"""The database, and everything that is stored in it.

:class:`~feeds.storage.sqlite.Database` opens the SQLite file. Its named SQL is in ``sql/``, its numbered
migrations are in ``migrations/``. :mod:`~feeds.storage.sightings` stores what was read from a source.
:mod:`~feeds.storage.neighbourhood` loads what a change may affect. :mod:`~feeds.storage.posts` updates the
posts, :mod:`~feeds.storage.feed_membership` their places in feeds.
:mod:`~feeds.storage.feeds` assigns ids and slugs, and loads what documents show.
:mod:`~feeds.storage.ledger` keeps what cannot be read from the sources again.
"""
