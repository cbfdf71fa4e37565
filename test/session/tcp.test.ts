import { describe, expect, it } from 'vitest'
import type { Endpoint, Path } from '../../src/bytes/index.ts'
import { NOTIFY } from '../../src/codec/index.ts'
import { kinds, read } from './forge.ts'
import { type Datagram, Pair, type SideName } from './pair.ts'

const BOTH: readonly SideName[] = ['client', 'gateway']
const TCP: Endpoint = { address: '192.0.2.1', port: 4500, transport: 'tcp' }
const BLOCKED = '10.2.0.2'

/** Where a datagram or a message in a stream arrives: each end names the other as the one behind TCP. */
function across({ path }: Datagram): Path {
  const { transport, ...end } = path.remote
  return { local: end, remote: transport === undefined ? path.local : { ...path.local, transport } }
}

describe('a session that goes to a network without UDP', () => {
  it('D32 F48 goes on through TCP on the same SAs; everything in the stream has the non-ESP marker', () => {
    const pair = new Pair()
    pair.route = (datagram) =>
      datagram.path.remote.transport === undefined &&
      [datagram.path.local, datagram.path.remote].some(({ address }) => address === BLOCKED)
        ? undefined
        : across(datagram)
    pair.tell('client', { type: 'remoteCandidatesChanged', endpoints: [{ address: TCP.address, port: 4500 }, TCP] })
    pair.establish()
    const spis = BOTH.map((name) => pair[name].session.state.children.map(({ sa }) => [sa.localSpi, sa.remoteSpi]))
    const before = pair.sent.length
    pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: BLOCKED }] })
    pair.settle()
    pair.advance(5000)
    const local = { address: BLOCKED, port: 4500 }
    expect(pair.client.session.state.mobike).toMatchObject({
      ikePath: { local, remote: TCP },
      childPath: { local, remote: TCP }
    })
    expect(pair.gateway.session.state.mobike?.childPath).toEqual({
      local: { address: TCP.address, port: 4500 },
      remote: { ...local, transport: 'tcp' }
    })
    expect(BOTH.map((name) => pair[name].session.state.children.map(({ sa }) => [sa.localSpi, sa.remoteSpi]))).toEqual(
      spis
    )
    for (const name of BOTH) {
      const moves = pair[name].actions.filter((action) => action.type === 'moveChildSas')
      expect(moves.at(-1)).toMatchObject({ encapsulate: true, to: { remote: { transport: 'tcp' } } })
    }

    const after = pair.sent.slice(before)
    const first = after[0] as Datagram
    expect(kinds(read(pair, first).payloads)).toContain(NOTIFY.UPDATE_SA_ADDRESSES)
    expect(first.path.remote.transport).toBeUndefined()
    const streamed = after.filter(({ path }) => path.remote.transport === 'tcp')
    // RFC 9329 section 7.1: the request itself changes its transport, not a bit of it.
    expect(streamed[0]?.bytes).toEqual(first.bytes)
    for (const { bytes } of streamed) expect(bytes.subarray(0, 4)).toEqual(new Uint8Array(4))
    // No return routability check comes from the gateway.
    expect(after.filter((sent) => sent.from === 'gateway' && !read(pair, sent).message.isResponse)).toEqual([])
    expect(pair.client.actions.filter(({ type }) => type === 'startNatKeepalive')).toEqual(
      pair.client.actions
        .filter(({ type }) => type === 'stopNatKeepalive')
        .map((action) => ({
          ...action,
          type: 'startNatKeepalive',
          intervalMs: 20_000
        }))
    )
    for (const name of BOTH) {
      pair.tell(name, { type: 'ikeSaRekeyRequested' })
      pair.settle()
      pair.tell(name, { type: 'childSaRekeyRequested', id: pair.childIds(name)[0] as number })
      pair.settle()
    }
    expect(BOTH.map((name) => pair.phase(name))).toEqual(['established', 'established'])
    expect(pair.ikeSa('gateway').generation).toBe(2)
    expect(pair.client.session.state.mobike?.childPath.remote).toEqual(TCP)
  })

  it.each([4500, 500])(
    'D32 or begins there, on port %i: IKE_SA_INIT and IKE_AUTH in one stream, ESP in it too',
    (port) => {
      const pair = new Pair()
      pair.route = across
      const paths = [{ local: { address: '10.1.0.2', port }, remote: { ...TCP, port } }]
      pair.connect(paths).settle()
      expect(BOTH.map((name) => pair.phase(name))).toEqual(['established', 'established'])
      expect(pair.sent.every(({ path }) => path.remote.transport === 'tcp')).toBe(true)
      for (const { bytes } of pair.sent) expect(bytes.subarray(0, 4)).toEqual(new Uint8Array(4))
      for (const name of BOTH) {
        const installs = pair[name].actions.filter((action) => action.type === 'installChildSa')
        expect(installs).toMatchObject([{ encapsulate: true, path: { remote: { transport: 'tcp' } } }])
      }
    }
  )
})
