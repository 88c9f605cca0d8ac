// Real npm dht-rpc 2.3.0 nodes, the first generation, on 127.0.0.1, driven by JSON lines:
//   node --no-deprecation gen1-rpc-peer.cjs --ports 25001,25002 [--bootstrap HOST:PORT,...] [--ephemeral]
// Its "update" is the "closest" of version 1, by another name.
const { commands, called, endpoints, start } = require('./gen1-commands.cjs')
const { bytes, hex, options, serve, show } = require('./json-lines.cjs')
const rpc = require('gen1-dht-rpc')

const question = c => ({ command: c.command, target: bytes(c.target), value: bytes(c.value) })
const answers = results => ({ results: results.map(r => ({ from: show(r.node), id: hex(r.node.id), value: hex(r.value) })) })

// How a registered command is answered. store: an update sets the value of its target, a query gets it. silent: an error, of which this generation tells nobody.
function register (dht, command, mode, fixed) {
  const values = new Map()
  const on = (kind, answer) => {
    const name = `${kind}:${command}`
    dht.removeAllListeners(name)
    dht.on(name, (query, done) => {
      dht.received.push({ kind, command, from: show(query.node), id: hex(query.node.id), target: hex(query.target), value: hex(query.value) })
      answer(query, done)
    })
  }
  const same = {
    echo: (query, done) => done(null, query.value),
    fixed: (query, done) => done(null, fixed),
    silent: (query, done) => done(new Error('silent'))
  }[mode]
  on('query', same ?? ((query, done) => done(null, values.get(hex(query.target)))))
  on('update', same ?? ((query, done) => { values.set(hex(query.target), query.value); done() }))
}

const create = settings => Object.assign(rpc(settings), { received: [], punches: [] })

start(create, options()).then(nodes => {
  for (const dht of nodes) dht.on('holepunch', (from, to) => dht.punches.push({ from: show(from), to: show(to) }))
  serve(nodes, endpoints(nodes), {
    ...commands,
    register: (dht, c, all) => {
      for (const each of c.node === undefined ? all : [dht]) register(each, c.command, c.mode ?? 'store', bytes(c.value))
      return {}
    },
    received: dht => ({ requests: dht.received, punches: dht.punches }),
    query: (dht, c) => called(done => dht.query(question(c), done), answers),
    // The answers of the closest only; verbose: and those of the query before.
    update: (dht, c) => called(done => dht.update(question(c), { query: c.verbose === true }, done), answers)
  })
})
