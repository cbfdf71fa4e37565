import { describe, expect, it } from 'vitest'
import { uint32Bytes } from '../../src/bytes/index.ts'
import { EXCHANGE, NOTIFY, notify } from '../../src/codec/index.ts'
import type { Payload } from '../../src/codec/types.ts'
import { DEFAULT_SESSION_LIMITS, LARGEST_WINDOW, sessionConfig } from '../../src/session/index.ts'
import { forge, kinds, read } from './forge.ts'
import { CLIENT_OPTIONS, type Datagram, datagramsIn, Pair, reportsIn, type SideName } from './pair.ts'

const BOTH: readonly SideName[] = ['client', 'gateway']
const { SET_WINDOW_SIZE, UPDATE_SA_ADDRESSES } = NOTIFY

const granting = (window: number) => ({ limits: { ...DEFAULT_SESSION_LIMITS, window } })

const windowsOf = (pair: Pair, name: SideName) => {
  const { requests, responses } = pair.ikeSa(name)
  return { used: requests.size, granted: responses.size }
}

/** Windows said in a message. */
function said(pair: Pair, datagram: Datagram): number[] {
  return read(pair, datagram).payloads.flatMap((payload) =>
    payload.kind === 'notify' && payload.type === SET_WINDOW_SIZE
      ? [new DataView(payload.data.slice().buffer).getUint32(0)]
      : []
  )
}

const grant = (size: number | Uint8Array): Payload =>
  notify(SET_WINDOW_SIZE, typeof size === 'number' ? uint32Bytes(size) : size)

/** The client's next request as forged, one after the other. */
function fromClient(pair: Pair, messageId: number, payloads: readonly Payload[], from = '10.1.0.2'): Datagram {
  const path = { local: { address: from, port: 4500 }, remote: { address: '192.0.2.1', port: 4500 } }
  return forge(pair, 'client', { messageId, payloads, path })
}

