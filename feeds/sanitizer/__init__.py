"""Convert the body of a post or entry to HTML and text that are safe to publish.

::

    body -> split_tail -> markdown_to_html -> clean_html -> extract_text -> make_excerpt, make_title

:mod:`~feeds.sanitizer.boilerplate` cuts the tail off a body. :mod:`~feeds.sanitizer.markdown` converts Markdown to
HTML. :mod:`~feeds.sanitizer.hidden_elements` removes what a page does not show, and :mod:`~feeds.sanitizer.cleanup`
prepares the rest. :mod:`~feeds.sanitizer.html` sanitises as the last step;
:mod:`~feeds.sanitizer.attributes` filters each value. :mod:`~feeds.sanitizer.text` extracts plain text. The lists of
tags, properties, trackers and navigation lines are data files in ``feeds/data``.
"""
