import { describe, expect, it } from 'vitest'
import { NOTIFY } from '../../src/codec/index.ts'
import { DEFAULT_MOBIKE_POLICY, type MobikePolicy, type MobikeRequest, routabilityOf } from '../../src/mobike/index.ts'
import { at, path } from './host.ts'
import { CELL, cookie2Of, GW1, GW2, kinds, LAN, report, Solo, WIFI } from './solo.ts'

const CELL_PATH = path(CELL, GW1)
const WIFI_PATH = path(WIFI, GW1)
const TEMPORARY = NOTIFY.TEMPORARY_FAILURE
const FAILED = { notifies: [], nat: null, failedWith: TEMPORARY }

/** A client whose Wi-Fi is gone, its UPDATE for the cellular address built. */
function moved(policy: MobikePolicy = DEFAULT_MOBIKE_POLICY): { solo: Solo; update: MobikeRequest } {
  const solo = new Solo({}, policy)
  solo.local(CELL)
  return { solo, update: solo.must() }
}

/** A client asked for an UPDATE where it is, which is built. */
function forced(): { solo: Solo; update: MobikeRequest } {
  const solo = new Solo()
  solo.do({ type: 'updateForced' })
  return { solo, update: solo.must() }
}

describe('an UPDATE that fails with an error of IKEv2', () => {
  it('is told, and asked again with the list after one, two, four … seconds, no sooner, for minutes where there is no choice', () => {
    const { solo, update } = moved()
    expect(kinds(update)).toContain('noAdditionalAddresses')
    let last = update
    let now = 0
    for (const wait of [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000]) {
      expect(solo.answer(last, FAILED)).toEqual([report({ kind: 'updateFailed', notifyType: TEMPORARY })])
      expect(solo.wake()).toBe(now + wait)
      solo.now = now + wait - 1
      expect(solo.ask()).toBeNull()
      expect(solo.at(now + wait)).toEqual([])
      now += wait
      last = solo.must()
      expect(kinds(last)).toEqual(kinds(update))
      expect(last.path).toEqual(CELL_PATH)
    }
    // Several minutes (RFC 7296 section 2.25): no other pair is left, and where the move began is gone.
    expect(solo.answer(last, FAILED)).toEqual([
      report({ kind: 'updateFailed', notifyType: TEMPORARY }),
      { type: 'closeIkeSa', reason: 'updateRefused' }
    ])
    expect(solo.ask()).toBeNull()
    expect(solo.wake()).toBeUndefined()
  })

  it('one for the pair in use is asked again for as long as it fails, in the end every five minutes', () => {
    const { solo, update } = forced()
    let last = update
    for (const seconds of [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]) {
      expect(solo.answer(last, FAILED)).toEqual([report({ kind: 'updateFailed', notifyType: TEMPORARY })])
      expect(solo.wake()).toBe(solo.now + 1000 * seconds)
      expect(solo.ask()).toBeNull()
      solo.at(solo.wake() as number)
      last = solo.must()
    }
    // One that the caller asks for has all its chances again.
    solo.answer(last, FAILED)
    solo.do({ type: 'updateForced' })
    solo.answer(solo.must(), FAILED)
    expect(solo.wake()).toBe(solo.now + 1000)
  })

  it('A067 a list it carried is told, with the next UPDATE, also where it was sent anew for doubt', () => {
    const { solo, update } = moved()
    expect(solo.answer(update, { sources: [at(WIFI), at(CELL)] })).not.toContainEqual(
      expect.objectContaining({ type: 'closeIkeSa' })
    )
    const again = solo.must()
    expect(kinds(again)).toEqual(['updateSaAddresses', 'natDetection', 'noAdditionalAddresses', 'cookie2'])
  })

  it('A067 one that carried no list is sent anew without one', () => {
    const { solo, update } = forced()
    expect(kinds(update)).toEqual(['updateSaAddresses', 'natDetection', 'cookie2'])
    solo.answer(update, { destinations: [at(GW1), at(GW2)] })
    expect(kinds(solo.must())).toEqual(['updateSaAddresses', 'natDetection', 'cookie2'])
  })
})