describe('SET_WINDOW_SIZE (RFC 7296 section 2.3)', () => {
  it('B042 B045 both grant their window in IKE_AUTH, and it counts once the initial exchanges are over', () => {
    const pair = new Pair(granting(4), granting(6))
    const seen: { exchange: number; windows: number[] }[] = []
    pair.passes = (datagram) => {
      const { message } = read(pair, datagram)
      seen.push({ exchange: message.exchangeType, windows: said(pair, datagram) })
      if (message.exchangeType === EXCHANGE.IKE_AUTH && datagram.from === 'client') {
        expect(windowsOf(pair, 'client')).toEqual({ used: 1, granted: 1 })
      }
      return true
    }
    pair.establish()
    expect(seen).toEqual([
      { exchange: EXCHANGE.IKE_SA_INIT, windows: [] },
      { exchange: EXCHANGE.IKE_SA_INIT, windows: [] },
      { exchange: EXCHANGE.IKE_AUTH, windows: [4] },
      { exchange: EXCHANGE.IKE_AUTH, windows: [6] }
    ])
    // What is used is the smaller of the peer's grant and the own limit.
    expect(windowsOf(pair, 'client')).toEqual({ used: 4, granted: 4 })
    expect(windowsOf(pair, 'gateway')).toEqual({ used: 4, granted: 6 })
  })

  it('B042 during IKE_AUTH the window is 1: a second request of the initiator is outside', () => {
    const pair = new Pair(granting(4), granting(4)).connect()
    for (let count = 0; count < 2; count++) pair.deliver(pair.wire.shift() as Datagram)
    const early = pair.deliver(forge(pair, 'client', { messageId: 2, payloads: [] }))
    expect(reportsIn(early)).toMatchObject([{ kind: 'ignored', reason: 'messageIdOutsideWindow' }])
  })

  it('B043 B044 requests up to the window leave at once, the next when the oldest is answered', () => {
    const pair = new Pair(granting(4), granting(4)).establish()
    for (let count = 0; count < 6; count++) pair.tell('client', { type: 'childSaRequested' })
    const [oldest, ...later] = pair.wire.splice(0)
    expect(later).toHaveLength(3)
    // Answered in reverse: the oldest holds the window although three are answered.
    for (const request of later.reverse()) {
      const answers = datagramsIn(pair.deliver(request))
      for (const answer of answers) pair.deliver({ from: 'gateway', ...answer })
    }
    expect(pair.ikeSa('client').requests.outstanding).toHaveLength(1)
    pair.wire = []
    pair.deliver(oldest as Datagram)
    pair.settle()
    expect(pair.childIds('client')).toHaveLength(7)
    expect(pair.childIds('gateway')).toHaveLength(7)
    expect(pair.ikeSa('client').requests.outstanding).toEqual([])
  })

  it.each([
    ['the client alone', granting(4), {}],
    ['the gateway alone', {}, granting(4)],
    ['neither', {}, {}]
  ])('B043 where %s grants a window, both go one at a time, as the other has no use for it', (_, client, gateway) => {
    const pair = new Pair(client, gateway).establish()
    for (const name of BOTH) {
      expect(windowsOf(pair, name).used).toBe(1)
      for (let count = 0; count < 3; count++) pair.tell(name, { type: 'childSaRequested' })
      expect(pair.ikeSa(name).requests.outstanding).toHaveLength(1)
    }
    pair.settle()
    pair.advance(60_000)
    for (const name of BOTH) expect(pair.childIds(name)).toHaveLength(7)
  })

  it('B042 after a rekey of the IKE SA the window is 1 again until it is granted on the new one', () => {
    const pair = new Pair(granting(4), granting(4)).establish()
    pair.tell('client', { type: 'ikeSaRekeyRequested' })
    pair.settle()
    for (const name of BOTH) {
      expect(pair.ikeSa(name).generation).toBe(1)
      expect(windowsOf(pair, name)).toEqual({ used: 1, granted: 1 })
    }
    const seen: [SideName, number[]][] = []
    pair.passes = (datagram) => {
      seen.push([datagram.from, said(pair, datagram)])
      return true
    }
    // One exchange of either side tells both: the request grants, and so does its answer.
    for (let count = 0; count < 2; count++) {
      pair.tell('gateway', { type: 'livenessRequested' })
      pair.settle()
      pair.advance(2000)
    }
    expect(seen.slice(0, 2)).toEqual([
      ['gateway', [4]],
      ['client', [4]]
    ])
    expect(seen.length).toBeGreaterThan(2)
    expect(seen.slice(2).flatMap(([, windows]) => windows)).toEqual([])
    for (const name of BOTH) expect(windowsOf(pair, name)).toEqual({ used: 4, granted: 4 })
  })

  it.each([
    ['0', grant(0), 4],
    ['1', grant(1), 4],
    ['less than before', grant(3), 4],
    ['more', grant(6), 6],
    ['2^32 - 1', grant(0xffff_ffff), 8],
    ['of three octets', grant(Uint8Array.of(0, 0, 9)), 4],
    ['of five octets', grant(Uint8Array.of(0, 0, 0, 0, 9)), 4],
    ['of none', grant(new Uint8Array(0)), 4]
  ])(
    'B045 a window of %s later on: it never shrinks, what is malformed is ignored, our own limit holds',
    (_, said, used) => {
      const pair = new Pair(granting(4), granting(8)).establish()
      expect(windowsOf(pair, 'gateway').used).toBe(4)
      const answer = datagramsIn(pair.deliver(fromClient(pair, 2, [said])))[0] as Pick<Datagram, 'path' | 'bytes'>
      expect(read(pair, { from: 'gateway', ...answer }).payloads).toEqual([])
      expect(windowsOf(pair, 'gateway')).toEqual({ used, granted: 8 })
    }
  )

  it.each([
    ['request', 'client', false],
    ['response', 'gateway', true]
  ] as const)('B045 a window in a CREATE_CHILD_SA %s counts like any other', (_, from, isResponse) => {
    const receiver = from === 'client' ? 'gateway' : 'client'
    const pair = new Pair(granting(from === 'client' ? 4 : 8), granting(from === 'client' ? 8 : 4)).establish()
    expect(windowsOf(pair, receiver).used).toBe(4)
    // The same exchange, with one more notification in it.
    pair.passes = (datagram) => {
      const { message, payloads } = read(pair, datagram)
      const { exchangeType, messageId } = message
      if (exchangeType !== EXCHANGE.CREATE_CHILD_SA || message.isResponse !== isResponse) return true
      pair.put(forge(pair, from, { exchangeType, messageId, isResponse, payloads: [...payloads, grant(7)] }))
      return false
    }
    pair.tell('client', { type: 'childSaRequested' })
    pair.settle()
    for (const name of BOTH) expect(pair.childIds(name)).toHaveLength(2)
    expect(windowsOf(pair, receiver).used).toBe(7)
  })

  it.each([0, -1, 1.5, Number.NaN, LARGEST_WINDOW + 1])('a limit of %d is the caller’s mistake', (window) => {
    expect(() => sessionConfig({ ...CLIENT_OPTIONS, ...granting(window) })).toThrow(/limits\.window/)
    expect(() => sessionConfig({ ...CLIENT_OPTIONS, ...granting(LARGEST_WINDOW) })).not.toThrow()
  })
})

