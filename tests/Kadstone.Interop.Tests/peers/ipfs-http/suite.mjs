// node suite.mjs NAMES PROGRAM [ARGUMENT...]
//
// Runs suites of interface-ipfs-core, such as dht,swarm,name.publish, through ipfs-http-client against daemons of PROGRAM.
import { createRequire, register } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { create } from 'ipfs-http-client'
import Mocha from 'mocha'
import { Daemons, report } from './daemons.mjs'

const [names, ...command] = process.argv.slice(2)
if (command.length === 0) {
  console.error('usage: node suite.mjs NAMES PROGRAM [ARGUMENT...]')
  process.exit(2)
}

// aegir is a workbench of a thousand packages, of which the suite needs the assertions: package.json leaves it out.
register('./assertions.mjs', import.meta.url)

// The package's front door loads fixtures that are not published: each suite is entered by its own.
const packageFile = createRequire(import.meta.url).resolve('mocha/package.json')
const suites = path.join(path.dirname(packageFile), '..', 'interface-ipfs-core', 'src')

// What the suite takes for its factory of nodes.
const daemons = new Daemons(command)
const factory = {
  opts: {},
  async spawn (options = {}) {
    const daemon = await daemons.start(options.ipfsOptions?.config)
    const api = create({ url: daemon.url })
    return { api, opts: options, stop: () => daemons.stop(daemon) }
  },
  clean: () => daemons.stopAll()
}

const mocha = new Mocha({ timeout: 80_000 })
mocha.suite.emit('pre-require', globalThis, null, mocha)
for (const name of names.split(',')) {
  const [group, part] = name.split('.')
  const { default: suite } = await import(pathToFileURL(path.join(suites, group, 'index.js')).href)
  globalThis.describe(name, () => (part ? suite[part] : suite)(factory))
}

const rows = []
const runner = mocha.run(async () => {
  await daemons.stopAll()
  report(rows, daemons.exits)
})
runner.on('pass', test => rows.push({ name: test.fullTitle() }))
runner.on('pending', test => rows.push({ name: test.fullTitle(), error: 'was skipped' }))
runner.on('fail', (test, error) => rows.push({ name: test.fullTitle(), error: `${error.message}`.split('\n')[0].slice(0, 500) }))
