"""From what an author wrote to what a reader may safely see.

::

    body -> split_tail -> markdown_to_html -> clean_html -> plain_text -> excerpt, title_from

:mod:`~feeds.clean.boilerplate` cuts the tail off a body, :mod:`~feeds.clean.markdown` makes HTML where there
is Markdown (:mod:`~feeds.clean.kramdown` is the library's side of it), :mod:`~feeds.clean.mend` takes out what
nobody is meant to see, :mod:`~feeds.clean.html` sanitises as the last step, with
:mod:`~feeds.clean.attributes` judging each value, and :mod:`~feeds.clean.text` makes plain text. Lists of tags,
properties, trackers and navigation lines are data files in ``feeds/data``.
"""