describe('requests out of order within our window', () => {
  it('B048 B049 B050 all in the window are processed in any order, each once; those beyond are not answered', () => {
    const pair = new Pair(granting(4), granting(4)).establish()
    const requests = [2, 3, 4, 5, 6].map((messageId) => fromClient(pair, messageId, []))
    const answers = new Map<number, Uint8Array>()
    for (const index of [3, 1, 2]) {
      const [answer] = datagramsIn(pair.deliver(requests[index] as Datagram))
      answers.set(index, answer?.bytes as Uint8Array)
    }
    expect(reportsIn(pair.deliver(requests[4] as Datagram))).toMatchObject([{ reason: 'messageIdOutsideWindow' }])
    for (const [index, bytes] of answers) {
      expect(datagramsIn(pair.deliver(requests[index] as Datagram))).toMatchObject([{ bytes }])
    }
    expect(datagramsIn(pair.deliver(requests[0] as Datagram))).toHaveLength(1)
    expect(datagramsIn(pair.deliver(requests[4] as Datagram))).toHaveLength(1)
  })

  it('B048 a peer that sends without end, and leaves one out, makes us keep no more responses than the window', () => {
    const pair = new Pair(granting(LARGEST_WINDOW), granting(LARGEST_WINDOW)).establish()
    pair.isThorough = false
    for (let messageId = 3; messageId < 3 + 3 * LARGEST_WINDOW; messageId++) {
      pair.deliver(fromClient(pair, messageId, []))
      expect(pair.ikeSa('gateway').responses.responses.length).toBeLessThanOrEqual(LARGEST_WINDOW)
    }
    expect(pair.ikeSa('gateway').responses.nextMessageId).toBe(2)
    for (let messageId = 2; messageId < 400; messageId++) pair.deliver(fromClient(pair, messageId, []))
    const { responses, nextMessageId } = pair.ikeSa('gateway').responses
    expect(nextMessageId).toBe(400)
    expect(responses.map(({ messageId }) => messageId)).toEqual(
      Array.from({ length: LARGEST_WINDOW }, (_, index) => 400 - LARGEST_WINDOW + index)
    )
  })

  it('A050 an older UPDATE processed after a newer one is answered normally and moves nothing back', () => {
    const pair = new Pair(granting(4), granting(4)).establish()
    const update = notify(UPDATE_SA_ADDRESSES)
    const older = fromClient(pair, 2, [update, notify(NOTIFY.COOKIE2, new Uint8Array(16).fill(7))], '10.2.0.2')
    const newer = fromClient(pair, 3, [update], '10.4.0.2')
    pair.deliver(newer)
    const { mobike } = pair.gateway.session.state
    expect(mobike?.ikePath.remote.address).toBe('10.4.0.2')
    const late = pair.deliver(older)
    // A normal response, with COOKIE2 as it came, to where the request came from.
    const [answer] = datagramsIn(late)
    expect(answer?.path.remote.address).toBe('10.2.0.2')
    expect(kinds(read(pair, { ...(answer as Pick<Datagram, 'path' | 'bytes'>), from: 'gateway' }).payloads)).toEqual([
      NOTIFY.COOKIE2
    ])
    expect(pair.gateway.session.state.mobike?.ikePath).toEqual(mobike?.ikePath)
    expect(pair.gateway.session.state.mobike?.childPath).toEqual(mobike?.childPath)
    expect(late.some(({ type }) => type === 'moveChildSas')).toBe(false)
  })

  it('A050 A072 nor does one that was held back until the IKE SA was rekeyed, neither its addresses nor its list', () => {
    const pair = new Pair(granting(4), granting(4)).establish()
    const update = notify(UPDATE_SA_ADDRESSES)
    const listed = notify(NOTIFY.ADDITIONAL_IP4_ADDRESS, Uint8Array.of(10, 7, 0, 2))
    const none = notify(NOTIFY.NO_ADDITIONAL_ADDRESSES)
    const older = fromClient(pair, 2, [update, listed], '10.2.0.2')
    pair.deliver(fromClient(pair, 3, [update, none], '10.4.0.2'))
    pair.wire = []
    // Deletes of the old IKE SA are held back with it.
    pair.passes = (datagram) => read(pair, datagram).message.exchangeType !== EXCHANGE.INFORMATIONAL
    pair.tell('gateway', { type: 'ikeSaRekeyRequested' })
    pair.settle()
    expect(pair.ikeSa('gateway').generation).toBe(1)
    const { mobike } = pair.gateway.session.state
    expect(mobike?.ikePath.remote.address).toBe('10.4.0.2')
    expect(datagramsIn(pair.deliver(older))).toHaveLength(1)
    expect(pair.gateway.session.state.mobike?.ikePath).toEqual(mobike?.ikePath)
    expect(pair.gateway.session.state.mobike?.peerAddresses).toEqual(mobike?.peerAddresses)
  })

  it('A072 an older list processed after a newer one is answered and changes nothing', () => {
    const pair = new Pair(granting(4), granting(4)).establish()
    const additional = (last: number): Payload => notify(NOTIFY.ADDITIONAL_IP4_ADDRESS, Uint8Array.of(10, 7, 0, last))
    pair.deliver(fromClient(pair, 3, [additional(3)]))
    expect(pair.gateway.session.state.mobike?.peerAddresses).toEqual(['10.1.0.2', '10.7.0.3'])
    const late = pair.deliver(fromClient(pair, 2, [additional(2)]))
    expect(datagramsIn(late)).toHaveLength(1)
    expect(pair.gateway.session.state.mobike?.peerAddresses).toEqual(['10.1.0.2', '10.7.0.3'])
  })
})

