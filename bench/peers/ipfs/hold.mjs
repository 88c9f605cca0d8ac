// Connections that are opened, identified and then idle, as many as asked, from peers with four each.
//   node hold.mjs ADDRESS COUNT
// Prints "ready" when all are open; ends on SIGTERM.
import { multiaddr } from '@multiformats/multiaddr'
import { identify } from '@libp2p/identify'
import { makeNode } from './common.mjs'

const [address, count] = process.argv.slice(2)
const PER_PEER = 4
for (let open = 0; open < Number(count); open += PER_PEER) {
  const node = await makeNode({ services: { identify: identify() } })
  for (let i = 0; i < PER_PEER; i++) await node.dial(multiaddr(address), { force: true })
}

console.log('ready')
