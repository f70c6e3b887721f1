"""Front matter in its dialects and repaired; dates, addresses and slugs."""

from __future__ import annotations
