import { describe, expect, it } from 'vitest'
import {
  DEFAULT_MOBIKE_POLICY,
  type MobikeNotify,
  type MobikePolicy,
  type RoutabilityPolicy
} from '../../src/mobike/index.ts'
import { at, path } from './host.ts'
import { CELL, GW1, GW2, kinds, report, Solo, WIFI } from './solo.ts'

/** Here the responder is at GW1 and GW2, the initiator at WIFI and elsewhere. */
const FROM_WIFI = path(GW1, WIFI)
const FROM_CELL = path(GW1, CELL)
const UPDATE: MobikeNotify = { kind: 'updateSaAddresses' }
const NO_OTHERS: MobikeNotify = { kind: 'noAdditionalAddresses' }
const OTHER = (address: string): MobikeNotify => ({ kind: 'additionalAddress', address })
const COOKIE2: MobikeNotify = { kind: 'cookie2', data: new Uint8Array(16) }
const NAT: MobikeNotify = { kind: 'natDetection' }

function responder(patch: Partial<RoutabilityPolicy> = {}, more: Partial<MobikePolicy> = {}): Solo {
  const routability = { ...DEFAULT_MOBIKE_POLICY.routability, ...patch }
  const init = { role: 'responder', path: FROM_WIFI, localAddresses: [{ address: GW1 }, { address: GW2 }] } as const
  return new Solo(init, { ...DEFAULT_MOBIKE_POLICY, ...more, routability })
}

