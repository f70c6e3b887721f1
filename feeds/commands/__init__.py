"""The commands besides ``build``: reports, the starter configuration and the list of upstream feeds."""
