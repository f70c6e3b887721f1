"""Other packages reach the store through the functions named here, at most ten for each concern."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from inspect import isfunction, signature

from tests.conftest import ROOT

DOOR = {
    "sources": "sources: load_sources add_sources load_lists mark_source_read remove_source",
    "upstream feeds": "upstreams: load_upstreams save_polls save_list find_known_entries find_known_items "
    "ingest_document load_held_hosts hold_hosts count_entries save_refusal",
    "history and changed settings": "upstreams: load_entries_after load_history_position save_history_position "
    "load_keys_version save_keys_version; address_rule: follow_address_rule",
    "files": "files: load_present_files load_file_states load_keys_version touch_files finish_scan remove_expired_files; "
    "sightings: ingest_batches ingest_readings",
    "posts": "feeds: assign_post_ids load_posts exclude_invalid_posts; bodies: load_bodies; "
    "feed_membership: publish_due_posts; retention: apply; withdrawal: withdraw_post restore_post load_post_state; "
    "neighbourhood: load_blocked_keys",
    "ids of files": "file_ids: begin_file_ids derives_from_paths is_without_past record_file_ids; feeds: load_bare_files",
    "entries of documents": "feeds: find_missing_entries save_entries load_entries; documents: discard_entries "
    "load_render_settings use_render_settings",
    "feeds": "feeds: load_dirty_feeds load_feeds load_feed_figures load_wanted_revisions load_window load_shown_posts "
    "load_tombstones find_latest_change",
    "slugs": "feeds: assign_feed_slugs drop_unfit_slugs find_slugs",
    "documents": "documents: load_documents load_documents_of_feeds mark_documents_lost record_publication count_documents "
    "is_older_than_tree mark_as_new_as_tree select_new_warnings",
    "archives": "archives: append_versions find_long_logs load_unarchived close_archives load_newest_archives "
    "load_stale_archives load_archive mark_archives_clean remove_abandoned_logs",
    "archive revision": "archives: load_revision save_revision",
    "ledger": "ledger: load_ledger load_pending_kinds update_ledger render_changed_ledger mark_ledger_written; "
    "ledger_replay: apply_lines apply_dates apply_withdrawals",
    "subscriptions": "subscriptions: subscribe unsubscribe expire count_subscriptions_of_host load_document_digest "
    "load_due load_delivery mark_delivered postpone cancel_delivery",
    "tasks at other hubs": "subscriptions: put_task load_task remove_task retry_task count_tasks extract_host",
    "our subscriptions": "subscriptions: add_upstream update_upstream_state update_upstream_delivery drop_upstream "
    "find_upstream load_upstreams",
    "control": "control: add_request load_requests is_waiting remove_request load_change_counter; sqlite: lock_store; "
    "backup: save_backup restore_backup",
    "searches": "reports: find_post find_post_by_value find_post_by_key find_post_by_guid find_post_by_title find_file "
    "load_post_report load_title; left_out: find_left_out",
    "counts": "reports: count_files count_posts count_posts_of_feeds count_posts_of_days load_latest_posts "
    "load_invalid_posts load_folder_counts load_post_counts; left_out: count_items",
    "soundness": "reports: find_faults is_migrated iterate_compressed",
}
"""Functions by concern, as ``module: function …``."""
PURE = {"payload", "records", "removal_guard"}
"""Modules of values, without a database."""


def list_functions(concern: str) -> list[str]:
    """Return ``module.function`` of each function of a concern."""
    parts = [part.partition(":") for part in DOOR[concern].split(";") if ":" in part]
    return [f"{module.strip()}.{name}" for module, _, names in parts for name in names.split()]


def list_used_functions() -> Iterator[str]:
    """Yield ``module.name`` of everything that other packages use of ``storage``."""
    for path in sorted((ROOT / "feeds").rglob("*.py")):
        if path.relative_to(ROOT / "feeds").parts[0] == "storage":
            continue
        tree = ast.parse(path.read_text("utf-8"))
        modules = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "feeds.storage":
                modules |= {alias.asname or alias.name: alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("feeds.storage."):
                module = str(node.module).rpartition(".")[2]
                yield from (f"{module}.{alias.name}" for alias in node.names)
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id in modules
            ):
                yield f"{modules[node.value.id]}.{node.attr}"


def test_each_concern_has_at_most_ten_functions() -> None:
    assert [concern for concern in DOOR if len(list_functions(concern)) > 10] == []
    every = Counter(name for concern in DOOR for name in list_functions(concern))
    assert [name for name, count in every.items() if count > 1] == []


def test_other_packages_use_no_other_function_of_storage() -> None:
    known = {name for concern in DOOR for name in list_functions(concern)}
    used = set(list_used_functions())
    functions = {
        name
        for name in used
        if isfunction(
            getattr(import_module(f"feeds.storage.{name.partition('.')[0]}"), name.partition(".")[2], None)
        )
    }
    strays = {name for name in functions if name.partition(".")[0] not in PURE}
    assert sorted(strays - known) == []
    assert sorted(known - strays) == [], "nobody uses these any more"


def test_every_function_takes_the_database_first() -> None:
    without = {
        "sqlite.lock_store",
        "backup.save_backup",
        "backup.restore_backup",
        "subscriptions.extract_host",
    }
    for concern in DOOR:
        for name in set(list_functions(concern)) - without:
            module, _, function = name.partition(".")
            parameters = list(
                signature(getattr(import_module(f"feeds.storage.{module}"), function)).parameters
            )
            assert parameters[0] == "db", name
