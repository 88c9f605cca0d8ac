#!/usr/bin/python3
"""Lookups by libtorrent: a client of bench/run-lookup (the protocol is in bench/README.md).

    /usr/bin/python3 libtorrent_lookup.py FILE

libtorrent does not say when a lookup ends: it has ended with the last packet of it before a quiet spell.
"""
import json
import os
import sys
import time

import libtorrent

with open(sys.argv[1]) as file:
    TASK = json.load(file)
QUIET = 0.25 + TASK["rtt"] * 3 / 1000


def start():
    category = libtorrent.alert.category_t
    session = libtorrent.session({
        "listen_interfaces": "127.0.0.1:0",
        "enable_dht": True, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "dht_bootstrap_nodes": TASK["bootstrap"],
        "dht_restrict_routing_ips": False, "dht_restrict_search_ips": False,
        "dht_prefer_verified_node_ids": False, "dht_enforce_node_id": False, "dht_ignore_dark_internet": False,
        "dht_upload_rate_limit": 100_000_000, "dht_block_ratelimit": 1_000_000, "alert_queue_size": 200_000,
        "alert_mask": int(category.dht_notification | category.dht_log_notification | category.dht_operation_notification),
    })
    end = time.monotonic() + 20
    while time.monotonic() < end and not any(type(alert).__name__ == "dht_bootstrap_alert" for alert in session.pop_alerts()):
        time.sleep(0.002)
    time.sleep(QUIET)
    session.pop_alerts()
    return session


def lookup(session, kind, target):
    infohash = bytes.fromhex(target)
    requests, opened, answered, peers, first = 0, set(), set(), set(), None
    began = last = time.monotonic()
    session.dht_get_peers(libtorrent.sha1_hash(infohash))
    while time.monotonic() - last < QUIET and time.monotonic() - began < 20:
        now = time.monotonic()
        for alert in session.pop_alerts():
            name = type(alert).__name__
            if name == "dht_get_peers_reply_alert" and str(alert.info_hash) == target:
                peers.update(f"{host}:{port}" for host, port in alert.peers())
                if peers and first is None:
                    first = now - began
            if name != "dht_pkt_alert":
                continue
            message = libtorrent.bdecode(bytes(alert.pkt_buf))
            if not isinstance(message, dict):
                continue
            transaction = message.get(b"t")
            if message.get(b"y") == b"q" and message.get(b"q") == b"get_peers" and message[b"a"].get(b"info_hash") == infohash:
                requests, last = requests + 1, now
                opened.add(transaction)
            elif message.get(b"y") == b"r" and transaction in opened:
                last = now
                opened.remove(transaction)
                answered.add(message[b"r"][b"id"].hex())
        time.sleep(0.001)
    print(json.dumps({
        "kind": kind, "target": target, "requests": requests, "answered": sorted(answered), "milliseconds": (last - began) * 1000,
        "firstPeerMilliseconds": first and first * 1000, "peers": len(peers)}), flush=True)


client = start()
for target in TASK["targets"]:
    lookup(client, "closest", target)
sessions = []  # kept: closing a session takes libtorrent seconds
for infohash in TASK["infohashes"]:
    sessions.append(start())
    lookup(sessions[-1], "peers", infohash)
os._exit(0)
