// A real js-libp2p node on 127.0.0.1, driven by JSON lines:
//   node libp2p-peer.mjs --port 25001 [--no-early-muxer] [--autonat]
import readline from 'node:readline'
import { parseArgs } from 'node:util'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { autoNAT } from '@libp2p/autonat'
import { identify, identifyPush } from '@libp2p/identify'
import { peerIdFromString } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

// Node 20 lacks it, and one of the packages calls it.
Promise.withResolvers ??= function () {
  const answer = {}
  answer.promise = new this((resolve, reject) => Object.assign(answer, { resolve, reject }))
  return answer
}

const { values: options } = parseArgs({ options: { port: { type: 'string' }, 'no-early-muxer': { type: 'boolean', default: false }, autonat: { type: 'boolean', default: false } } })
const say = answer => process.stdout.write(JSON.stringify(answer) + '\n')

// Without its muxers in the handshake, the muxer is chosen by multistream-select.
const withoutEarlyMuxer = components => {
  const encrypter = noise()(components)
  for (const name of ['secureInbound', 'secureOutbound']) {
    const secure = encrypter[name].bind(encrypter)
    encrypter[name] = (connection, how) => secure(connection, { ...how, skipStreamMuxerNegotiation: true })
  }
  return encrypter
}

const node = await createLibp2p({
  addresses: { listen: [`/ip4/127.0.0.1/tcp/${options.port}`] },
  transports: [tcp()],
  connectionEncrypters: [options['no-early-muxer'] ? withoutEarlyMuxer : noise()],
  streamMuxers: [yamux()],
  connectionMonitor: { enabled: false },
  // By default it refuses more than five connections a second from one host, and dials no private address.
  connectionManager: { inboundConnectionThreshold: Infinity },
  connectionGater: { denyDialMultiaddr: () => false },
  nodeInfo: { userAgent: 'interop-peer/1' },
  services: { identify: identify(), identifyPush: identifyPush(), ping: ping(), ...(options.autonat && { autonat: autoNAT() }) }
})

await node.handle('/interop/echo/1', async ({ stream }) => {
  await stream.sink(stream.source)
  await stream.close()
})

const connectionTo = peer => node.getConnections(peerIdFromString(peer))[0]
const read = async source => {
  const pieces = []
  for await (const piece of source) pieces.push(Buffer.from(piece.subarray()))
  return Buffer.concat(pieces)
}

const commands = {
  who: () => ({ peer: node.peerId.toString(), addresses: node.getMultiaddrs().map(String) }),
  connect: async ({ to }) => {
    const connection = await node.dial(multiaddr(to))
    return { peer: connection.remotePeer.toString(), multiplexer: connection.multiplexer, encryption: connection.encryption }
  },
  connections: () => ({
    connections: node.getConnections().map(each => ({ peer: each.remotePeer.toString(), direction: each.direction, multiplexer: each.multiplexer, encryption: each.encryption }))
  }),
  identify: async ({ peer }) => {
    const told = await node.services.identify.identify(connectionTo(peer))
    return {
      peer: told.peerId.toString(),
      protocols: told.protocols,
      addresses: told.listenAddrs.map(String),
      agent: told.agentVersion,
      version: told.protocolVersion,
      observed: told.observedAddr?.toString(),
      signed: told.signedPeerRecord?.addresses.map(String)
    }
  },
  // What it keeps of a peer, from identify and pushes.
  known: async ({ peer }) => {
    const known = await node.peerStore.get(peerIdFromString(peer))
    return { protocols: known.protocols }
  },
  ping: async ({ to }) => ({ took: await node.services.ping.ping(multiaddr(to)) }),
  // Sends so many bytes of a pattern and reads the echo.
  echo: async ({ peer, protocol, count }) => {
    const stream = await connectionTo(peer).newStream(protocol ?? '/interop/echo/1')
    const bytes = Buffer.alloc(count, 'kadstone')
    const [back] = await Promise.all([read(stream.source), stream.sink((function * () {
      for (let at = 0; at < count; at += 65536) yield bytes.subarray(at, at + 65536)
    })())])
    await stream.close()
    return { same: back.equals(bytes), count: back.length }
  },
  handle: async ({ protocol }) => {
    await node.handle(protocol, ({ stream }) => stream.close())
    return {}
  },
  disconnect: async ({ peer }) => {
    await node.hangUp(peerIdFromString(peer))
    return {}
  }
}

say({ event: 'listening', peer: node.peerId.toString() })
readline.createInterface({ input: process.stdin }).on('line', async line => {
  const question = JSON.parse(line)
  let answer
  try {
    answer = await commands[question.cmd](question)
  } catch (error) {
    answer = { error: error.message, name: error.name }
  }
  say({ id: question.id, ...answer })
}).on('close', () => process.exit(0))
