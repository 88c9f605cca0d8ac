// What the scripts of this folder share: options, JSON lines, and hex for whatever are bytes.
const readline = require('node:readline')
const { parseArgs } = require('node:util')

const say = answer => process.stdout.write(JSON.stringify(answer) + '\n')
const list = text => text ? text.split(',') : []

/** --ports 22001,22002 [--bootstrap HOST:PORT,...] [--ephemeral] */
exports.options = () => {
  const { values } = parseArgs({
    options: { ports: { type: 'string' }, bootstrap: { type: 'string', default: '' }, ephemeral: { type: 'boolean', default: false } }
  })
  return { ports: list(values.ports).map(Number), bootstrap: list(values.bootstrap), ephemeral: values.ephemeral }
}

exports.bytes = hex => hex === undefined || hex === null ? null : Buffer.from(hex, 'hex')
exports.hex = bytes => bytes === undefined || bytes === null ? null : Buffer.from(bytes).toString('hex')

exports.endpoint = text => {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) }
}

exports.show = endpoint => endpoint ? `${endpoint.host}:${endpoint.port}` : null

/** Each command is called with the node that is asked (the first by default), the question and all the nodes; what it throws is an answer too. */
exports.serve = (nodes, endpoints, commands) => {
  say({ event: 'listening', endpoints })
  readline.createInterface({ input: process.stdin }).on('line', async line => {
    const c = JSON.parse(line)
    if (c.cmd === 'quit') process.exit(0)
    let answer
    try {
      answer = await commands[c.cmd](nodes[c.node ?? 0], c, nodes)
    } catch (error) {
      answer = { error: error.message, code: error.code }
    }
    say({ id: c.id, ...answer })
  }).on('close', () => process.exit(0))
}
