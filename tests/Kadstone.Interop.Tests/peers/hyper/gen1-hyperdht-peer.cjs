// Real npm hyperdht 1.3.0 nodes, the first generation, on 127.0.0.1, driven by JSON lines:
//   node --no-deprecation gen1-hyperdht-peer.cjs --ports 25001,25002 [--bootstrap HOST:PORT,...] [--ephemeral]
const { commands, called, endpoints, start } = require('./gen1-commands.cjs')
const { bytes, endpoint, hex, options, serve, show } = require('./json-lines.cjs')
const hyperdht = require('gen1-hyperdht')

const settings = c => ({ port: c.port, localAddress: c.localAddress === undefined ? undefined : endpoint(c.localAddress) })

const unique = endpoints => [...new Set(endpoints.map(show))].sort()
const found = results => ({
  results: results.map(r => ({ from: show(r.node), peers: r.peers.map(show), localPeers: r.localPeers.map(show) })),
  peers: unique(results.flatMap(r => r.peers)),
  localPeers: unique(results.flatMap(r => r.localPeers))
})

const create = settings => {
  const dht = hyperdht(settings)
  dht.heard = []
  dht.on('announce', (key, peer) => dht.heard.push({ kind: 'announce', target: hex(key), peer: show(peer) }))
  dht.on('unannounce', (key, peer) => dht.heard.push({ kind: 'unannounce', target: hex(key), peer: show(peer) }))
  dht.on('lookup', key => dht.heard.push({ kind: 'lookup', target: hex(key), peer: null }))
  return dht
}

start(create, options()).then(nodes => serve(nodes, endpoints(nodes), {
  ...commands,
  announce: (dht, c) => called(done => dht.announce(bytes(c.target), settings(c), done), found),
  lookup: (dht, c) => called(done => dht.lookup(bytes(c.target), settings(c), done), found),
  unannounce: (dht, c) => called(done => dht.unannounce(bytes(c.target), settings(c), done), () => ({})),
  heard: dht => ({ heard: dht.heard })
}))
