"""Fuzzing that follows coverage: ``make fuzz``, or ``python -m tests.rigs.fuzzing.guided [READER...] --seconds N``.

Each reader runs in a process of its own under Atheris, with the code of feedd instrumented. What reaches new code is
kept in ``.fuzz/corpus/<reader>``, so that the next run goes on from there. An input that makes a reader fail is cut down
and becomes a case in ``tests/cases/fuzz``; the run goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import os
import pkgutil
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from tests.rigs.fuzzing.mutations import TOKENS, mutated

if TYPE_CHECKING:
    from tests.rigs.fuzzing.readers import Reader

ROOT = Path(__file__).parents[3]
MEMORY = Path("/dev/shm")
CASES = ROOT / "tests" / "cases" / "fuzz"
CORPUS = ROOT / ".fuzz" / "corpus"
NAMES = (
    "post",
    "html",
    "markdown",
    "date",
    "address",
    "upstream",
    "opml",
    "page",
    "config",
    "target",
    "request",
)
_WATCHED = {"upstream": ("feedparser",)}
"""Libraries whose coverage is followed, too."""
_LARGEST = 8192
_HANGS = 60
_MOST_MEGABYTES = 2048
_MOST_FINDINGS = 30
_MOST_TRIES = 3000
_ARTIFACT = "found-"
_EXECUTED = "stat::number_of_executed_units:"
_STATUS = re.compile(r"#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)/\S+.*?rss: (\d+)Mb")


class Outcome(NamedTuple):
    """What one reader's run came to."""

    reader: str
    executions: int
    edges: int
    corpus: int
    megabytes: int
    seconds: float
    findings: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz the readers one after the other; 1 if one of them failed."""
    options = argparse.ArgumentParser(prog="python -m tests.rigs.fuzzing.guided", description=__doc__)
    options.add_argument("readers", nargs="*", metavar="READER", help=f"of {', '.join(NAMES)} (all)")
    options.add_argument("--seconds", type=int, default=60, help="for each reader (60)")
    options.add_argument("--seed", type=int, default=0, help="of chance (0: another one each time)")
    options.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args(arguments)
    unknown = [one for one in chosen.readers if one not in NAMES]
    if unknown:
        options.error(f"no reader {unknown[0]!r}; there are {', '.join(NAMES)}")
    if chosen.child:
        _run_child(chosen.readers[0], chosen.seconds, chosen.seed)
    if find_spec("atheris") is None:
        options.error("atheris is not installed; run `make fuzz`, which installs it")
    outcomes = [_run(name, chosen.seconds, chosen.seed) for name in chosen.readers or NAMES]
    total = sum(one.executions for one in outcomes)
    found = sum(one.findings for one in outcomes)
    print(f"{total:,} executions in all, {found} findings")
    return int(found > 0)


def _run(name: str, seconds: int, seed: int) -> Outcome:
    """One reader in a process of its own."""
    cases = {path.name for path in _cases(name)}
    begun = time.monotonic()
    command = [sys.executable, "-m", __spec__.name if __spec__ else __name__, name, "--child"]
    with tempfile.TemporaryDirectory(
        prefix="feedd-fuzz-", dir=MEMORY if MEMORY.is_dir() else None
    ) as scratch:
        child = subprocess.Popen(
            [*command, "--seconds", str(seconds), "--seed", str(seed)],
            cwd=ROOT, env={**os.environ, "TMPDIR": scratch},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
        )  # fmt: skip
        assert child.stderr
        executions, edges, kept, megabytes, tail = _followed(child.stderr)
        failed = child.wait() != 0
        # What hung, ate memory or ended the process.
        for path in Path(scratch).glob(f"{_ARTIFACT}*"):
            data = path.read_bytes()
            (CASES / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}").write_bytes(data)
    if failed:
        print("\n".join(tail))
    new = len({path.name for path in _cases(name)} - cases)
    outcome = Outcome(
        name, executions, edges, kept, megabytes, time.monotonic() - begun, new + (failed and not new)
    )
    print(
        f"{name:9} {outcome.executions:>9,} executions  {outcome.edges:>5} edges  {outcome.corpus:>5} inputs kept"
        f"  {outcome.megabytes:>5} MB  {outcome.seconds:>5.0f} s  {outcome.findings} findings",
        flush=True,
    )
    return outcome


def _followed(lines: Iterable[str]) -> tuple[int, int, int, int, list[str]]:
    """What the engine tells: executions, edges, inputs kept, megabytes, and its last lines; findings are shown at once."""
    numbers = [0] * 5
    executions = 0
    tail: list[str] = []
    for line in lines:
        if status := _STATUS.match(line):
            numbers = [int(one) for one in status.groups()]
        if line.startswith(_EXECUTED):
            executions = int(line.removeprefix(_EXECUTED))
        if line.startswith("finding: "):
            print(line.rstrip(), flush=True)
        tail = [*tail[-30:], line.rstrip()]
    return executions or numbers[0], numbers[1], numbers[3], numbers[4], tail


def _cases(name: str) -> list[Path]:
    return list(CASES.glob(f"{name}-*"))


def _run_child(name: str, seconds: int, seed: int) -> None:
    """Fuzz one reader until its time is up; never comes back."""
    import atheris

    with atheris.instrument_imports(include=["feeds", *_WATCHED.get(name, ())]):
        import feeds

        for module in pkgutil.walk_packages(feeds.__path__, "feeds."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
        for library in _WATCHED.get(name, ()):
            importlib.import_module(library)
    from tests.rigs.fuzzing.readers import READERS

    reader = next(one for one in READERS if one.name == name)
    seeds = [one[:_LARGEST] for one in reader.seeds()] + [path.read_bytes() for path in _cases(name)]
    corpus = CORPUS / name
    corpus.mkdir(parents=True, exist_ok=True)
    given = _written(Path(tempfile.gettempdir()), seeds)
    flags = [
        f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={_LARGEST}", f"-timeout={_HANGS}",
        f"-rss_limit_mb={_MOST_MEGABYTES}", f"-dict={given / 'tokens'}", f"-artifact_prefix={given / _ARTIFACT}",
        "-reload=0", "-print_final_stats=1",
    ]  # fmt: skip
    atheris.Setup(
        [sys.argv[0], *flags, str(corpus), str(given / "seeds")],
        Executor(reader, CASES),
        custom_mutator=_mutator(atheris, seeds),
    )
    atheris.Fuzz()


def _written(folder: Path, seeds: Sequence[bytes]) -> Path:
    """A folder with the seeds and the list of tokens."""
    (folder / "seeds").mkdir()
    for number, seed in enumerate(seeds):
        (folder / "seeds" / str(number)).write_bytes(seed)
    tokens = ("".join(f"\\x{byte:02x}" for byte in token) for token in TOKENS)
    (folder / "tokens").write_text("".join(f'"{token}"\n' for token in tokens), "ascii")
    return folder


def _mutator(engine: ModuleType, seeds: Sequence[bytes]) -> Callable[[bytes, int, int], bytes]:
    """Changes of the engine and of our own in turn."""

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        if seed % 2:
            changed: bytes = engine.Mutate(data, most)  # which fuzzing binds anew
            return changed
        return mutated(data, seeds, random.Random(seed))[:most]

    return mutate


class Executor:
    """Reads one input after the other; makes a case of the first of each kind that fails."""

    def __init__(self, reader: Reader, cases: Path) -> None:
        self.reader = reader
        self.cases = cases
        self.kinds: set[str] = set()

    def __call__(self, data: bytes) -> None:
        from tests.rigs.fuzzing.readers import failure, keep

        found = failure(self.reader, data)
        if found is None or found.kind in self.kinds:
            return
        self.kinds.add(found.kind)
        small = data if found.kind in ("time", "memory") else self._cut_down(data, found.kind)
        path = keep(self.reader.name, small, self.cases)
        again = failure(self.reader, small) or found
        print(f"finding: {path.name}: {again.text}".replace("\n", " ")[:1500], file=sys.stderr, flush=True)
        if len(self.kinds) >= _MOST_FINDINGS:
            raise SystemExit(f"{_MOST_FINDINGS} findings are enough")

    def _cut_down(self, data: bytes, kind: str) -> bytes:
        """A shorter input that fails in the same way."""
        from tests.rigs.fuzzing.readers import failure

        size, tries = len(data) // 2, 0
        while size and tries < _MOST_TRIES:
            at = 0
            while at < len(data) and tries < _MOST_TRIES:
                shorter = data[:at] + data[at + size :]
                tries += 1
                found = failure(self.reader, shorter)
                if found and found.kind == kind:
                    data = shorter
                else:
                    at += size
            size //= 2
        return data


if __name__ == "__main__":
    sys.exit(main())
