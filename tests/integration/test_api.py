"""The Python interface: each command as a function, on a built site."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

import feeds
from feeds import api
from feeds.errors import UsageError
from feeds.storage.store import Store
from tests.rigs.memory_world import NOON, UPSTREAM, World, save_store


@pytest.fixture
def world(tmp_path: Path) -> World:
    found = World(tmp_path, more=UPSTREAM)
    found.post("a")
    found.build()
    save_store(found)
    return found


def test_every_name_is_a_function_or_type_that_the_package_offers_too() -> None:
    assert all(callable(getattr(api, name)) for name in api.__all__)
    assert set(feeds.__all__) <= {*api.__all__, *dir(feeds)}


def test_a_configuration_is_checked_and_shown(world: World) -> None:
    assert api.check(world.config.path) == []
    path, settings = api.show_config(world.config.path)
    assert path == world.config.path
    assert any(
        (setting.table, setting.name) == ("site", "title") and setting.value == "Test site"
        for setting in settings
    )
    assert "site" in api.build_config_schema()["properties"]


def test_posts_are_explained_and_listed(world: World) -> None:
    assert api.explain(world.config, "a.md")["title"] == "a"
    assert [source["name"] for source in api.status(world.config)["sources"]] == ["news", "up"]
    assert list(api.lint(world.config)) == []
    world.post("bad", date="never")
    assert {problem["path"] for problem in api.lint(world.config)} == {str(world.posts / "bad.md")}
    assert list(api.lint(world.config, [world.posts / "a.md"])) == []


def test_documents_of_the_output_are_validated_unless_others_are_named(world: World) -> None:
    assert api.validate(world.config, []) == []
    broken = world.output / "broken.xml"
    broken.write_text("<feed>")
    assert {path for path, _ in api.validate(world.config, [])} == {broken}
    assert api.validate(None, [world.output / "atom.xml"]) == []
    with pytest.raises(UsageError, match="no path and no configuration"):
        api.validate(None, [])


def test_a_post_is_withdrawn_and_published_again(world: World) -> None:
    api.withdraw(world.config, "a.md", clock=lambda: NOON)
    assert api.explain(world.config, "a.md")["state"] == "withdrawn"
    api.withdraw(world.config, "a.md", undo=True, clock=lambda: NOON)
    assert api.explain(world.config, "a.md")["state"] == "live"


def test_the_database_is_backed_up_and_restored(world: World, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    assert api.backup(world.config, file) == file.stat().st_size
    former = api.restore(world.config, file)
    assert former is not None
    assert former.is_file()


def test_feeds_are_added_imported_and_exported(world: World, tmp_path: Path) -> None:
    exported = api.export_opml(world.config)
    assert b"https://up.example/feed" in exported
    file = tmp_path / "list.opml"
    file.write_bytes(exported.replace(b"up.example", b"other.example"))
    api.import_opml(world.config, file)
    assert "https://other.example/feed" in world.config.path.read_text()
    assert api.add(world.config, []).added == ()


def test_a_removed_source_is_forgotten(world: World) -> None:
    with pytest.raises(UsageError):
        api.forget(world.config, "news", lambda: NOON)
    world.config.path.write_text(world.config.path.read_text().replace('"news"', '"olds"'))
    assert api.forget(api.load_config(world.config.path), "news", lambda: NOON) == 1


def test_a_project_is_started(tmp_path: Path) -> None:
    files, notes = api.init(tmp_path / "site")
    assert all(file.is_relative_to(tmp_path / "site") and file.is_file() for file in files)
    assert "feedd.toml" in [file.name for file in files]
    assert isinstance(notes, tuple)


def test_commands_for_a_running_daemon_and_for_upstream_feeds_name_what_is_missing(world: World) -> None:
    with pytest.raises(UsageError):
        api.backfill(world.config, "missing", 1, lambda: NOON)


def test_a_folder_without_changes_is_built_without_workers(world: World) -> None:
    (world.posts / "a.md").unlink()
    report = api.build(world.config, offline=True, allow_removals=True, clock=lambda: NOON)
    assert (report.gone, report.posts, report.troubles) == (1, 0, [])
    with closing(Store.open(world.config.store, read_only=True)) as db:
        assert db.load_build_counts([]).posts.posts == 0
