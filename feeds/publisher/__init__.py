"""From the store to documents: what is due, entries, archives, pages and what names them."""
