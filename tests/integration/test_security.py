"""The classes of attacks that no other test file is about; `docs/security.md` tells which test shows what."""

from __future__ import annotations

import gzip
import json
import os
import re
import resource
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project
from tests.integration.ingest.test_upstreams import rss, subscribe, titles
from tests.integration.test_build import entries
from tests.rigs.servers import Answer, UpstreamThread


def build(project: Project, *arguments: str) -> dict[str, object]:
    done = project.run("build", "--json", *arguments)
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return json.loads(done.stdout)


def every_path(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


NAMES = [
    "../../../etc/passwd",
    "..",
    ".",
    "/etc/passwd",
    "..\\..\\windows",
    "a/../../b",
    "%2e%2e%2f%2e%2e",
    "．．／．．／x",
    "CON",
    "nul.txt",
    "com1",
    "x" * 5000,
    "名" * 300,
    "a\u0000b",
    "tab\tname",
    "line\nbreak",
    "trailing. ",
    " leading",
    "-rf",
    "~root",
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned",
    "| touch pwned",
    "index.html",
    "atom.xml",
    "archive",
    ".feedd",
    ".feedd-tmp",
    "a:b",
    "a?b#c",
    "\u202egpj.exe",
    "🙂",
    unicodedata.normalize("NFC", "é"),
    unicodedata.normalize("NFD", "é"),
    "E\u0301",
    "ſ",
    "S",
    "s",
    "ß",
    "ss",
    "İ",
    "i̇",
]


@pytest.mark.parametrize("slugs", ["ascii", "unicode"])
def test_no_name_leads_out_of_its_folder_or_meets_another(project: Project, slugs: str) -> None:
    outside = every_path(project.folder)
    project.set("entries = 50", f'entries = 50\nslugs = "{slugs}"')
    for number, name in enumerate(NAMES):
        head = {"title": f"P{number}", "date": "2024-01-02", "tags": [name], "categories": [name]}
        (project.posts / f"2024-01-02-p{number}.md").write_text(json.dumps(head) + "\n\nText.\n", "utf-8")
        outside.add(f"site/_posts/2024-01-02-p{number}.md")
    build(project)
    assert len(titles(project)) == len(NAMES)
    made = {one for one in every_path(project.folder) if not one.startswith(("output", "state"))}
    assert made == outside
    for kind in ("category", "tag"):
        folders = [path.name for path in (project.output / kind).iterdir()]
        assert len(folders) > len(NAMES) - 6  # names without any visible difference are one
        folded = [unicodedata.normalize("NFKC", one).casefold() for one in folders]
        assert len(set(folded)) == len(folded)
        for one in folders:
            assert len(one.encode()) <= 200
            assert not re.search(
                r"[/\\:*?\"<>|\x00-\x1f]|^\.|[. ]$|^(?:con|nul|prn|aux|com\d|lpt\d)(?:\.|$)", one, re.I
            )
    assert project.run("validate").returncode == 0


def test_nothing_that_a_feed_names_is_fetched(project: Project) -> None:
    """Icons, hubs, archives, enclosures, comments, pages: an upstream makes feedd ask nobody."""
    with UpstreamThread() as server, UpstreamThread() as canary:
        c = canary.url("/canary")
        head = (
            f"<atom:link rel='hub' href='{c}/hub'/><atom:link rel='self' href='{c}/self'/>"
            f"<atom:link rel='prev-archive' href='{c}/archive'/><atom:link rel='next' href='{c}/next'/>"
            f"<image><url>{c}/image</url><link>{c}/page</link></image><docs>{c}/docs</docs>"
            f"<cloud domain='{canary.authority.partition(':')[0]}' port='{canary.port}' path='/canary/cloud' "
            f"registerProcedure='' protocol='http-post'/><itunes:image href='{c}/art'/>"
        )
        item = (
            f"<enclosure url='{c}/file.mp3' type='audio/mpeg' length='1'/><comments>{c}/comments</comments>"
            f"<source url='{c}/source'>x</source><content:encoded>&lt;img src='{c}/pixel.png'&gt;"
            f"&lt;a href='{c}/a'&gt;a&lt;/a&gt;</content:encoded>"
        )
        body = rss([("1", f"{c}/entry", "One")], extra=item).decode()
        body = body.replace("<rss ", "<rss xmlns:atom='http://www.w3.org/2005/Atom' ")
        body = body.replace("<rss ", "<rss xmlns:content='http://purl.org/rss/1.0/modules/content/' ")
        server.routes["/feed"] = Answer(body=body.replace("<item>", head + "<item>", 1).encode())
        subscribe(project, server)
        assert build(project)["troubles"] == []
        assert titles(project) == ["One"]
        assert project.run("build").returncode == 0
        assert canary.log == []


def test_neither_a_redirect_nor_an_odd_spelling_reaches_what_is_inside(project: Project) -> None:
    with UpstreamThread() as server, UpstreamThread() as canary:
        canary.routes["/x"] = Answer(body=rss([("1", "https://a.example/1", "Inside")]))
        port = canary.port
        targets = [
            f"http://127.0.0.1:{port}/x",
            f"http://localhost:{port}/x",
            f"http://2130706433:{port}/x",
            f"http://0x7f.1:{port}/x",
            f"http://0177.0.0.1:{port}/x",
            f"http://127.1:{port}/x",
            f"http://0:{port}/x",
            f"http://[::1]:{port}/x",
            f"http://[::ffff:127.0.0.1]:{port}/x",
            f"http://[64:ff9b::7f00:1]:{port}/x",
            f"http://[2002:7f00:1::]:{port}/x",
            f"http://127.0.0.1.:{port}/x",
            f"http://①②⑦.⓪.⓪.①:{port}/x",
            f"http://user@127.0.0.1:{port}/x",
            f"http://{server.authority}@127.0.0.1:{port}/x",
            f"//127.0.0.1:{port}/x",
            f"http:\\\\127.0.0.1:{port}\\x",
            f"gopher://127.0.0.1:{port}/x",
            "file:///etc/passwd",
            "http://169.254.169.254/latest/meta-data/",
            "http://10.0.0.1/",
            "http://192.168.1.1/",
            "http://100.64.0.1/",
            "http://0.0.0.0/",
            "http://[fd00::1]/",
            "http://[fe80::1%25lo]/",
        ]
        for number, target in enumerate(targets):
            server.routes[f"/{number}"] = Answer(302, headers={"Location": target.encode().decode("latin-1")})
            subscribe(project, server, f"/{number}", f"u{number}")
        report = build(project)
        assert canary.log == []
        assert report["new"] == 0
        assert len(report["troubles"]) == len(targets)
        secret = " ".join(report["troubles"])
        assert "user@" not in secret


def test_bombs_are_bounded(project: Project) -> None:
    """What unpacks, multiplies or nests without end is a trouble of its source; memory and time stay bounded."""
    bomb = gzip.compress(bytes(100_000_000), 9)
    entity = "<!DOCTYPE x [" + "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol"}">' for n in range(12)
    )
    external = (
        "<!DOCTYPE x [<!ENTITY f SYSTEM 'file:///etc/passwd'><!ENTITY h SYSTEM 'http://127.0.0.1:9/'>]>"
    )
    feed = rss([("1", "https://a.example/1", "One &e11; &f; &h;")]).decode()
    deep = "<rss><channel>" + "<item>" * 100_000 + "</rss>"
    with UpstreamThread() as server:
        routes = {
            "gzip": Answer(body=bomb, headers={"Content-Encoding": "gzip"}),
            "twice": Answer(body=gzip.compress(bomb), headers={"Content-Encoding": "gzip, gzip"}),
            "entity": Answer(body=feed.replace("<rss ", entity + "]><rss ", 1).encode()),
            "external": Answer(body=feed.replace("<rss ", external + "<rss ", 1).encode()),
            "deep": Answer(body=deep.encode()),
            "json": Answer(body=b"[" * 200_000, headers={"Content-Type": "application/feed+json"}),
            "number": Answer(
                body=b'{"version":"https://jsonfeed.org/version/1.1","items":[{"id":'
                + b"9" * 100_000
                + b"}]}",
                headers={"Content-Type": "application/feed+json"},
            ),
        }
        for name, answer in routes.items():
            server.routes[f"/{name}"] = answer
            subscribe(project, server, f"/{name}", name)
        command = [sys.executable, "-m", "feeds", "build", "--json", "-c", str(project.config), "-j", "1"]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=120,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000,) * 2),
        )
    assert "Traceback" not in done.stderr, done.stderr
    report = json.loads(done.stdout)
    named = " ".join(report["troubles"])
    assert "source gzip" in named or "gzip" in named
    published = b"".join(project.bytes().values())
    assert b"root:" not in published
    assert published.count(b"lol") < 1000


