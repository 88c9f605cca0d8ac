// What can be asked of any node of the first generation: hyperdht 1 has a dht-rpc 2 in it.
require('./loopback.cjs')
const { bytes, hex, endpoint, show } = require('./json-lines.cjs')

/** A call whose callback gives (error, ...results), as a promise of what is read of the results. */
const called = exports.called = (call, read) => new Promise((resolve, reject) =>
  call((error, ...results) => error ? reject(error) : resolve(read(...results))))

/** Nodes that have joined one after the other. The first of a network of its own is its bootstrap node. */
exports.start = async (create, { ports, bootstrap, ephemeral }) => {
  const nodes = []
  const known = [...bootstrap]
  for (const port of ports) {
    const dht = create({ bootstrap: [...known], ephemeral })
    dht.port = port
    dht.rpc = dht.dht ?? dht
    dht.on('error', error => process.stderr.write(`${error.stack}\n`))
    await new Promise(resolve => dht.listen(port, resolve))
    await new Promise(resolve => dht.ready(resolve))
    if (known.length === 0) known.push(`127.0.0.1:${port}`)
    nodes.push(dht)
  }
  return nodes
}

exports.endpoints = nodes => nodes.map(dht => `127.0.0.1:${dht.port}`)

exports.commands = {
  nodes: dht => ({ endpoint: `127.0.0.1:${dht.port}`, nodeId: hex(dht.id), ephemeral: dht.rpc.ephemeral }),
  live_nodes: dht => ({ nodes: dht.rpc.toArray().map(show) }),
  // me: as the peer sees this node. A peer that answers with an id is in the table from then on.
  ping: (dht, c) => called(done => dht.ping(endpoint(c.to), done), (me, peer) => ({ me: show(me), peer: show(peer), peerId: hex(peer.id) })),
  holepunch: (dht, c) => called(done => dht.holepunch(endpoint(c.peer), endpoint(c.referrer), done), () => ({})),
  bootstrap: dht => called(done => dht.bootstrap(done), () => ({}))
}
