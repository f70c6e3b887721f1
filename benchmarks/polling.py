"""What asking many upstreams costs: nothing new anywhere, and one new entry everywhere.

The upstreams are one process on loopback that answers conditional requests; feedd is the program itself,
whose processor time and memory are measured. Each upstream is its own politeness group, as if they were on hosts
of their own.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from benchmarks.__main__ import measure
from feeds import __version__

_HERE = Path(__file__).parent
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


class Upstreams:
    """Serves documents of ``entries`` entries; ``/new`` gives each one more."""

    def __init__(self, entries: int, length: int) -> None:
        self.entries, self.round = entries, 0
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
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            elif etag.encode() in head:
                writer.write(f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n".encode())
            else:
                body = self.document(name)
                writer.write(
                    f"HTTP/1.1 200 OK\r\nETag: {etag}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
                )
            await writer.drain()
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


def bench(count: int, entries: int, length: int, jobs: list[str]) -> list[dict[str, object]]:
    """Build once to know the upstreams, then the jobs."""
    rows: list[dict[str, object]] = []
    command = [sys.executable, "-m", "benchmarks.polling", "serve", str(entries), str(length)]
    with (
        tempfile.TemporaryDirectory(prefix="feedd-polling-") as name,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdout is not None
        try:
            port = int(server.stdout.readline())
            config = Path(name) / "feedd.toml"
            sources = "".join(_SOURCE.format(n=n, port=port) for n in range(count))
            config.write_text(_SETTINGS + sources, "utf-8")
            feedd = [sys.executable, "-m", "feeds", "build", "-q", "-c", str(config)]
            for job in ["first reading", *jobs]:
                if job == "one new entry":
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/new").read()
                figures = measure(feedd)
                rows.append({"upstreams": count, "entries": entries, "job": f"polling: {job}", **figures})
        finally:
            server.kill()
    return rows


def main() -> None:
    """Print the figures and keep them with those of the other benchmarks."""
    if sys.argv[1:2] == ["serve"]:
        return asyncio.run(serve(int(sys.argv[2]), int(sys.argv[3])))
    rows = bench(1_000, 50, 1_350, ["nothing new", "one new entry", "nothing new"])
    rows += bench(10_000, 1, 100, ["nothing new"])
    with (_HERE / "results.jsonl").open("a") as file:
        for row in rows:
            row["version"] = __version__
            print(
                f"{row['upstreams']:>8} {row['job']:24} {row['cpu']:8} CPU s {row['wall']:8} s {row['peak_mb']:6} MB"
            )
            file.write(json.dumps(row) + "\n")
    return None


if __name__ == "__main__":
    main()