describe('a list that fails with an error of IKEv2', () => {
  it('A067 is asked again after one, two, four … seconds, as the peer may not have read it, in the end every five minutes', () => {
    for (const role of ['initiator', 'responder'] as const) {
      const solo = new Solo({ role })
      solo.local(WIFI)
      for (const wait of [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => 1000 * seconds)) {
        const list = solo.must()
        expect(kinds(list)).toEqual(['noAdditionalAddresses'])
        expect(solo.answer(list, FAILED)).toEqual([])
        solo.now += wait - 1
        expect(solo.ask()).toBeNull()
        solo.at(solo.now + 1)
      }
      // A new list does not wait for what became of the one before.
      solo.answer(solo.must(), FAILED)
      solo.local(WIFI, CELL)
      expect(kinds(solo.must())).toEqual(['additionalAddress'])
    }
  })

  it('A066 A067 from a source that is gone waits no longer: a responder tells it from its next one at once', () => {
    const solo = new Solo({ role: 'responder', path: path(WIFI, GW1) })
    solo.local(WIFI)
    solo.answer(solo.must(), FAILED)
    expect(solo.ask()).toBeNull()
    solo.local(CELL)
    expect(kinds(solo.must())).toEqual(['noAdditionalAddresses'])
  })
})

describe('an UPDATE the peer refuses', () => {
  const UNACCEPTABLE = { kind: 'unacceptableAddresses' } as const
  const UNEXPECTED_NAT = { kind: 'unexpectedNatDetected' } as const

  it('A062 for the pair in use, another one is tried: an UPDATE where we are has a reason, the peer may be elsewhere', () => {
    const { solo, update } = forced()
    expect(solo.answer(update, { notifies: [UNACCEPTABLE, ...cookie2Of(update)] })).toEqual([
      report({ kind: 'routabilityVerified', address: GW1 }),
      report({ kind: 'refused', path: WIFI_PATH, by: 'peer' }),
      report({ kind: 'moving', from: WIFI_PATH, to: CELL_PATH }),
      { type: 'redirectOutstanding', path: CELL_PATH },
      { type: 'moveChildSas', from: WIFI_PATH, to: CELL_PATH, encapsulate: false }
    ])
  })

  it('A062 for the only pair, it is told and the pair stays; asked again, for the peer may take us to be where nothing arrives', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }] })
    solo.do({ type: 'updateForced' })
    const update = solo.must()
    expect(solo.answer(update, { notifies: [UNACCEPTABLE, ...cookie2Of(update)] })).toEqual([
      report({ kind: 'routabilityVerified', address: GW1 }),
      report({ kind: 'refused', path: WIFI_PATH, by: 'peer' })
    ])
    for (const seconds of [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]) {
      expect([solo.ask(), solo.wake()]).toEqual([null, solo.now + 1000 * seconds])
      const again = solo.mustLater()
      expect(again.purpose).toBe('update')
      solo.answer(again, { notifies: [UNACCEPTABLE, ...cookie2Of(again)] })
      expect(solo.state).toMatchObject({ ikePath: WIFI_PATH, childPath: WIFI_PATH, closed: false })
    }
  })

  it('A062 A067 after a move, the next pair is tried, and the list that was refused with it is told again', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }, { address: CELL }, { address: LAN }] })
    solo.local(CELL, LAN)
    const update = solo.must()
    expect(kinds(update)).toContain('additionalAddress')
    const next = path(LAN, GW1)
    expect(solo.answer(update, { notifies: [UNACCEPTABLE, ...cookie2Of(update)] })).toEqual([
      report({ kind: 'routabilityVerified', address: GW1 }),
      report({ kind: 'refused', path: CELL_PATH, by: 'peer' }),
      report({ kind: 'moving', from: CELL_PATH, to: next }),
      { type: 'redirectOutstanding', path: next },
      { type: 'moveChildSas', from: CELL_PATH, to: next, encapsulate: false }
    ])
    expect(kinds(solo.must())).toEqual(['updateSaAddresses', 'natDetection', 'additionalAddress', 'cookie2'])
  })

  it('A108 A110 A067 UNEXPECTED_NAT_DETECTED: told, asked again with the list, five times: at once, and then after one, two, four and eight seconds', () => {
    const { solo, update } = moved()
    let last = update
    for (let round = 0; round < 5; round++) {
      const told = solo.answer(last, { notifies: [UNEXPECTED_NAT, ...cookie2Of(last)] })
      expect(told).toContainEqual(report({ kind: 'unexpectedNat', by: 'peer' }))
      const since = solo.now
      last = round === 0 ? solo.must() : solo.mustLater()
      expect(solo.now - since).toBe([0, 1000, 2000, 4000, 8000][round])
      expect(kinds(last)).toEqual(kinds(update))
    }
    const end = solo.answer(last, { notifies: [UNEXPECTED_NAT, ...cookie2Of(last)] })
    expect(end.slice(-2)).toEqual([
      report({ kind: 'unexpectedNat', by: 'peer' }),
      { type: 'closeIkeSa', reason: 'natNotAllowed' }
    ])
  })

  it('A108 an UPDATE without a list is asked again without one', () => {
    const { solo, update } = forced()
    solo.answer(update, { notifies: [UNEXPECTED_NAT, ...cookie2Of(update)] })
    expect(kinds(solo.must())).toEqual(['updateSaAddresses', 'natDetection', 'cookie2'])
  })

  it('A108 a list that met a NAT is sent again as a list, as often, then later, and costs no pair', () => {
    const solo = new Solo()
    solo.local(WIFI)
    let list = solo.must()
    expect(list.purpose).toBe('addressList')
    for (let round = 0; round < 5; round++) {
      expect(solo.answer(list, { notifies: [UNEXPECTED_NAT] })).toEqual([report({ kind: 'unexpectedNat', by: 'peer' })])
      list = round === 0 ? solo.must() : solo.mustLater()
      expect(list.purpose).toBe('addressList')
    }
    expect(solo.answer(list, { notifies: [UNEXPECTED_NAT] })).toEqual([report({ kind: 'unexpectedNat', by: 'peer' })])
    expect(solo.ask()).toBeNull()
    expect(solo.state.ikePath).toEqual(WIFI_PATH)
    // A NAT that was there for a moment does not cost the list for ever (section 3.6).
    solo.at(solo.now + 1000)
    expect(solo.must().purpose).toBe('addressList')
    // The next one has all its chances again.
    solo.local(WIFI, CELL)
    solo.answer(solo.must(), { notifies: [UNEXPECTED_NAT] })
    solo.answer(solo.must(), { notifies: [UNEXPECTED_NAT] })
    for (let round = 2; round < 5; round++) solo.answer(solo.mustLater(), { notifies: [UNEXPECTED_NAT] })
    expect(solo.mustLater().purpose).toBe('addressList')
  })

  it('A108 the tries are counted anew after a list that was taken', () => {
    const solo = new Solo()
    solo.local(WIFI)
    solo.answer(solo.must(), { notifies: [UNEXPECTED_NAT] })
    solo.answer(solo.must(), { notifies: [UNEXPECTED_NAT] })
    for (let round = 2; round < 4; round++) solo.answer(solo.mustLater(), { notifies: [UNEXPECTED_NAT] })
    solo.answer(solo.mustLater())
    solo.local(WIFI, CELL)
    solo.answer(solo.must(), { notifies: [UNEXPECTED_NAT] })
    solo.answer(solo.must(), { notifies: [UNEXPECTED_NAT] })
    for (let round = 2; round < 5; round++) solo.answer(solo.mustLater(), { notifies: [UNEXPECTED_NAT] })
    expect(solo.mustLater().purpose).toBe('addressList')
  })
})

