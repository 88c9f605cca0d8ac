// A network of bittorrent-dht nodes on 127.0.0.1 to look things up in, and its referee.
//
//   node network.mjs '{"nodes":300,"port":26001,"infohashes":20,"announcers":8}'
//
// Prints one line {"ready":true,"ids":[hex],"infohashes":[hex]} and serves until stdin closes. Commands, one JSON object a line:
//   {"rtt":100}      from now on every answer leaves 100 ms late      -> {"rtt":100}
//   {"take":true}    get_peers received since the last take           -> {"requests":{infohash hex: count}}
//
// Two things differ from the nodes as published, the same for every client: they answer with their 8 nearest nodes (as published they
// send their whole table, up to 8 kB, which libtorrent drops), and once the network stands their tables admit only the network's own
// nodes, so that clients that came and went leave no dead contacts for the next one to stumble over.
import { randomBytes } from 'node:crypto'
import readline from 'node:readline'
import DHT from 'bittorrent-dht'

const K = 8
const options = { nodes: 300, port: 26001, infohashes: 20, announcers: 8, ...JSON.parse(process.argv[2] ?? '{}') }
const bootstrap = `127.0.0.1:${options.port}`
const say = object => console.log(JSON.stringify(object))
const wait = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds))
const atMost = (milliseconds, promise) => Promise.race([promise, wait(milliseconds)])
const whenReady = dht => new Promise(resolve => dht.ready ? resolve() : dht.once('ready', resolve))

async function start (port, bootstrap) {
  const dht = new DHT({ bootstrap, maxPeers: 10000 })
  dht.on('warning', () => {})
  await new Promise((resolve, reject) => {
    dht.once('error', reject)
    dht.listen(port, '127.0.0.1', resolve)
  })
  dht.on('error', () => {})
  return dht
}

async function findItself (dht) {
  const query = { q: 'find_node', a: { id: dht.nodeId, target: dht.nodeId } }
  await atMost(5000, new Promise(resolve => dht._rpc.populate(dht.nodeId, query, resolve)))
  await atMost(5000, new Promise(resolve => dht.lookup(randomBytes(20), resolve)))
}

const network = [await start(options.port, false)]
for (let i = 1; i < options.nodes; i++) {
  network.push(await start(options.port + i, [bootstrap]))
  if (i % 10 === 0) await atMost(500, whenReady(network[i]))
}
await wait(1000)
for (let i = 0; i < network.length; i += 10) await Promise.all(network.slice(i, i + 10).map(findItself))

const infohashes = []
for (let i = 0; i < options.infohashes; i++) {
  infohashes.push(randomBytes(20))
  for (let k = 0; k < options.announcers; k++) {
    const announcer = network[(i * 37 + k * 11 + 5) % network.length]
    await atMost(5000, new Promise(resolve => announcer.announce(infohashes[i], 40000 + k, resolve)))
  }
}

let rtt = 0
let requests = {}
for (const dht of network) {
  const table = dht._rpc.nodes
  const closest = table.closest.bind(table)
  table.closest = (id, count = K) => closest(id, count)
  const add = table.add.bind(table)
  table.add = contact => contact.port >= options.port && contact.port < options.port + options.nodes ? add(contact) : table

  dht._rpc.on('query', query => {
    if (String(query.q) !== 'get_peers' || !query.a?.info_hash) return
    const infohash = Buffer.from(query.a.info_hash).toString('hex')
    requests[infohash] = (requests[infohash] ?? 0) + 1
  })
  for (const verb of ['response', 'error']) {
    const send = dht._rpc[verb].bind(dht._rpc)
    dht._rpc[verb] = (...answer) => { if (rtt) setTimeout(send, rtt, ...answer); else send(...answer) }
  }
}

say({
  ready: true,
  ids: network.map(dht => Buffer.from(dht.nodeId).toString('hex')),
  infohashes: infohashes.map(infohash => infohash.toString('hex'))
})

for await (const line of readline.createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  if ('rtt' in command) {
    rtt = command.rtt
    say({ rtt })
  } else if (command.take) {
    say({ requests })
    requests = {}
  }
}
process.exit(0)
