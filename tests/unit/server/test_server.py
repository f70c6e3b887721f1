"""Where a server listens, and how many connections the system lets it have."""

from __future__ import annotations

import asyncio
import resource
from pathlib import Path

import pytest

from feeds.config import Serve
from feeds.errors import ConfigError, OutputError, UsageError
from feeds.server import server as module
from feeds.server.server import Server, _find_room, _WatchedServer, parse_listen, run, run_loop


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("127.0.0.1:8000", ("127.0.0.1", 8000)),
        (":0", ("", 0)),
        ("[::1]:65535", ("::1", 65535)),
        ("unix:/run/x.sock", ("/run/x.sock", None)),
    ],
)
def test_where_to_listen(text: str, found: tuple[str, int | None]) -> None:
    assert parse_listen(text) == found


@pytest.mark.parametrize("text", ["", "8000", "a:65536", "a:x", "a:", "a:²", "::1:80", "[a:80", "unix:"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ConfigError, match="is not an address"):
        parse_listen(text)


@pytest.mark.parametrize(
    ("limits", "wanted", "room", "raised"),
    [
        ((1024, 4096), 100, 100, None),
        ((1024, 4096), 960, 960, None),
        ((1024, 4096), 2000, 2000, (2064, 4096)),
        ((1024, 1100), 2000, 1036, (1100, 1100)),
        ((1024, resource.RLIM_INFINITY), 5000, 5000, (5064, resource.RLIM_INFINITY)),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), 5000, 5000, None),
        ((10, 10), 100, 1, (10, 10)),
    ],
)
def test_the_limit_of_open_files(
    limits: tuple[int, int], wanted: int, room: int, raised: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_to: list[object] = []
    monkeypatch.setattr(module.resource, "getrlimit", lambda kind: limits)
    monkeypatch.setattr(module.resource, "setrlimit", lambda kind, value: set_to.append(value))
    assert _find_room(wanted) == room
    assert set_to == ([raised] if raised else [])


def test_a_server_that_was_not_started_has_no_address_and_can_be_stopped(tmp_path: Path) -> None:
    server = Server(Serve(listen="127.0.0.1:0", max_age=7), tmp_path, public="https://a.example/feeds")
    assert server.address == ""
    assert server.application._prefix == "/feeds"
    asyncio.run(server.stop())
    assert server.application._documents._pool._shutdown


def test_an_address_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    server = Server(Serve(listen=f"unix:{tmp_path}/missing/x.sock"), tmp_path)

    def refuse(*_: object) -> None:
        raise OSError("taken")

    async def start() -> None:
        original, module._open_sockets = module._open_sockets, refuse  # type: ignore[assignment]
        try:
            await server.start()
        finally:
            module._open_sockets = original
            await server.stop()

    with pytest.raises(UsageError, match=r"\[serve\] listen: .* cannot be opened \(taken\)"):
        asyncio.run(start())


def test_without_a_tree_nothing_is_served(tmp_path: Path) -> None:
    announced: list[str] = []
    with pytest.raises(OutputError):
        run(Server(Serve(listen="127.0.0.1:0"), tmp_path), announced.append)
    assert announced == []


class Connection:
    def __init__(self, deadline: float) -> None:
        self.deadline, self.dropped = deadline, False

    def drop(self) -> None:
        self.dropped = True


def test_late_connections_are_dropped_once_a_second() -> None:
    import uvicorn

    async def main() -> tuple[Connection, Connection]:
        now = asyncio.get_running_loop().time()
        late, early = Connection(now - 1), Connection(now + 60)
        server = _WatchedServer(uvicorn.Config("x:y"))
        server.server_state.connections.update((late, early))  # type: ignore[arg-type]
        await server.on_tick(5)
        assert not late.dropped
        await server.on_tick(10)
        return late, early

    late, early = asyncio.run(main())
    assert (late.dropped, early.dropped) == (True, False)


def test_a_coroutine_runs_to_its_end() -> None:
    done: list[int] = []

    async def main() -> None:
        done.append(1)

    run_loop(main())
    assert done == [1]
