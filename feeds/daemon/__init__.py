"""The daemon: watch folders, poll upstream feeds, publish and push; with its log and systemd notifications."""
