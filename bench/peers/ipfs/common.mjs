// What the IPFS bench peers share: how a js-libp2p node is made here, and the little of kad-dht's wire that a generator needs.
import { createHash } from 'node:crypto'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'

// Node.js 20 has no withResolvers, which the packages call.
Promise.withResolvers ??= function () {
  const parts = {}
  parts.promise = new this((resolve, reject) => Object.assign(parts, { resolve, reject }))
  return parts
}

export const KAD = '/ipfs/lan/kad/1.0.0'
export const IDENTIFY = '/ipfs/id/1.0.0'
export const PERF = '/perf/1.0.0'

const NEVER = 2 ** 30

/** A node on loopback that dials whom it likes. With `listens` it has a port; with `services` it has those. */
export function makeNode ({ listens = false, port = 0, services = {}, connections = {} } = {}) {
  return createLibp2p({
    addresses: { listen: listens ? [`/ip4/127.0.0.1/tcp/${port}`] : [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    connectionGater: { denyDialMultiaddr: () => false },
    connectionManager: {
      maxConnections: 5000, maxParallelDials: 200, maxIncomingPendingConnections: 2000, inboundConnectionThreshold: Infinity, dialTimeout: 20_000, ...connections
    },
    services
  })
}

/** identify, ping and a DHT that serves, or only asks. It looks for itself never, so that the load is the load. */
export function dhtServices ({ client = false, ...more } = {}) {
  return {
    identify: identify(),
    ping: ping(),
    dht: kadDHT({
      protocol: KAD,
      clientMode: client,
      peerInfoMapper: passthroughMapper,
      allowQueryWithZeroPeers: true,
      maxInboundStreams: 1024,
      initialQuerySelfInterval: NEVER,
      querySelfInterval: NEVER,
      ...more
    })
  }
}

export const say = object => console.log(JSON.stringify(object))
export const wait = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds))

export function multihash (bytes) {
  return Buffer.concat([Buffer.of(0x12, 0x20), createHash('sha256').update(bytes).digest()])
}

// Protobuf: a varint, a field that holds bytes, a field that holds a number.
export function varint (number) {
  const bytes = []
  for (; number > 0x7F; number = Math.floor(number / 128)) bytes.push(number % 128 + 128)
  return Buffer.from([...bytes, number])
}

export const bytesField = (number, bytes) => Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes])
export const numberField = (number, value) => Buffer.concat([varint(number * 8), varint(value)])
export const framed = bytes => Buffer.concat([varint(bytes.length), bytes])

/** [field number, value] of a message, in order. */
export function readFields (bytes) {
  const found = []
  let at = 0
  const number = () => {
    for (let value = 0, place = 1; ; place *= 128) {
      const byte = bytes[at++]
      value += (byte % 128) * place
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = number()
    if (tag % 8 === 0) {
      found.push([Math.floor(tag / 8), number()])
    } else if (tag % 8 === 2) {
      const length = number()
      found.push([Math.floor(tag / 8), bytes.subarray(at, at += length)])
    } else {
      throw new Error(`a field of wire type ${tag % 8}`)
    }
  }
  return found
}

/** A function that takes pieces of a stream and calls back with each whole length-prefixed message. */
export function messages (whole) {
  let left = Buffer.alloc(0)
  return piece => {
    let bytes = left.length > 0 ? Buffer.concat([left, piece]) : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    while (bytes.length > 0) {
      let length = 0
      let prefix = 0
      for (let place = 1; prefix < bytes.length; place *= 128) {
        const byte = bytes[prefix++]
        length += (byte % 128) * place
        if (byte < 128) break
        if (prefix === bytes.length) prefix = Infinity
      }
      if (prefix + length > bytes.length) break
      whole(bytes.subarray(prefix, prefix + length))
      bytes = bytes.subarray(prefix + length)
    }
    left = bytes
  }
}
