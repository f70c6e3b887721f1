"""Parse lists of feeds: OPML, the configuration of Planet Venus, and the links of web pages."""
