#!/usr/bin/python3
"""One libtorrent DHT node on loopback with every limit raised, to be loaded or measured.

    /usr/bin/python3 libtorrent_node.py PORT BOOTSTRAP_HOST:PORT

No alert is subscribed to: an alert for each query would be charged to libtorrent's CPU time although nobody reads it.
It needs somebody to bootstrap from: a node that it only hears from enters libtorrent's table at one every few seconds.
Ends with SIGTERM, or after an hour.
"""
import sys
import time

import libtorrent

port = int(sys.argv[1])
session = libtorrent.session({
    "listen_interfaces": f"127.0.0.1:{port}",
    "enable_dht": True, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "dht_bootstrap_nodes": sys.argv[2],
    "dht_restrict_routing_ips": False, "dht_restrict_search_ips": False,
    "dht_prefer_verified_node_ids": False, "dht_enforce_node_id": False, "dht_ignore_dark_internet": False,
    "dht_upload_rate_limit": 2_000_000_000, "dht_block_ratelimit": 100_000_000,
    "dht_max_torrents": 200_000, "dht_max_peers": 200_000, "dht_max_dht_items": 100_000,
    "recv_socket_buffer_size": 8 << 20, "send_socket_buffer_size": 8 << 20,
    "alert_mask": 0,
})
deadline = time.monotonic() + 20
while not session.is_dht_running() and time.monotonic() < deadline:
    time.sleep(0.02)
print(f"listening on 127.0.0.1:{port}\nready", flush=True)
time.sleep(3600)
