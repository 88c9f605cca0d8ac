// The npm hyperdht node under load: persistent, open, and on loopback. A contestant of bench/run-hyper.
//   node hyper_node.mjs PORT BOOTSTRAP_HOST:PORT
import DHT from 'hyperdht'

const [port, bootstrap] = process.argv.slice(2)
const node = DHT.bootstrapper(Number(port), '127.0.0.1', { host: '127.0.0.1', bootstrap: bootstrap ? [bootstrap] : [] })
await node.fullyBootstrapped()
console.log('ready')