describe('moves with a window of 4', () => {
  it('A046 A048 a further UPDATE leaves while the first is under way; whatever order they come in, the last address holds', () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
      [2, 0, 1]
    ]) {
      const pair = new Pair(granting(4), granting(4)).establish()
      const updates: Datagram[] = []
      for (const address of ['10.2.0.2', '10.4.0.2', '10.5.0.2']) {
        pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address }] })
        const fresh = pair.wire
          .splice(0)
          .filter((sent) => !updates.some(({ bytes }) => bytes.join() === sent.bytes.join()))
        updates.push(...fresh)
      }
      expect(updates.map((sent) => kinds(read(pair, sent).payloads)[0])).toEqual(Array(3).fill(UPDATE_SA_ADDRESSES))
      for (const index of order) pair.deliver(updates[index] as Datagram)
      expect(pair.gateway.session.state.mobike?.ikePath.remote.address).toBe('10.5.0.2')
      pair.settle()
      pair.advance(5000)
      for (const name of BOTH) {
        const { mobike } = pair[name].session.state
        const path = name === 'client' ? mobike?.childPath.local : mobike?.childPath.remote
        expect(path?.address).toBe('10.5.0.2')
        expect(mobike?.ikePath).toEqual(mobike?.childPath)
      }
      // No Child SA went to an address that was history when its answer came.
      const moves = pair.client.actions.flatMap((action) =>
        action.type === 'moveChildSas' ? [action.to.local.address] : []
      )
      expect(moves.at(-1)).toBe('10.5.0.2')
    }
  })

  it('F13 an UPDATE needs to wait for nothing while requests of other kinds are unanswered', () => {
    const pair = new Pair(granting(4), granting(4)).establish()
    for (let count = 0; count < 3; count++) pair.tell('client', { type: 'childSaRequested' })
    pair.wire = []
    const sent = datagramsIn(
      pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] })
    ).map((action) => ({ from: 'client' as const, ...action }))
    // The three go on from the new address, and the UPDATE beside them.
    expect(sent.map((datagram) => kinds(read(pair, datagram).payloads).includes(UPDATE_SA_ADDRESSES))).toEqual([
      false,
      false,
      false,
      true
    ])
    expect(new Set(sent.map(({ path }) => path.local.address))).toEqual(new Set(['10.2.0.2']))
    pair.advance(60_000)
    for (const name of BOTH) expect(pair.childIds(name)).toHaveLength(4)
  })

  it('while a Child SA is being rekeyed neither its Delete nor a second rekey overtakes the first', () => {
    const pair = new Pair(granting(4), granting(4)).establish()
    const [child] = pair.childIds('client') as [number]
    pair.tell('client', { type: 'childSaRekeyRequested', id: child })
    pair.tell('client', { type: 'childSaRekeyRequested', id: child })
    pair.tell('client', { type: 'childSaDeleteRequested', id: child })
    expect(pair.ikeSa('client').requests.outstanding).toHaveLength(1)
    pair.advance(60_000)
    for (const name of BOTH) expect(pair.childIds(name)).toHaveLength(1)
    expect(pair.childIds('client')).not.toContain(child)
  })
})
