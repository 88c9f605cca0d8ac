// Some real js-libp2p nodes with kad-dht on 127.0.0.1, in one process, driven by JSON lines:
//   node kad-network.mjs --ports 25001,25002 --protocol /ipfs/kad/1.0.0
import readline from 'node:readline'
import { parseArgs } from 'node:util'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify, identifyPush } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { peerIdFromString } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createIPNSRecord, marshalIPNSRecord, multihashToIPNSRoutingKey, unmarshalIPNSRecord } from 'ipns'
import { ipnsSelector } from 'ipns/selector'
import { ipnsValidator } from 'ipns/validator'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'

// Node 20 lacks it, and one of the packages calls it.
Promise.withResolvers ??= function () {
  const answer = {}
  answer.promise = new this((resolve, reject) => Object.assign(answer, { resolve, reject }))
  return answer
}

const { values: options } = parseArgs({ options: { ports: { type: 'string' }, protocol: { type: 'string' } } })
const say = answer => process.stdout.write(JSON.stringify(answer) + '\n')
const hex = bytes => Buffer.from(bytes).toString('hex')
const unhex = text => new Uint8Array(Buffer.from(text, 'hex'))

// Beside pk and ipns a namespace "test", in which all is valid and the greatest bytes win.
const greatest = (key, records) => records.reduce((best, record, at) => Buffer.compare(Buffer.from(record), Buffer.from(records[best])) > 0 ? at : best, 0)

const start = async port => {
  const privateKey = await generateKeyPair('Ed25519')
  const node = await createLibp2p({
    privateKey,
    addresses: { listen: [`/ip4/127.0.0.1/tcp/${port}`] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    // By default it refuses more than five connections a second from one host, and dials no private address.
    connectionManager: { inboundConnectionThreshold: Infinity, maxIncomingPendingConnections: 1000 },
    connectionGater: { denyDialMultiaddr: () => false },
    services: {
      identify: identify(),
      identifyPush: identifyPush(),
      ping: ping(),
      dht: kadDHT({
        protocol: options.protocol,
        clientMode: false,
        // The other mappers take 127.0.0.1 out of answers, and with it the peers.
        peerInfoMapper: passthroughMapper,
        allowQueryWithZeroPeers: true,
        initialQuerySelfInterval: 500,
        validators: { ipns: ipnsValidator, test: async () => {} },
        selectors: { ipns: ipnsSelector, test: greatest }
      })
    }
  })
  return { node, privateKey, dht: node.services.dht }
}

const nodes = []
for (const port of options.ports.split(',')) {
  nodes.push(await start(port))
}

const drain = async (events) => {
  const all = []
  for await (const event of events) all.push(event)
  return all
}
const named = (events, name) => events.filter(event => event.name === name)
const info = peer => ({ id: peer.id.toString(), addresses: peer.multiaddrs.map(String) })
const patience = () => ({ signal: AbortSignal.timeout(20000) })
const stored = events => named(events, 'PEER_RESPONSE').filter(event => event.messageName === 'PUT_VALUE').length

const commands = {
  who: ({ node }) => ({ peer: node.peerId.toString(), addresses: node.getMultiaddrs().map(String) }),
  connect: async ({ node }, { to }) => {
    await node.dial(multiaddr(to))
    return {}
  },
  disconnect: async ({ node }, { peer }) => {
    await node.hangUp(peerIdFromString(peer))
    return {}
  },
  table: async ({ dht }) => {
    await dht.refreshRoutingTable()
    return { size: dht.routingTable.size }
  },
  known: async ({ node }, { peer }) => ({ protocols: (await node.peerStore.get(peerIdFromString(peer))).protocols }),
  provide: async ({ dht }, { cid }) => {
    await drain(dht.provide(CID.parse(cid), patience()))
    return {}
  },
  findProviders: async ({ dht }, { cid }) => ({
    providers: named(await drain(dht.findProviders(CID.parse(cid), patience())), 'PROVIDER').flatMap(event => event.providers).map(info)
  }),
  put: async ({ dht }, { key, value }) => ({ stored: stored(await drain(dht.put(unhex(key), unhex(value), patience()))) }),
  get: async ({ dht }, { key }) => {
    const values = named(await drain(dht.get(unhex(key), patience())), 'VALUE')
    return { value: values.length > 0 ? hex(values.at(-1).value) : null }
  },
  findPeer: async ({ dht }, { peer }) => {
    const found = named(await drain(dht.findPeer(peerIdFromString(peer), patience())), 'FINAL_PEER')
    return { found: found.length > 0 ? info(found[0].peer) : null }
  },
  closest: async ({ dht }, { key }) => ({
    peers: named(await drain(dht.getClosestPeers(unhex(key), patience())), 'FINAL_PEER').map(event => event.peer.id.toString())
  }),
  publish: async ({ node, dht, privateKey }, { path, sequence }) => {
    const record = marshalIPNSRecord(await createIPNSRecord(privateKey, path, sequence, 24 * 3600 * 1000))
    return { stored: stored(await drain(dht.put(multihashToIPNSRoutingKey(node.peerId.toMultihash()), record, patience()))) }
  },
  resolve: async ({ dht }, { name }) => {
    const values = named(await drain(dht.get(multihashToIPNSRoutingKey(peerIdFromString(name).toMultihash()), patience())), 'VALUE')
    const record = unmarshalIPNSRecord(values.at(-1).value)
    return { path: record.value, sequence: Number(record.sequence) }
  }
}

say({ event: 'listening' })
readline.createInterface({ input: process.stdin }).on('line', async line => {
  const question = JSON.parse(line)
  let answer
  try {
    answer = await commands[question.cmd](nodes[question.node], question)
  } catch (error) {
    answer = { error: error.message, name: error.name }
  }
  say({ id: question.id, ...answer })
}).on('close', () => process.exit(0))
