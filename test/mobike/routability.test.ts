import { describe, expect, it } from 'vitest'
import { NOTIFY } from '../../src/codec/index.ts'
import { DEFAULT_MOBIKE_POLICY, type MobikePolicy, nextMobikeRequest, routabilityOf } from '../../src/mobike/index.ts'
import { entropy, type Host, Lab, path } from './harness.ts'

const OLD = '198.18.0.1'
const NEW = '198.18.7.2'
const GW1 = '203.0.113.1'
const GW2 = '203.0.113.2'
const checks = (host: Host): Host['requests'] => host.requests.filter(({ purpose }) => purpose === 'routability')
const policy = (routability: Partial<MobikePolicy['routability']>): Partial<MobikePolicy> => ({
  routability: { ...DEFAULT_MOBIKE_POLICY.routability, ...routability }
})

describe('return routability', () => {
  it('A082 A084 D18 is on by default, before the Child SAs move', () => {
    expect(DEFAULT_MOBIKE_POLICY.routability.when).toBe('before')
    const lab = new Lab().start(path(OLD, GW1))
    lab.client.local(NEW)
    lab.run(60)
    expect(lab.gateway.state.ikePath).toEqual(path(GW1, NEW))
    expect(lab.gateway.state.childPath).toEqual(path(GW1, OLD))
  })

  it('A085 "after" moves first and checks then; "never" does not check', () => {
    const after = new Lab({}, policy({ when: 'after' })).start(path(OLD, GW1))
    after.client.local(NEW)
    after.run(26)
    expect(after.gateway.state.childPath).toEqual(path(GW1, NEW))
    expect(checks(after.gateway)).toHaveLength(1)
    const never = new Lab({}, policy({ when: 'never' })).start(path(OLD, GW1))
    never.client.local(NEW)
    never.run(1000)
    expect(never.gateway.state.childPath).toEqual(path(GW1, NEW))
    expect(checks(never.gateway)).toHaveLength(0)
  })

  it('A085 an initiator that moved first checks the new responder address when the UPDATE response proved nothing', () => {
    const lab = new Lab(policy({ when: 'after' })).start(path(OLD, GW1), {
      gateway: [{ address: GW1 }, { address: GW2 }]
    })
    lab.gateway.mangleAnswer = (notifies) => notifies.filter(({ kind }) => kind !== 'cookie2')
    lab.drops = (from, to) => [from.address, to.address].includes(GW1)
    lab.client.step({ type: 'livenessDue' })
    while (!lab.client.reports.some(({ kind }) => kind === 'moved')) lab.run(1)
    expect(lab.client.state.childPath).toEqual(path(OLD, GW2))
    expect(lab.client.state.verified.map(({ address }) => address)).toEqual([GW1])
    expect(checks(lab.client)).toEqual([])
    // An answer without COOKIE2 leaves the address unproven: asked again, each time later.
    lab.run(4000)
    expect(checks(lab.client).map((request) => request.path)).toEqual([path(OLD, GW2), path(OLD, GW2)])
    lab.gateway.mangleAnswer = (notifies) => notifies
    lab.run(10_000)
    expect(checks(lab.client)).toHaveLength(3)
    expect(lab.client.state.verified.map(({ address }) => address)).toEqual([GW1, GW2])
    lab.run(60_000)
    expect(checks(lab.client)).toHaveLength(3)
  })

  it('A085 with "never" a missing COOKIE2 leads to no check, nor does it with an address that was proven before', () => {
    for (const when of ['never', 'after'] as const) {
      const lab = new Lab(policy({ when })).start(path(OLD, GW1))
      lab.gateway.mangleAnswer = (notifies) => notifies.filter(({ kind }) => kind !== 'cookie2')
      lab.client.local(NEW)
      lab.run(60_000)
      expect(lab.client.state.childPath).toEqual(path(NEW, GW1))
      expect(checks(lab.client)).toEqual([])
    }
  })

  it('A085 A145 can be repeated during the connection', () => {
    const lab = new Lab({}, policy({ periodicMs: 60_000 })).start(path(OLD, GW1))
    lab.run(200_000)
    expect(checks(lab.gateway)).toHaveLength(3)
    expect(lab.gateway.actions.some(({ type }) => type === 'moveChildSas')).toBe(false)
  })

  it('A083 C33 an address policy vouches for needs no check', () => {
    const trusted = [{ address: '198.18.7.0', prefixLength: 24 }]
    const lab = new Lab({}, policy({ trusted })).start(path(OLD, GW1))
    lab.client.local(NEW)
    lab.run(26)
    expect(lab.gateway.state.childPath).toEqual(path(GW1, NEW))
    expect(checks(lab.gateway)).toHaveLength(0)
  })

  it('A083 an address is checked once, until its check is too old', () => {
    const roam = (lab: Lab): Lab => {
      for (const address of [NEW, OLD, NEW]) {
        lab.client.local(address)
        lab.run(1000)
      }
      return lab
    }
    // OLD was proven by IKE_AUTH.
    expect(checks(roam(new Lab().start(path(OLD, GW1))).gateway)).toHaveLength(1)
    expect(checks(roam(new Lab({}, policy({ validMs: 500 })).start(path(OLD, GW1))).gateway)).toHaveLength(3)
  })

  it('A059 D20 C34 an UPDATE during a check voids it: it is redirected, its result discarded, a fresh one made', () => {
    const lab = new Lab().start(path(OLD, GW1))
    lab.client.local(NEW)
    lab.run(27)
    expect(checks(lab.gateway)).toHaveLength(1)
    lab.client.local('198.18.9.9')
    // The responder's check crosses the change; the fresh one is the second.
    lab.run(1000)
    expect(checks(lab.gateway).map((request) => request.path.remote.address)).toEqual([NEW, '198.18.9.9'])
    expect(lab.gateway.reports.filter(({ kind }) => kind === 'routabilityVerified')).toEqual([
      { kind: 'routabilityVerified', address: '198.18.9.9' }
    ])
    expect(lab.gateway.state.childPath).toEqual(path(GW1, '198.18.9.9'))
  })

  it('A-O10 A091 a check sent to several addresses proves none', () => {
    const lab = new Lab().start(path(OLD, GW1))
    lab.client.local(NEW)
    lab.run(26)
    const [request] = lab.gateway.state.outstanding
    lab.gateway.outstanding = null
    lab.gateway.step({
      type: 'responseReceived',
      token: request?.token ?? null,
      path: path(GW1, NEW),
      sources: [path(GW1, NEW).local],
      destinations: [path(GW1, OLD).remote, path(GW1, NEW).remote],
      notifies: checks(lab.gateway)[0]?.notifies ?? [],
      nat: null
    })
    expect(lab.gateway.state.childPath).toEqual(path(GW1, OLD))
    expect(checks(lab.gateway)).toHaveLength(2)
  })

  it('A089 A090 D18 a COOKIE2 that differs closes the IKE SA, in a check and in an UPDATE', () => {
    for (const culprit of ['client', 'gateway'] as const) {
      const lab = new Lab().start(path(OLD, GW1))
      lab[culprit].mangleAnswer = (notifies) =>
        notifies.map((notify) => (notify.kind === 'cookie2' ? { kind: 'cookie2', data: entropy(99) } : notify))
      lab.client.local(NEW)
      lab.run(1000)
      const victim = culprit === 'client' ? lab.gateway : lab.client
      expect(victim.closed).toBe('cookie2Mismatch')
    }
  })

  it('A089 two COOKIE2 of which one differs are a mismatch', () => {
    const lab = new Lab().start(path(OLD, GW1))
    lab.client.mangleAnswer = (notifies) => [...notifies, { kind: 'cookie2', data: entropy(99) }]
    lab.client.local(NEW)
    lab.run(1000)
    expect(lab.gateway.closed).toBe('cookie2Mismatch')
  })

  it('D40 E4.11 the COOKIE2 of an obsolete UPDATE response is verified all the same', () => {
    const lab = new Lab().start(path(OLD, GW1))
    lab.gateway.mangleAnswer = (notifies) =>
      notifies.map((notify) => (notify.kind === 'cookie2' ? { kind: 'cookie2', data: entropy(99) } : notify))
    lab.client.local(NEW)
    lab.run(30)
    lab.client.local('198.18.9.9')
    // The retransmission from the newest address brings the old response.
    lab.run(51)
    expect(lab.client.closed).toBe('cookie2Mismatch')
  })

  it('A-O1 F59 a COOKIE2 that is missing proves nothing: asked again, less and less often, never closed', () => {
    const lab = new Lab().start(path(OLD, GW1))
    lab.client.mangleAnswer = () => []
    lab.client.local(NEW)
    lab.run(30_000)
    expect(lab.gateway.closed).toBeNull()
    expect(lab.gateway.state.childPath).toEqual(path(GW1, OLD))
    const count = checks(lab.gateway).length
    expect(count).toBeGreaterThan(3)
    expect(count).toBeLessThan(8)
    // TEMPORARY_FAILURE ends: the next check goes through.
    lab.client.mangleAnswer = (notifies) => notifies
    lab.run(60_000)
    expect(lab.gateway.state.childPath).toEqual(path(GW1, NEW))
  })

  it('F59 a strict policy closes on a COOKIE2 that is missing, in a check and in an UPDATE', () => {
    for (const culprit of ['client', 'gateway'] as const) {
      const strict = policy({ missingCookie2: 'close' })
      const lab = new Lab(strict, strict).start(path(OLD, GW1))
      lab[culprit].mangleAnswer = (notifies) => notifies.filter(({ kind }) => kind !== 'cookie2')
      lab.client.local(NEW)
      lab.run(1000)
      const victim = culprit === 'client' ? lab.gateway : lab.client
      expect(victim.closed).toBe('cookie2Mismatch')
    }
  })

  it('F59 but not on an error, which is no answer to the check, nor on answers to requests without COOKIE2', () => {
    const lab = new Lab({}, policy({ missingCookie2: 'close' })).start(path(OLD, GW1))
    lab.gateway.sendOther()
    lab.gateway.step({ type: 'livenessDue' })
    lab.run(1000)
    lab.client.local(NEW)
    lab.run(26)
    const [request] = lab.gateway.state.outstanding
    expect(request?.cookie2).not.toBeNull()
    lab.gateway.outstanding = null
    lab.gateway.step({
      type: 'responseReceived',
      token: request?.token ?? null,
      path: path(GW1, NEW),
      sources: [path(GW1, NEW).local],
      destinations: [path(GW1, NEW).remote],
      notifies: [],
      nat: null,
      failedWith: NOTIFY.TEMPORARY_FAILURE
    })
    expect(lab.gateway.closed).toBeNull()
    lab.run(5000)
    expect(lab.gateway.state.childPath).toEqual(path(GW1, NEW))
    expect(checks(lab.gateway)).toHaveLength(2)
  })

  it('A092 a check carries NAT_DETECTION beside COOKIE2 (a peer echoes COOKIE2 only then)', () => {
    const lab = new Lab().start(path(OLD, GW1))
    lab.client.local(NEW)
    lab.run(26)
    expect(checks(lab.gateway)[0]?.notifies.map(({ kind }) => kind)).toEqual(['natDetection', 'cookie2'])
  })

  it('A043 A063 A086 the initiator too: an unproven responder address gets its Child SAs after the UPDATE response', () => {
    const lab = new Lab().start(path('2001:db8:1::7', '2001:db8:2::1'), {
      gateway: [{ address: '2001:db8:2::1' }, { address: GW1 }]
    })
    lab.client.local(NEW)
    lab.run(49)
    expect(lab.client.state.ikePath).toEqual(path(NEW, GW1))
    expect(lab.client.state.childPath).toEqual(path('2001:db8:1::7', '2001:db8:2::1'))
    lab.run(2)
    expect(lab.client.state.childPath).toEqual(path(NEW, GW1))
    expect(lab.client.reports).toContainEqual({ kind: 'routabilityVerified', address: GW1 })
  })

  it('F67 a responder address that never returns COOKIE2 is left for another one, the SA lives', () => {
    const lab = new Lab().start(path('2001:db8:1::7', '2001:db8:2::1'), {
      gateway: [{ address: '2001:db8:2::1' }, { address: GW1 }]
    })
    lab.gateway.mangleAnswer = (notifies) => notifies.filter(({ kind }) => kind !== 'cookie2')
    lab.client.local({ address: '2001:db8:1::7', cost: 5 }, { address: NEW, cost: 1 })
    lab.run(20_000)
    expect(lab.client.closed).toBeNull()
    expect(lab.client.state.ikePath).toEqual(path('2001:db8:1::7', '2001:db8:2::1'))
    expect(lab.gateway.state.ikePath).toEqual(path('2001:db8:2::1', '2001:db8:1::7'))
    expect(lab.client.reports).toContainEqual({ kind: 'refused', path: path(NEW, GW1), by: 'local' })
  })

  it('F67 COOKIE2 and NAT_DETECTION missing from an UPDATE response for a proven address: the move stands', () => {
    const lab = new Lab().start(path(OLD, GW1))
    lab.gateway.mangleAnswer = () => []
    lab.client.local(NEW)
    lab.run(5000)
    expect(lab.client.state.childPath).toEqual(path(NEW, GW1))
    expect(lab.client.reports).toContainEqual({ kind: 'moved', path: path(NEW, GW1), encapsulate: false })
    expect(lab.client.requests.filter(({ purpose }) => purpose === 'update')).toHaveLength(1)
  })

  it('A-O11 a check that is never answered ends with the responder timeout', () => {
    const lab = new Lab().start(path(OLD, GW1), { gateway: [{ address: GW1 }, { address: GW2 }] })
    lab.client.local(NEW)
    lab.run(26)
    lab.drops = () => true
    lab.run(600_000)
    expect(lab.gateway.closed).toBe('noResponse')
    expect(lab.gateway.state.childPath).toEqual(path(GW1, OLD))
  })

  it('A087 A132 A133 F19 COOKIE2 comes from the entropy given, 32 octets, copied; less is refused', () => {
    const lab = new Lab().start(path(OLD, GW1))
    lab.drops = () => true
    lab.client.sendOther()
    lab.client.local(NEW)
    const octets = entropy(1234)
    const { request } = nextMobikeRequest(lab.client.policy, lab.client.state, { now: 1, entropy: octets })
    expect(request?.notifies).toContainEqual({ kind: 'cookie2', data: entropy(1234) })
    octets.fill(0)
    expect(request?.notifies).toContainEqual({ kind: 'cookie2', data: entropy(1234) })
    expect(() =>
      nextMobikeRequest(lab.client.policy, lab.client.state, { now: 1, entropy: new Uint8Array(31) })
    ).toThrow(/entropy/)
  })
})

