"""Real nginx and Caddy with the examples that ship, over a tree that the example of a configuration built."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.rigs.serve_rig import Client

EXAMPLES = ROOT / "examples"
USER, PASSWORD = "reader", "open sesame"
_MAIN = """{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{ access_log off; {paths} include {folder}/site.conf; }}
"""
_GLOBAL = "{{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n}}\nhttp://127.0.0.1:{port} {{"


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    """The text of an example for this machine; each part that is replaced must be there."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def example_config(folder: Path) -> Path:
    """Write ``examples/feedd.toml`` with its private feed for folders below ``folder``."""
    text = (EXAMPLES / "feedd.toml").read_text("utf-8")
    private = text[text.index("# [[serve.private]]") :]
    config = folder / "feedd.toml"
    config.write_text(
        replaced(
            text,
            ("/srv/feeds", str(folder / "output")),
            ("/var/lib/feedd/", f"{folder}/state/"),
            ("/srv/posts", str(folder / "posts")),
            ("127.0.0.1:8080", "127.0.0.1:0"),
            (private, private.replace("# ", "")),
        ),
        "utf-8",
    )
    return config


def needed(name: str) -> str:
    """The path of a program; without it the test is skipped with a reason that says so."""
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if program is None:
        pytest.skip(f"no {name} is installed: the example for it is NOT tested (apt-get install {name})")
    return program


@contextmanager
def nginx(output: Path, folder: Path) -> Iterator[Client]:
    """nginx with ``examples/nginx.conf`` over the output."""
    program = needed("nginx")
    hashed = run(needed("openssl"), "passwd", "-6", "-stdin", text=PASSWORD)
    (folder / "feedd.htpasswd").write_text(f"{USER}:{hashed}\n", "utf-8")
    port = free_port()
    site = replaced(
        (EXAMPLES / "nginx.conf").read_text("utf-8"),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("/srv/feeds", str(output)),
        ("/etc/nginx/", f"{folder}/"),
    )
    (folder / "site.conf").write_text(site, "utf-8")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.getuid() == 0 else ""  # the folders of tests are for their owner only
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, paths=paths, user=user), "utf-8")
    with started([program, "-c", str(folder / "nginx.conf")], folder, port) as client:
        yield client


@contextmanager
def caddy(output: Path, folder: Path) -> Iterator[Client]:
    """Caddy with ``examples/Caddyfile`` over the output, without TLS."""
    program = needed("caddy")
    hashed = run(program, "hash-password", "--plaintext", PASSWORD)
    (folder / "feedd.passwd").write_text(f"{USER} {hashed}\n", "utf-8")
    port = free_port()
    site = replaced(
        (EXAMPLES / "Caddyfile").read_text("utf-8"),
        ("finews.example {", _GLOBAL.format(port=port)),
        ("/srv/feeds", str(output)),
        ("/etc/caddy/", f"{folder}/"),
    )
    (folder / "Caddyfile").write_text(site, "utf-8")
    command = [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with started(command, folder, port) as client:
        yield client


SERVERS: dict[str, Callable[[Path, Path], object]] = {"nginx": nginx, "caddy": caddy}


def run(*command: str, text: str = "") -> str:
    """What a program prints, without the last line end."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def started(command: list[str], folder: Path, port: int) -> Iterator[Client]:
    """A program that answers at the port; its own files stay in the folder."""
    own = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | own)
    try:
        client = Client(port)
        wait_for(client, process, folder / "log")
        yield client
    finally:
        process.terminate()
        process.wait(20)


def wait_for(client: Client, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(400):
        assert process.poll() is None, log.read_text("utf-8", "replace")
        try:
            client.ask("/")
        except (ConnectionRefusedError, ConnectionResetError):
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text("utf-8", "replace"))
