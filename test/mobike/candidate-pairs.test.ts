import { describe, expect, it } from 'vitest'
import { type Endpoint, type Path, pathText } from '../../src/bytes/index.ts'
import { initialPaths } from '../../src/mobike/candidate-pairs.ts'
import {
  DEFAULT_MOBIKE_POLICY,
  type LocalAddress,
  type MobikeInit,
  type MobikePolicy,
  pathTable,
  type SelectionPolicy
} from '../../src/mobike/index.ts'
import { pairIndex, withRecord } from '../../src/mobike/path-table.ts'
import { candidatePaths } from '../../src/mobike/selection.ts'
import { at, path } from './host.ts'
import { CELL, GW1, GW2, LAN, report, Solo, WIFI } from './solo.ts'

const GW3 = '203.0.113.3'
const V6 = '2001:db8::1'
const GW6 = '2001:db8:ffff::1'
const PORTS = { ike: 500, natTraversal: 4500 }

function selecting(patch: Partial<SelectionPolicy>): MobikePolicy {
  return { ...DEFAULT_MOBIKE_POLICY, selection: { ...DEFAULT_MOBIKE_POLICY.selection, ...patch } }
}

const texts = (paths: readonly Path[]): string[] => paths.map(pathText)
const locals = (...addresses: string[]): LocalAddress[] => addresses.map((address) => ({ address }))

/** The pairs an established initiator may use, best first. */
function usable(init: Partial<MobikeInit>, policy = DEFAULT_MOBIKE_POLICY): string[] {
  return texts(candidatePaths(new Solo(init, policy).state, 0, 99, true))
}

describe('pairs for the initial exchanges', () => {
  const first = (
    localAddresses: LocalAddress[],
    remoteCandidates: (Endpoint & { cost?: number })[],
    excludedPrefixes: MobikeInit['excludedPrefixes'] = [],
    policy = DEFAULT_MOBIKE_POLICY
  ): string[] => texts(initialPaths(policy, { localAddresses, remoteCandidates, excludedPrefixes }, PORTS))

  it('C38 every address of ours with every endpoint named, each once, on port 500 but where the other is meant', () => {
    expect(first(locals(WIFI, CELL), [at(`${GW1}#500`), at(GW2), at(`${GW1}#500`), at(`${GW1}#4500`)])).toEqual(
      texts([
        path(`${WIFI}#500`, `${GW1}#500`),
        path(WIFI, GW2),
        path(WIFI, GW1),
        path(`${CELL}#500`, `${GW1}#500`),
        path(CELL, GW2),
        path(CELL, GW1)
      ])
    )
  })

  it('F65 what is ours, or excluded, is no endpoint of the peer, whoever named it', () => {
    const inner = { address: '10.0.0.0', prefixLength: 8 }
    expect(first(locals(WIFI, CELL), [at(CELL), at('10.9.9.9'), at(GW1)], [inner])).toEqual(
      texts([path(WIFI, GW1), path(CELL, GW1)])
    )
    // What holds for announced addresses alone does not touch those the caller named, nor ours.
    const announcedOnly = { address: '0.0.0.0', prefixLength: 0, announcedOnly: true }
    expect(first(locals(WIFI), [at(GW1)], [announcedOnly])).toEqual(texts([path(WIFI, GW1)]))
  })

  it('C14 cheapest first, and never of unlike families; at most as many as are tested', () => {
    const cheap = { address: CELL, cost: 1 }
    const dear = { address: WIFI, cost: 5 }
    expect(first([dear, cheap, { address: V6 }], [{ ...at(GW1), cost: 2 }, at(GW2), at(GW6)])).toEqual(
      texts([path(V6, GW6), path(CELL, GW2), path(CELL, GW1), path(WIFI, GW2), path(WIFI, GW1)])
    )
    const probing = { ...DEFAULT_MOBIKE_POLICY.probing, maxPairs: 2 }
    expect(first(locals(WIFI, CELL), [at(GW1), at(GW2)], [], { ...DEFAULT_MOBIKE_POLICY, probing })).toHaveLength(2)
  })

  it('C14 of more endpoints than there is room for, those named first, whatever the others would cost', () => {
    const named = [{ ...at(GW1), cost: 2 }, { ...at(GW2), cost: 1 }, at(GW3)]
    expect(first(locals(WIFI), named, [], selecting({ maxPairs: 2 }))).toEqual(
      texts([path(WIFI, GW2), path(WIFI, GW1)])
    )
  })

  it('C14 of more addresses of ours than there is room for, the cheapest', () => {
    const ours = [
      { address: WIFI, cost: 3 },
      { address: CELL, cost: 1 },
      { address: LAN, cost: 2 }
    ]
    expect(first(ours, [at(GW1)], [], selecting({ maxPairs: 2 }))).toEqual(texts([path(CELL, GW1), path(LAN, GW1)]))
  })
})

