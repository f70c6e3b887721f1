"""The output tree."""
