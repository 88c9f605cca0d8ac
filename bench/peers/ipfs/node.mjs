// The js-libp2p node under load: identify, ping, a DHT that serves, and /perf/1.0.0. A contestant of bench/run-ipfs.
//   node node.mjs PORT
import { PERF, dhtServices, makeNode } from './common.mjs'

const node = await makeNode({ listens: true, port: Number(process.argv[2]), services: dhtServices() })
const zeroes = new Uint8Array(64 * 1024)

// Eight bytes say how many are wanted; all that comes is taken until its end, then so many are given.
async function perf ({ stream }) {
  try {
    let head = Buffer.alloc(0)
    for await (const piece of stream.source) if (head.length < 8) head = Buffer.concat([head, piece.subarray()])
    let wanted = Number(head.readBigUInt64BE(0))
    await stream.sink((function * () {
      for (; wanted > 0; wanted -= zeroes.length) yield wanted < zeroes.length ? zeroes.subarray(0, wanted) : zeroes
    })())
    await stream.close()
  } catch (error) {
    stream.abort(error)
  }
}

await node.handle(PERF, perf, { maxInboundStreams: 64 })
console.log(`address ${node.getMultiaddrs()[0]}`)
console.log('ready')
