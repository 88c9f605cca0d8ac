// Queries by hyperdht's own client: a client of bench/run-hyper-lookup (the protocol is in bench/README.md).
//   node hyper_lookup.mjs FILE
import { readFileSync } from 'node:fs'
import DHT from 'hyperdht'

const task = JSON.parse(readFileSync(process.argv[2]))
const say = object => console.log(JSON.stringify(object))
const show = ({ host, port }) => `${host}:${port}`
const wait = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds))

async function start () {
  const dht = new DHT({ bootstrap: [task.bootstrap], host: '127.0.0.1', ephemeral: true })
  await dht.fullyBootstrapped()
  await wait(20)
  return dht
}

async function find (dht, kind, target) {
  const began = performance.now()
  const query = dht.findNode(Buffer.from(target, 'hex'))
  await query.finished()
  const milliseconds = performance.now() - began
  say({ kind, target, closest: query.closestReplies.map(reply => show(reply.from)), milliseconds, firstPeerMilliseconds: null, answered: 0 })
}

async function lookUp (dht, topic) {
  let first = null
  let answered = 0
  const began = performance.now()
  for await (const reply of dht.lookup(Buffer.from(topic, 'hex'))) {
    if (reply.peers.length === 0) continue
    first ??= performance.now() - began
    answered++
  }
  say({ kind: 'peers', target: topic, closest: [], milliseconds: performance.now() - began, firstPeerMilliseconds: first, answered })
}

const client = await start()
for (const target of task.targets) await find(client, 'warm', target)
await client.destroy()
for (const target of task.fresh) {
  const fresh = await start()
  await find(fresh, 'fresh', target)
  await fresh.destroy()
}
for (const topic of task.topics) {
  const fresh = await start()
  await lookUp(fresh, topic)
  await fresh.destroy()
}
process.exit(0)
