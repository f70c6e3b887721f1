"""The file in which a server remembers versions: recreated if it is damaged."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from feeds.server.delta import _recreate_if_damaged


def test_a_damaged_file_is_written_anew_with_its_journal(tmp_path: Path) -> None:
    file = tmp_path / "versions.db"
    file.write_bytes(b"no database, but as long as the header of one is, and longer than that " * 3)
    for ending in ("-wal", "-shm"):
        (tmp_path / f"versions.db{ending}").write_bytes(b"old")
    with closing(_recreate_if_damaged(file)) as connection:
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
    with closing(_recreate_if_damaged(file)) as connection:
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
