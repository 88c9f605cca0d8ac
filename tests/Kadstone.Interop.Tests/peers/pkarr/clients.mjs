// The clients of pkarr relays against two relays of one DHT: what one publishes through the first, it finds through the second.
//
//     node clients.mjs http://127.0.0.1:PORT http://127.0.0.1:PORT
//
// A line a check, "ok   NAME" or "FAIL NAME: WHY", then "summary N passed, M failed".
import { createRequire } from 'module'
import { Pkarr, SignedPacket, generateKeyPair, z32 } from 'pkarr'

const [first, second] = process.argv.slice(2)
let passed = 0
let failed = 0

async function check (name, run) {
  try {
    await run()
    passed++
    console.log(`ok   ${name}`)
  } catch (error) {
    failed++
    console.log(`FAIL ${name}: ${error?.stack ?? error}`)
  }
}

function same (what, got, expected) {
  if (JSON.stringify(got) !== JSON.stringify(expected)) throw new Error(`${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(expected)}`)
}

const hex = bytes => Buffer.from(bytes).toString('hex')
const keys = generateKeyPair(Buffer.alloc(32, 9))
const answers = [{ name: '_hello', type: 'TXT', ttl: 300, data: 'world' }, { name: '.', type: 'A', ttl: 600, data: '192.0.2.9' }]
const packet = SignedPacket.fromPacket(keys, { id: 0, type: 'response', flags: 0, answers })

await check('pkarr publishes through the first relay', async () => {
  const response = await Pkarr.relayPut(first, packet)
  same('status', [response.status, await response.text()], [204, ''])
  if (!(Number(response.headers.get('pkarr-dht-stored-nodes')) > 0)) throw new Error('nobody stored it')
})

await check('pkarr resolves through the second, byte for byte', async () => {
  const found = await Pkarr.relayGet(second, keys.publicKey)
  same('bytes', hex(found.bytes()), hex(packet.bytes()))
  same('records', found.packet().answers.map(answer => String(answer.data)), ['world', '192.0.2.9'])
})

await check('a client that has it already is sent nothing', async () => {
  const response = await fetch(`${second}/${z32.encode(keys.publicKey)}`, { headers: { 'if-modified-since': new Date(Date.now() + 2000).toUTCString() } })
  same('status', response.status, 304)
})

const { Pubky, Client, Keypair } = createRequire(import.meta.url)('@synonymdev/pubky')
const user = () => Keypair.fromSecret(new Uint8Array(32).fill(11))
const home = n => Keypair.fromSecret(new Uint8Array(32).fill(n)).publicKey
const through = relay => Pubky.withClient(new Client({ pkarr: { relays: [`${relay}/`], requestTimeout: 20000 } }))

await check('pubky publishes through the first relay', async () => {
  await through(first).signer(user()).pkdns.publishHomeserverForce(home(12))
})

await check('pubky resolves through the second', async () => {
  same('homeserver', (await through(second).getHomeserverOf(user().publicKey))?.z32(), home(12).z32())
})

await check('pubky publishes again, and sends what it replaces', async () => {
  await through(first).signer(user()).pkdns.publishHomeserverForce(home(13))
  same('homeserver', (await through(first).getHomeserverOf(user().publicKey))?.z32(), home(13).z32())
})

console.log(`summary ${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)
