"""Each foreign library has one home: the modules named here, and no other, import it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from feeds.storage.sqlite import load_statements
from tests.conftest import ROOT, Project

HOMES = {
    "anyascii": {"feeds.values.slugs"},
    "apscheduler": {"feeds.daemon.daemon"},
    "brotli": {"feeds.output.compression"},
    "bs4": {"feeds.parser.lists.discovery", "feeds.sanitizer.hidden_elements"},
    "certifi": {"feeds.http.transport"},
    "feedgen": {"feeds.renderer.feedgen_writer"},
    "feedparser": {"feeds.parser.feeds.feed"},
    "httpcore": {"feeds.http.transport", "feeds.http.network"},
    "httpx": {"feeds.http.session", "feeds.http.transport"},
    "idna": {"feeds.values.urls"},
    "jinja2": {"feeds.renderer.templates"},
    "liquid": {
        "feeds.parser.posts.liquid_engine",
        "feeds.parser.posts.liquid_dates",
        "feeds.parser.posts.liquid_filters",
        "feeds.parser.posts.liquid_lists",
    },
    "lxml": {"feeds.output.validator", "feeds.output.validator_rules", "feeds.renderer.feedgen_writer"},
    "pyromark": {
        "feeds.sanitizer.markdown",
        "feeds.sanitizer.markdown.simple",
        "feeds.sanitizer.markdown.source",
        "feeds.sanitizer.markdown.writer",
    },
    "markupsafe": {"feeds.renderer.templates", "feeds.renderer.html_pages"},
    "nh3": {"feeds.sanitizer.attributes", "feeds.sanitizer.html"},
    "prometheus_client": {"feeds.server.metrics"},
    "pypinyin": {"feeds.values.slugs"},
    "sqlite3": {"feeds.storage.sqlite", "feeds.storage.backup", "feeds.server.delta"},
    "re2": {"feeds.values.patterns"},
    "rich": {"feeds.cli.terminal"},
    "shtab": {"feeds.cli.completion"},
    "starlette": {
        "feeds.daemon.http_service",
        "feeds.server.app",
        "feeds.server.document_route",
        "feeds.server.protocol",
        "feeds.server.resource",
        "feeds.server.responses",
        "feeds.websub.hub",
        "feeds.websub.responses",
        "feeds.websub.subscriber",
    },
    "msgspec": {
        "feeds.config.conversion",
        "feeds.config.declare",
        "feeds.config.json_schema",
        "feeds.config.sections",
        "feeds.config.settings",
    },
    "tomlkit": {"feeds.config.editor"},
    "uvicorn": {"feeds.server.protocol", "feeds.server.server"},
    "uvloop": {"feeds.server.server"},
    "watchfiles": {"feeds.daemon.folder_watcher"},
    "yaml": {"feeds.parser.posts.front_matter_values"},
    "zstandard": {"feeds.output.compression", "feeds.workers.ingest_tasks"},
}
"""Modules that may import each library. SQLite counts as one: no module outside storage opens a database."""


def imported_names(path: Path) -> Iterator[str]:
    """Yield the top-level name of every absolute import in a file, also of those inside functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def find_strays(root: Path) -> list[str]:
    """Return the imports of foreign libraries outside their homes, in the checkout at ``root``."""
    own = set(sys.stdlib_module_names) - set(HOMES) | {"feeds"}
    strays = []
    for path in sorted((root / "feeds").rglob("*.py")):
        module = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        strays += [
            f"{module} imports {name}"
            for name in set(imported_names(path)) - own
            if module not in HOMES.get(name, set())
        ]
    return strays


def test_each_library_is_imported_only_in_its_home() -> None:
    assert find_strays(ROOT) == []


def test_every_home_imports_its_library() -> None:
    for library, modules in HOMES.items():
        for module in modules:
            place = ROOT / module.replace(".", "/")
            path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
            assert library in set(imported_names(path)), f"{module} no longer imports {library}"


QUERIES = {"iterate_rows", "many", "rows", "run", "scope", "transaction", "value"}
"""Methods of a database that name a query or begin a transaction."""


def names_a_query(node: ast.AST) -> bool:
    """Return whether a call names a query of the store, or uses a database as only ``storage`` may."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    owner = ast.unparse(node.func.value).rpartition(".")[2]
    first = node.args[0] if node.args else None
    named = isinstance(first, ast.Constant) and first.value in load_statements()
    return node.func.attr in QUERIES and (named or owner.strip("_") in ("db", "database", "connection"))


def find_query_calls(root: Path) -> list[str]:
    """Return the places outside ``storage`` that name a query, in the checkout at ``root``."""
    return [
        f"{path.relative_to(root)}:{node.lineno}"
        for path in sorted((root / "feeds").rglob("*.py"))
        if path.relative_to(root / "feeds").parts[0] != "storage"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and names_a_query(node)
    ]


def test_only_storage_names_a_query() -> None:
    assert find_query_calls(ROOT) == []


def test_a_call_that_names_a_query_is_found() -> None:
    for line in ("run.db.rows('source_all')", "db.transaction()", "self._db.scope([1])"):
        assert any(map(names_a_query, ast.walk(ast.parse(line)))), line
    assert not any(map(names_a_query, ast.walk(ast.parse("workers.run(parse, data)"))))


def test_a_build_loads_no_server(project: Project) -> None:
    project.post("2024-01-02-a.md")
    command = [sys.executable, "-X", "importtime", "-m", "feeds", "build", "-c", str(project.config)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert done.returncode == 0
    assert "sqlite3" in loaded
    assert loaded & {"anyio", "httptools", "prometheus_client", "starlette", "uvicorn", "uvloop"} == set()
