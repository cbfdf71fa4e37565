import { describe, expect, it } from 'vitest'
import { checkNoNatsAllowed, DEFAULT_MOBIKE_POLICY, noNatsAllowedFor } from '../../src/mobike/index.ts'
import { at, type Host, Lab, path } from './harness.ts'

const HOME = '10.1.0.2'
const OUTSIDE = at('198.18.3.3#40001')
const PUBLIC = '198.18.0.1'
const GW = '203.0.113.1'
const GW2 = '203.0.113.2'
const keepalives = (host: Host): unknown[] =>
  host.actions.filter(({ type }) => type === 'startNatKeepalive' || type === 'stopNatKeepalive')
const updates = (host: Host): unknown[] => host.requests.filter(({ purpose }) => purpose === 'update')
const behindNat = (): Lab => {
  const lab = new Lab()
  lab.nats.set(HOME, OUTSIDE)
  return lab
}

describe('NAT traversal across moves', () => {
  it('A016 A058 A064 C40 F62 moving behind a NAT and back switches encapsulation and keepalives on and off', () => {
    const lab = behindNat().start(path(PUBLIC, GW))
    lab.client.local(HOME)
    lab.run(1000)
    expect([lab.client.state.encapsulate, lab.gateway.state.encapsulate]).toEqual([true, true])
    expect(lab.gateway.state.childPath).toEqual({ local: at(GW), remote: OUTSIDE })
    lab.client.local(PUBLIC)
    lab.run(1000)
    expect([lab.client.state.encapsulate, lab.gateway.state.encapsulate]).toEqual([false, false])
    expect(keepalives(lab.client)).toEqual([
      { type: 'startNatKeepalive', path: path(HOME, GW), intervalMs: 20_000 },
      { type: 'stopNatKeepalive', path: path(HOME, GW) }
    ])
  })

  it('A044 C40 from a private address ESP is encapsulated at once: a NAT is to be suspected', () => {
    const lab = behindNat().start(path(PUBLIC, GW))
    lab.client.local(HOME)
    expect(lab.client.actions).toContainEqual({
      type: 'moveChildSas',
      from: path(PUBLIC, GW),
      to: path(HOME, GW),
      encapsulate: true
    })
  })

  it('A044 without a NAT in the end the UPDATE response switches it off again', () => {
    const lab = new Lab().start(path(PUBLIC, GW))
    lab.client.local(HOME)
    expect(lab.client.state.encapsulate).toBe(true)
    lab.run(1000)
    expect([lab.client.state.encapsulate, lab.gateway.state.encapsulate]).toEqual([false, false])
  })

  it('A044 keepalives start on suspicion, together with the encapsulation, and the UPDATE response confirms or stops them', () => {
    for (const lab of [behindNat(), new Lab()]) {
      const hasNat = lab.nats.size > 0
      lab.start(path(PUBLIC, GW))
      lab.drops = (from) => from.address === GW
      lab.client.local(HOME)
      const start = { type: 'startNatKeepalive', path: path(HOME, GW), intervalMs: 20_000 }
      expect(lab.client.actions.map(({ type }) => type)).toEqual([
        'report',
        'redirectOutstanding',
        'moveChildSas',
        'startNatKeepalive'
      ])
      // However long the response is missing.
      lab.run(10_000)
      expect(keepalives(lab.client)).toEqual([start])
      lab.drops = () => false
      lab.run(10_000)
      const stop = { type: 'stopNatKeepalive', path: path(HOME, GW) }
      expect(keepalives(lab.client)).toEqual(hasNat ? [start] : [start, stop])
    }
  })

  it('A044 no keepalives on suspicion where NAT traversal is off', () => {
    const lab = new Lab().start(path(PUBLIC, GW), { natTraversal: false })
    lab.drops = () => true
    lab.client.local(HOME)
    lab.run(2000)
    expect([keepalives(lab.client), lab.client.state.encapsulate]).toEqual([[], false])
  })

  it('A044 nor before the Child SAs may go to a responder address that has not proven itself', () => {
    const lab = behindNat().start(path(PUBLIC, GW), { gateway: [{ address: GW }, { address: GW2 }] })
    lab.drops = (from, to) => [from.address, to.address].includes(GW)
    lab.client.local(HOME)
    let waited = 0
    while (lab.client.state.childPath.remote.address === GW) {
      lab.run(1)
      const { ikePath, childPath } = lab.client.state
      if (ikePath.remote.address === GW || childPath.remote.address === GW2) continue
      waited++
      expect(keepalives(lab.client)).not.toContainEqual({
        type: 'startNatKeepalive',
        path: ikePath,
        intervalMs: 20_000
      })
    }
    expect(waited).toBeGreaterThan(0)
    expect(keepalives(lab.client).at(-1)).toMatchObject({ type: 'startNatKeepalive', path: path(HOME, GW2) })
  })

  it('F24 F74 a NAT that is gone is noticed by both ends in the next UPDATE', () => {
    const lab = behindNat().start(path(HOME, GW))
    lab.run(1000)
    expect(lab.client.state.encapsulate).toBe(true)
    lab.nats.delete(HOME)
    lab.client.step({ type: 'livenessDue' })
    lab.run(1000)
    expect([lab.client.state.encapsulate, lab.gateway.state.encapsulate]).toEqual([false, false])
    expect(keepalives(lab.client).at(-1)).toMatchObject({ type: 'stopNatKeepalive' })
  })

  it('D24 keepalives come from behind the NAT alone, on the current pair alone', () => {
    const lab = behindNat().start(path(HOME, GW))
    expect(keepalives(lab.gateway)).toEqual([])
    lab.nats.set('10.2.0.2', at('198.18.4.4#50000'))
    lab.client.local('10.2.0.2')
    lab.run(1000)
    expect(keepalives(lab.client)).toEqual([
      { type: 'startNatKeepalive', path: path(HOME, GW), intervalMs: 20_000 },
      { type: 'stopNatKeepalive', path: path(HOME, GW) },
      { type: 'startNatKeepalive', path: path('10.2.0.2', GW), intervalMs: 20_000 }
    ])
    expect(keepalives(lab.gateway)).toEqual([])
  })

  it('F54 keepalive actions are idempotent', () => {
    const lab = behindNat().start(path(HOME, GW))
    for (let i = 0; i < 5; i++) {
      lab.client.step({ type: 'updateForced' })
      lab.client.local(HOME)
      lab.run(1000)
    }
    expect(keepalives(lab.client)).toHaveLength(1)
  })

  it('A-O12 NAT_DETECTION in a request or probe on another path does not touch the state in use', () => {
    const lab = new Lab().start(path(PUBLIC, GW))
    const before = lab.client.state
    lab.client.step({
      type: 'requestReceived',
      messageId: 0,
      path: path(PUBLIC, GW),
      notifies: [{ kind: 'natDetection' }],
      nat: { localBehindNat: true, remoteBehindNat: true, destinationHash: 'x' }
    })
    lab.client.step({
      type: 'responseReceived',
      token: null,
      path: path(PUBLIC, GW),
      sources: [at(PUBLIC)],
      destinations: [at(GW)],
      notifies: [{ kind: 'natDetection' }],
      nat: { localBehindNat: true, remoteBehindNat: true, destinationHash: 'x' }
    })
    expect(lab.client.state.nat).toEqual(before.nat)
    expect(lab.client.state.encapsulate).toBe(false)
  })
})

