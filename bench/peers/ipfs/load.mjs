// Loads a libp2p node with one kind of work and says what that cost the node: a js-libp2p client, so it takes any node.
//   node load.mjs '{"address":"/ip4/…/p2p/…","pid":123,"case":"find_node","seconds":2,"warm":0.5,"warmCpu":1,"provided":"1220…","connections":8,"streams":2,"inFlight":4}'
// Cases: find_node, get_providers, ping (of kad), setup, setup_id, upload, download. Prints one line:
//   {"answers":…,"unit":"answers","answers_per_second":…,"answers_per_cpu_second":…,"server_busy":…,"bytes_per_answer":…,"wrong":0,"wrong_reason":""}
// Of upload and download an answer is a megabyte; of setup and setup_id it is a connection that was opened and closed.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { IDENTIFY, KAD, PERF, bytesField, framed, makeNode, messages, multihash, numberField, readFields, say, wait } from './common.mjs'

const TYPES = { get_providers: 3, find_node: 4, ping: 5 }
const PATIENCE = 15_000
const task = { seconds: 2, warm: 0.5, warmCpu: 1, provided: '', connections: 8, streams: 2, inFlight: 4, ...JSON.parse(process.argv[2]) }
const target = multiaddr(task.address)

let answers = 0
let bytes = 0
let isOver = false
let wrong = 0
let wrongReason = ''
function fail (reason) {
  wrong++
  wrongReason ||= reason
}

function cpuSeconds () {
  const fields = readFileSync(`/proc/${task.pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function request () {
  const key = task.case === 'get_providers' ? Buffer.from(task.provided, 'hex') : multihash(randomBytes(8))
  return framed(Buffer.concat([numberField(1, TYPES[task.case]), bytesField(2, key)]))
}

// 20 closer peers with an address each, and of the provided key 20 providers.
function check (answer) {
  answers++
  bytes += answer.length
  if (answer[0] !== 8 || answer[1] !== TYPES[task.case]) return fail('an answer of another type')
  if (task.case === 'ping' || answers % 64 !== 1) return
  const peers = number => readFields(answer).filter(field => field[0] === number && readFields(field[1]).some(part => part[0] === 2)).length
  if (peers(8) !== 20) fail(`${peers(8)} closer peers`)
  if (task.case === 'get_providers' && peers(9) !== 20) fail(`${peers(9)} providers`)
}

// One stream with so many requests open; each answer makes room for the next.
async function ask (connection) {
  const stream = await connection.newStream(KAD)
  let room = task.inFlight
  let wake = () => {}
  const requests = (async function * () {
    while (!isOver) {
      if (room === 0) await new Promise(resolve => { wake = resolve })
      const batch = []
      for (; room > 0; room--) batch.push(request())
      yield Buffer.concat(batch)
    }
  })()
  stream.sink(requests).catch(() => {})
  const take = messages(answer => {
    check(answer)
    room++
  })
  for await (const piece of stream.source) {
    take(piece.subarray())
    if (isOver) break
    if (room > 0) wake()
  }
  if (!isOver) fail('the node ended a stream')
  stream.abort(new Error('over'))
}

// A client whose only service is a fixed answer to identify.
async function client () {
  const node = await makeNode()
  const self = { node, asked: () => {} }
  const message = framed(Buffer.concat([
    bytesField(1, Buffer.from(publicKeyToProtobuf(node.peerId.publicKey))), bytesField(3, Buffer.from(IDENTIFY)), bytesField(5, Buffer.from('ipfs/0.1.0')), bytesField(6, Buffer.from('bench'))
  ]))
  await node.handle(IDENTIFY, async ({ stream }) => {
    try {
      await stream.sink([message])
      await stream.close()
      self.asked()
    } catch (error) {
      stream.abort(error)
    }
  }, { maxInboundStreams: 100 })
  return self
}

async function readAll (stream) {
  let length = 0
  for await (const piece of stream.source) length += piece.byteLength
  return length
}

// Opened and closed again and again; with identify, both sides ask each other in between.
async function setUp (withIdentify) {
  const self = await client()
  while (!isOver) {
    const asked = new Promise(resolve => { self.asked = () => resolve(true) })
    const connection = await self.node.dial(target, { force: true })
    if (withIdentify) {
      const stream = await connection.newStream(IDENTIFY)
      stream.closeWrite().catch(() => {})
      if (await readAll(stream) < 50) fail('no identify message')
      if (!await Promise.race([asked, wait(2000)])) fail('the node did not ask who we are')
    }
    await connection.close()
    answers++
  }
}

async function carry (isUpload) {
  const self = await client()
  const connection = await self.node.dial(target)
  const piece = Buffer.alloc(64 * 1024)
  const wanted = Buffer.alloc(8)
  const stream = await connection.newStream(PERF)
  if (isUpload) {
    await stream.sink((async function * () {
      yield wanted
      for (let i = 0; !isOver; i++) {
        answers += piece.length / 1e6
        yield piece
        // The clock's callbacks get their turn.
        if (i % 64 === 63) await new Promise(setImmediate)
      }
    })())
    await stream.closeWrite()
    await readAll(stream)
  } else {
    wanted.writeBigUInt64BE(1n << 44n)
    await stream.sink([wanted])
    await stream.closeWrite()
    for await (const came of stream.source) {
      answers += came.byteLength / 1e6
      if (isOver) break
    }
    stream.abort(new Error('over'))
  }
}

async function start () {
  if (task.case === 'upload' || task.case === 'download') return [carry(task.case === 'upload')]
  if (task.case.startsWith('setup')) return Array.from({ length: 4 }, () => setUp(task.case === 'setup_id'))
  const connections = await Promise.all(Array.from({ length: task.connections }, async () => (await makeNode()).dial(target)))
  return connections.flatMap(connection => Array.from({ length: task.streams }, () => ask(connection)))
}

const began = performance.now()
const work = Promise.all(await start()).catch(error => fail(error.message))
const fresh = cpuSeconds()
await wait(task.warm * 1000)
while (cpuSeconds() - fresh < task.warmCpu && performance.now() - began < PATIENCE) await wait(100)
const before = { answers, bytes, cpu: cpuSeconds(), at: performance.now() }
await wait(task.seconds * 1000)
const seconds = (performance.now() - before.at) / 1000
const cpu = cpuSeconds() - before.cpu
const measured = answers - before.answers
isOver = true
say({
  answers: measured,
  answers_per_second: measured / seconds,
  answers_per_cpu_second: cpu > 0 ? measured / cpu : 0,
  server_busy: cpu / seconds,
  bytes_per_answer: measured > 0 ? (bytes - before.bytes) / measured : 0,
  wrong,
  wrong_reason: wrongReason
})
await Promise.race([work, wait(500)])
process.exit(0)