describe('endpoints of the peer', () => {
  it('the one in use, then those the caller named, then those announced; each address once', () => {
    expect(
      usable({
        localAddresses: locals(WIFI),
        remoteCandidates: [at(GW2), at(`${GW3}#500`)],
        peerAddresses: [GW2, GW3, GW1, '203.0.113.4']
      })
    ).toEqual(texts([GW1, GW2, GW3, '203.0.113.4'].map((address) => path(WIFI, address))))
  })

  it('an endpoint that the caller named twice is one, beside the one in use', () => {
    for (const again of [GW2, `${GW2}#500`]) {
      expect(usable({ localAddresses: locals(WIFI), remoteCandidates: [at(GW2), at(again)] })).toEqual(
        texts([path(WIFI, GW1), path(WIFI, GW2)])
      )
    }
  })

  it('F64 without NAT traversal a configured endpoint stays on the port it was named with', () => {
    const init = {
      path: path(`${WIFI}#500`, `${GW1}#500`),
      localAddresses: locals(WIFI),
      natTraversal: false,
      nat: null
    }
    expect(usable({ ...init, remoteCandidates: [at(`${GW2}#500`), at(`${GW3}#4500`)] })).toEqual(
      texts([path(`${WIFI}#500`, `${GW1}#500`), path(`${WIFI}#500`, `${GW2}#500`), path(`${WIFI}#500`, `${GW3}#4500`)])
    )
  })

  it('F64 with NAT traversal only what was named with port 500 goes to port 4500; a stream keeps its port', () => {
    const remoteCandidates = [at(`${GW2}#500`), at(`${GW3}#10500`), { ...at(`${GW2}#500`), transport: 'tcp' as const }]
    const ends = pathTable(new Solo({ localAddresses: locals(WIFI), remoteCandidates }).state).map((view) => view.path)
    expect(ends.map(({ remote: { address, port, transport } }) => [address, port, transport])).toEqual([
      [GW1, 4500, undefined],
      [GW2, 4500, undefined],
      [GW3, 10_500, undefined],
      [GW2, 500, 'tcp']
    ])
  })

  it('F65 a prefix for announced addresses leaves out those, and none that the caller named', () => {
    const excludedPrefixes = [{ address: '203.0.113.0', prefixLength: 24, announcedOnly: true }]
    expect(
      usable({
        localAddresses: locals(WIFI),
        remoteCandidates: [at(GW2)],
        peerAddresses: [GW3, '192.0.2.9'],
        excludedPrefixes
      })
    ).toEqual(texts([path(WIFI, GW1), path(WIFI, GW2), path(WIFI, '192.0.2.9')]))
  })

  it('F65 an address of ours that the peer announces, too, is left out, and so is one that is excluded', () => {
    const excludedPrefixes = [{ address: '10.0.0.0', prefixLength: 8 }]
    expect(usable({ peerAddresses: [CELL, '10.1.1.1', GW2], excludedPrefixes })).toEqual(
      texts([path(WIFI, GW1), path(WIFI, GW2), path(CELL, GW1), path(CELL, GW2)])
    )
  })

  /** Was at GW1, is at GW6, whose list has no IPv4 address: it was sent first from one, and again from GW6 (section 3.6). */
  const without4 = (): Solo => {
    const solo = new Solo({ localAddresses: locals(WIFI, V6), peerAddresses: [GW6] })
    solo.local(V6)
    solo.answer(solo.must())
    solo.hear(path(V6, GW6), [{ kind: 'noAdditionalAddresses' }])
    return solo
  }

  it('F12 A039 where its list pairs with none of ours, an initiator has the addresses that the peer was shown to be at', () => {
    const solo = without4()
    solo.local(WIFI)
    expect(solo.must()).toMatchObject({ purpose: 'update', path: path(WIFI, GW1) })
    // As long as a pair can be made of what the peer says, that stands.
    solo.hear(path(WIFI, GW2), [{ kind: 'noAdditionalAddresses' }])
    expect(texts(candidatePaths(solo.state, solo.now, 9, true))).toEqual(texts([path(WIFI, GW2)]))
  })

  it('F12 F65 nor are those a way around what the caller excludes', () => {
    const solo = without4()
    const prefixes = [{ address: '203.0.113.0', prefixLength: 24 }]
    solo.do({ type: 'excludedPrefixesChanged', prefixes })
    expect(solo.local(WIFI)).toContainEqual(report({ kind: 'noPath' }))
  })

  it('F12 one address of ours that pairs with its list is enough: where it was before is no candidate then', () => {
    const solo = without4()
    solo.local(WIFI, V6)
    expect(texts(candidatePaths(solo.state, solo.now, 9, true))).toEqual(texts([path(V6, GW6)]))
  })

  it('F12 a responder goes nowhere that its initiator did not name, even where it has been', () => {
    const solo = new Solo({ role: 'responder', localAddresses: locals(WIFI, V6) })
    solo.hear(path(V6, GW6), [{ kind: 'updateSaAddresses' }, { kind: 'noAdditionalAddresses' }])
    expect(solo.state.ikePath).toEqual(path(V6, GW6))
    expect(solo.local(WIFI)).toContainEqual(report({ kind: 'noPath' }))
  })

  it('what the caller of a responder names is not where its initiator is', () => {
    expect(usable({ role: 'responder', remoteCandidates: [at(GW2)] })).toEqual(
      texts([path(WIFI, GW1), path(CELL, GW1)])
    )
  })
})