describe('changes in NAT mappings', () => {
  const remap = (lab: Lab): void => {
    lab.nats.set(HOME, at('198.18.3.3#50505'))
  }

  it('A041 A095 A096 A097 F08 a liveness check finds a new mapping; one UPDATE repairs it on both sides', () => {
    const lab = behindNat().start(path(HOME, GW))
    lab.run(1000)
    remap(lab)
    lab.client.step({ type: 'livenessDue' })
    lab.run(2000)
    expect(lab.client.reports).toContainEqual({ kind: 'natMappingChanged' })
    expect(updates(lab.client)).toHaveLength(1)
    expect(lab.gateway.state.childPath.remote).toEqual(at('198.18.3.3#50505'))
  })

  it('A102 the check itself changed nothing at the responder', () => {
    const lab = behindNat().start(path(HOME, GW))
    lab.run(1000)
    remap(lab)
    lab.client.step({ type: 'livenessDue' })
    lab.run(60)
    expect(lab.gateway.state.ikePath.remote).toEqual(OUTSIDE)
  })

  it('F07 a new mapping seen in the UPDATE response itself sets the baseline and starts no other UPDATE', () => {
    const lab = behindNat().start(path(HOME, GW))
    lab.run(1000)
    remap(lab)
    lab.client.step({ type: 'updateForced' })
    lab.run(1000)
    lab.client.step({ type: 'livenessDue' })
    lab.run(1000)
    expect(updates(lab.client)).toHaveLength(1)
  })

  it('F07 F67 no loop with a peer whose UPDATE responses have no NAT_DETECTION', () => {
    const lab = behindNat().start(path(HOME, GW))
    lab.run(1000)
    remap(lab)
    lab.client.step({ type: 'livenessDue' })
    lab.run(26)
    lab.gateway.mangleAnswer = (notifies) => notifies.filter(({ kind }) => kind !== 'natDetection')
    lab.run(1000)
    lab.gateway.mangleAnswer = (notifies) => notifies
    for (let i = 0; i < 3; i++) {
      lab.client.step({ type: 'livenessDue' })
      lab.run(1000)
    }
    expect(updates(lab.client)).toHaveLength(1)
  })

  it('F23 D21 behind a NAT a baseline is taken early; the hash of IKE_SA_INIT serves only if it ran on the same ports', () => {
    const floated = behindNat().start(path(HOME, GW), { initPath: path(`${HOME}#500`, `${GW}#500`) })
    expect(floated.client.requests.map(({ purpose }) => purpose)).toEqual(['liveness'])
    floated.run(100)
    expect(floated.client.state.natBaseline).toBe('198.18.3.3:40001')
    const direct = behindNat().start(path(HOME, GW), { initPath: path(HOME, GW) })
    expect(direct.client.requests).toEqual([])
    expect(direct.client.state.natBaseline).toBe('198.18.3.3:40001')
  })

  it('A099 D22 an IKE SA rekey resets the baseline: behind a NAT one harmless UPDATE, without a NAT none', () => {
    const lab = behindNat().start(path(HOME, GW))
    lab.run(1000)
    const before = lab.client.requests.length
    lab.client.step({ type: 'ikeSaRekeyed' })
    expect(lab.client.state.natBaseline).toBeNull()
    lab.run(1000)
    lab.client.step({ type: 'livenessDue' })
    lab.run(1000)
    expect(lab.client.requests.slice(before).map(({ purpose }) => purpose)).toEqual(['update', 'liveness'])
    expect(lab.client.state.natBaseline).toBe('198.18.3.3:40001')
    expect(lab.client.reports).not.toContainEqual({ kind: 'natMappingChanged' })
    expect([...lab.client.actions, ...lab.gateway.actions].some(({ type }) => type === 'moveChildSas')).toBe(false)

    const open = new Lab().start(path(PUBLIC, GW))
    for (const host of [open.client, open.gateway]) host.step({ type: 'ikeSaRekeyed' })
    open.run(1000)
    expect(open.client.requests).toEqual([])
    expect(open.gateway.requests).toEqual([])
  })

  it('F26 neither the responder nor a client without NAT puts NAT_DETECTION into liveness checks', () => {
    const lab = new Lab().start(path(PUBLIC, GW))
    lab.client.step({ type: 'livenessDue' })
    lab.gateway.step({ type: 'livenessDue' })
    for (const host of [lab.client, lab.gateway]) expect(host.requests.at(-1)?.notifies).toEqual([])
  })
})

