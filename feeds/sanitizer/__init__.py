"""From what an author wrote to what a reader may safely see.

::

    body -> split_tail -> markdown_to_html -> clean_html -> plain_text -> excerpt, title_from

:mod:`~feeds.sanitizer.boilerplate` cuts the tail off a body, :mod:`~feeds.sanitizer.markdown` makes HTML where there
is Markdown, :mod:`~feeds.sanitizer.cleanup` takes out what nobody is meant to see, :mod:`~feeds.sanitizer.html`
sanitises as the last step, with :mod:`~feeds.sanitizer.attributes` judging each value, and
:mod:`~feeds.sanitizer.text` makes plain text. Lists of tags, properties, trackers and navigation lines are data files
in ``feeds/data``.
"""
