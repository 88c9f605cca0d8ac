// Real npm bittorrent-dht nodes on 127.0.0.1, driven by JSON lines as libtorrent-peer.py is:
//   node bittorrent-dht-peer.mjs --ports 22001,22002 [--bootstrap HOST:PORT,...]
import crypto from 'node:crypto'
import readline from 'node:readline'
import { parseArgs } from 'node:util'
import { ed25519 } from '@noble/curves/ed25519'
import DHT from 'bittorrent-dht'

const { values: options } = parseArgs({ options: { ports: { type: 'string' }, bootstrap: { type: 'string', default: '' } } })
const say = answer => process.stdout.write(JSON.stringify(answer) + '\n')
const bytes = hex => Buffer.from(hex, 'hex')
const hex = buffer => buffer && Buffer.from(buffer).toString('hex')

const verify = (signature, message, publicKey) => {
  try {
    return ed25519.verify(Uint8Array.from(signature), Uint8Array.from(message), Uint8Array.from(publicKey))
  } catch {
    return false
  }
}

function start (port) {
  const dht = new DHT({ bootstrap: options.bootstrap ? options.bootstrap.split(',') : false, verify })
  dht.peersOf = new Map()
  dht.on('peer', (peer, infoHash) => {
    const key = hex(infoHash)
    if (!dht.peersOf.has(key)) dht.peersOf.set(key, new Set())
    dht.peersOf.get(key).add(`${peer.host}:${peer.port}`)
  })
  dht.on('error', error => process.stderr.write(`${error.stack}\n`))
  return new Promise(resolve => dht.listen(port, '127.0.0.1', () => resolve(dht)))
}

// Its callbacks give (error, ...results); an error is an answer here: tests ask for refusals too.
const called = (seconds, call, read) => new Promise(resolve => {
  const timer = setTimeout(() => resolve({ error: 'timed out' }), seconds * 1000)
  call((error, ...results) => {
    clearTimeout(timer)
    resolve({ ...(error ? { error: error.message } : {}), ...read(...results) })
  })
})

const commands = {
  nodes: dht => ({ endpoint: `127.0.0.1:${dht.address().port}`, nodeId: hex(dht.nodeId), running: true }),
  live_nodes: dht => ({ nodes: dht.nodes.toArray().map(n => `${n.host}:${n.port}`) }),
  add_node: (dht, c) => { dht.addNode({ host: c.host, port: c.port }); return {} },
  get_peers: async (dht, c) => {
    dht.peersOf.delete(c.infohash)
    // A lookup over a dead node takes longer than a test should: what was found until then is the answer.
    await called(c.timeout ?? 3, done => dht.lookup(c.infohash, done), () => ({}))
    return { peers: [...(dht.peersOf.get(c.infohash) ?? [])].sort() }
  },
  announce: (dht, c) => called(c.timeout ?? 10, done => dht.announce(c.infohash, c.port, done), () => ({ port: c.port })),
  put_immutable: (dht, c) => called(c.timeout ?? 10, done => dht.put({ v: Buffer.from(c.value) }, done), (target, stored) => ({ target: hex(target), stored })),
  get_immutable: (dht, c) => called(c.timeout ?? 10, done => dht.get(c.target, { cache: false }, done), item => ({ value: item ? Buffer.from(item.v).toString('latin1') : null })),
  put_mutable: (dht, c) => {
    const item = { k: bytes(c.publicKey), seq: c.seq ?? 1, v: Buffer.from(c.value), sign: m => Buffer.from(ed25519.sign(Uint8Array.from(m), bytes(c.seed))) }
    if (c.salt) item.salt = Buffer.from(c.salt)
    if (c.cas !== undefined) item.cas = c.cas
    return called(c.timeout ?? 10, done => dht.put(item, done), (target, stored) => ({ target: hex(target), stored, seq: item.seq }))
  },
  get_mutable: (dht, c) => {
    const salt = Buffer.from(c.salt ?? '')
    const target = crypto.createHash('sha1').update(bytes(c.publicKey)).update(salt).digest()
    return called(c.timeout ?? 10, done => dht.get(target, { cache: false, ...(c.salt ? { salt } : {}) }, done),
      item => ({ value: item ? Buffer.from(item.v).toString('latin1') : null, seq: item ? Number(item.seq) : null }))
  }
}

const nodes = await Promise.all(options.ports.split(',').map(port => start(Number(port))))
say({ event: 'listening', endpoints: nodes.map(n => `127.0.0.1:${n.address().port}`) })
readline.createInterface({ input: process.stdin }).on('line', async line => {
  const c = JSON.parse(line)
  if (c.cmd === 'quit') process.exit(0)
  let answer
  try {
    answer = await commands[c.cmd](nodes[c.node ?? 0], c)
  } catch (error) {
    answer = { error: error.message }
  }
  say({ id: c.id, ...answer })
}).on('close', () => process.exit(0))