describe('NAT prohibition', () => {
  const options = { natTraversal: false }

  it('A012 A104 A139 D15 UPDATE and lists carry NO_NATS_ALLOWED for their own path, never beside NAT_DETECTION', () => {
    const lab = new Lab().start(path(`${PUBLIC}#500`, `${GW}#500`), options)
    lab.client.local(PUBLIC, '198.18.7.2')
    lab.run(1000)
    lab.client.local('198.18.7.2')
    lab.run(1000)
    const carrying = lab.client.requests.filter(({ purpose }) => purpose !== 'liveness')
    expect(carrying.map(({ purpose }) => purpose)).toEqual(['addressList', 'update'])
    for (const request of carrying) {
      expect(request.notifies).toContainEqual({ kind: 'noNatsAllowed', data: noNatsAllowedFor(request.path) })
      expect(request.notifies.some(({ kind }) => kind === 'natDetection')).toBe(false)
    }
    expect(lab.gateway.state.childPath).toEqual(path(`${GW}#500`, '198.18.7.2#500'))
  })

  it('D16 E4.12 policy "forbid" turns NAT traversal off although both ends could', () => {
    const policy = { natTraversal: 'forbid' as const }
    const lab = new Lab(policy, policy).start(path(PUBLIC, GW))
    lab.client.step({ type: 'updateForced' })
    expect(lab.client.requests[0]?.notifies.map(({ kind }) => kind)).toEqual([
      'updateSaAddresses',
      'noNatsAllowed',
      'cookie2'
    ])
  })

  it('A061 A108 A110 D17 UNEXPECTED_NAT_DETECTED: new requests, a finite number, then the pair is given up', () => {
    const lab = new Lab().start(path(`${PUBLIC}#500`, `${GW}#500`), {
      ...options,
      client: [{ address: PUBLIC, cost: 5 }]
    })
    lab.nats.set('198.18.7.2', at('198.18.99.9#500'))
    lab.client.local({ address: PUBLIC, cost: 5 }, { address: '198.18.7.2', cost: 1 })
    lab.run(20_000)
    // The last goes out on the pair that it is back on.
    expect(updates(lab.client)).toHaveLength(1 + DEFAULT_MOBIKE_POLICY.natRetryLimit + 1)
    expect(lab.client.state.childPath).toEqual(path(`${PUBLIC}#500`, `${GW}#500`))
    expect(lab.gateway.state.childPath).toEqual(path(`${GW}#500`, `${PUBLIC}#500`))
    expect(lab.client.closed).toBeNull()
  })

  it('A108 one forged packet does not cost the path', () => {
    const lab = new Lab().start(path(`${PUBLIC}#500`, `${GW}#500`), options)
    let first = true
    lab.gateway.mangleAnswer = (notifies) => {
      const mangled = first ? [{ kind: 'unexpectedNatDetected' } as const, ...notifies] : notifies
      first = false
      return mangled
    }
    lab.client.local('198.18.7.2')
    lab.run(2000)
    expect(updates(lab.client)).toHaveLength(2)
    expect(lab.client.requests.some(({ notifies }) => notifies.some(({ kind }) => /dditional/.test(kind)))).toBe(false)
    expect(lab.client.reports.at(-1)).toMatchObject({ kind: 'moved' })
  })

  it('A110 with only pairs that cross a NAT the IKE SA ends', () => {
    const lab = new Lab().start(path(`${PUBLIC}#500`, `${GW}#500`), options)
    lab.nats.set('198.18.7.2', at('198.18.99.9#500'))
    lab.client.local('198.18.7.2')
    lab.run(20_000)
    expect(lab.client.closed).toBe('natNotAllowed')
  })

  it('A135 E4.4 NO_NATS_ALLOWED data: addresses, then ports, network order, 12 or 36 octets', () => {
    expect(noNatsAllowedFor(path('192.0.2.1#500', '198.51.100.2#4500'))).toEqual(
      Uint8Array.of(192, 0, 2, 1, 198, 51, 100, 2, 0x01, 0xf4, 0x11, 0x94)
    )
    const six = noNatsAllowedFor(path('2001:db8::1#500', '2001:db8::2#500'))
    expect(six).toHaveLength(36)
    expect([six[0], six[15], six[31], six[32], six[35]]).toEqual([0x20, 1, 2, 0x01, 0xf4])
  })

  it('A105 A136 A-O5 it is checked in full: each address, each port, length', () => {
    const sent = path('192.0.2.1#500', '198.51.100.2#500')
    const seen = { local: sent.remote, remote: sent.local }
    const data = noNatsAllowedFor(sent)
    expect(checkNoNatsAllowed(data, seen)).toBe(true)
    for (let i = 0; i < data.length; i++) {
      const changed = data.slice()
      changed[i] = (changed[i] as number) ^ 1
      expect(checkNoNatsAllowed(changed, seen)).toBe(false)
    }
    expect(checkNoNatsAllowed(data.slice(1), seen)).toBe(false)
    expect(checkNoNatsAllowed(data, sent)).toBe(false)
    expect(checkNoNatsAllowed(new Uint8Array(36), seen)).toBe(false)
  })
})