describe('an UPDATE heard', () => {
  it('A084 takes the IKE SA there at once; the Child SAs wait for the check, which ends in one report', () => {
    const solo = responder()
    expect(solo.hear(FROM_CELL, [UPDATE, COOKIE2])).toEqual([
      { type: 'answer', notifies: [COOKIE2] },
      { type: 'redirectOutstanding', path: FROM_CELL }
    ])
    const check = solo.must()
    expect([check.purpose, solo.ask()]).toEqual(['routability', null])
    expect(solo.answer(check)).toEqual([
      report({ kind: 'routabilityVerified', address: CELL }),
      { type: 'moveChildSas', from: FROM_WIFI, to: FROM_CELL, encapsulate: false },
      report({ kind: 'peerMoved', from: FROM_WIFI, to: FROM_CELL })
    ])
  })

  it('A085 without a check it takes everything there, and says so', () => {
    const solo = responder({ when: 'never' })
    expect(solo.hear(FROM_CELL, [UPDATE])).toEqual([
      { type: 'answer', notifies: [] },
      { type: 'redirectOutstanding', path: FROM_CELL },
      { type: 'moveChildSas', from: FROM_WIFI, to: FROM_CELL, encapsulate: false },
      report({ kind: 'peerMoved', from: FROM_WIFI, to: FROM_CELL })
    ])
    expect(solo.ask()).toBeNull()
  })

  it('A084 is checked at once, though an answer without proof made the check before it wait', () => {
    const solo = responder()
    solo.hear(FROM_CELL, [UPDATE])
    solo.answer(solo.must(), { notifies: [] })
    expect(solo.ask()).toBeNull()
    solo.hear(path(GW1, '198.18.9.9'), [UPDATE])
    expect(solo.must()).toMatchObject({ purpose: 'routability', path: path(GW1, '198.18.9.9') })
  })

  it('A145 the proof of an address that is left by then does not put off the check of the one in use', () => {
    const [own6, peer6] = ['2001:db8:2::1', '2001:db8:1::7']
    const solo = responder({ periodicMs: 60_000 })
    solo.local(GW1, own6)
    solo.answer(solo.must())
    solo.hear(FROM_CELL, [UPDATE, OTHER(peer6)])
    const check = solo.must()
    expect(check).toMatchObject({ purpose: 'routability', path: FROM_CELL })
    solo.local(own6)
    expect(solo.state.ikePath).toEqual(path(own6, peer6))
    solo.now = 30_000
    expect(solo.answer(check)).toContainEqual(report({ kind: 'routabilityVerified', address: CELL }))
    expect(solo.state.routabilityDueAt).toBe(60_000)
  })

  it('A086 however many addresses have proven themselves, those remembered are bounded', () => {
    const solo = responder()
    for (let i = 0; i < 100; i++) {
      solo.hear(path(GW1, `198.18.20.${i}`), [UPDATE])
      solo.answer(solo.must())
    }
    expect(solo.state.verified).toHaveLength(64)
    expect(solo.state.verified.at(-1)?.address).toBe('198.18.20.99')
  })

  it('F54 where everything is already changes nothing and redirects nothing', () => {
    const solo = responder()
    expect(solo.hear(FROM_WIFI, [UPDATE])).toEqual([{ type: 'answer', notifies: [] }])
    expect([solo.ask(), solo.wake()]).toEqual([null, undefined])
  })

  it('A059 D20 back where it came from, the check of the other address is needed no more, nor is it waited for', () => {
    const solo = responder()
    solo.hear(FROM_CELL, [UPDATE])
    const check = solo.must()
    expect(solo.hear(FROM_WIFI, [UPDATE])).toEqual([
      { type: 'answer', notifies: [] },
      { type: 'redirectOutstanding', path: FROM_WIFI }
    ])
    expect(solo.state.moveDue).toBe(false)
    expect(solo.answer(check, { path: FROM_WIFI, destinations: [at(CELL), at(WIFI)] })).toEqual([])
    expect(solo.ask()).toBeNull()
  })

  it('A059 the same address once more while its check is open: that one goes on, no other is made', () => {
    const solo = responder()
    solo.hear(FROM_CELL, [UPDATE])
    const check = solo.must()
    expect(solo.hear(FROM_CELL, [UPDATE])).toEqual([{ type: 'answer', notifies: [] }])
    expect(solo.ask()).toBeNull()
    expect(solo.answer(check)).toContainEqual(report({ kind: 'peerMoved', from: FROM_WIFI, to: FROM_CELL }))
  })

  it('A059 D20 a third address while the check of the second is open: a fresh one, for that', () => {
    const solo = responder()
    solo.hear(FROM_CELL, [UPDATE])
    const check = solo.must()
    const third = path(GW1, '198.18.9.9')
    solo.hear(third, [UPDATE])
    const fresh = solo.must()
    expect([fresh.purpose, fresh.path]).toEqual(['routability', third])
    solo.answer(check, { path: third, destinations: [at(CELL), at('198.18.9.9')] })
    expect(solo.ask()).toBeNull()
    expect(solo.state.childPath).toEqual(FROM_WIFI)
  })

  it('A145 a periodic check that was due is not spared by an UPDATE that names the same address', () => {
    const solo = responder({ periodicMs: 60_000 })
    solo.at(60_000)
    solo.hear(FROM_WIFI, [UPDATE])
    expect(solo.ask()?.purpose).toBe('routability')
    // The next is due so long after this one was wanted.
    expect(solo.wake()).toBe(120_000)
  })

  it('A145 one for another address, proven already, settles it', () => {
    const solo = responder({ periodicMs: 60_000 })
    solo.hear(FROM_CELL, [UPDATE])
    solo.answer(solo.must())
    solo.do({ type: 'childSasMoved' })
    solo.at(solo.wake() as number)
    solo.hear(FROM_WIFI, [UPDATE])
    expect(solo.ask()).toBeNull()
  })

  it('F11 ends an outage of the responder without a report: it is what was heard that shows the pair to work', () => {
    const solo = responder()
    solo.do({ type: 'livenessDue' })
    const check = solo.must()
    solo.local()
    expect(solo.hear(FROM_WIFI, [UPDATE])).toEqual([
      { type: 'answer', notifies: [] },
      { type: 'resumeRetransmission' },
      { type: 'redirectOutstanding', path: FROM_WIFI }
    ])
    expect(solo.answer(check)).toEqual([])
  })

  it('A052 A053 A088 refused by policy it is told, with COOKIE2 and NAT_DETECTION returned once, and nothing moves', () => {
    const solo = responder({}, { acceptPath: () => false })
    expect(solo.hear(FROM_CELL, [UPDATE, NAT, NAT, COOKIE2])).toEqual([
      { type: 'answer', notifies: [{ kind: 'unacceptableAddresses' }, NAT, COOKIE2] },
      report({ kind: 'refused', path: FROM_CELL, by: 'local' })
    ])
    expect(solo.state.ikePath).toEqual(FROM_WIFI)
  })

  it('A106 one that crossed a NAT it forbids is refused and told, but not one that is too old to count', () => {
    const crossed: MobikeNotify = { kind: 'noNatsAllowed', data: new Uint8Array(12) }
    const solo = responder()
    expect(solo.hear(FROM_CELL, [UPDATE, crossed])).toEqual([
      { type: 'answer', notifies: [{ kind: 'unexpectedNatDetected' }] },
      report({ kind: 'unexpectedNat', by: 'local' })
    ])
    // Not even its number counts a second time.
    const again = (notifies: readonly MobikeNotify[]): readonly unknown[] =>
      solo.do({ type: 'requestReceived', messageId: 0, path: FROM_CELL, notifies, nat: null })
    expect(again([UPDATE, crossed])).toEqual([{ type: 'answer', notifies: [] }])
    // Without UPDATE or list there is nothing that could be too old.
    expect(again([crossed])).toEqual([
      { type: 'answer', notifies: [{ kind: 'unexpectedNatDetected' }] },
      report({ kind: 'unexpectedNat', by: 'local' })
    ])
  })

  it('A-O3 of a responder is refused as a breach of the rules, with a liveness check, and its list is taken', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }] })
    const rule = 'RFC 4555 section 4.2.4: UPDATE_SA_ADDRESSES comes from the initiator only'
    expect(solo.hear(path(WIFI, GW1), [UPDATE, OTHER(GW2)])).toEqual([
      { type: 'answer', notifies: [{ kind: 'unacceptableAddresses' }] },
      report({ kind: 'violation', rule }),
      report({ kind: 'peerAddresses', addresses: [GW1, GW2] })
    ])
    expect(solo.ask()?.purpose).toBe('liveness')
  })

  it('A145 a check that is due while another is open is spared by an UPDATE from the same address: one is enough', () => {
    const solo = responder({ periodicMs: 60_000 })
    solo.at(60_000)
    expect(solo.must().purpose).toBe('routability')
    solo.at(120_000)
    expect(solo.state.pending.routability).toBe(true)
    solo.hear(FROM_WIFI, [UPDATE])
    expect(solo.ask()).toBeNull()
  })

  it('D40 A089 the COOKIE2 of a check that it voids is compared all the same', () => {
    const solo = responder()
    solo.hear(FROM_CELL, [UPDATE])
    const check = solo.must()
    solo.hear(path(GW1, '198.18.9.9'), [UPDATE])
    expect(solo.answer(check, { notifies: [COOKIE2] }).at(-1)).toEqual({
      type: 'closeIkeSa',
      reason: 'cookie2Mismatch'
    })
  })

  it('A066 ends the search of a responder that had lost its source: no pair is tested any more', () => {
    const lost = (): Solo => {
      const solo = new Solo({ role: 'responder', path: FROM_WIFI, localAddresses: [{ address: GW1 }] })
      solo.hear(FROM_WIFI, [OTHER(CELL)])
      solo.local(GW2)
      return solo
    }
    const tested = lost()
    const list = tested.must()
    tested.do({ type: 'requestRetransmitted', token: list.token, attempt: 2 })
    expect(tested.state.pending.probe).toBe(true)
    tested.hear(path(GW2, WIFI), [UPDATE])
    tested.answer(list)
    expect(tested.ask()).toBeNull()
  })

  it('F54 D24 the same address once more leaves the keepalives as they are', () => {
    const nat = { localBehindNat: true, remoteBehindNat: false, destinationHash: 'aa' }
    const solo = new Solo({ role: 'responder', path: FROM_WIFI, localAddresses: [{ address: GW1 }], nat })
    expect(solo.hear(path(GW1, WIFI), [UPDATE, NAT], nat)).toEqual([{ type: 'answer', notifies: [NAT] }])
  })

  it('A089 one that came back from elsewhere proves nothing, but breaks no rule', () => {
    const solo = responder()
    solo.hear(FROM_CELL, [UPDATE])
    const check = solo.must()
    expect(solo.answer(check, { path: path(GW1, '198.18.9.9'), destinations: [at(CELL)] })).toEqual([])
    expect([solo.ask(), solo.wake()]).toEqual([null, 1000])
  })
})

