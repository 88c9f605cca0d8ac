// Real npm dht.js nodes (UDP on every address: it knows no bind), driven by JSON lines as libtorrent-peer.py is:
//   node dhtjs-peer.cjs --ports 23001,23002 [--bootstrap HOST:PORT,...]
// It answers ping, find_node, get_peers and announce_peer; it is silent to everything else, and one empty datagram ends it.
const readline = require('node:readline')
const { parseArgs } = require('node:util')
const dht = require('dht.js')

const { values: options } = parseArgs({ options: { ports: { type: 'string' }, bootstrap: { type: 'string', default: '' } } })
const say = answer => process.stdout.write(JSON.stringify(answer) + '\n')

function start (port) {
  const node = dht.node.create(port)
  node.peersOf = new Map()
  node.on('peer:new', (infoHash, peer) => {
    const key = infoHash.toString('hex')
    if (!node.peersOf.has(key)) node.peersOf.set(key, new Set())
    node.peersOf.get(key).add(`${peer.address}:${peer.port}`)
  })
  node.on('error', error => process.stderr.write(`${error.stack}\n`))
  return new Promise(resolve => node.once('listening', () => resolve(node)))
}

const commands = {
  nodes: node => ({ endpoint: `127.0.0.1:${node.port}`, nodeId: node.id.toString('hex'), running: true }),
  live_nodes: node => ({ nodes: node.save().nodes.map(n => `${n.address}:${n.port}`) }),
  add_node: (node, c) => { node.connect({ address: c.host, port: c.port }); return {} },
  // It sends a query once and never again: what is lost is told again, as a client that stays does.
  announce: (node, c) => {
    const tell = left => {
      node.advertise(Buffer.from(c.infohash, 'hex'), c.port)
      if (left > 0) setTimeout(tell, 1000, left - 1)
    }
    tell(10)
    return { port: c.port }
  },
  // It has no lookup of its own: advertising with port 0 asks, and announces nothing.
  get_peers: async (node, c) => {
    // Each time it asks the nodes that it knows, and learns of nearer ones.
    for (let left = (c.timeout ?? 3) * 5; left > 0 && !node.peersOf.has(c.infohash); left--) {
      node.advertise(Buffer.from(c.infohash, 'hex'), 0)
      await new Promise(resolve => setTimeout(resolve, 200))
    }
    return { peers: [...(node.peersOf.get(c.infohash) ?? [])].sort() }
  }
}

Promise.all(options.ports.split(',').map(port => start(Number(port)))).then(nodes => {
  for (const endpoint of options.bootstrap ? options.bootstrap.split(',') : []) {
    const [address, port] = endpoint.split(':')
    nodes.forEach(node => node.connect({ address, port: Number(port) }))
  }
  say({ event: 'listening', endpoints: nodes.map(n => `127.0.0.1:${n.port}`) })
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
})
