"""Real libtorrent nodes on 127.0.0.1, driven by JSON lines.

    /usr/bin/python3 libtorrent-peer.py --ports 21001,21002 [--bootstrap HOST:PORT,...] [--router HOST:PORT,...]

One session a port. A router is libtorrent's word for a bootstrap host: asked, but never taken into the routing table;
a bootstrap node is pinged and taken in. A command is one JSON object a line, {"id": 1, "cmd": "get_peers", "node": 0, ...}; its answer carries the same id.
"""
import argparse
import json
import os
import sys
import tempfile
import threading
import time

import libtorrent as lt

# Everything that would reach out of loopback is off; the limits that count addresses are off because all nodes share one.
SETTINGS = {
    'enable_dht': True, 'enable_lsd': False, 'enable_upnp': False, 'enable_natpmp': False,
    'allow_multiple_connections_per_ip': True,
    'dht_restrict_routing_ips': False, 'dht_restrict_search_ips': False, 'dht_prefer_verified_node_ids': False,
    'dht_enforce_node_id': False, 'dht_ignore_dark_internet': False,
    'dht_upload_rate_limit': 1_000_000, 'dht_block_ratelimit': 1_000_000,
    'dht_announce_interval': 10,
    'alert_mask': int(lt.alert.category_t.dht_notification | lt.alert.category_t.dht_operation_notification
                      | lt.alert.category_t.status_notification | lt.alert.category_t.error_notification),
}

# libtorrent waits 15 s for a node that does not answer, and only then ends its lookup.
PATIENCE = 25


class Node:
    def __init__(self, port, router):
        self.endpoint = f'127.0.0.1:{port}'
        self.session = lt.session({**SETTINGS, 'listen_interfaces': self.endpoint, 'dht_bootstrap_nodes': router})
        self.torrents = {}
        self.listeners = []
        threading.Thread(target=self.pump, daemon=True).start()

    def pump(self):
        # Not wait_for_alert(): its pointer can move while the session adds alerts, which has crashed 2.0.8.
        while True:
            time.sleep(0.02)
            for alert in self.session.pop_alerts():
                # An alert lives until the next pop_alerts(): listeners read what they want at once.
                for listener in list(self.listeners):
                    listener(alert)

    def ask(self, question, kind, read, seconds):
        """Asks, and feeds every alert of that kind to read() until it returns something; None after the seconds."""
        answered, answer = threading.Event(), []

        def listen(alert):
            if type(alert).__name__ != kind or answered.is_set():
                return
            try:
                found = read(alert)
            except Exception as e:  # a bad alert must not end the pump
                found = {'error': repr(e)}
            if found is not None:
                answer.append(found)
                answered.set()

        self.listeners.append(listen)
        try:
            question()
            answered.wait(seconds)
        finally:
            self.listeners.remove(listen)
        return answer[0] if answer else None

    def id(self):
        ids = self.session.save_state(0x4).get(b'dht state', {}).get(b'node-id', [])
        ids = ids if isinstance(ids, list) else [ids]
        return bytes(ids[0][:20]) if ids else None

    # The commands.

    def nodes(self, c):
        own = self.id()
        return {'endpoint': self.endpoint, 'nodeId': own.hex() if own else None, 'running': self.session.is_dht_running()}

    def live_nodes(self, c):
        def read(alert):
            return ['%s:%d' % tuple(n['endpoint']) for n in alert.nodes]
        own = self.id()
        if own is None:
            return {'nodes': []}
        return {'nodes': self.ask(lambda: self.session.dht_live_nodes(lt.sha1_hash(own)), 'dht_live_nodes_alert', read, 2) or []}

    def add_node(self, c):
        self.session.add_dht_node((c['host'], c['port']))
        return {}

    def get_peers(self, c):
        def read(alert):
            if str(alert.info_hash) == c['infohash'] and alert.num_peers() > 0:
                return sorted('%s:%d' % tuple(p) for p in alert.peers())
        return {'peers': self.ask(lambda: self.session.dht_get_peers(info_hash(c)), 'dht_get_peers_reply_alert', read, c.get('timeout', 3)) or []}

    def announce(self, c):
        # session.dht_announce() cannot be called from Python in 2.0.8 (its flag type is not exported): announce as a client
        # does, with a torrent. So the port is the session's own.
        torrent = self.torrents.get(c['infohash'])
        if torrent is None:
            parameters = lt.add_torrent_params()
            parameters.info_hashes = lt.info_hash_t(info_hash(c))
            torrent = self.add(c['infohash'], parameters, tempfile.gettempdir())  # without metadata it never writes
        torrent.force_dht_announce()
        return {'port': self.session.listen_port()}

    def put_immutable(self, c):
        targets = []
        stored = self.ask(lambda: targets.append(self.session.dht_put_immutable_item(c['value'].encode())),
                          'dht_put_alert', lambda alert: alert.num_success, c.get('timeout', PATIENCE))
        return {'target': str(targets[0]), 'stored': stored or 0}

    def get_immutable(self, c):
        def read(alert):
            if str(alert.target) == c['target']:
                return {'value': text(alert.item.get('value') if isinstance(alert.item, dict) else alert.item)}
        return self.ask(lambda: self.session.dht_get_immutable_item(lt.sha1_hash(bytes.fromhex(c['target']))),
                        'dht_immutable_item_alert', read, c.get('timeout', PATIENCE)) or {'value': None}

    def put_mutable(self, c):
        # libtorrent chooses the sequence number itself: the highest that it finds, plus one. It knows no cas.
        def read(alert):
            return {'stored': alert.num_success, 'seq': alert.seq}
        return self.ask(lambda: self.session.dht_put_mutable_item(bytes.fromhex(c['secretKey']), bytes.fromhex(c['publicKey']), c['value'].encode(), c.get('salt', '')),
                        'dht_put_alert', read, c.get('timeout', PATIENCE)) or {'stored': 0, 'seq': 0}

    def get_mutable(self, c):
        best = {'value': None, 'seq': None}

        def read(alert):
            item = alert.item
            if item.get('value') is not None:
                best.update(value=text(item['value']), seq=item['seq'])
            return best if item.get('authoritative') else None
        self.ask(lambda: self.session.dht_get_mutable_item(bytes.fromhex(c['publicKey']), c.get('salt', '')),
                 'dht_mutable_item_alert', read, c.get('timeout', PATIENCE))
        return best

    def sample_infohashes(self, c):
        def read(alert):
            return {'samples': [str(s) for s in alert.samples], 'total': alert.num_infohashes, 'nodes': len(alert.nodes)}
        return self.ask(lambda: self.session.dht_sample_infohashes((c['host'], c['port']), lt.sha1_hash(bytes.fromhex(c.get('target', '00' * 20)))),
                        'dht_sample_infohashes_alert', read, c.get('timeout', 5)) or {'samples': None}

    def add_torrent(self, c):
        if c['source'].startswith('magnet:'):
            parameters = lt.parse_magnet_uri(c['source'])
        else:
            parameters = lt.add_torrent_params()
            parameters.ti = lt.torrent_info(c['source'])
        self.add(c['infohash'], parameters, c['directory'])
        return {'port': self.session.listen_port()}

    def torrent_status(self, c):
        status = self.torrents[c['infohash']].status()
        return {'state': str(status.state), 'progress': status.progress, 'peers': status.num_peers, 'isSeeding': status.is_seeding}

    def add(self, key, parameters, directory):
        parameters.save_path = directory
        parameters.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
        parameters.flags |= lt.torrent_flags.disable_pex | lt.torrent_flags.disable_lsd
        self.torrents[key] = self.session.add_torrent(parameters)
        return self.torrents[key]