describe('an UPDATE heard from where none can come, or where it cannot be answered', () => {
  const excluded = (announcedOnly: boolean): Solo =>
    new Solo({
      role: 'responder',
      path: FROM_WIFI,
      localAddresses: [{ address: GW1 }],
      excludedPrefixes: [{ address: '10.3.0.0', prefixLength: 24, announcedOnly }]
    })

  it('F65 an inner address of the session is unacceptable as an outer one, and nothing moves', () => {
    const solo = excluded(false)
    const inner = path(GW1, '10.3.0.7')
    expect(solo.hear(inner, [UPDATE, COOKIE2])).toEqual([
      { type: 'answer', notifies: [{ kind: 'unacceptableAddresses' }, COOKIE2] },
      report({ kind: 'refused', path: inner, by: 'local' })
    ])
    expect([solo.state.ikePath, solo.state.childPath]).toEqual([FROM_WIFI, FROM_WIFI])
    // Out of the networks behind a Child SA only what is announced is left out: a packet did come from there.
    const behind = excluded(true)
    behind.hear(inner, [UPDATE])
    expect(behind.state.ikePath).toEqual(inner)
  })

  it('A066 one that waited while its destination went is carried out at the source that is left', () => {
    const solo = new Solo({ role: 'responder', path: FROM_WIFI, localAddresses: [{ address: GW1 }] })
    solo.local(GW2)
    const list = solo.must()
    expect([list.purpose, solo.state.childPath]).toEqual(['addressList', path(GW2, WIFI)])
    solo.hear(FROM_WIFI, [UPDATE])
    expect([solo.state.ikePath, solo.state.childPath]).toEqual([path(GW2, WIFI), path(GW2, WIFI)])
    // To another address of the initiator likewise: there the Child SAs wait for the check.
    solo.hear(FROM_CELL, [UPDATE])
    expect(solo.state.ikePath).toEqual(path(GW2, CELL))
    expect(solo.must().purpose).toBe('routability')
    expect(solo.state.childPath).toEqual(path(GW2, WIFI))
  })
})

