"""The examples that ship: each program understands its own, they agree with each other, and the workflow's steps run."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from feeds.config import Config, Serve, load_config
from tests.conftest import ROOT, Project
from tests.rigs.web_servers import EXAMPLES, needed

UNITS = sorted(path for path in EXAMPLES.iterdir() if path.suffix in (".service", ".timer"))
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_the_units(unit: Path, tmp_path: Path) -> None:
    for one in UNITS:
        text = one.read_text("utf-8").replace("/opt/feedd/bin/feedd", "/bin/true")
        (tmp_path / one.name).write_text(text, "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / unit.name)], capture_output=True, text=True, timeout=60
    )
    complaints = [line for line in done.stderr.splitlines() if unit.name in line]
    assert complaints == []


def test_the_units_name_commands_that_exist() -> None:
    texts = "".join(unit.read_text("utf-8") for unit in UNITS)
    assert "feedd -c " in texts
    assert "feedd build -q -c " in texts


def read(name: str) -> str:
    return (EXAMPLES / name).read_text("utf-8")


def settings(unit: Path) -> dict[str, str]:
    """The section [Service] of a unit."""
    found = configparser.ConfigParser(strict=False, interpolation=None)
    found.optionxform = str  # type: ignore[assignment, method-assign]
    found.read_string(unit.read_text("utf-8"))
    return dict(found["Service"])


@pytest.fixture
def service() -> Config:
    """The configuration of the example of a service."""
    return load_config(EXAMPLES / "feedd.toml")


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_unit_may_write_where_the_configuration_says(unit: Path, service: Config) -> None:
    found = settings(unit)
    places = [str(service.output.dir), str(service.store.parent)]
    assert found["ReadWritePaths"].split() == places
    assert f"/var/lib/{found['StateDirectory']}" == str(service.store.parent)
    assert found["ExecStart"].split()[0] == "/opt/feedd/bin/feedd"
    assert found["ExecStart"].endswith(" -c /etc/feedd/feedd.toml")
    assert found["User"] == "feedd"
    assert found["EnvironmentFile"].lstrip("-") in read("feedd.toml")
    assert unit.name in read("README.md")


def test_what_the_unit_has_set_up_is_what_it_uses(service: Config) -> None:
    comment = "".join(line for line in read("feedd.service").splitlines(True) if line.startswith("#"))
    assert f"install -d -o feedd -g feedd {service.output.dir} {service.store.parent}\n" in comment
    assert "examples/feedd.toml /etc/feedd/feedd.toml\n" in comment
    assert "-m venv /opt/feedd\n" in comment
    assert re.search(r"useradd --system .* feedd\n", comment)


def test_the_web_servers_serve_what_the_configuration_publishes(service: Config) -> None:
    root = str(service.output.dir)
    private = re.search(r'^# feed = "(.+)"$', read("feedd.toml"), re.MULTILINE)
    assert private
    assert service.serve
    assert service.serve.precompress
    assert service.serve.listen == Serve().listen
    host = service.site.url.split("/")[2]
    nginx, caddy = read("nginx.conf"), read("Caddyfile")
    assert re.findall(r"^\s*root (.+);$", nginx, re.MULTILINE) == [root]
    assert re.findall(r"^\s*root \* (.+)$", caddy, re.MULTILINE) == [root]
    assert re.findall(r"^\s*server_name (.+);$", nginx, re.MULTILINE) == [host]
    assert re.findall(r"^(\S+) \{$", caddy, re.MULTILINE) == [host]
    assert f'"~*^/{private[1]}(/|$)"' in nginx
    assert caddy.count(f"path /{private[1]} /{private[1]}/*") == 2
    assert f"`reverse_proxy {service.serve.listen}`" in caddy


def test_no_example_names_a_place_that_the_others_do_not_know() -> None:
    names = [path.name for path in EXAMPLES.iterdir() if path.is_file()]
    found = {
        place
        for name in names
        for place in re.findall(r"(?<![\w/.])/(?:srv|var|opt|etc)/[\w/.-]+", read(name))
    }
    known = (
        "/srv/feeds",
        "/srv/posts",
        "/var/lib/feedd",
        "/opt/feedd",
        "/etc/feedd/",
        "/etc/systemd/system/",
    )
    known += ("/etc/nginx/feedd.htpasswd", "/etc/caddy/feedd.passwd")
    assert [place for place in sorted(found) if not place.startswith(known)] == []


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(read("github-pages.yml"))
    return found


def steps(workflow: dict[str, Any], job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = workflow["jobs"][job]["steps"]
    return found


def script(workflow: dict[str, Any], job: str, name: str) -> str:
    return str(next(one["run"] for one in steps(workflow, job) if one.get("name") == name))


def test_the_workflow_names_every_action_by_commit(workflow: dict[str, Any]) -> None:
    used = [one["uses"] for job in workflow["jobs"] for one in steps(workflow, job) if "uses" in one]
    assert len(used) == 7
    for one in used:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", one)
        assert re.search(re.escape(one) + r" # v\d+\.\d+\.\d+\n", read("github-pages.yml"))
    assert len({one for one in used if "/checkout@" in one}) == 1


def test_each_job_of_the_workflow_has_the_rights_that_it_needs(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {}
    rights = {name: job["permissions"] for name, job in workflow["jobs"].items()}
    assert rights == {
        "build": {"contents": "read"},
        "keep": {"contents": "write"},
        "deploy": {"pages": "write", "id-token": "write"},
    }
    foreign = ("pip", "feedd build")  # code that is not GitHub's own runs where nothing can be written
    assert not any(
        word in one.get("run", "")
        for job in ("keep", "deploy")
        for one in steps(workflow, job)
        for word in foreign
    )
    assert steps(workflow, "build")[0]["with"]["persist-credentials"] is False
    assert [workflow["jobs"][job].get("needs") for job in workflow["jobs"]] == [None, "build", "keep"]
    assert "${{" not in "".join(
        one.get("run", "") for job in workflow["jobs"] for one in steps(workflow, job)
    )


def test_nothing_is_installed_by_a_bare_name_from_the_index(workflow: dict[str, Any]) -> None:
    for path in [*EXAMPLES.iterdir(), *(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]:
        text = path.read_text("utf-8") if path.is_file() else ""
        for options in re.findall(r"pip install ([^\n`]*)", text):
            # Paths, wheels and lists with hashes; a name alone is somebody else's to register.
            assert not re.search(r"(?:^|\s)feedd(?:[=<>~!\[]|\s|$)", options), (path, options)
    found = re.findall(r"^pip install (.*)$", script(workflow, "build", "Install feedd"), re.MULTILINE)
    assert found == ["--require-hashes -r feedd/requirements.lock", "--no-index --no-deps feedd/feedd-*.whl"]


def run(command: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A script as the runner of a workflow runs it."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTHON"))
    }
    environment |= {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "HOME": str(folder),
    } | more
    done = subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def needed_packages(folder: Path) -> Path:
    """What feedd needs, without feedd itself, as if it had been installed from the index."""
    folder.mkdir()
    for one in Path(yaml.__file__).parents[1].iterdir():
        if not re.match(r"_editable_impl_feedd|feedd-|__editable__|__pycache__", one.name):
            (folder / one.name).symlink_to(one)
    return folder


def write_pip(path: Path) -> None:
    """Write the program ``pip`` of a virtual environment that finds pip among the packages of the tests."""
    path.write_text('#!/bin/sh\nexec "${0%/*}/python" -m pip "$@"\n', "utf-8")
    path.chmod(0o755)


def test_the_steps_of_the_workflow_publish_and_keep_the_ledger(
    workflow: dict[str, Any], tmp_path: Path
) -> None:
    needed("git")
    repository, origin = tmp_path / "repository", tmp_path / "origin.git"
    project = Project(repository, posts=repository / "posts" / "_posts")
    project.post("2024-01-02-a.md", title="A post", tags="茶叶")
    project.post("b.md", title="Without a date", date="")
    text = project.config.read_text("utf-8").replace(str(project.posts.parent), "posts")
    (repository / "feedd.toml").write_text(text, "utf-8")
    (repository / ".gitignore").write_text("state/\noutput/\n")
    wheel = "-m pip wheel --quiet --no-deps --no-index --no-build-isolation --wheel-dir"
    run(f"'{sys.executable}' {wheel} '{repository}/feedd' '{ROOT}'", tmp_path)
    shutil.copy(ROOT / "requirements.lock", repository / "feedd")
    author = "-c user.name=a -c user.email=a@b.example"
    run(f"git init -q -b main && git add . && git {author} commit -qm posts", repository)
    run(f"git clone -q --bare '{repository}' '{origin}'", tmp_path)
    # The pip of the tests is linked below: to install another takes ten seconds.
    run(f"'{sys.executable}' -m venv --without-pip '{tmp_path}/venv'", tmp_path)
    write_pip(tmp_path / "venv" / "bin" / "pip")
    site = next((tmp_path / "venv" / "lib").glob("python*/site-packages"))
    (site / "needed.pth").write_text(str(needed_packages(tmp_path / "needed")))
    path = f"{tmp_path}/venv/bin{os.pathsep}{os.environ['PATH']}"
    build, keep = (tmp_path / job for job in ("build", "keep"))
    for number in (1, 2):
        for job in (build, keep):
            shutil.rmtree(job, ignore_errors=True)
            run(f"git clone -q '{origin}' '{job}'", tmp_path)
        run(script(workflow, "build", "Install feedd"), build, PATH=path, PIP_NO_INDEX="1")
        assert run("python -c 'import feeds; print(feeds.__file__)'", build, PATH=path).stdout.startswith(
            str(site)
        )
        run(script(workflow, "build", "Build the feeds"), build, PATH=path)
        atom = (build / "output" / "atom.xml").read_text("utf-8")
        assert "A post" in atom
        assert "Without a date" in atom
        (keep / "state").mkdir(exist_ok=True)
        shutil.copy(build / "state" / "ledger.jsonl", keep / "state")
        run(script(workflow, "keep", "Keep the ledger"), keep)
        log = run("git log --format=%s", origin).stdout.splitlines()
        assert log == ["Ledger of the feeds", "posts"], number
    assert run("git show main:state/ledger.jsonl", origin).stdout == (build / "state/ledger.jsonl").read_text(
        "utf-8"
    )
