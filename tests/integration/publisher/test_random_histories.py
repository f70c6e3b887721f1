"""Random histories of a site: whatever happens to its posts, its feeds and archives tell the truth."""

from __future__ import annotations

import re
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from feeds import api, build, load_config
from tests.integration.publisher.test_archives import Site
from tests.rigs.chain import archives, chain
from tests.rigs.whole import check_all

NUMBERS = st.integers(0, 11)
_TITLE = re.compile(r"Post (\d+) version (\d+)")


class Killed(Exception):  # noqa: N818 - it is what happens, not a fault
    """The process ends here."""


@dataclass
class Known:
    """What the machine knows of a post."""

    version: int
    category: int
    late: bool
    there: bool = True
    withdrawn: bool = False
    published: bool = False
    """It was published at least once, so that it can be withdrawn."""


class Histories(RuleBasedStateMachine):
    """A folder of posts, what was done to it, and what its feeds must say."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="histories-"))
        self.site = Site(self.folder, entries=2)
        self.posts: dict[int, Known] = {}
        self.keep = 0
        self.settled = True
        self.sealed: dict[str, bytes] = {}

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def write(self, number: int) -> None:
        one = self.posts[number]
        date = datetime(1990 if one.late else 2020, 1, 1, tzinfo=UTC) + timedelta(hours=number)
        self.site.post(
            f"2020-01-01-p{number}.md",
            f"Post {number} version {one.version}",
            f"Text {number}, version {one.version}.",
            date=f"{date:%Y-%m-%d %H:%M:%S}",
            categories=f"c{one.category}",
            tags=f"t{number % 2}",
            id=f"urn:p:{number}",
        )
        self.settled = False

    @rule(number=NUMBERS, category=st.integers(0, 1), late=st.booleans())
    def add(self, number: int, category: int, late: bool) -> None:
        if number not in self.posts:
            self.posts[number] = Known(1, category, late)
            self.write(number)

    @rule(number=NUMBERS)
    def edit(self, number: int) -> None:
        if number in self.posts and self.posts[number].there:
            self.posts[number].version += 1
            self.write(number)

    @rule(number=NUMBERS)
    def move_to_other_category(self, number: int) -> None:
        if number in self.posts and self.posts[number].there:
            self.posts[number].category ^= 1
            self.write(number)

    @rule(number=NUMBERS)
    def remove(self, number: int) -> None:
        if number in self.posts and self.posts[number].there:
            (self.site.posts / f"2020-01-01-p{number}.md").unlink()
            self.posts[number].there = False
            self.settled = False

    @rule(number=NUMBERS, edited=st.booleans())
    def restore(self, number: int, edited: bool) -> None:
        if number in self.posts and not self.posts[number].there:
            self.posts[number].there = True
            self.posts[number].version += edited
            self.write(number)

    @rule(number=NUMBERS)
    def withdraw_or_undo(self, number: int) -> None:
        one = self.posts.get(number)
        if one and one.published:
            config = load_config(self.site.config)
            api.withdraw(config, f"urn:p:{number}", one.withdrawn, lambda: self.site.now)
            one.withdrawn = not one.withdrawn
            self.settled = False

    @rule(keep=st.sampled_from([0, 3, 6]))
    def keep_the_newest(self, keep: int) -> None:
        if keep != self.keep:
            old, new = (f'keep = "{n}"\n[store]' if n else "[store]" for n in (self.keep, keep))
            self.site.set(old, new)
            self.keep = keep
            self.settled = False

    @rule(after=st.integers(1, 6))
    def crash(self, after: int) -> None:
        left = after

        def progress(step: str, done: int, total: int) -> None:
            nonlocal left
            left -= 1
            if not left:
                raise Killed

        self.site.now += timedelta(seconds=10)
        with suppress(Killed):
            build(
                load_config(self.site.config),
                jobs=1,
                allow_removals=True,
                clock=lambda: self.site.now,
                progress=progress,
            )
        self.settled = False

    @precondition(lambda self: not self.settled)
    @rule()
    def publish(self) -> None:
        report = self.site.build(allow_removals=True)
        self.settled = True
        check_all(self.site, report)
        for number in self.live():
            self.posts[number].published = True

    def live(self) -> list[int]:
        found = [n for n, one in self.posts.items() if one.there and not one.withdrawn]
        found.sort(key=lambda n: (not self.posts[n].late, n), reverse=True)
        return found[: self.keep] if self.keep else found

    @invariant()
    def feeds_tell_the_truth(self) -> None:
        if not self.settled or not self.posts:
            return
        live = set(self.live())
        for path, of_feed in self.feeds(live).items():
            if of_feed:
                self.check_feed(path, of_feed)
        for path in self.site.output.rglob("*.xml"):
            for number in map(int, re.findall(r"<id>urn:p:(\d+)</id>", path.read_text("utf-8"))):
                assert number in live, f"{path} still has {number}"
        self.check_sealed(live)

    def feeds(self, live: set[int]) -> dict[str, set[int]]:
        found = {"atom.xml": live}
        for value in (0, 1):
            found[f"category/c{value}/atom.xml"] = {n for n in live if self.posts[n].category == value}
            found[f"tag/t{value}/atom.xml"] = {n for n in live if n % 2 == value}
        return found

    def check_feed(self, path: str, live: set[int]) -> None:
        met: dict[int, int] = {}
        for document in chain(self.site.output, path):
            ids = [uid for uid, _ in document.entries]
            assert len(ids) == len(set(ids)), "no id twice in a document"
            for _, version in document.entries:
                title = _TITLE.search(version)
                assert title
                met.setdefault(int(title[1]), int(title[2]))
        assert live <= met.keys()
        assert {n: met[n] for n in live} == {n: self.posts[n].version for n in live}

    def check_sealed(self, live: set[int]) -> None:
        """What was sealed stays, but for entries that are gone (and archives of feeds without posts)."""
        now = archives(self.site.output)
        for path, data in self.sealed.items():
            ids = {int(n) for n in re.findall(rb"<id>urn:p:(\d+)</id>", data)}
            if ids <= live and path in now and set(re.findall(rb"urn:p:\d+", now[path])):
                kept = {int(n) for n in re.findall(rb"<id>urn:p:(\d+)</id>", now[path])}
                assert now[path] == data or not kept & ids, path
        self.sealed = now


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=examples < 50,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_random_histories() -> None:
    run(12, 20)


@pytest.mark.stress
def test_many_random_histories() -> None:
    run(150, 50)