describe('COOKIE2 that is missing', () => {
  const RULE = 'RFC 4555 section 3.7: COOKIE2 not returned'

  it('A089 of an UPDATE response is a violation that is told', () => {
    const { solo, update } = forced()
    expect(solo.answer(update, { notifies: [] })).toContainEqual(report({ kind: 'violation', rule: RULE }))
  })

  it('A089 an UPDATE response that has it breaks no rule, nor does the answer to a request without it', () => {
    const { solo, update } = forced()
    expect(solo.answer(update)).not.toContainEqual(report({ kind: 'violation', rule: RULE }))
    solo.do({ type: 'livenessDue' })
    expect(solo.answer(solo.must())).toEqual([])
    const stream = new Solo({ path: { local: at(WIFI), remote: { ...at(GW1), transport: 'tcp' } } })
    stream.do({ type: 'updateForced' })
    const asked = stream.must()
    expect(cookie2Of(asked)).toEqual([])
    expect(stream.answer(asked)).not.toContainEqual(report({ kind: 'violation', rule: RULE }))
  })

  it('F59 a strict policy closes for none that came back as it was', () => {
    const { routability } = DEFAULT_MOBIKE_POLICY
    const strict = { ...DEFAULT_MOBIKE_POLICY, routability: { ...routability, missingCookie2: 'close' as const } }
    const { solo, update } = moved(strict)
    expect(solo.answer(update).at(-1)).toEqual(report({ kind: 'moved', path: CELL_PATH, encapsulate: false }))
    expect(solo.state.closed).toBe(false)
  })

  it('A085 with "never" the UPDATE response of a new address without COOKIE2 is enough', () => {
    const { routability } = DEFAULT_MOBIKE_POLICY
    const policy = { ...DEFAULT_MOBIKE_POLICY, routability: { ...routability, when: 'never' as const } }
    const solo = new Solo({ localAddresses: [{ address: WIFI }] }, policy)
    solo.hear(path(WIFI, GW2), [{ kind: 'noAdditionalAddresses' }])
    solo.answer(solo.must(), { notifies: [] })
    expect([solo.ask(), solo.wake()]).toEqual([null, undefined])
  })

  it('F59 a strict policy tells which rule it closes for', () => {
    const { routability } = DEFAULT_MOBIKE_POLICY
    const { solo, update } = moved({
      ...DEFAULT_MOBIKE_POLICY,
      routability: { ...routability, missingCookie2: 'close' }
    })
    expect(solo.answer(update, { notifies: [] })).toEqual([
      report({ kind: 'violation', rule: RULE }),
      { type: 'closeIkeSa', reason: 'cookie2Mismatch' }
    ])
  })

  it('F67 three answers of a new responder address without it: the pair is left, for the one before if nothing else is there', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }], peerAddresses: [GW2] })
    // The responder withdrew the address in use.
    solo.hear(path(WIFI, GW2), [{ kind: 'noAdditionalAddresses' }])
    const update = solo.must()
    expect([update.purpose, update.path]).toEqual(['update', path(WIFI, GW2)])
    expect(solo.answer(update, { notifies: [] })).toEqual([report({ kind: 'violation', rule: RULE })])
    for (const wait of [1000, 2000]) {
      expect(solo.ask()).toBeNull()
      solo.at(solo.now + wait)
      const check = solo.must()
      expect(check.purpose).toBe('routability')
      const told = solo.answer(check, { notifies: [] })
      expect(told[0]).toEqual(report({ kind: 'violation', rule: RULE }))
      expect(told.slice(1)).toEqual(
        wait === 1000
          ? []
          : [
              report({ kind: 'refused', path: path(WIFI, GW2), by: 'local' }),
              { type: 'redirectOutstanding', path: WIFI_PATH }
            ]
      )
    }
    expect([solo.ask()?.purpose, solo.state.ikePath]).toEqual(['update', WIFI_PATH])
  })
})

