"""From entries to documents: each entry rendered once, documents made by joining."""
