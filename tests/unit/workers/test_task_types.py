"""What worker processes exchange can be pickled, and keeps its defaults."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeds.identity import Shown
from feeds.models import Extent
from feeds.parser.posts.jekyll import FolderSettings, read_site_config
from feeds.workers.ingest_tasks import READ_FILES
from feeds.workers.task_types import EntrySettings, RenderResult, RenderTask, Settings, SourceSettings

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
PARSE = FolderSettings("https://a.example/", "UTC", "/:title/", read_site_config(""))
SOURCE = SourceSettings("news", 1, Path("/posts"), PARSE, ("c",), True, False)
SETTINGS = Settings({"news": SOURCE}, (("n", "p"),), None, 30, 100, ("atom",), "https://a.example/", "en")
SHOWN = Shown("T", "https://a.example/1", (), NOON, False, None, (), (), 1, "")
TASK = RenderTask(1, "urn:x", 2, SHOWN, (), b"d", "news", "1.md")


@pytest.mark.parametrize("value", [SETTINGS, SOURCE, TASK, RenderResult(1, b"x"), READ_FILES])
def test_values_survive_the_way_to_another_process(value: object) -> None:
    assert pickle.loads(pickle.dumps(value)) == value


def test_what_is_left_out_has_its_usual_value() -> None:
    assert not SOURCE.source_line
    entry = EntrySettings("news", 1, "UTC", (), True)
    assert (entry.url, entry.link, entry.merge_terms) == ("", "", False)
    assert (SETTINGS.look, SETTINGS.archive) == (None, ())
    assert (TASK.origin, TASK.extent) == (None, Extent.ON_FRONT)
    assert RenderResult(1, b"x") == (1, b"x", "", Extent.ON_FRONT)
