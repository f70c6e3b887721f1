"""``python -m feeds`` is the program ``feedd``."""

import sys

from feeds.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
