// Sends one IKE_SA_INIT request from an odd port and goes away: node half-open.mjs ADDRESS

import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { encodeMessage } from 'ikev2-mobike/codec'

const transform = (type, id, keyLength) => ({ type, id, ...(keyLength && { keyLength }) })
const request = encodeMessage({
  initiatorSpi: randomBytes(8),
  responderSpi: Buffer.alloc(8),
  majorVersion: 2,
  minorVersion: 0,
  exchangeType: 34,
  fromInitiator: true,
  isResponse: false,
  messageId: 0,
  payloads: [
    {
      kind: 'securityAssociation',
      proposals: [
        {
          number: 1,
          protocol: 1,
          spi: Buffer.alloc(0),
          transforms: [transform(1, 20, 256), transform(2, 5), transform(4, 31)]
        }
      ]
    },
    { kind: 'keyExchange', group: 31, data: randomBytes(32) },
    { kind: 'nonce', data: randomBytes(32) }
  ]
})
const socket = createSocket('udp4')
socket.send(request, 500, process.argv[2], () => setTimeout(() => socket.close(), 200))
