"""The example for nginx gives the header fields of feedd's own server, from the same tree."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from feeds.config import load_config
from tests.conftest import ROOT, Project
from tests.serve_rig import Client, serving

FIELDS = (
    "content-type",
    "content-encoding",
    "cache-control",
    "x-content-type-options",
    "referrer-policy",
    "content-security-policy",
    "location",
)
MAIN = """{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{ access_log off; {paths} include {folder}/site.conf; }}
"""


@pytest.fixture
def nginx(project: Project, tmp_path: Path) -> Iterator[Client]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("no nginx is installed: the example for it is NOT tested (apt-get install nginx-light)")
    for number in range(7):
        project.post(f"2024-01-0{number + 1}-a.md", f"Post {number}", "<p>Words</p>" * 90, tags="茶叶")
    text = project.config.read_text("utf-8")
    project.config.write_text(text + '[serve]\nlisten = "127.0.0.1:0"\nprecompress = true\n', "utf-8")
    project.set("entries = 50", 'entries = 2\narchive = ["atom"]')
    assert project.run("build").returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    site = (ROOT / "examples" / "nginx.conf").read_text("utf-8")
    site = site.replace("127.0.0.1:8081", f"127.0.0.1:{port}").replace(
        "/srv/feedd/output", str(project.output)
    )
    folder = tmp_path / "nginx"
    folder.mkdir()
    (folder / "site.conf").write_text(site, "utf-8")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.getuid() == 0 else ""  # the folders of tests are for their owner only
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, paths=paths, user=user), "utf-8")
    with subprocess.Popen([program, "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL) as process:
        client = Client(port)
        for _ in range(100):
            try:
                client.ask("/")
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        yield client
        process.terminate()


def test_nginx_says_what_feedd_says(nginx: Client, project: Project) -> None:
    listed = re.findall(r"^[0-9a-f]{64}  (.+)$", (project.output / ".feedd").read_text("utf-8"), re.MULTILINE)
    documents = [f"/{path}" for path in listed if not path.endswith((".gz", ".br", ".zst"))]
    assert any("/archive/" in path for path in documents)
    for path in ("/index.html", "/feeds.opml", "/atom.xml"):
        assert (project.output / f"{path[1:]}.gz").exists(), path
    with serving(project.output, load_config(project.config).serve) as feedd:
        for path in [*documents, "/", "/tag/chaye/", "/tag/chaye", "/.well-known/feeds"]:
            for coding in ("identity", "gzip"):
                asked = {"Accept-Encoding": coding}
                ours, theirs = feedd.ask(path, asked), nginx.ask(path, asked)
                assert theirs.status == ours.status, path
                if ours.status == 301:
                    assert theirs.headers["location"] == ours.headers["location"].removeprefix("/feeds")
                    continue
                assert {f: theirs.headers.get(f) for f in FIELDS} == {
                    f: ours.headers.get(f) for f in FIELDS
                }, path
                assert theirs.body == ours.body
                assert "Accept-Encoding" in theirs.headers["vary"]
                again = nginx.ask(path, {**asked, "If-None-Match": theirs.headers["etag"]})
                assert (again.status, again.headers["cache-control"]) == (304, ours.headers["cache-control"])
        for path in ("/.feedd", "/none", "/category/", "/%2e%2e/state/feedd.db", "/tag/chaye/.x"):
            assert feedd.ask(path).status == 404
            assert nginx.ask(path).status in (400, 404), path
        assert (
            nginx.ask("/atom.xml", method="POST").status
            == feedd.ask("/atom.xml", method="POST").status
            == 405
        )