describe('what policy leaves of them', () => {
  const both = { remoteCandidates: [at(GW2)] }

  it('C14 a rank of the caller orders pairs that cost the same, and leaves out those it gives none', () => {
    const ranks = new Map<string, number>([
      [`${WIFI} ${GW2}`, 3],
      [`${CELL} ${GW1}`, 2],
      [`${CELL} ${GW2}`, Number.NaN]
    ])
    const rank: SelectionPolicy['rank'] = ({ local, remote }) => ranks.get(`${local.address} ${remote.address}`) ?? null
    expect(usable(both, selecting({ rank }))).toEqual(texts([path(CELL, GW1), path(WIFI, GW2)]))
  })

  it('C14 where every endpoint of the peer costs something, the cheapest is first', () => {
    const remoteCandidates = [
      { ...at(GW1), cost: 5 },
      { ...at(GW2), cost: 1 }
    ]
    expect(usable({ localAddresses: locals(WIFI), remoteCandidates })).toEqual(
      texts([path(WIFI, GW2), path(WIFI, GW1)])
    )
  })

  it('F72 a pinned address at either end, alone and together', () => {
    const all = [path(WIFI, GW1), path(WIFI, GW2), path(CELL, GW1), path(CELL, GW2)]
    const left = (patch: Partial<SelectionPolicy>): string[] => usable(both, selecting(patch))
    expect(left({})).toEqual(texts(all))
    expect(left({ pinnedLocal: CELL })).toEqual(texts(all.slice(2)))
    expect(left({ pinnedRemote: GW2 })).toEqual(texts([path(WIFI, GW2), path(CELL, GW2)]))
    expect(left({ pinnedLocal: WIFI, pinnedRemote: GW2 })).toEqual(texts([path(WIFI, GW2)]))
  })

  it('F72 pinned to an address it is not at, of ours or of the responder, the initiator goes there', () => {
    for (const [patch, to] of [
      [{ pinnedRemote: GW2 }, path(WIFI, GW2)],
      [{ pinnedLocal: CELL }, path(CELL, GW1)]
    ] as const) {
      const solo = new Solo(both, selecting(patch))
      solo.local(WIFI, CELL)
      expect(solo.at(solo.wake() as number)).toEqual([{ type: 'transmitOutstanding', path: to }])
      expect(solo.answer(solo.must())).toContainEqual(report({ kind: 'moving', from: path(WIFI, GW1), to }))
    }
  })

  it('F31 an address in use that is deprecated later stays in use: no new pair, but no reason to leave', () => {
    const solo = new Solo()
    solo.do({
      type: 'localAddressesChanged',
      addresses: [{ address: WIFI, deprecated: true }, { address: CELL }]
    })
    expect([solo.wake(), solo.state.ikePath]).toEqual([undefined, path(WIFI, GW1)])
  })

  it('C14 of mixed families only like ones are paired, each rated by its own costs', () => {
    const init = {
      localAddresses: [
        { address: V6, cost: 2 },
        { address: WIFI, cost: 1 }
      ],
      remoteCandidates: [at(GW6)]
    }
    expect(usable(init)).toEqual(texts([path(WIFI, GW1), path(V6, GW6)]))
    const table = pathTable(new Solo(init).state)
    expect(table.map(({ path: { local }, rank }) => [local.address, rank])).toEqual([
      [WIFI, 1],
      [V6, 2]
    ])
    // One IPv6 address of ours beside IPv4 at the peer has nowhere to go.
    expect(usable({ localAddresses: locals(V6, WIFI) })).toEqual(texts([path(WIFI, GW1)]))
    expect(usable({ localAddresses: locals(WIFI), remoteCandidates: [at(GW6)] })).toEqual(texts([path(WIFI, GW1)]))
  })

  it('F31 an address with a flag is known, rated, and not used', () => {
    const localAddresses = [{ address: WIFI }, { address: CELL, temporary: true }]
    expect(usable({ localAddresses })).toEqual(texts([path(WIFI, GW1)]))
    expect(pathTable(new Solo({ localAddresses }).state)).toHaveLength(2)
  })

  it('the same address told twice is one; of more than there is room for the cheapest stay, with the one in use', () => {
    expect(usable({ localAddresses: [{ address: WIFI }, { address: WIFI, cost: 9 }] })).toEqual(
      texts([path(WIFI, GW1)])
    )
    const policy = selecting({ maxPairs: 2 })
    const three = (cost: number): LocalAddress[] => [
      { address: CELL, cost: 1 },
      { address: LAN, cost: 2 },
      { address: WIFI, cost }
    ]
    expect(usable({ localAddresses: three(3) }, policy)).toEqual(texts([path(CELL, GW1), path(WIFI, GW1)]))
    expect(usable({ localAddresses: three(0) }, policy)).toEqual(texts([path(WIFI, GW1), path(CELL, GW1)]))
    expect(usable({ localAddresses: three(0).slice(1) }, policy)).toHaveLength(2)
    const gone = new Solo({ localAddresses: three(3).slice(0, 2) }, policy)
    expect(texts(candidatePaths(gone.state, 0, 9, true))).toEqual(texts([path(CELL, GW1), path(LAN, GW1)]))
  })
})

