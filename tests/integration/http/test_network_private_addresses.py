"""Real private addresses and names that change what they mean, in a network namespace: nothing inside is ever asked."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT, Project
from tests.rigs.netns_world import NAMES


def test_no_private_address_is_asked_whatever_a_name_means(project: Project) -> None:
    inside = ["unshare", "--map-root-user", "--net", "--mount"]
    if (
        not shutil.which("unshare")
        or not shutil.which("ip")
        or subprocess.run([*inside, "true"], capture_output=True).returncode
    ):
        pytest.skip("no network namespace can be made here: private addresses are tested on loopback only")
    wanted = [f"http://{name}/feed" for name in (*NAMES, "inside6.example")]
    wanted += [
        f"http://good.example/{path}" for path in ("to-address", "to-name", "to-rebind", "to-loop", "to-6")
    ]
    wanted += ["http://10.1.2.3/", "http://[fd00::1]/", "http://169.254.169.254/latest/", "http://0xa010203/"]
    sources = "".join(
        f'[[sources]]\nname = "u{number}"\nkind = "upstream"\nurl = "{url}"\ngroup = "g{number}"\n'
        for number, url in enumerate(wanted)
    )
    text = project.config.read_text("utf-8")
    project.config.write_text(text.replace("[[identity]]", sources + "[[identity]]", 1), "utf-8")
    done = subprocess.run(
        [*inside, sys.executable, "-m", "tests.rigs.netns_world", str(project.folder), sys.executable, "6"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["private"] == []
    assert any(one.endswith("/feed") for one in found["public"]), found["said"][0]
    assert any("to-name" in one for one in found["public"])
    assert b"Good news" in project.bytes()["atom.xml"]
    assert all("not globally" in one or "refused" in one or "troubles" in one for one in found["said"])
