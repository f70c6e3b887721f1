"""From upstreams to the store: asking them, understanding what they say, taking it in, reading their past."""
