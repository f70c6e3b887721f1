"""The store that other packages use: the functions of this package as methods of an open database.

Each method is a function of the module that has its table. :mod:`feeds.storage.interface` has the protocols
that callers name.
"""

from __future__ import annotations

from feeds.storage import (
    address_rule,
    archives,
    bodies,
    control,
    documents,
    feeds,
    file_ids,
    files,
    ledger,
    ledger_replay,
    lookup,
    neighbourhood,
    publication,
    reports,
    sightings,
    sources,
    subscriptions,
    upstreams,
    withdrawal,
)
from feeds.storage.sqlite import Database


class Store(Database):
    """An open store. It implements :class:`~feeds.storage.interface.Storage`."""

    # Sources
    load_sources = sources.load_sources
    add_sources = sources.add_sources
    load_lists = sources.load_lists
    mark_source_read = sources.mark_source_read
    remove_source = sources.remove_source
    count_entries = upstreams.count_entries

    # Files
    load_present_files = files.load_present_files
    load_file_states = files.load_file_states
    load_file_keys_version = files.load_keys_version
    touch_files = files.touch_files
    finish_scan = files.finish_scan

    # Items
    ingest_batches = sightings.ingest_batches
    load_blocked_keys = neighbourhood.load_blocked_keys

    # UpstreamFeeds
    load_upstreams = upstreams.load_upstreams
    save_polls = upstreams.save_polls
    load_known_digests = upstreams.load_known_digests
    find_known_entries = upstreams.find_known_entries
    find_known_items = upstreams.find_known_items
    ingest_document = upstreams.ingest_document
    load_held_hosts = upstreams.load_held_hosts
    hold_hosts = upstreams.hold_hosts

    # StoredEntries
    load_entries_after = upstreams.load_entries_after
    load_history_position = upstreams.load_history_position
    save_history_position = upstreams.save_history_position
    load_entry_keys_version = upstreams.load_keys_version
    save_entry_keys_version = upstreams.save_keys_version
    follow_address_rule = address_rule.follow_address_rule

    # Posts
    update_due_posts = publication.update_due_posts
    assign_post_ids = feeds.assign_post_ids
    load_posts = feeds.load_posts
    exclude_invalid_posts = feeds.exclude_invalid_posts
    load_bodies = bodies.load_bodies
    set_withdrawn = withdrawal.set_withdrawn
    load_post_state = withdrawal.load_post_state

    # FileIds
    derives_ids_from_paths = file_ids.derives_from_paths
    is_without_past = file_ids.is_without_past
    load_bare_files = feeds.load_bare_files
    record_file_ids = file_ids.record_file_ids

    # Entries
    find_missing_entries = feeds.find_missing_entries
    save_entries = feeds.save_entries
    load_entries = feeds.load_entries
    discard_entries = documents.discard_entries
    load_render_settings = documents.load_render_settings
    use_render_settings = documents.use_render_settings

    # Feeds
    begin_publication = publication.begin_publication
    load_dirty_feeds = feeds.load_dirty_feeds
    load_feeds = feeds.load_feeds
    load_feed_figures = feeds.load_feed_figures
    load_newest_posts = feeds.load_window
    load_shown_posts = feeds.load_shown_posts
    load_tombstones = feeds.load_tombstones
    find_latest_change = feeds.find_latest_change

    # Slugs
    name_feeds = publication.name_feeds
    find_slugs = feeds.find_slugs

    # Documents
    load_documents = documents.load_documents
    load_documents_of_feeds = documents.load_documents_of_feeds
    mark_documents_lost = documents.mark_documents_lost
    record_publication = documents.record_publication
    select_new_warnings = documents.select_new_warnings

    # Archives
    find_archives_to_repair = archives.find_archives_to_repair
    save_archive_revision = archives.save_revision
    complete_logs = archives.complete_logs
    find_long_logs = archives.find_long_logs
    load_unarchived_versions = archives.load_unarchived
    close_archives = archives.close_archives
    load_newest_archives = archives.load_newest_archives
    load_archive = archives.load_archive
    mark_archives_clean = archives.mark_archives_clean

    # Ledger
    read_ledger = ledger_replay.read_ledger
    merge_ledger = ledger.load_ledger
    read_withdrawals = ledger_replay.read_withdrawals
    render_changed_ledger = ledger.render_changed_ledger
    mark_ledger_written = ledger.mark_ledger_written

    # Subscriptions
    subscribe = subscriptions.subscribe
    unsubscribe = subscriptions.unsubscribe
    expire_subscriptions = subscriptions.expire
    queue_verification = subscriptions.queue_verification
    load_due_requests = subscriptions.load_due
    load_delivery = subscriptions.load_delivery
    mark_delivered = subscriptions.mark_delivered
    postpone_delivery = subscriptions.postpone
    cancel_delivery = subscriptions.cancel_delivery

    # HubTasks
    load_task = subscriptions.load_task
    remove_task = subscriptions.remove_task
    retry_task = subscriptions.retry_task

    # UpstreamSubscriptions
    add_upstream_subscription = subscriptions.add_upstream
    update_upstream_subscription = subscriptions.update_upstream_state
    record_upstream_delivery = subscriptions.update_upstream_delivery
    remove_upstream_subscription = subscriptions.drop_upstream
    find_upstream_subscription = subscriptions.find_upstream
    load_upstream_subscriptions = subscriptions.load_upstreams

    # Control
    add_request = control.add_request
    load_requests = control.load_requests
    remove_request = control.remove_request
    load_change_counter = control.load_change_counter

    # Searches
    find_item = lookup.find_item
    load_post_report = reports.load_post_report
    load_post_title = reports.load_title

    # Counts
    load_status_counts = reports.load_status_counts
    count_posts_of_days = reports.count_posts_of_days
    load_latest_posts = reports.load_latest_posts
    load_invalid_posts = reports.load_invalid_posts
    load_build_counts = reports.load_build_counts

    # Soundness
    find_faults = reports.find_faults
    is_migrated = reports.is_migrated
    iterate_compressed = reports.iterate_compressed
