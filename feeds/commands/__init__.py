"""What commands do beside building: reports, the starter configuration, lists of upstreams, requests to a daemon."""
