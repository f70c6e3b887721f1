"""Write documents to disk safely, check them and compress them."""
