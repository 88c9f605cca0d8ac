// A network of persistent hyperdht nodes on 127.0.0.1 to look things up in, and its referee.
//
//   node hyper_network.mjs '{"nodes":300,"topics":12,"announcers":8,"refresh":1}'
//
// Prints one line {"ready":true,"bootstrap":"HOST:PORT","nodes":["HOST:PORT"],"topics":[hex]} and serves until stdin closes. Commands,
// one JSON object a line:
//   {"rtt":100}      from now on every answer leaves 100 ms late                      -> {"rtt":100}
//   {"take":true}    requests received since the last take, by target, repeats too   -> {"requests":{target hex: count}}
//   {"trace":true}   from now on each request is told, too                            -> {"trace":true}
//
// Clients are ephemeral, so that tables never take them in and none leaves a dead contact behind.
import { randomBytes } from 'node:crypto'
import readline from 'node:readline'
import DHT from 'hyperdht'
import createTestnet from 'hyperdht/testnet.js'

const ANSWER = 0x10
const options = { nodes: 300, topics: 12, announcers: 8, refresh: 1, ...JSON.parse(process.argv[2] ?? '{}') }
const say = object => console.log(JSON.stringify(object))
const show = ({ host, port }) => `${host}:${port}`

const { nodes, bootstrap } = await createTestnet(options.nodes, { host: '127.0.0.1' })

// Who joined early knows few of those who came later: each looks for itself and for somebody once more.
for (let i = 0; i < nodes.length * options.refresh; i += 10) {
  await Promise.all(nodes.slice(i % nodes.length, i % nodes.length + 10).map(async node => {
    await node.findNode(node.table.id).finished()
    await node.findNode(randomBytes(32)).finished()
  }))
}

const topics = []
for (let i = 0; i < options.topics; i++) {
  topics.push(randomBytes(32))
  for (let k = 0; k < options.announcers; k++) {
    await nodes[(i * 37 + k * 11 + 5) % nodes.length].announce(topics[i], DHT.keyPair()).finished()
  }
}

let rtt = 0
let traces = false
let requests = {}
const began = performance.now()
for (const node of nodes) {
  for (const socket of [node.io.serverSocket, node.io.clientSocket]) {
    const send = socket.trySend.bind(socket)
    socket.trySend = (packet, ...rest) => {
      if (rtt && packet[0] & ANSWER) setTimeout(send, rtt, Buffer.from(packet), ...rest)
      else return send(packet, ...rest)
    }
  }

  const onrequest = node.io.onrequest
  node.io.onrequest = (request, external) => {
    if (request.target) {
      const target = Buffer.from(request.target).toString('hex')
      if (traces) (requests[target] ??= []).push({ at: performance.now() - began, to: `127.0.0.1:${node.address().port}`, from: request.from.port })
      else requests[target] = (requests[target] ?? 0) + 1
    }
    return onrequest(request, external)
  }
}

say({
  ready: true,
  bootstrap: show(bootstrap[0]),
  // The first node never learns its own address, so it stays without an id: nobody can know it as one of the closest.
  nodes: nodes.filter(node => node.id !== null).map(node => show({ host: '127.0.0.1', port: node.address().port })),
  topics: topics.map(topic => topic.toString('hex'))
})

for await (const line of readline.createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  if ('rtt' in command) {
    rtt = command.rtt
    say({ rtt })
  } else if ('trace' in command) {
    traces = command.trace
    requests = {}
    say({ trace: traces })
  } else if (command.take) {
    say({ requests })
    requests = {}
  }
}
process.exit(0)