describe('the answer to a request that a rekey of the IKE SA voided', () => {
  it('D40 A089 is compared once, each with its own COOKIE2', () => {
    const solo = new Solo()
    solo.do({ type: 'updateForced' })
    const [one] = [solo.must()]
    solo.do({ type: 'updateForced' })
    const two = solo.must()
    solo.do({ type: 'ikeSaRekeyed' })
    expect(solo.answer(one)).toEqual([])
    // Answered: whatever comes under its number now is not the answer to it.
    expect(solo.answer(one, { notifies: cookie2Of(two) })).toEqual([])
    expect(solo.answer(two, { notifies: cookie2Of(one) })).toEqual([{ type: 'closeIkeSa', reason: 'cookie2Mismatch' }])
  })
})

describe('a list in an UPDATE that another UPDATE is already to follow', () => {
  it.each([
    ['fails', FAILED],
    ['is refused', { notifies: [{ kind: 'unacceptableAddresses' }] }],
    ['crossed a NAT', { notifies: [{ kind: 'unexpectedNatDetected' }] }],
    ['left from several sources', { sources: [at(WIFI), at(CELL)] }]
  ] as const)('A076 A077 is told once more where that UPDATE %s', (_, answered) => {
    const solo = new Solo()
    solo.local(WIFI, CELL, LAN)
    solo.do({ type: 'updateForced' })
    const update = solo.must()
    expect(kinds(update)).toContain('additionalAddress')
    solo.do({ type: 'updateForced' })
    solo.answer(update, answered)
    solo.at(solo.wake() ?? 0)
    const next = solo.must()
    expect(kinds(next)?.[0]).toBe('updateSaAddresses')
    expect(next.notifies).toEqual(expect.arrayContaining([{ kind: 'additionalAddress', address: CELL }]))
  })

  it('A076 is not told again where it was taken, nor where a newer one is on its way', () => {
    const solo = new Solo()
    solo.local(WIFI, CELL, LAN)
    solo.do({ type: 'updateForced' })
    const update = solo.must()
    solo.do({ type: 'updateForced' })
    solo.answer(update)
    expect(kinds(solo.must())).not.toContain('additionalAddress')

    const wide = new Solo()
    wide.local(WIFI, CELL, LAN)
    wide.do({ type: 'updateForced' })
    const first = wide.must()
    wide.local(WIFI, LAN)
    wide.do({ type: 'updateForced' })
    const second = wide.must()
    expect(kinds(second)).toContain('additionalAddress')
    wide.answer(first, FAILED)
    wide.answer(second)
    expect(wide.ask()).toBeNull()
  })
})

