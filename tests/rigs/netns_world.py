"""A small world in a network namespace of its own: a public address, private ones, and names that change their mind.

Run inside ``unshare --net --mount``; the arguments are the folder of a project and the python to run feedd with. It
prints, as JSON, what was asked at the private addresses and at the public one.
"""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

PUBLIC, PRIVATE, PRIVATE6 = "93.184.216.34", "10.1.2.3", "fd00::1"
FEED = (
    "<rss version='2.0'><channel><title>Good</title><link>http://good.example/</link><description>d</description>"
    "<item><guid>1</guid><link>http://good.example/1</link><title>Good news</title></item></channel></rss>"
)
_TURNS = count()
NAMES = {
    "good.example": lambda: [PUBLIC],
    "inside.example": lambda: [PRIVATE],
    "both.example": lambda: [PUBLIC, PRIVATE],
    "rebind.example": lambda: [PUBLIC if next(_TURNS) % 2 == 0 else PRIVATE],
    "loop.example": lambda: ["127.0.0.1"],
    "meta.example": lambda: ["169.254.169.254"],
}


def sh(*words: str) -> None:
    subprocess.run(words, check=True)


def resolve_names() -> None:
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    while True:
        data, client = server.recvfrom(512)
        position, labels = 12, []
        while data[position]:
            labels.append(data[position + 1 : position + 1 + data[position]].decode())
            position += data[position] + 1
        question, kind = data[12 : position + 5], struct.unpack(">H", data[position + 1 : position + 3])[0]
        name = ".".join(labels).lower()
        found = NAMES[name]() if name in NAMES and kind == 1 else []
        if name == "inside6.example" and kind == 28:
            records = (
                b"\xc0\x0c" + struct.pack(">HHIH", 28, 1, 0, 16) + socket.inet_pton(socket.AF_INET6, PRIVATE6)
            )
            amount = 1
        else:
            amount = len(found)
            records = b"".join(
                b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton(one) for one in found
            )
        head = data[:2] + struct.pack(">HHHHH", 0x8180, 1, amount, 0, 0)
        server.sendto(head + question + records, client)


class Server6(ThreadingHTTPServer):
    address_family = socket.AF_INET6


def serve(address: str, log: list[str]) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            log.append(f"{address}{self.path}")
            targets: dict[str, str] = {
                "/to-address": f"http://{PRIVATE}/secret",
                "/to-name": "http://inside.example/secret",
                "/to-rebind": "http://rebind.example/secret",
                "/to-loop": "http://loop.example/secret",
                "/to-6": f"http://[{PRIVATE6}]/secret",
            }
            if self.path in targets:
                self.send_response(302)
                self.send_header("Location", targets[self.path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = FEED.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = (Server6 if ":" in address else ThreadingHTTPServer)((address, 80), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main(folder: Path, python: str, runs: int) -> None:
    sh("ip", "link", "set", "lo", "up")
    for one in (PUBLIC, PRIVATE, "169.254.169.254"):
        sh("ip", "addr", "add", f"{one}/32", "dev", "lo")
    six = (
        subprocess.run(
            ["ip", "-6", "addr", "add", f"{PRIVATE6}/128", "dev", "lo", "nodad"], check=False
        ).returncode
        == 0
    )
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    sh("mount", "--bind", str(folder / "resolv.conf"), "/etc/resolv.conf")
    threading.Thread(target=resolve_names, daemon=True).start()
    public: list[str] = []
    private: list[str] = []
    serve(PUBLIC, public)
    for one in (PRIVATE, "127.0.0.1", "169.254.169.254", *([PRIVATE6] if six else [])):
        serve(one, private)
    said = []
    for _ in range(runs):
        command = [python, "-m", "feeds", "build", "--json", "-c", str(folder / "feedd.toml"), "-j", "1"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        said.append(done.stdout or done.stderr)
        subprocess.run(
            [python, "-c", "import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); d.execute('UPDATE upstream SET due=0, state=\"{}\"'); d.commit()",
             str(folder / "state" / "feedd.db")], check=True,
        )  # fmt: skip
    print(json.dumps({"public": public, "private": private, "said": said}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
