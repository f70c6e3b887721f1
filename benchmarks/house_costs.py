"""``python -m benchmarks.house_costs MODULE``: what each import statement on standard input costs once MODULE is loaded.

It prints a line for each: milliseconds of the processor, modules loaded, and why the import failed, between tabs.
Every statement runs in a copy of this process, so this file imports next to nothing: what it has loaded would cost
nothing there.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
import time

_TRIALS = 2


def main() -> None:
    """Print the least cost of every statement."""
    importlib.import_module(sys.argv[1])
    gc.freeze()  # a child that collects garbage would copy the memory of its parent
    for statement in sys.stdin.read().splitlines():
        trials = [run_in_child(statement) for _ in range(_TRIALS)]
        print(min(trials, key=lambda line: float(line.partition("\t")[0])))


def run_in_child(statement: str) -> str:
    """Run an import in a copy of this process; its line of output."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, run_import(statement).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as stream:
        line = stream.read()
    os.waitpid(child, 0)
    return line


def run_import(statement: str) -> str:
    """Run an import here; its line of output."""
    before = len(sys.modules)
    started = time.process_time()
    error = ""
    try:
        exec(statement, {})
    except ImportError as problem:  # an optional library, or one for another system
        error = " ".join(str(problem).split())
    milliseconds = (time.process_time() - started) * 1000
    return f"{milliseconds:.2f}\t{len(sys.modules) - before}\t{error}"


if __name__ == "__main__":
    main()