describe('several requests of ours at once', () => {
  it('the answer to one leaves the others where they are', () => {
    const solo = new Solo()
    solo.local(CELL)
    const update = solo.must()
    solo.do({ type: 'livenessDue' })
    const check = solo.must()
    expect(solo.answer(check)).toEqual([])
    expect(solo.answer(update)).toContainEqual(report({ kind: 'moved', path: CELL_PATH, encapsulate: false }))
  })

  it('A086 an answer without COOKIE2 shows somebody there, but not one to a request from before a move', () => {
    const init = { initPath: WIFI_PATH, path: path(WIFI, GW2) }
    const levels = (solo: Solo): readonly unknown[] => routabilityOf(solo.state).map(({ level }) => level)
    const stays = new Solo(init)
    const check = stays.must()
    expect(check.purpose).toBe('routability')
    stays.answer(check, { notifies: [] })
    expect(levels(stays)).toEqual(['answer'])
    const moves = new Solo(init)
    const early = moves.must()
    moves.local(CELL)
    moves.answer(early, { notifies: [] })
    expect(levels(moves)).toEqual([])
  })

  it('A086 where an answer is proof, one to a request that asked for none says so no second time', () => {
    const { routability } = DEFAULT_MOBIKE_POLICY
    const solo = new Solo({}, { ...DEFAULT_MOBIKE_POLICY, routability: { ...routability, proof: 'answer' } })
    solo.do({ type: 'livenessDue' })
    expect(solo.answer(solo.must())).toEqual([])
  })

  it('a check from before a move says nothing of the mapping there is now', () => {
    const behindNat = (destinationHash: string) => ({ localBehindNat: true, remoteBehindNat: false, destinationHash })
    const solo = new Solo({ nat: behindNat('aa'), initPath: WIFI_PATH })
    solo.do({ type: 'livenessDue' })
    const check = solo.must()
    solo.local(CELL)
    const told = solo.answer(check, { path: CELL_PATH, sources: [at(WIFI), at(CELL)], nat: behindNat('bb') })
    expect(told).toEqual([])
    expect(solo.state.natBaseline).toBeNull()
  })

  it('F01 the answer to one confirms no move while a newer change waits to be told', () => {
    const { solo, update } = moved()
    solo.do({ type: 'updateForced' })
    expect(solo.answer(update)).toEqual([report({ kind: 'routabilityVerified', address: GW1 })])
    expect(solo.answer(solo.must())).toContainEqual(report({ kind: 'moved', path: CELL_PATH, encapsulate: false }))
  })

  it('an UPDATE whose answers leave it in doubt is given more time each time before other pairs are tested', () => {
    const { solo, update } = forced()
    solo.answer(update, { sources: [at(WIFI), at(CELL)] })
    const { token } = solo.must()
    expect(solo.do({ type: 'requestRetransmitted', token, attempt: 2 })).toEqual([])
    expect(solo.do({ type: 'requestRetransmitted', token, attempt: 3 })).toEqual([
      { type: 'transmitOutstanding', path: CELL_PATH }
    ])
  })

  it('A067 a list that failed with its UPDATE is told again, whatever else is open but a newer list', () => {
    const failed = (first: (solo: Solo) => void, after: (solo: Solo) => void): readonly unknown[] => {
      const solo = new Solo()
      solo.local(WIFI, CELL, LAN)
      first(solo)
      solo.do({ type: 'updateForced' })
      const update = solo.must()
      expect(kinds(update)).toContain('additionalAddress')
      after(solo)
      solo.answer(update, FAILED)
      solo.at(solo.wake() as number)
      return kinds(solo.must()) ?? []
    }
    const check = (solo: Solo): void => {
      solo.do({ type: 'livenessDue' })
      expect(solo.must().purpose).toBe('liveness')
    }
    const olderList = (solo: Solo): void => {
      expect(solo.must().purpose).toBe('addressList')
      solo.local(WIFI, LAN)
    }
    expect(failed(() => {}, check)).toContain('additionalAddress')
    expect(failed(olderList, () => {})).toContain('additionalAddress')
  })
})

