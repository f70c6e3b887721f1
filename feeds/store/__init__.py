"""What feedd remembers, behind one door.

:class:`~feeds.store.database.Database` is the SQLite file (named SQL in ``sql/``, numbered
migrations in ``migrations/``); :mod:`~feeds.store.sightings` takes what a source says,
:mod:`~feeds.store.posts` brings the posts up to date and :mod:`~feeds.store.members` their places
in feeds, :mod:`~feeds.store.feeds` mints ids and slugs and tells what documents show,
:mod:`~feeds.store.ledger` keeps what sources cannot tell again.
"""
