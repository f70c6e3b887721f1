"""Values with rules of their own: web addresses, dates, slugs, paths of documents."""
