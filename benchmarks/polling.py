"""What asking many upstreams costs: nothing new anywhere, and one new entry everywhere.

The upstreams are one process on loopback that answers conditional requests; feedd is the program itself,
whose processor time and memory are measured. Each upstream is its own politeness group, as if they were on hosts
of their own; only in one job each also costs a connection.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measuring import keep, measure

_SETTINGS = """[site]
title = "Benchmark"
url = "https://bench.example/"
[output]
dir = "output"
[store]
url = "state/feedd.db"
"""
_SOURCE = """[[sources]]
name = "u{n}"
kind = "upstream"
url = "http://127.0.0.1:{port}/{n}"
allow = ["127.0.0.1:{port}"]
group = "u{n}"
terms = "none"
categories = ["planet"]
"""

_CLOSING = "nothing new, a connection each"
_DONE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

_READER = """
import sys
from reader import make_reader
reader = make_reader(sys.argv[1])
if not reader.get_feed_counts().total:
    for number in range(1000):
        reader.add_feed(f"http://127.0.0.1:{sys.argv[2]}/{number}")
reader.update_feeds(workers=8, scheduled=False)
"""


class Upstreams:
    """Serves documents of ``entries`` entries; ``/new`` gives each one more, after ``/close`` no connection lasts."""

    def __init__(self, entries: int, length: int) -> None:
        self.entries, self.round, self.closing = entries, 0, False
        self.text = "港口的春天。" * (length // 6)

    def document(self, name: str) -> bytes:
        """The feed of one upstream as it stands."""
        items = "".join(
            f"<item><guid isPermaLink='false'>{name}-{n}</guid><link>https://u{name}.example/{n}</link>"
            f"<title>Entry {n} of {name}</title><pubDate>{_date(n)}</pubDate>"
            f"<description>&lt;p&gt;{name} {n} {self.text}&lt;/p&gt;</description></item>"
            for n in range(self.round + self.entries - 1, self.round - 1, -1)
        )
        head = (
            f"<title>Upstream {name}</title><link>https://u{name}.example/</link><description>d</description>"
        )
        return f"<?xml version='1.0'?><rss version='2.0'><channel>{head}{items}</channel></rss>".encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        while head := await _head(reader):
            name = head.partition(b" /")[2].partition(b" ")[0].decode()
            etag = f'"{self.round}-{name}"'
            if name == "new":
                self.round += 1
                writer.write(_DONE)
            elif name == "close":
                self.closing = True
                writer.write(_DONE)
            elif etag.encode() in head:
                last = "Connection: close\r\n" if self.closing else ""
                writer.write(f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n{last}\r\n".encode())
            else:
                body = self.document(name)
                writer.write(
                    f"HTTP/1.1 200 OK\r\nETag: {etag}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
                )
            await writer.drain()
            if self.closing:
                break
        writer.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


def _date(number: int) -> str:
    from email.utils import formatdate

    return formatdate(1_700_000_000 + 3600 * number)


async def serve(entries: int, length: int) -> None:
    """Serve until killed; the port is printed first."""
    upstreams = Upstreams(entries, length)
    server = await asyncio.start_server(upstreams.serve, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def _served(entries: int, length: int) -> Iterator[int]:
    """Upstreams in a process of their own; their port."""
    command = [sys.executable, "-m", "benchmarks.polling", str(entries), str(length)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.kill()


def bench(count: int, entries: int, length: int, jobs: list[str]) -> Iterator[dict[str, object]]:
    """Build once to know the upstreams, then the jobs."""
    with tempfile.TemporaryDirectory(prefix="feedd-polling-") as name, _served(entries, length) as port:
        config = Path(name) / "feedd.toml"
        sources = "".join(_SOURCE.format(n=n, port=port) for n in range(count))
        config.write_text(_SETTINGS + sources, "utf-8")
        feedd = [sys.executable, "-m", "feeds", "build", "-q", "-c", str(config)]
        for job in ["first reading", *jobs]:
            _tell(port, job)
            yield {"upstreams": count, "entries": entries, "job": f"polling: {job}", **measure(feedd)}


def _tell(port: int, job: str) -> None:
    """Tell the upstreams what a job needs of them."""
    change = {"one new entry": "new", _CLOSING: "close"}.get(job)
    if change:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/{change}").read()


def run(most: int, reader: Path | None) -> None:
    """Every job of polling; ``most`` upstreams in the largest, ``reader`` is the Python that has that peer."""
    for row in bench(min(most, 1_000), 50, 1_350, ["nothing new", "one new entry", "nothing new", _CLOSING]):
        keep(row)
    for row in bench(most, 1, 100, ["nothing new"]):
        keep(row)
    if reader is None:
        print("reader is not compared with: name a Python that has it, --reader PYTHON")
    else:
        peer(reader)


def peer(python: Path) -> None:
    """Reader over the same thousand upstreams, by a Python in which it is installed."""
    with tempfile.TemporaryDirectory(prefix="feedd-reader-") as name, _served(50, 1_350) as port:
        for job in ("first reading", "nothing new", "one new entry", "nothing new"):
            _tell(port, job)
            figures = measure([python, "-c", _READER, f"{name}/reader.db", str(port)])
            keep({"program": "reader", "upstreams": 1_000, "job": f"polling: {job}", **figures})


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
