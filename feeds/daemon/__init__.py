"""What the daemon does: watching folders, asking upstreams in time, telling hubs; its log and its supervisor."""
