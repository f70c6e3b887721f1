"""Measure `feedd serve` beside nginx over the same tree: ``python -m benchmarks.serve``.

Needs ``nginx`` and ``wrk``. Both servers send the same gzip variant of about 300 KB and the same 304s. Printed are
requests a second, the CPU time that feedd takes for each, and its latency at a steady 1,000 requests a second.
feedd runs on one core; the CPU time also counts on a machine that is busy otherwise, the rates do not.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import http.client
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from feeds.output.compression import encode

_NGINX = """worker_processes auto; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; gzip_static on; gzip_vary on;
types {{ application/atom+xml xml; }}
server {{ listen 127.0.0.1:{port}; root {folder}/tree; add_header Cache-Control "public, max-age=300";
add_header X-Content-Type-Options nosniff; }} }}
"""
_SERVE = (
    "import sys; from pathlib import Path; from feeds.server.server import Server, run; "
    "from feeds.config import Serve; run(Server(Serve(listen=sys.argv[1]), Path(sys.argv[2])))"
)
_NGINX_PORT, _FEEDD_PORT = 18191, 18192
_ROUNDS = 3
_RATE, _LATENCY_SECONDS, _CLIENTS = 1000, 10, 20


def make_tree(folder: Path) -> None:
    """A feed whose gzip variant has about 300 KB, with the variant beside it for nginx."""
    text = base64.b85encode(random.Random(1).randbytes(300 * 1024))
    data = b'<feed xmlns="http://www.w3.org/2005/Atom"><title>' + text.replace(b"<", b" ").replace(b"&", b" ")
    data += b"</title></feed>"
    (folder / "atom.xml").write_bytes(data)
    (folder / "atom.xml.gz").write_bytes(encode(data, "gzip") or b"")
    digest = hashlib.sha256(data).hexdigest()
    (folder / ".feedd").write_text(f"{digest}  atom.xml\n")


def etag(port: int) -> str:
    """The validator of the gzip variant, once the server answers."""
    for _ in range(50):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/atom.xml", headers={"Accept-Encoding": "gzip"})
            response = connection.getresponse()
            response.read()
            return response.headers["ETag"]
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise SystemExit(f"nothing answers on port {port}")


def load(port: int, *fields: str) -> tuple[float, int]:
    """Return requests a second and their number, by wrk."""
    command = ["wrk", "-t1", "-c32", "-d3s", "-H", "Accept-Encoding: gzip"]
    for one in fields:
        command += ["-H", one]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/atom.xml"], capture_output=True, text=True, check=True
    )
    rate = re.search(r"Requests/sec:\s*([\d.]+)", done.stdout)
    count = re.search(r"(\d+) requests in", done.stdout)
    return float(rate[1]) if rate else 0.0, int(count[1]) if count else 0


def read_cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure_latency(port: int, field: str) -> list[float]:
    """Send requests at a steady rate, and return the seconds from when each was due to its response, sorted.

    A request that is late because the one before it took long counts from when it was due.
    """
    request = f"GET /atom.xml HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n{field}\r\n\r\n".encode()
    clock = asyncio.get_running_loop().time
    start, found = clock() + 0.5, list[float]()

    async def send_requests(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for turn in range(_RATE * _LATENCY_SECONDS // _CLIENTS):
            due = start + (turn * _CLIENTS + number) / _RATE
            await asyncio.sleep(max(0.0, due - clock()))
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            found.append(clock() - due)
            assert head.startswith(b"HTTP/1.1 304 "), head
        writer.close()

    await asyncio.gather(*(send_requests(number) for number in range(_CLIENTS)))
    return sorted(found)


def main() -> None:
    """Print the best of some rounds for each, and what part of nginx that is."""
    os.environ["PATH"] += os.pathsep + "/usr/sbin"
    if not shutil.which("nginx") or not shutil.which("wrk"):
        print("nginx or wrk is not installed: serving is NOT compared (apt-get install nginx-light wrk)")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx's workers may be another user
        (folder / "tree").mkdir()
        make_tree(folder / "tree")
        (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=_NGINX_PORT))
        servers = [
            subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf")]),
            subprocess.Popen(
                [sys.executable, "-c", _SERVE, f"127.0.0.1:{_FEEDD_PORT}", str(folder / "tree")]
            ),
        ]
        os.sched_setaffinity(servers[1].pid, {0})
        try:
            compare(servers[1].pid)
        finally:
            for server in servers:
                server.terminate()
                server.wait()


def compare(pid: int) -> None:
    """Both in turn, so that whatever else the machine does meets both."""
    ports = {"nginx": _NGINX_PORT, "feedd": _FEEDD_PORT}
    fields = {name: f"If-None-Match: {etag(port)}" for name, port in ports.items()}
    for status in (304, 200):
        best = dict.fromkeys(ports, 0.0)
        cost = 0.0
        for _ in range(_ROUNDS):
            for name, port in ports.items():
                asked = (fields[name],) if status == 304 else ()
                before = read_cpu_seconds(pid)
                rate, count = load(port, *asked)
                best[name] = max(best[name], rate)
                if name == "feedd":
                    cost = (read_cpu_seconds(pid) - before) / max(1, count)
        part = best["feedd"] / best["nginx"]
        row = {
            "job": f"serve: {status}s a second",
            **{name: round(one) for name, one in best.items()},
            "part": round(part, 2),
            "cpu_us": round(cost * 1e6),
        }
        record(row)
        print(
            f"{status}: nginx {best['nginx']:9.0f}/s  feedd {best['feedd']:9.0f}/s  = {part:.2f} of nginx"
            f"  {cost * 1e6:.0f} us of CPU each"
        )
    seconds = asyncio.run(measure_latency(_FEEDD_PORT, fields["feedd"]))
    p50, p99, worst = (1000 * seconds[int(len(seconds) * part)] for part in (0.5, 0.99, 0.9999))
    row = {"job": f"serve: ms at {_RATE} a second", "p50": round(p50, 1), "p99": round(p99, 1)}
    record(row)
    print(f"304s at {_RATE}/s: p50 {p50:.1f} ms, p99 {p99:.1f} ms, worst {worst:.1f} ms")


def record(row: dict[str, object]) -> None:
    """Append a result to those of earlier runs."""
    with (Path(__file__).parent / "results.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
