"""Documents of real feeds and of test suites: what they say is what their suites state."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from feeds.parser.feeds.encoding import decode
from feeds.parser.feeds.feed import parse_outline, parse_upstream
from feeds.parser.feeds.splitter import join_entry, split_entries
from feeds.parser.lists.opml import parse_opml
from feeds.values.dates import parse_date
from tests.unit.parser.feeds.test_feed import URL


@pytest.mark.acceptance
def test_the_collected_feeds_say_what_their_suites_state(shared: Path) -> None:
    held = []
    lines = (shared / "data" / "upstream_manifest.jsonl").read_text("utf-8").splitlines()
    for record in map(json.loads, lines):
        headers = record.get("headers") or {}
        text = decode((shared / "data" / record["file"]).read_bytes(), headers.get("Content-Type", ""))
        found = parse_upstream(text, record.get("base_url") or URL, "UTC")
        said = {**record.get("observed", {}), **record.get("expect", {})}
        if "entries" in said:
            held.append(said["entries"] == len(found.items))
        for stated, item in zip(said.get("items") or [], found.items, strict=False):
            if "id" in stated:
                held.append(stated["id"].strip() == item.guid)
            if stated.get("published"):
                date = item.published or item.updated
                held.append(date is not None and date == parse_date_of(stated["published"]))
    assert sum(held) / len(held) > 0.99


@pytest.mark.acceptance
def test_an_entry_of_the_collected_feeds_says_the_same_alone(shared: Path) -> None:
    seen = 0
    for path in sorted((shared / "data" / "upstream").rglob("*.*")):
        parts = split_entries(decode(path.read_bytes()))
        if parts.kind == "none" or parts.whole:
            continue
        together = parse_outline(parts, URL, "UTC").items
        alone = [
            item
            for n in range(len(parts.entries))
            for item in parse_upstream(join_entry(parts, n), URL, "UTC").items
        ]
        assert tuple(alone) == together, path
        seen += 1
    assert seen > 600


def parse_date_of(text: str):
    from zoneinfo import ZoneInfo

    from feeds.values.dates import parse_date

    return parse_date(text, ZoneInfo("UTC"))


@pytest.mark.acceptance
def test_lists_of_real_readers_are_read(shared: Path) -> None:
    files = [p for p in (shared / "data/upstream").rglob("*") if "opml" in p.suffix or "opml_2.0" in p.name]
    counts = {
        p.name: len(parse_opml(p.read_bytes(), p.name).subscriptions) for p in files if "errors" not in p.name
    }
    assert sum(counts.values()) > 100, counts


@pytest.mark.acceptance
def test_the_collected_dates_are_right(shared: Path) -> None:
    wrong = []
    lines = (shared / "data" / "dates.jsonl").read_text("utf-8").splitlines()
    for record in map(json.loads, lines):
        found = parse_date(record["in"], ZoneInfo(record.get("zone", "UTC")))
        said = found.astimezone(UTC).isoformat().replace("+00:00", "Z") if found else None
        if record["utc"] != "any" and said != record["utc"]:
            wrong.append((record["in"], said))
    assert not wrong
