"""``make same BASE=REV``: build the same input with two checkouts and compare everything that they produce.

The checkouts are used through the command line alone, so their modules may have any names:

    checkouts  ->  corpora  ->  session    ->  snapshot  ->  comparing  ->  report
    unpack BASE    choose       run feedd      read files    find the       print it
                   the input    measure CPU    and stores    differences

:mod:`articles`, :mod:`formats`, :mod:`upstreams` and :mod:`server` are the upstream corpus.
"""
