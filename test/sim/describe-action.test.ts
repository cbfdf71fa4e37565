import { expect, it } from 'vitest'
import { endpoint } from '../../src/bytes/index.ts'
import type { SessionAction } from '../../src/session/index.ts'
import { describeAction } from '../../src/sim/index.ts'

const [from, to] = [
  { local: endpoint('10.1.0.2', 4500), remote: endpoint('192.0.2.1', 4500) },
  { local: endpoint('2001:db8::2', 4500), remote: endpoint('2001:db8::1', 4500) }
]
const suite = { encryption: 20, keyLength: 256, integrity: null, extendedSequenceNumbers: true }
const child = { id: 3, localSpi: 0xa1, remoteSpi: 0xc0de0001, suite, localSelectors: [], remoteSelectors: [] }

it.each<[SessionAction, string | undefined]>([
  [
    { type: 'installChildSa', child, path: from, encapsulate: true, replaces: 2, outbound: 'afterInbound' },
    'installChildSa 3 in 000000a1 out c0de0001, replaces 2, sends after the first packet in'
  ],
  [{ type: 'removeChildSa', id: 2 }, 'removeChildSa 2'],
  [
    { type: 'moveChildSas', ids: [3], from, to, encapsulate: false, selectorsAtEndpoint: [] },
    'moveChildSas to [2001:db8::2]:4500 > [2001:db8::1]:4500, plain ESP'
  ],
  [
    { type: 'startNatKeepalive', path: from, intervalMs: 20_000 },
    'startNatKeepalive 10.1.0.2:4500 > 192.0.2.1:4500 every 20 s'
  ],
  [{ type: 'stopNatKeepalive', path: from }, 'stopNatKeepalive 10.1.0.2:4500 > 192.0.2.1:4500'],
  [
    { type: 'applyConfiguration', configuration: { addresses: ['10.3.0.1'], dnsServers: [] } },
    'applyConfiguration 10.3.0.1'
  ],
  [
    { type: 'report', report: { kind: 'mobike', report: { kind: 'moving', from, to } } },
    'moving from 10.1.0.2:4500 > 192.0.2.1:4500 to [2001:db8::2]:4500 > [2001:db8::1]:4500'
  ],
  [
    { type: 'report', report: { kind: 'mobike', report: { kind: 'moved', path: from, encapsulate: true } } },
    'moved 10.1.0.2:4500 > 192.0.2.1:4500 encapsulate'
  ],
  [
    { type: 'report', report: { kind: 'mobike', report: { kind: 'peerAddresses', addresses: [] } } },
    'peerAddresses none'
  ],
  [{ type: 'report', report: { kind: 'childSaRekeyed', oldId: 2, newId: 3 } }, 'childSaRekeyed oldId 2 newId 3'],
  [{ type: 'sendDatagram', path: from, bytes: new Uint8Array(3) }, undefined]
])('%j reads well', (action, text) => expect(describeAction(action)).toBe(text))
