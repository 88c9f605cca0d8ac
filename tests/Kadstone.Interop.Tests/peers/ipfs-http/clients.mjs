// node clients.mjs PROGRAM [ARGUMENT...]
//
// Three daemons of PROGRAM, asked by kubo-rpc-client and by Helia's client of Delegated Routing.
import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { createDelegatedRoutingV1HttpApiClient } from '@helia/delegated-routing-v1-http-api-client'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import { createIPNSRecord } from 'ipns'
import { create } from 'kubo-rpc-client'
import { CID } from 'multiformats/cid'
import { Daemons, report } from './daemons.mjs'

// Newer than node 20; a client uses it.
Promise.withResolvers ??= function () {
  const deferred = {}
  deferred.promise = new this((resolve, reject) => Object.assign(deferred, { resolve, reject }))
  return deferred
}

const nobody = peerIdFromString('Qmd7qZS4T7xXtsNFdRoK1trfMs5zU94EpokQ9WFtxdPxsZ')
const nothing = CID.parse('bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy')
const unpublished = 'k51qzi5uqu5dl0dbfddy2wb42nvbc6anyxnkrguy5l0h0bv9kaih6j6vqdskqk'

const daemons = new Daemons(process.argv.slice(2))
const rows = []
async function check (name, body) {
  const row = { name }
  try { await body() } catch (error) { row.error = `${error.name}: ${error.message}`.split('\n')[0].slice(0, 400) }
  rows.push(row)
}

const collect = async source => { const items = []; for await (const item of source) items.push(item); return items }
const named = (events, name) => events.filter(event => event.name === name)
const providersOf = events => named(events, 'PROVIDER').flatMap(event => event.providers.map(peer => peer.id.toString()))

