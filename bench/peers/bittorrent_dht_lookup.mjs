// Lookups by bittorrent-dht's own client: a client of bench/run-lookup (the protocol is in bench/README.md).
//   node bittorrent_dht_lookup.mjs FILE
import { readFileSync } from 'node:fs'
import DHT from 'bittorrent-dht'

const task = JSON.parse(readFileSync(process.argv[2]))
const say = object => console.log(JSON.stringify(object))
const wait = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds))

async function start () {
  const dht = new DHT({ bootstrap: [task.bootstrap] })
  dht.on('error', () => {})
  dht.on('warning', () => {})
  dht.tally = { requests: 0, answered: new Set() }
  const socket = dht._rpc.socket
  const query = socket.query.bind(socket)
  socket.query = (peer, message, done) => {
    if (message.q !== 'get_peers') return query(peer, message, done)
    dht.tally.requests++
    return query(peer, message, (error, reply, from) => {
      if (!error) dht.tally.answered.add(Buffer.from(reply.r.id).toString('hex'))
      done(error, reply, from)
    })
  }
  await new Promise(resolve => dht.listen(0, '127.0.0.1', resolve))
  await Promise.race([new Promise(resolve => dht.ready ? resolve() : dht.once('ready', resolve)), wait(15000)])
  await wait(200)
  return dht
}

async function lookup (dht, kind, target) {
  dht.tally = { requests: 0, answered: new Set() }
  const peers = new Set()
  let first = null
  const began = performance.now()
  const onPeer = peer => {
    first ??= performance.now() - began
    peers.add(`${peer.host}:${peer.port}`)
  }
  dht.on('peer', onPeer)
  await Promise.race([new Promise(resolve => dht.lookup(target, resolve)), wait(20000)])
  const milliseconds = performance.now() - began
  dht.off('peer', onPeer)
  say({ kind, target, requests: dht.tally.requests, answered: [...dht.tally.answered], milliseconds, firstPeerMilliseconds: first, peers: peers.size })
}

const client = await start()
for (const target of task.targets) await lookup(client, 'closest', target)
for (const infohash of task.infohashes) {
  const fresh = await start()
  await lookup(fresh, 'peers', infohash)
  fresh.destroy()
}
process.exit(0)
