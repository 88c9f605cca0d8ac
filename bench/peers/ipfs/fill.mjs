// Serving DHT nodes that connect to the node under load and stay, so that its table holds them. The first 20 provide a key there.
//   node fill.mjs ADDRESS KEY_HEX [COUNT]
// Prints "ready" when all are connected and have said what they provide; ends on SIGTERM.
import { multiaddr } from '@multiformats/multiaddr'
import { KAD, bytesField, dhtServices, framed, makeNode, numberField, wait } from './common.mjs'

const ADD_PROVIDER = 2
const PROVIDERS = 20
const [address, key, count] = process.argv.slice(2)

for (let i = 0; i < Number(count ?? 30); i++) {
  const node = await makeNode({ listens: true, services: dhtServices() })
  const connection = await node.dial(multiaddr(address))
  if (i < PROVIDERS) {
    const places = node.getMultiaddrs().map(place => bytesField(2, place.decapsulateCode(421).bytes))
    const self = Buffer.concat([bytesField(1, node.peerId.toMultihash().bytes), ...places])
    const stream = await connection.newStream(KAD)
    await stream.sink([framed(Buffer.concat([numberField(1, ADD_PROVIDER), bytesField(2, Buffer.from(key, 'hex')), bytesField(9, self)]))])
    await wait(20)
    stream.close().catch(() => {})
  }
}

console.log('ready')
