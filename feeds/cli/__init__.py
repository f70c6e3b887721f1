"""The command line: parse arguments, call :mod:`feeds.api`, print results."""
