"""Values with rules of their own: addresses, dates, slugs."""