describe('how well an address has shown that the peer is there', () => {
  const levels = (host: Host): unknown[] => routabilityOf(host.state).map(({ address, level }) => [address, level])
  const silent = (lab: Lab): Lab => {
    lab.client.mangleAnswer = (notifies) => notifies.filter(({ kind }) => kind !== 'cookie2')
    return lab
  }

  it('A086 C24 is recorded for every address, with the time: the initial exchange, a mere answer, COOKIE2', () => {
    const lab = silent(new Lab().start(path(OLD, GW1)))
    expect(levels(lab.gateway)).toEqual([[OLD, 'initial']])
    lab.client.local(NEW)
    lab.run(500)
    expect(levels(lab.gateway)).toEqual([
      [OLD, 'initial'],
      [NEW, 'answer']
    ])
    expect(lab.gateway.state.childPath).toEqual(path(GW1, OLD))
    lab.client.mangleAnswer = (notifies) => notifies
    lab.run(5000)
    expect(levels(lab.gateway)).toEqual([
      [OLD, 'initial'],
      [NEW, 'cookie2']
    ])
    const at = routabilityOf(lab.gateway.state).at(-1)?.at ?? 0
    expect(at).toBeGreaterThan(500)
    expect(at).toBeLessThan(lab.now)
  })

  it('A086 any exchange counts as an answer, the IKE SA’s own as well', () => {
    const lab = new Lab({}, policy({ when: 'never' })).start(path(OLD, GW1))
    lab.client.local(NEW)
    lab.run(500)
    expect(levels(lab.gateway)).toEqual([[OLD, 'initial']])
    lab.gateway.sendOther()
    lab.run(500)
    expect(levels(lab.gateway)).toEqual([
      [OLD, 'initial'],
      [NEW, 'answer']
    ])
  })

  it('A086 A091 the answer to a request that went to several addresses, or that came from another, is none', () => {
    const { gateway } = new Lab().start(path(OLD, GW1))
    const answer = (destinations: string[], from: string): void => {
      gateway.step({
        type: 'responseReceived',
        token: null,
        path: path(GW1, from),
        sources: [path(GW1, OLD).local],
        destinations: destinations.map((address) => path(GW1, address).remote),
        notifies: [],
        nat: null
      })
    }
    answer([OLD, NEW], NEW)
    answer([OLD], NEW)
    expect(levels(gateway)).toEqual([[OLD, 'initial']])
    answer([NEW], NEW)
    expect(levels(gateway)).toHaveLength(2)
    for (let i = 0; i < 200; i++) answer([`198.18.20.${i}`], `198.18.20.${i}`)
    expect(gateway.state.answered).toHaveLength(64)
  })

  it('A086 a policy may take an answer for proof: a client that returns no COOKIE2 is followed', () => {
    const lab = silent(new Lab({}, policy({ proof: 'answer' })).start(path(OLD, GW1)))
    lab.client.local(NEW)
    lab.run(500)
    expect(checks(lab.gateway)).toHaveLength(1)
    expect(lab.gateway.state.childPath).toEqual(path(GW1, NEW))
    expect(levels(lab.gateway)).toEqual([
      [OLD, 'initial'],
      [NEW, 'answer']
    ])
    lab.run(60_000)
    expect(checks(lab.gateway)).toHaveLength(1)
  })

  it('A086 the initiator takes it so, too: an UPDATE response without COOKIE2 moves its Child SAs', () => {
    const lab = new Lab(policy({ proof: 'answer' })).start(path('2001:db8:1::7', '2001:db8:2::1'), {
      gateway: [{ address: '2001:db8:2::1' }, { address: GW1 }]
    })
    lab.gateway.mangleAnswer = (notifies) => notifies.filter(({ kind }) => kind !== 'cookie2')
    lab.client.local(NEW)
    lab.run(500)
    expect(lab.client.state.childPath).toEqual(path(NEW, GW1))
    expect(levels(lab.client)).toContainEqual([GW1, 'answer'])
  })

  it('A089 A090 a COOKIE2 that differs closes the IKE SA under that policy as well', () => {
    const lab = new Lab({}, policy({ proof: 'answer' })).start(path(OLD, GW1))
    lab.client.mangleAnswer = (notifies) =>
      notifies.map((notify) => (notify.kind === 'cookie2' ? { kind: 'cookie2', data: entropy(99) } : notify))
    lab.client.local(NEW)
    lab.run(1000)
    expect(lab.gateway.closed).toBe('cookie2Mismatch')
  })
})
