// Daemons for a test: each a process of its own, in a folder of its own, until stop() ends it.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const patience = 60_000

export class Daemons {
  #command
  #running = new Set()
  #count = 0
  exits = []

  /** @param command the program and its arguments, as one would type them without a shell */
  constructor (command) {
    this.#command = command
  }

  /** Starts one, and waits until it says where its API is and that it is ready. */
  async start (config = {}) {
    const index = this.#count++
    const folder = mkdtempSync(path.join(tmpdir(), 'kadstone-ipfs-http-'))
    const [program, ...args] = this.#command
    const child = spawn(program, args, {
      env: { ...process.env, NODE_DIR: folder, NODE_INDEX: `${index}`, NODE_CONFIG_JSON: JSON.stringify(config) },
      stdio: ['ignore', 'pipe', 'pipe']
    })
    const daemon = { child, folder, said: '', url: undefined, ended: undefined }
    daemon.ended = new Promise(resolve => child.once('close', (code, signal) => resolve(code ?? signal)))
    this.#running.add(daemon)
    daemon.url = await new Promise((resolve, reject) => {
      const fail = why => reject(new Error(`daemon ${index} ${why}; it said:\n${daemon.said}`))
      const guard = setTimeout(() => fail('was not ready in time'), patience)
      daemon.ended.then(code => { clearTimeout(guard); fail(`ended with ${code}`) })
      const listen = text => {
        daemon.said += text
        const api = daemon.said.match(/API server listening on \/ip4\/([0-9.]+)\/tcp\/([0-9]+)/)
        if (api && daemon.said.includes('Daemon is ready')) {
          clearTimeout(guard)
          resolve(`http://${api[1]}:${api[2]}`)
        }
      }
      child.stdout.on('data', listen)
      child.stderr.on('data', listen)
    })
    return daemon
  }

  /** Asks one to end, and remembers how it did. */
  async stop (daemon) {
    if (!this.#running.delete(daemon)) return
    daemon.child.kill('SIGTERM')
    const guard = setTimeout(() => daemon.child.kill('SIGKILL'), 10_000)
    this.exits.push(await daemon.ended)
    clearTimeout(guard)
    rmSync(daemon.folder, { recursive: true, force: true })
  }

  async stopAll () {
    await Promise.all([...this.#running].map(daemon => this.stop(daemon)))
  }
}

/** One line a result, for people and for the test that started the script. */
export function report (rows, exits) {
  for (const row of rows) console.log(`${row.error === undefined ? 'ok  ' : 'FAIL'} ${row.name}${row.error === undefined ? '' : `: ${row.error}`}`)
  const failed = rows.filter(row => row.error !== undefined).length
  console.log(`summary ${JSON.stringify({ passed: rows.length - failed, failed, exits: [...new Set(exits)] })}`)
  process.exit(failed === 0 ? 0 : 1)
}