describe('a move to a responder address that has yet to prove itself', () => {
  const NEW = path(WIFI, GW2)

  /** The responder said that it is at GW2 alone, and answered the UPDATE there without COOKIE2. */
  function unproven(init: ConstructorParameters<typeof Solo>[0] = {}): Solo {
    const solo = new Solo({ localAddresses: [{ address: WIFI }], ...init })
    solo.hear(NEW, [{ kind: 'noAdditionalAddresses' }])
    solo.answer(solo.must(), { notifies: [] })
    solo.at(1000)
    return solo
  }

  it('A063 A086 ends with the check that proves it: Child SAs go there, and there is no way back any more', () => {
    const solo = unproven()
    expect(solo.answer(solo.must())).toEqual([
      report({ kind: 'routabilityVerified', address: GW2 }),
      { type: 'moveChildSas', from: WIFI_PATH, to: NEW, encapsulate: false },
      report({ kind: 'moved', path: NEW, encapsulate: false })
    ])
    expect(solo.state).toMatchObject({ rollback: null, updatesInDoubt: 0, moveDue: false })
    // Were there one, an UPDATE that is refused would lead back.
    solo.do({ type: 'childSasMoved' })
    solo.do({ type: 'updateForced' })
    expect(solo.answer(solo.must(), { notifies: [{ kind: 'unacceptableAddresses' }] })).toEqual([
      report({ kind: 'refused', path: NEW, by: 'peer' })
    ])
  })

  it('F67 with no pair left to go to the IKE SA ends, and says why', () => {
    const solo = unproven()
    solo.local(CELL)
    let last: readonly unknown[] = []
    for (let round = 0; round < 3; round++) {
      solo.at(Math.max(solo.now, solo.wake() ?? 0))
      last = solo.answer(solo.must(), { notifies: [] })
    }
    expect(last.at(-1)).toEqual({ type: 'closeIkeSa', reason: 'updateRefused' })
  })

  it('A062 D11 refused, it leads back, with an UPDATE: the peer never left, but may have moved its own end', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }] })
    solo.hear(NEW, [{ kind: 'noAdditionalAddresses' }])
    const update = solo.must()
    expect(solo.answer(update, { notifies: [{ kind: 'unacceptableAddresses' }, ...cookie2Of(update)] })).toEqual([
      report({ kind: 'routabilityVerified', address: GW2 }),
      report({ kind: 'refused', path: NEW, by: 'peer' }),
      { type: 'redirectOutstanding', path: WIFI_PATH }
    ])
    expect(solo.ask()?.purpose).toBe('update')
  })

  it('D11 failed too often, likewise', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }] })
    solo.hear(NEW, [{ kind: 'noAdditionalAddresses' }])
    for (let round = 0; round < 5; round++) {
      solo.answer(solo.must(), FAILED)
      solo.at(solo.wake() as number)
    }
    expect(solo.answer(solo.must(), FAILED).at(-1)).toEqual({ type: 'redirectOutstanding', path: WIFI_PATH })
    expect(solo.ask()?.purpose).toBe('update')
  })
})