COMMANDS = {name: getattr(Node, name) for name in (
    'nodes', 'live_nodes', 'add_node', 'get_peers', 'announce', 'put_immutable', 'get_immutable', 'put_mutable', 'get_mutable',
    'sample_infohashes', 'add_torrent', 'torrent_status')}


def info_hash(c):
    return lt.sha1_hash(bytes.fromhex(c['infohash']))


def text(value):
    return value.decode('latin1') if isinstance(value, bytes) else repr(value)


def say(answer, lock=threading.Lock()):
    with lock:
        sys.stdout.write(json.dumps(answer) + '\n')
        sys.stdout.flush()


def handle(node, c):
    try:
        answer = COMMANDS[c['cmd']](node, c)
    except Exception as e:
        answer = {'error': repr(e)}
    say({'id': c['id'], **answer})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--ports', required=True)
    parser.add_argument('--bootstrap', default='')
    parser.add_argument('--router', default='')
    arguments = parser.parse_args()

    nodes = [Node(int(port), arguments.router) for port in arguments.ports.split(',')]
    for node in nodes:
        # A session forgets the nodes that it is given before its DHT runs.
        while not node.session.is_dht_running():
            time.sleep(0.01)
        for host, port in (endpoint.split(':') for endpoint in arguments.bootstrap.split(',') if endpoint):
            node.session.add_dht_node((host, int(port)))
    say({'event': 'listening', 'version': lt.__version__, 'endpoints': [n.endpoint for n in nodes]})
    for line in sys.stdin:
        c = json.loads(line)
        if c['cmd'] == 'quit':
            break
        # A thread a command: a slow lookup must not hold up the next question.
        threading.Thread(target=handle, args=(nodes[c.get('node', 0)], c), daemon=True).start()
    os._exit(0)  # sessions take seconds to say goodbye to trackers that they do not have


main()
