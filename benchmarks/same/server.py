"""The loopback HTTP server of the upstream corpus. It answers in a fixed order, whoever asks first."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks.same.quirks import Answer, Asked
from benchmarks.same.upstreams import Library

_QUIET = 0.15
"""Seconds without a new request after which the requests that wait are answered."""
_APART = 0.02
"""Seconds between two answers, so that the program sees them one after the other."""
_PATIENCE = 10
"""Seconds to wait for a request that the first run sent; no longer than the program waits for an answer."""


class Turns:
    """Lets requests that wait together be answered in a fixed order.

    The program polls many upstreams at once and numbers articles as answers arrive. Without an order, two runs
    of one program would number them differently. The first run gets its answers by path; each later run in the
    order of the first, however late a request comes on a busy machine.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[str] = []
        self._order: deque[str] = deque()
        self._last_request = self._last_answer = 0.0

    def follow(self, order: Iterable[str]) -> None:
        """Answer the next requests in this order; those that are not in it by path, afterwards."""
        with self._changed:
            self._order = deque(order)
            self._last_answer = time.monotonic()

    @contextmanager
    def take(self, path: str) -> Iterator[None]:
        """Wait for the turn of this path."""
        with self._changed:
            self._waiting.append(path)
            self._last_request = time.monotonic()
            while (wait := self._seconds_to_wait(path)) > 0:
                self._changed.wait(wait)
            try:
                yield
            finally:
                self._waiting.remove(path)
                if self._order:
                    self._order.popleft()
                self._last_answer = time.monotonic()
                self._changed.notify_all()

    def _seconds_to_wait(self, path: str) -> float:
        now = time.monotonic()
        if self._order and now > max(self._last_request, self._last_answer) + _PATIENCE:
            self._order.clear()  # this program does not send that request
        if self._order:
            return self._last_answer + _APART - now if path == self._order[0] else _QUIET
        if path != min(self._waiting):
            return _QUIET
        return max(self._last_request + _QUIET - now, self._last_answer + _APART - now)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # the program connects to all upstreams at once


class UpstreamServer:
    """Serves the upstream corpus on 127.0.0.1 while it is entered."""

    def __init__(self) -> None:
        self.poll = 0
        """Number of the poll that is answered, from 0."""
        self._library = Library()
        self._turns = Turns()
        self._command = ""
        self._requests: list[tuple[str, str]] = []
        self._orders: dict[str, list[str]] = {}
        self._server = _Server(("127.0.0.1", 0), self._make_handler())
        self.authority = f"127.0.0.1:{self._server.server_port}"
        """Host and port."""
        self.home = f"http://{self.authority}"

    def __enter__(self) -> UpstreamServer:
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def begin(self, command: str) -> None:
        """Expect the requests of a command, in the order in which they were answered when it ran first."""
        self._command, self._requests = command, []
        self._turns.follow(self._orders.get(command, ()))

    def end(self) -> str:
        """Return the requests of the command that has ended, a line each."""
        self._orders.setdefault(self._command, [path for path, _ in self._requests])
        return "".join(line for _, line in self._requests)

    def answer(self, asked: Asked) -> Answer:
        """Return the answer to a request, and note it."""
        headers = " | ".join(f"{name}: {value}" for name, value in sorted(asked.headers.items()))
        self._requests.append((asked.path, f"{asked.method} {asked.path} | {headers}\n"))
        return self._library.answer(asked, self.poll, self.home)

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                with server._turns.take(self.path):
                    answer = server.answer(Asked(self.command, self.path, headers))
                    self.wfile.write(pack_answer(answer))

            def log_message(self, format: str, *values: object) -> None:  # noqa: A002 - the library's name
                pass

        return Handler


def pack_answer(answer: Answer) -> bytes:
    """Return an answer as it is sent; without ``Date``, which would differ between runs."""
    headers = dict(answer.headers)
    body = answer.body
    if answer.chunked:
        headers["Transfer-Encoding"] = "chunked"
        pieces = [body[start : start + 1000] for start in range(0, len(body), 1000)]
        body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])
    elif answer.status != 304:
        headers["Content-Length"] = str(len(body))
    lines = [f"HTTP/1.1 {answer.status} X", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
