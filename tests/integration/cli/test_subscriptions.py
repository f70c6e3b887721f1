"""`feedd add`, `import`, `export`, `forget`, `status` and `init --from`, as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

from feeds import load_config
from tests.conftest import Project, feedd
from tests.integration.daemon.test_daemon import Start, start  # noqa: F401 - a fixture
from tests.integration.ingest.test_upstreams import build, rss, subscribe, titles
from tests.rigs.servers import Answer, UpstreamThread

PAGE = (
    b'<html><head><link rel="alternate" type="application/rss+xml" title="Blog" href="/feed"></head></html>'
)


def test_add_finds_the_feed_of_a_page_and_keeps_comments(project: Project) -> None:
    with UpstreamThread() as upstream:
        upstream.routes["/"] = Answer(body=PAGE, headers={"Content-Type": "text/html"})
        upstream.routes["/feed"] = Answer(body=rss([("1", "https://blog.example/1", "One")]))
        project.set("[site]", "# my own remark\n[site]")
        run = project.run("add", upstream.url("/"), "--allow", upstream.authority)
        assert run.returncode == 0, run.stderr
        assert "added: somebody-s-blog" in run.stdout
        assert "# my own remark" in project.config.read_text("utf-8")
        again = project.run("add", upstream.url("/feed"), "--allow", upstream.authority)
        assert "already configured" in again.stdout
        build(project)
        assert titles(project) == ["One"]
        told = project.run("status").stdout
        assert "ok           somebody-s-blog: 1 post; fetched " in told
        assert ", next in " in told


def test_add_says_what_it_tried_where_there_is_no_feed(project: Project) -> None:
    with UpstreamThread() as upstream:
        upstream.routes["/"] = Answer(body=b"<html></html>", headers={"Content-Type": "text/html"})
        before = project.config.read_bytes()
        run = project.run("add", upstream.url("/"), "--allow", upstream.authority)
        assert run.returncode == 1
        assert "no feed found" in run.stderr
        assert project.config.read_bytes() == before


def test_a_list_goes_in_and_comes_out_without_a_loss(project: Project, tmp_path: Path) -> None:
    lines = "".join(
        f'<outline text="Blog {n}" type="rss" xmlUrl="https://b{n}.example/feed" htmlUrl="https://b{n}.example/"/>'
        for n in range(3)
    )
    given = tmp_path / "in.opml"
    given.write_text(
        f'<opml version="2.0"><body><outline text="Science">{lines}</outline></body></opml>', "utf-8"
    )
    assert project.run("import", str(given)).returncode == 0
    first = load_config(project.config).sources
    taken = tmp_path / "out.opml"
    taken.write_text(project.run("export").stdout, "utf-8")
    other = Project(tmp_path / "other")
    assert other.run("import", str(taken)).returncode == 0
    assert load_config(other.config).sources[1:] == first[1:]
    assert len(first) == 4


def test_init_begins_from_a_planet(tmp_path: Path) -> None:
    ini = tmp_path / "config.ini"
    ini.write_text(
        "[Planet]\nname = My planet\nlink = https://planet.example/\n\n[https://b.example/feed]\nname = B\n"
    )
    run = feedd("init", str(tmp_path / "new"), "--from", str(ini))
    assert run.returncode == 0, run.stderr
    config = load_config(tmp_path / "new" / "config" / "feedd.toml")
    assert config.site.title == "My planet"
    assert [one.name for one in config.sources] == ["b"]


def test_init_begins_from_a_list_and_the_configuration_works(tmp_path: Path) -> None:
    with UpstreamThread() as upstream:
        upstream.routes["/"] = Answer(body=rss([("1", "https://blog.example/1", "One")]))
        address = upstream.url("/?feed=rss2&amp;lang=en")
        line = f'<outline text="B" xmlUrl="{address}" htmlUrl="https://blog.example/?p=1"/>'
        given = tmp_path / "list.opml"
        given.write_text(f'<opml version="2.0"><body><outline text="S">{line}</outline></body></opml>')
        run = feedd("init", str(tmp_path / "new"), "--from", str(given))
        assert run.returncode == 0, run.stderr
        config = tmp_path / "new" / "config" / "feedd.toml"
        text = config.read_text("utf-8").replace(
            "[[sources]]\n", f'[[sources]]\nallow = ["{upstream.authority}"]\n'
        )
        config.write_text(text, "utf-8")
        assert feedd("check", "-c", str(config)).returncode == 0
        assert feedd("build", "-c", str(config)).returncode == 0
        assert [one.target for one in upstream.log] == ["/?feed=rss2&lang=en"]
    atom = (tmp_path / "new" / "output" / "atom.xml").read_text("utf-8")
    assert "https://blog.example/?p=1" in atom


def test_init_from_what_names_no_feed_says_so(tmp_path: Path) -> None:
    ini = tmp_path / "config.ini"
    ini.write_text("[Planet]\nname = My planet\nlink = https://planet.example/\n")
    run = feedd("init", str(tmp_path / "new"), "--from", str(ini))
    assert run.returncode == 2
    assert "lists no usable feed" in run.stderr
    assert not (tmp_path / "new" / "config" / "feedd.toml").exists()


def test_add_tries_usual_places_and_json_feeds(project: Project) -> None:
    document = {"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": []}
    with UpstreamThread() as upstream:
        upstream.routes["/"] = Answer(body=b"<html></html>", headers={"Content-Type": "text/html"})
        upstream.routes["/feed.json"] = Answer(body=json.dumps(document).encode())
        run = project.run("add", upstream.url("/"), "--allow", upstream.authority)
        assert run.returncode == 0, run.stderr
        assert "/feed.json (json11), J" in run.stdout
    assert "/feed.json" in project.config.read_text("utf-8")


def test_status_says_in_words_why_an_upstream_fails(project: Project) -> None:
    with UpstreamThread() as upstream:
        upstream.routes["/feed"] = Answer(503, b"", {"Retry-After": "3600"})
        subscribe(project, upstream)
        assert project.run("build").returncode == 0
        told = project.run("status").stdout
        assert "503" in told
        assert ", next in " in told
        upstream.routes["/page"] = Answer(body=b"<html><body>Domain for sale</body></html>")
        subscribe(project, upstream, "/page", "parked")
        project.run("build")
    assert "is not a feed" in project.run("status").stdout


def test_a_removed_source_keeps_its_posts_until_it_is_forgotten(project: Project) -> None:
    project.post("2024-01-01-a.md", "From the folder")
    with UpstreamThread() as upstream:
        upstream.routes["/feed"] = Answer(body=rss([("1", "https://blog.example/1", "One")]))
        whole = project.config.read_text("utf-8")
        subscribe(project, upstream)
        build(project)
        assert project.run("forget", "blog").returncode == 2
    project.config.write_text(whole, "utf-8")
    build(project)
    assert titles(project) == ["From the folder", "One"]
    assert json.loads(project.run("forget", "blog", "--json").stdout)["items"] == 1
    build(project)
    assert titles(project) == ["From the folder"]
    assert not (project.output / "tag" / "science").exists()


def test_a_running_daemon_takes_up_what_others_ask_for(project: Project, start: Start) -> None:  # noqa: F811
    with UpstreamThread() as upstream:
        upstream.routes["/feed"] = Answer(body=rss([("1", "https://blog.example/1", "One")]))
        project.post("2024-01-01-a.md", "From the folder")
        whole = project.config.read_text("utf-8")
        daemon = start()
        assert project.run("add", upstream.url("/feed"), "--allow", upstream.authority).returncode == 0
        daemon.until(lambda: titles(project) == ["From the folder", "One"])
        project.config.write_text(whole, "utf-8")
        daemon.process.send_signal(1)
        daemon.until(lambda: len(daemon.events("ready")) == 3)
        assert "running daemon" in project.run("forget", "somebody-s-blog").stdout
        daemon.until(lambda: titles(project) == ["From the folder"])
