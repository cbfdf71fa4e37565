import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/bytes/index.ts'
import type { Session } from '../../src/session/index.ts'
import { read, unmarked } from '../session/forge.ts'
import { Wiretap } from '../session/invariants.ts'
import { type Datagram, Pair } from '../session/pair.ts'

/** A client whose state of a while ago is taken up again, as after a crash or by an attacker who has its disk. */
function restored(act: (pair: Pair) => void): { pair: Pair; old: Session } {
  const pair = new Pair({ livenessMs: null }, { livenessMs: null }).establish()
  const old = structuredClone(pair.client.session)
  act(pair)
  pair.settle()
  takeUp(pair, old)
  return { pair, old }
}

/** The tap would see the Message IDs twice, which is what happens here. */
function takeUp(pair: Pair, session: Session): void {
  pair.client.session = structuredClone(session)
  Object.assign(pair.taps, { client: new Wiretap() })
}

const ivOf = (datagram: Datagram): string => toHex(unmarked(datagram).subarray(32, 40))
const keyOf = (datagram: Datagram): string => `${datagram.from} ${toHex(unmarked(datagram).subarray(0, 16))}`
const isProtected = (datagram: Datagram): boolean => unmarked(datagram)[16] === 46

describe('an older snapshot taken up again', () => {
  it('uses Message IDs a second time, but under no key an IV', () => {
    const { pair } = restored((world) => world.tell('client', { type: 'livenessRequested' }))
    for (let turn = 0; turn < 8; turn++) {
      const again = structuredClone(pair.client.session)
      pair.tell('client', turn % 2 === 0 ? { type: 'livenessRequested' } : { type: 'updateRequested' })
      pair.tell('client', { type: 'childSaRequested' })
      pair.settle()
      pair.advance(3000)
      takeUp(pair, again)
    }
    const seen = new Map<string, string>()
    const ids = new Map<string, Set<string>>()
    for (const datagram of pair.sent.filter(isProtected)) {
      const octets = toHex(unmarked(datagram))
      const place = `${keyOf(datagram)} ${ivOf(datagram)}`
      expect(seen.get(place) ?? octets).toBe(octets)
      seen.set(place, octets)
      const { message } = read(pair, datagram)
      const id = `${datagram.from} ${message.messageId} ${message.isResponse}`
      ids.set(id, (ids.get(id) ?? new Set()).add(octets))
    }
    // The Message IDs really were used for several messages.
    expect(Math.max(...[...ids.values()].map(({ size }) => size))).toBeGreaterThan(5)
  })

  it('B036 B037 gets no answer that was made for another request: an UPDATE is not taken for a liveness check', () => {
    const { pair } = restored((world) => world.tell('client', { type: 'livenessRequested' }))
    const before = structuredClone(pair.gateway.session)
    const sent = pair.sent.length
    pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] })
    pair.settle()
    const answers = pair.sent.slice(sent).filter(({ from }) => from === 'gateway')
    expect(answers).toEqual([])
    expect(pair.reports('gateway').at(-1)).toMatchObject({ kind: 'ignored', reason: 'messageIdReused' })
    // Nothing of the gateway has changed, so the client must not believe that it moved.
    expect(pair.gateway.session).toEqual(before)
    expect(pair.reports('client')).not.toContainEqual(expect.objectContaining({ report: { kind: 'moved' } }))
    // It ends like one whose peer is gone, and the caller connects anew.
    pair.advance(3_600_000)
    expect(pair.client.session.state.phase).toMatchObject({ name: 'closed', reason: 'noResponse' })
  })

  it('B037 a Child SA asked for twice under one Message ID gives no keys made of the first answer', () => {
    const { pair } = restored((world) => world.tell('client', { type: 'childSaRequested' }))
    const children = pair.childIds('gateway').length
    pair.tell('client', { type: 'childSaRequested' })
    pair.settle()
    expect(pair.childIds('gateway')).toHaveLength(children)
    expect(pair.childIds('client')).toHaveLength(1)
  })

  it('that is exactly what was, the octets of the outstanding request included, goes on as if nothing had been', () => {
    const pair = new Pair({ livenessMs: null }, { livenessMs: null }).establish()
    pair.tell('client', { type: 'livenessRequested' })
    const asked = structuredClone(pair.client.session)
    pair.settle()
    pair.client.session = asked
    pair.advance(3000)
    expect(pair.ikeSa('client').requests.outstanding).toEqual([])
    expect(pair.phase('client')).toBe('established')
  })
})