def test_a_parked_or_emptied_upstream_empties_nothing(project: Project) -> None:
    """Somebody else has the domain now: a page, another feed's title, nothing at all; what was published stays."""
    with UpstreamThread() as server:
        server.routes["/feed"] = Answer(
            body=rss([(str(n), f"https://b.example/{n}", f"N{n}") for n in range(5)])
        )
        subscribe(project, server)
        build(project)
        before = titles(project)
        for answer in (
            Answer(body=b"<html><title>This domain is for sale</title><a href='/buy'>Buy</a></html>"),
            Answer(body=rss([], title="Parked")),
            Answer(body=b""),
            Answer(404, b"gone?"),
            Answer(500, b"broken"),
            Answer(410),
        ):
            server.routes["/feed"] = answer
            _due(project)
            build(project)
            assert titles(project) == before


def _due(project: Project) -> None:
    """Every upstream may be asked now."""
    import sqlite3

    with sqlite3.connect(project.folder / "state" / "feedd.db") as db:
        db.execute("UPDATE upstream SET due = 0")
    db.close()


def test_secrets_are_in_no_output_store_or_message(project: Project) -> None:
    secret = "s3cr3t-pa55phrase"
    with UpstreamThread() as server, UpstreamThread() as other:
        server.routes["/ok"] = Answer(body=rss([("1", "https://b.example/1", "One")]))
        server.routes["/bad"] = Answer(500)
        server.routes["/away"] = Answer(302, headers={"Location": other.url("/feed")})
        other.routes["/feed"] = Answer(body=rss([]))
        for name in ("ok", "bad", "away"):
            subscribe(project, server, f"/{name}?token={secret}q", name, 'auth = "env:FEED_LOGIN"')
        text = project.config.read_text("utf-8")
        project.config.write_text(
            text.replace(
                f'allow = ["{server.authority}"]', f'allow = ["{server.authority}", "{other.authority}"]'
            ),
            "utf-8",
        )
        done = subprocess.run(
            [sys.executable, "-m", "feeds", "build", "-v", "-c", str(project.config)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=os.environ | {"FEED_LOGIN": f"user:{secret}"},
        )
        assert done.returncode == 0, done.stderr
        status = project.run("status", "-v").stdout + project.run("status", "--json").stdout
        assert all("authorization" in asked.headers for asked in server.log)
        assert not any("authorization" in asked.headers for asked in other.log)
    said = done.stdout + done.stderr
    assert secret not in said
    assert secret not in "".join(
        name + data.decode("utf-8", "replace") for name, data in project.bytes().items()
    )
    stored = b"".join(path.read_bytes() for path in (project.folder / "state").iterdir() if path.is_file())
    assert f"user:{secret}".encode() not in stored
    assert f"{secret}\n" not in status


def test_headers_of_others_inject_nothing(project: Project) -> None:
    """Validators come back byte for byte or not at all, never as another header or request."""

    async def odd(writer: object) -> None:
        body = rss([("1", "https://b.example/1", "One")])
        head = b'HTTP/1.1 200 OK\r\nETag: "a\x0bb\x00"\r\nLast-Modified: x\ty; z\r\n'
        writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)  # type: ignore[attr-defined]
        await writer.drain()  # type: ignore[attr-defined]

    with UpstreamThread() as server:
        server.routes["/ok"] = Answer(
            body=rss([("1", "https://b.example/1", "One")]), headers={"ETag": '"x" y z: 1'}
        )
        server.raw["/odd"] = odd
        subscribe(project, server, "/ok", "ok")
        subscribe(project, server, "/odd", "odd")
        for _ in range(2):
            build(project)
            _due(project)
        for asked in server.log:
            assert asked.method == "GET"
            assert set(asked.headers) <= {
                "host",
                "user-agent",
                "accept",
                "accept-encoding",
                "connection",
                "if-none-match",
                "if-modified-since",
                "a-im",
            }


def test_front_matter_makes_no_objects_and_liquid_reads_no_files(project: Project) -> None:
    (project.folder / "secret.txt").write_text("top secret words", "utf-8")
    (project.posts / "2024-01-01-a.md").write_text(
        "---\ntitle: !!python/object/apply:os.system ['touch pwned']\ndate: 2024-01-01\nx: &a [*a, *a]\n---\n"
        "{% include ../../secret.txt %}{% include_relative ../../secret.txt %}{% link ../../secret.txt %}"
        "{{ site.__class__ }}{% post_url ../../secret %}\n\ntext\n",
        "utf-8",
    )
    anchors = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10) if n else 'x'}]" for n in range(12))
    (project.posts / "2024-01-02-b.md").write_text(f"---\ntitle: Laughs\n{anchors}\n---\ntext\n", "utf-8")
    build(project)
    published = b"".join(project.bytes().values())
    assert b"top secret" not in published
    assert not list(project.folder.rglob("pwned"))
    assert not (ROOT / "pwned").exists()
    assert len(entries(project.output / "atom.xml")) == 2