try {
  const nodes = await Promise.all([0, 1, 2].map(async () => {
    const { url } = await daemons.start()
    const rpc = create({ url })
    return { url, rpc, routing: createDelegatedRoutingV1HttpApiClient(url), ...await rpc.id() }
  }))
  const [first, second, third] = nodes
  let content, name

  await check('id tells a peer id, addresses that end with it, and the kad protocol', () => {
    for (const node of nodes) {
      assert.ok(node.addresses.every(address => `${address}`.endsWith(`/p2p/${node.id}`)) && node.addresses.length > 0)
      assert.ok(node.protocols.some(protocol => protocol.endsWith('/kad/1.0.0')))
    }
  })
  await check('swarm.connect makes a line of three, and swarm.peers shows it', async () => {
    await second.rpc.swarm.connect(first.addresses[0])
    await third.rpc.swarm.connect(second.addresses[0])
    const peers = (await second.rpc.swarm.peers()).map(connection => `${connection.peer}`)
    assert.ok(peers.includes(`${first.id}`) && peers.includes(`${third.id}`))
  })
  await check('dht.query: an answer names the other node', async () => {
    for (let attempt = 0; ; attempt++) {
      const answers = named(await collect(first.rpc.dht.query(second.id)), 'PEER_RESPONSE')
      if (answers.some(event => event.closer.some(peer => peer.id.equals(second.id)))) return
      assert.ok(attempt < 30, 'no answer named it')
      await pause(500)
    }
  })
  await check('routing.findPeer finds a node two steps away, with addresses', async () => {
    const [found] = named(await collect(first.rpc.routing.findPeer(third.id)), 'FINAL_PEER')
    assert.equal(`${found.peer.id}`, `${third.id}`)
    assert.notEqual(found.peer.multiaddrs.length, 0)
  })
  await check('routing.findPeer of nobody ends with an error event', async () => {
    const events = await collect(first.rpc.routing.findPeer(nobody))
    assert.equal(named(events, 'FINAL_PEER').length, 0)
    assert.notEqual(named(events, 'QUERY_ERROR').length, 0)
  })
  await check('what routing.provide tells, routing.findProvs finds', async () => {
    content = (await third.rpc.add(`content of ${third.id}`)).cid
    await collect(third.rpc.routing.provide(content))
    assert.ok(providersOf(await collect(first.rpc.routing.findProvs(content))).includes(`${third.id}`))
  })
  await check('routing.findProvs stops at numProviders', async () => {
    await second.rpc.add(`content of ${third.id}`)
    await collect(second.rpc.routing.provide(content))
    assert.equal(new Set(providersOf(await collect(first.rpc.routing.findProvs(content)))).size, 2)
    assert.equal(new Set(providersOf(await collect(first.rpc.routing.findProvs(content, { numProviders: 1 })))).size, 1)
  })
  await check('routing.provide refuses content that is not here', () =>
    assert.rejects(collect(first.rpc.routing.provide(nothing)), /not found locally/))
  await check('routing.provide refuses what is no CID', () =>
    assert.rejects(collect(first.rpc.routing.provide({}))))
  await check('what name.publish puts on one node, routing.get gets on another', async () => {
    name = (await second.rpc.name.publish(content)).name
    const [found] = named(await collect(first.rpc.routing.get(`/ipns/${name}`)), 'VALUE')
    assert.ok(Buffer.from(found.value).includes(`${content}`))
  })
  await check('routing.put takes a record that is right', async () => {
    const [found] = named(await collect(second.rpc.routing.get(`/ipns/${name}`)), 'VALUE')
    assert.equal(named(await collect(first.rpc.routing.put(`/ipns/${name}`, found.value)), 'VALUE').length, 1)
  })
  await check('routing.put refuses what is no record', () =>
    assert.rejects(collect(first.rpc.routing.put(`/ipns/${name}`, Buffer.from('no record at all')))))
  await check('routing.get of a name that nobody published says so', () =>
    assert.rejects(collect(first.rpc.routing.get(`/ipns/${unpublished}`)), /not found/))
  await check('name.resolve follows the name', async () => {
    const paths = await collect(third.rpc.name.resolve(`/ipns/${name}`))
    assert.equal(paths.at(-1), `/ipfs/${content}`)
  })

  await check('delegated getProviders', async () => {
    const records = await collect(first.routing.getProviders(content))
    assert.ok(records.some(record => record.ID.equals(third.id)))
  })
  await check('delegated getProviders of nothing is an empty list', async () =>
    assert.deepEqual(await collect(first.routing.getProviders(nothing)), []))
  await check('delegated getPeers', async () => {
    const [record] = await collect(first.routing.getPeers(second.id))
    assert.equal(`${record.ID}`, `${second.id}`)
    assert.notEqual(record.Addrs.length, 0)
  })

  const key = await generateKeyPair('Ed25519')
  const owner = peerIdFromPrivateKey(key).toCID()
  const publish = async (node, sequence) => node.routing.putIPNS(owner, await createIPNSRecord(key, `/ipfs/${content}`, sequence, 3_600_000))
  await check('delegated putIPNS here, getIPNS there', async () => {
    await publish(first, 3n)
    const record = await third.routing.getIPNS(owner, { cache: false })
    assert.equal(record.value, `/ipfs/${content}`)
    assert.equal(record.sequence, 3n)
  })
  await check('delegated getIPNS gets the highest number', async () => {
    await publish(second, 9n)
    assert.equal((await first.routing.getIPNS(owner, { cache: false })).sequence, 9n)
  })
  await check('delegated PUT refuses junk', async () => {
    const other = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toCID()
    const answer = await fetch(`${first.url}/routing/v1/ipns/${other}`, { method: 'PUT', headers: { 'content-type': 'application/vnd.ipfs.ipns-record' }, body: 'junk' })
    assert.equal(answer.status, 400)
  })
  await check('GET on the RPC is refused', async () =>
    assert.equal((await fetch(`${first.url}/api/v0/id`)).status, 405))
} catch (error) {
  rows.push({ name: 'the daemons start', error: `${error.message}` })
}

await daemons.stopAll()
report(rows, daemons.exits)
