// The first generation binds every address: with this, what is bound without an address is bound to 127.0.0.1. A program gets it by node --require.
const dgram = require('node:dgram')

const bind = dgram.Socket.prototype.bind
dgram.Socket.prototype.bind = function (port, ...rest) {
  const callback = typeof rest.at(-1) === 'function' ? rest.at(-1) : undefined
  const options = port !== null && typeof port === 'object' ? port : { port: typeof port === 'number' ? port : 0 }
  return bind.call(this, { address: '127.0.0.1', ...options }, ...(callback ? [callback] : []))
}