describe('a list heard', () => {
  it('A070 replaces what was known, and is told; the same once more is not', () => {
    const solo = responder()
    expect(solo.hear(FROM_WIFI, [OTHER(CELL)])).toEqual([
      { type: 'answer', notifies: [] },
      report({ kind: 'peerAddresses', addresses: [WIFI, CELL] })
    ])
    expect(solo.hear(FROM_WIFI, [OTHER(CELL)])).toEqual([{ type: 'answer', notifies: [] }])
    expect(solo.hear(FROM_WIFI, [NO_OTHERS])).toEqual([
      { type: 'answer', notifies: [] },
      report({ kind: 'peerAddresses', addresses: [WIFI] })
    ])
  })

  it('A-O4 with NO_ADDITIONAL_ADDRESSES beside addresses is told as a breach; either alone is none', () => {
    const rule = 'RFC 4555 section 3.6: NO_ADDITIONAL_ADDRESSES beside ADDITIONAL_*_ADDRESS'
    const solo = responder()
    expect(solo.hear(FROM_WIFI, [NO_OTHERS, OTHER(CELL)])).toEqual([
      { type: 'answer', notifies: [] },
      report({ kind: 'violation', rule }),
      report({ kind: 'peerAddresses', addresses: [WIFI, CELL] })
    ])
  })

  it('A072 of the same Message ID as the last is not newer, and neither is an UPDATE', () => {
    const solo = responder({ when: 'never' })
    const hear = (notifies: readonly MobikeNotify[], from = FROM_WIFI): readonly unknown[] =>
      solo.do({ type: 'requestReceived', messageId: 7, path: from, notifies, nat: null })
    expect(hear([OTHER(CELL), UPDATE])).toHaveLength(2)
    expect(hear([NO_OTHERS])).toEqual([{ type: 'answer', notifies: [] }])
    expect(hear([UPDATE], FROM_CELL)).toEqual([{ type: 'answer', notifies: [] }])
  })

  it('A039 that leaves out the address in use: with two pairs left they are tested, the one it came over first', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }] })
    const GW3 = '203.0.113.3'
    expect(solo.hear(path(WIFI, GW3), [OTHER(GW2)])).toEqual([
      { type: 'answer', notifies: [] },
      report({ kind: 'peerAddresses', addresses: [GW3, GW2] }),
      { type: 'transmitOutstanding', path: path(WIFI, GW3) }
    ])
    expect(solo.state.probing).toMatchObject({
      reason: 'replaced',
      candidates: [path(WIFI, GW3), path(WIFI, GW2)]
    })
  })

  it('A039 with none left that could be reached the one in use is checked; with one it goes there', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }] })
    solo.hear(path(WIFI, '2001:db8::9'), [NO_OTHERS])
    expect([solo.ask()?.purpose, solo.state.ikePath]).toEqual(['liveness', path(WIFI, GW1)])
    const one = new Solo({ localAddresses: [{ address: WIFI }] })
    expect(one.hear(path(WIFI, GW2), [NO_OTHERS]).slice(-2)).toEqual([
      report({ kind: 'moving', from: path(WIFI, GW1), to: path(WIFI, GW2) }),
      { type: 'redirectOutstanding', path: path(WIFI, GW2) }
    ])
    // Nothing was heard there in answer, so there is a way back, if not for long.
    expect(one.wake()).toBe(1000)
    expect(kinds(one.must())).toContain('updateSaAddresses')
  })

  it('A117 over another pair than the one in use: the responder is out of step, and is told with an UPDATE', () => {
    const over = (from: ReturnType<typeof path>): string | undefined => {
      const solo = new Solo({ peerAddresses: [GW2] })
      solo.hear(from, [OTHER(GW1)])
      return solo.ask()?.purpose
    }
    expect(over(path(WIFI, GW2))).toBe('update')
    const own = new Solo()
    own.hear(path(CELL, GW1), [NO_OTHERS])
    expect(own.ask()?.purpose).toBe('update')
    const inStep = new Solo()
    inStep.hear(path(WIFI, GW1), [NO_OTHERS])
    expect(inStep.ask()).toBeNull()
  })

  it('A039 where the pair that is left failed lately it goes there all the same', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }], peerAddresses: [GW2] })
    solo.do({ type: 'livenessDue' })
    const check = solo.must()
    solo.do({ type: 'requestRetransmitted', token: check.token, attempt: 2 })
    while (solo.state.probing !== null) solo.at(solo.wake() as number)
    solo.answer(check)
    solo.hear(path(WIFI, GW2), [NO_OTHERS])
    expect(solo.state.ikePath).toEqual(path(WIFI, GW2))
  })

  it('A039 a test of what is left that brings nothing is not repeated like that of a better pair', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }] })
    solo.hear(path(WIFI, '203.0.113.3'), [OTHER(GW2)])
    while (solo.state.probing !== null) solo.at(solo.wake() as number)
    expect(solo.wake()).toBeUndefined()
  })
})
