// Real npm hyperdht nodes of today's generation on 127.0.0.1, driven by JSON lines:
//   node hyperdht-peer.mjs --ports 24001,24002 [--bootstrap HOST:PORT,...] [--ephemeral]
// Key pairs are told by their seed of 32 bytes. What dht-rpc-peer.mjs is asked can be asked here, too.
import DHT from 'hyperdht'
import json from './json-lines.cjs'
import { collected, commands, endpoints, start } from './dht-rpc-commands.mjs'

const { bytes, hex, endpoint, show } = json

const keyPair = c => DHT.keyPair(bytes(c.seed))
const peer = p => ({ publicKey: hex(p.publicKey), relays: p.relayAddresses.map(show) })
const servers = new Map()

const timed = (promise, seconds) => Promise.race([promise, new Promise((resolve, reject) => setTimeout(() => reject(new Error('timed out')), seconds * 1000))])

// The first bytes that come, or the error that comes instead.
const firstData = stream => new Promise((resolve, reject) => {
  stream.once('data', resolve)
  stream.once('error', reject)
  stream.once('close', () => reject(new Error('closed')))
})

const hyperdht = {
  key_pair: (dht, c) => {
    const { publicKey, secretKey } = keyPair(c)
    return { publicKey: hex(publicKey), secretKey: hex(secretKey), target: hex(DHT.hash(publicKey)) }
  },
  announce: async (dht, c) => {
    const query = dht.announce(bytes(c.target), keyPair(c), (c.relays ?? []).map(endpoint), { bump: c.bump, clear: c.clear })
    await query.finished()
    return { publicKey: hex(keyPair(c).publicKey), stored: query.closestReplies.map(r => show(r.from)) }
  },
  lookup: async (dht, c) => {
    const { results } = await collected(dht.lookup(bytes(c.target)), r => ({ from: show(r.from), to: show(r.to), bump: r.bump, peers: r.peers.map(peer) }))
    return { results, peers: [...new Set(results.flatMap(r => r.peers.map(p => p.publicKey)))].sort() }
  },
  unannounce: async (dht, c) => { await dht.unannounce(bytes(c.target), keyPair(c)); return {} },
  find_peer: (dht, c) => collected(dht.findPeer(bytes(c.publicKey)), r => ({ from: show(r.from), ...peer(r.peer) })),
  mutable_put: async (dht, c) => {
    const put = await dht.mutablePut(keyPair(c), bytes(c.value), { seq: c.seq })
    return { publicKey: hex(put.publicKey), seq: put.seq, signature: hex(put.signature), closest: put.closestNodes.map(show) }
  },
  mutable_get: async (dht, c) => {
    const got = await dht.mutableGet(bytes(c.publicKey), { seq: c.seq, latest: c.latest })
    return { value: hex(got?.value), seq: got?.seq ?? null, signature: hex(got?.signature), from: show(got?.from) }
  },
  immutable_put: async (dht, c) => {
    const put = await dht.immutablePut(bytes(c.value))
    return { target: hex(put.hash), closest: put.closestNodes.map(show) }
  },
  immutable_get: async (dht, c) => {
    const got = await dht.immutableGet(bytes(c.target))
    return { value: hex(got?.value), from: show(got?.from) }
  },
  // A server announces itself, so that find_peer finds it; it echoes what a connection brings.
  listen: async (dht, c) => {
    const server = dht.createServer(connection => {
      connection.on('error', () => {})
      connection.on('data', data => connection.write(data))
      connection.on('end', () => connection.end())
    })
    await server.listen(keyPair(c))
    servers.set(hex(server.publicKey), server)
    return { publicKey: hex(server.publicKey), relays: server.relayAddresses.map(show) }
  },
  close_server: async (dht, c) => {
    await servers.get(c.publicKey).close()
    servers.delete(c.publicKey)
    return {}
  },
  // Sends a value and gives what comes back first.
  connect: async (dht, c) => {
    const stream = dht.connect(bytes(c.publicKey), { relayAddresses: c.relays?.map(endpoint) })
    try {
      const answer = firstData(stream)
      stream.write(bytes(c.value))
      return { value: hex(await timed(answer, c.timeout ?? 15)), remote: show({ host: stream.rawStream.remoteHost, port: stream.rawStream.remotePort }) }
    } finally {
      stream.on('error', () => {})
      stream.destroy()
    }
  }
}

const nodes = await start(DHT, json.options())
json.serve(nodes, endpoints(nodes), { ...commands, ...hyperdht })
