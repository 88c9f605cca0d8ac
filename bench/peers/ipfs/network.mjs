// A network of serving js-libp2p DHT nodes on 127.0.0.1 to look things up in, and its referee.
//
//   node network.mjs '{"nodes":100,"refresh":1}'
//
// Prints one line {"ready":true,"bootstrap":[multiaddr],"nodes":[peer id in hex]} and serves until stdin closes. Commands, one JSON object a line:
//   {"take":true}    requests received since the last take, by key and kind, repeats too   -> {"requests":{key hex: {"FIND_NODE":count}}}
//
// Clients do not serve, so tables never take them in and none leaves a dead contact behind.
import { randomBytes } from 'node:crypto'
import readline from 'node:readline'
import { dhtServices, makeNode, multihash, say } from './common.mjs'

const options = { nodes: 100, refresh: 1, ...JSON.parse(process.argv[2] ?? '{}') }

const nodes = []
for (let i = 0; i < options.nodes; i++) nodes.push(await makeNode({ listens: true, services: dhtServices() }))

let requests = {}
for (const { services } of nodes) {
  const handle = services.dht.rpc.handleMessage
  services.dht.rpc.handleMessage = function (peer, message) {
    const kinds = requests[Buffer.from(message.key ?? []).toString('hex')] ??= {}
    kinds[message.type] = (kinds[message.type] ?? 0) + 1
    return handle.call(this, peer, message)
  }
}

// Everybody knows a few; then each looks for itself and for somebody, and is looked for.
for (let i = 1; i < nodes.length; i++) {
  for (const known of new Set([0, i - 1, Math.floor(i / 2), Math.floor(i / 3)])) await nodes[i].dial(nodes[known].getMultiaddrs()[0])
}
for (let round = 0; round < options.refresh; round++) {
  for (const node of nodes) {
    for (const key of [node.peerId.toMultihash().bytes, multihash(randomBytes(8))]) {
      try {
        for await (const _ of node.services.dht.getClosestPeers(key, { signal: AbortSignal.timeout(20_000) }));
      } catch {
        // One that was too slow stays with what it has learnt.
      }
    }
  }
}

requests = {}
say({
  ready: true,
  bootstrap: nodes.slice(0, 3).map(node => node.getMultiaddrs()[0].toString()),
  nodes: nodes.map(node => Buffer.from(node.peerId.toMultihash().bytes).toString('hex'))
})

for await (const line of readline.createInterface({ input: process.stdin })) {
  if (JSON.parse(line).take) {
    say({ requests })
    requests = {}
  }
}
process.exit(0)
