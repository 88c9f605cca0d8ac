// Real npm dht-rpc nodes of today's generation on 127.0.0.1, driven by JSON lines:
//   node dht-rpc-peer.mjs --ports 24001,24002 [--bootstrap HOST:PORT,...] [--ephemeral]
import DHT from 'dht-rpc'
import json from './json-lines.cjs'
import { commands, endpoints, start } from './dht-rpc-commands.mjs'

const nodes = await start(DHT, json.options())
json.serve(nodes, endpoints(nodes), commands)
