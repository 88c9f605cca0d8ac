// Lookups by js-libp2p's own client: a client of bench/run-ipfs-lookup (the protocol is in bench/README.md).
//   node lookup.mjs FILE
import { readFileSync } from 'node:fs'
import { multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { dhtServices, makeNode, say, wait } from './common.mjs'

const task = JSON.parse(readFileSync(process.argv[2]))
const RAW = 0x55

// Met, and asked for what is near ourselves: the table of a node that has joined.
async function start () {
  const node = await makeNode({ listens: true, services: dhtServices({ client: true }) })
  for (const address of task.bootstrap) await node.dial(multiaddr(address))
  for (let i = 0; i < 100 && node.services.dht.routingTable.size < task.bootstrap.length; i++) await wait(100)
  for await (const _ of node.services.dht.getClosestPeers(node.peerId.toMultihash().bytes));
  return node
}

async function timed (kind, target, work) {
  const began = performance.now()
  const figures = await work(() => performance.now() - began)
  say({ kind, target, closest: [], firstMilliseconds: null, found: 0, ...figures, milliseconds: performance.now() - began })
}

const client = await start()
const dht = client.services.dht
for (const target of task.targets) {
  await timed('closest', target, async () => {
    const closest = []
    for await (const event of dht.getClosestPeers(Buffer.from(target, 'hex'))) {
      if (event.name === 'FINAL_PEER') closest.push(Buffer.from(event.peer.id.toMultihash().bytes).toString('hex'))
    }
    return { closest }
  })
}
const contents = task.contents.map(hex => [hex, CID.createV1(RAW, Digest.decode(Buffer.from(hex, 'hex')))])
for (const [target, cid] of contents) {
  await timed('provide', target, async () => {
    let found = 0
    for await (const event of dht.provide(cid)) found += event.name === 'PEER_RESPONSE' && event.messageName === 'ADD_PROVIDER' ? 1 : 0
    return { found }
  })
}
const other = await start()
for (const [target, cid] of contents) {
  await timed('find', target, async elapsed => {
    let firstMilliseconds = null
    const found = new Set()
    for await (const event of other.services.dht.findProviders(cid)) {
      if (event.name !== 'PROVIDER') continue
      firstMilliseconds ??= elapsed()
      for (const provider of event.providers) found.add(provider.id.toString())
    }
    return { firstMilliseconds, found: found.size }
  })
}
process.exit(0)
