"""Lists of feeds."""
