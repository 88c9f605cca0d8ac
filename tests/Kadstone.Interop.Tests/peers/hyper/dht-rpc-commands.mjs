// What can be asked of any node of today's generation: hyperdht is a dht-rpc with commands of its own.
import json from './json-lines.cjs'

const { bytes, hex, endpoint, show } = json

const node = from => from && { id: hex(from.id), endpoint: show(from) }
const reply = r => ({ from: node(r.from), to: show(r.to), token: hex(r.token), errorCode: r.error, value: hex(r.value), closerNodes: (r.closerNodes ?? []).map(show), rtt: r.rtt })

/** Collects what a query emits, then gives what can be asked of the query itself. */
export async function collected (query, read) {
  const results = []
  for await (const answer of query) results.push(read(answer))
  return { results, closest: query.closestReplies.map(r => show(r.from)), successes: query.successes, errors: query.errors }
}

/**
 * Nodes that are reachable and persistent at once. The first of a network of its own is its bootstrap node.
 */
export async function start (DHT, { ports, bootstrap, ephemeral }) {
  const nodes = []
  const known = [...bootstrap]
  for (const port of ports) {
    const dht = known.length === 0
      ? DHT.bootstrapper(port, '127.0.0.1', { host: '127.0.0.1' })
      : new DHT({ port, host: '127.0.0.1', bootstrap: known, anyPort: false, ephemeral, firewalled: false })
    await dht.fullyBootstrapped()
    if (known.length === 0) known.push(`127.0.0.1:${port}`)
    dht.received = []
    dht.registered = new Map()
    const serve = dht.onrequest.bind(dht)
    dht.onrequest = request => dht.registered.has(request.command) ? custom(dht, request) : serve(request)
    nodes.push(dht)
  }
  return nodes
}

export const endpoints = nodes => nodes.map(dht => `127.0.0.1:${dht.io.serverSocket.address().port}`)

// How a registered command is answered. store: an update (a request with a token) sets the value of its target, a query gets it.
function custom (dht, request) {
  const { mode, value, code, values } = dht.registered.get(request.command)
  dht.received.push({ command: request.command, from: node(request.from), to: show(request.to), target: hex(request.target), value: hex(request.value), token: hex(request.token) })
  switch (mode) {
    case 'echo': request.reply(request.value); break
    case 'fixed': request.reply(value); break
    case 'error': request.error(code); break
    case 'silent': break
    case 'store': {
      const key = hex(request.target)
      if (request.token) values.set(key, request.value)
      request.reply(request.token ? null : values.get(key) ?? null)
    }
  }
  return true
}

export const commands = {
  nodes: dht => ({ endpoint: `127.0.0.1:${dht.io.serverSocket.address().port}`, clientEndpoint: `127.0.0.1:${dht.io.clientSocket.address().port}`, nodeId: hex(dht.id), ephemeral: dht.ephemeral, firewalled: dht.firewalled, remote: show(dht.remoteAddress()) }),
  live_nodes: dht => ({ nodes: dht.toArray().map(show) }),
  add_node: (dht, c) => { dht.addNode(endpoint(c.to)); return {} },
  ping: async (dht, c) => reply(await dht.ping(endpoint(c.to), { size: c.size })),
  delayed_ping: async (dht, c) => reply(await dht.delayedPing(endpoint(c.to), c.delay ?? 100)),
  find_node: async (dht, c) => {
    const query = dht.findNode(bytes(c.target))
    await query.finished()
    return { closest: query.closestNodes.map(show), successes: query.successes, errors: query.errors }
  },
  // mode: echo, fixed (value), error (code), silent or store
  register: (dht, c, nodes) => {
    for (const each of c.node === undefined ? nodes : [dht]) each.registered.set(c.command, { mode: c.mode ?? 'echo', value: bytes(c.value), code: c.code, values: new Map() })
    return {}
  },
  received: dht => ({ requests: dht.received }),
  request: async (dht, c) => reply(await dht.request({ command: c.command, target: bytes(c.target), token: bytes(c.token), value: bytes(c.value) }, endpoint(c.to), { retry: c.retry })),
  // commit: the same request again, with its token, to each of the closest
  query: (dht, c) => collected(dht.query({ command: c.command, target: bytes(c.target), value: bytes(c.value) }, { commit: c.commit === true }), reply),
  stats: dht => ({ stats: dht.stats })
}