describe('what is known of a pair', () => {
  it('stays with it when other addresses come and go, at either end', () => {
    const solo = new Solo({ remoteCandidates: [at(GW2), at(GW3)] })
    const statuses = (): string[] =>
      pathTable(solo.state).map(({ path: { local, remote }, status }) => `${local.address} ${remote.address} ${status}`)
    solo.do({ type: 'livenessDue' })
    solo.answer(solo.must())
    expect(statuses()).toContain(`${WIFI} ${GW1} working`)
    const known = statuses().filter((line) => !line.endsWith('untried'))
    for (const change of [
      { type: 'remoteCandidatesChanged', endpoints: [at(GW3), at(GW2)] },
      { type: 'remoteCandidatesChanged', endpoints: [at(GW3)] },
      { type: 'localAddressesChanged', addresses: locals(CELL, WIFI) },
      { type: 'localAddressesChanged', addresses: locals(LAN, WIFI) },
      { type: 'localAddressesChanged', addresses: locals(WIFI) }
    ] as const) {
      solo.do(change)
      expect(statuses().filter((line) => !line.endsWith('untried'))).toEqual(known)
    }
    // Another port is another end: nothing is known of it.
    solo.do({ type: 'localAddressesChanged', addresses: [{ address: WIFI, port: 40_001 }] })
    expect(statuses().filter((line) => !line.endsWith('untried'))).toEqual([])
  })

  it('goes along when a move puts another endpoint first', () => {
    const solo = new Solo({ localAddresses: locals(WIFI), remoteCandidates: [at(GW2)] })
    solo.do({ type: 'livenessDue' })
    const check = solo.must()
    solo.do({ type: 'requestRetransmitted', token: check.token, attempt: 2 })
    solo.answer(check, { path: path(WIFI, GW2), destinations: [at(GW1), at(GW2)] })
    const known = pathTable(solo.state).map((view) => [view.path.remote.address, view.status, view.current])
    expect(known).toEqual([
      [GW2, 'working', true],
      [GW1, 'failed', false]
    ])
  })

  it('is by its two ends: what shares only one with a pair of the table is none', () => {
    const { state } = new Solo({ remoteCandidates: [at(GW2)] })
    for (const stranger of [path(CELL, GW3), path(WIFI, GW3), path(LAN, GW1), path(LAN, GW2)]) {
      expect(pairIndex(state, stranger)).toBeLessThan(0)
      expect(pathTable({ ...state, pairs: withRecord(state, stranger, { status: 'failed' }) })).toEqual(
        pathTable(state)
      )
    }
  })

  it('is nothing for one that has no address of ours any more, even when an answer comes late', () => {
    const solo = new Solo()
    solo.do({ type: 'livenessDue' })
    const check = solo.must()
    solo.local()
    const shown = [{ path: path(WIFI, GW1), status: 'untried', rank: null, current: true }]
    expect(pathTable(solo.state)).toMatchObject(shown)
    solo.answer(check)
    expect(pathTable(solo.state)).toMatchObject(shown)
    expect(pathTable(solo.state)).toHaveLength(1)
  })

  it('of NATs alone leaves it untried: the responder heard from there, but nothing shows that it can send there', () => {
    const solo = new Solo({ role: 'responder', localAddresses: locals(WIFI), peerAddresses: [GW2] })
    const nat = { localBehindNat: false, remoteBehindNat: true, destinationHash: 'aa' }
    solo.hear(path(WIFI, GW2), [{ kind: 'updateSaAddresses' }, { kind: 'natDetection' }], nat)
    expect(pathTable(solo.state)[0]).toMatchObject({ path: path(WIFI, GW2), status: 'untried', current: true })
  })

  it('goes to the pair itself, however the table is turned', () => {
    const init = { remoteCandidates: [at(GW2), at(GW3)], localAddresses: locals(WIFI, CELL, LAN) }
    const solo = new Solo(init)
    solo.do({ type: 'livenessDue' })
    const request = solo.must()
    // No reply on any pair: each is marked failed, but the one that answers in the end.
    solo.do({ type: 'requestRetransmitted', token: request.token, attempt: 2 })
    while (solo.state.probing !== null) solo.at(solo.wake() as number)
    const alive = path(LAN, GW3)
    expect(pathTable(solo.state).every(({ status }) => status === 'failed')).toBe(true)
    expect(solo.answer(request, { path: alive, destinations: [at(GW3)], sources: [at(LAN)] })).not.toContainEqual(
      report({ kind: 'pathFailed', path: alive })
    )
    const working = (): Path[] =>
      pathTable(solo.state)
        .filter(({ status }) => status === 'working')
        .map((view) => view.path)
    expect(working()).toEqual([alive])
    solo.do({ type: 'remoteCandidatesChanged', endpoints: [at(GW3), at(GW1), at(GW2)] })
    expect(working()).toEqual([alive])
    solo.do({ type: 'localAddressesChanged', addresses: locals(LAN, CELL, WIFI) })
    expect(working()).toEqual([alive])
    const failed = pathTable(solo.state).filter(({ status }) => status === 'failed')
    expect(failed.length).toBe(8)
  })
})
