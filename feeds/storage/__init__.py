"""What feedd remembers, behind one door.

:class:`~feeds.storage.sqlite.Database` is the SQLite file (named SQL in ``sql/``, numbered
migrations in ``migrations/``); :mod:`~feeds.storage.sightings` takes what a source says,
:mod:`~feeds.storage.posts` brings the posts up to date and :mod:`~feeds.storage.feed_membership` their places
in feeds, :mod:`~feeds.storage.feeds` mints ids and slugs and tells what documents show,
:mod:`~feeds.storage.ledger` keeps what sources cannot tell again.
"""
