import { describe, expect, it } from 'vitest'
import { NOTIFY } from '../../src/codec/index.ts'
import { DEFAULT_MOBIKE_POLICY, type MobikePolicy, type MobikeReport } from '../../src/mobike/index.ts'
import { DEFAULT_SESSION_LIMITS, type SessionOptions } from '../../src/session/index.ts'
import { kinds, read } from './forge.ts'
import { Nat } from './nat.ts'
import { type Datagram, datagramsIn, mobikeReports, Pair, type SideName } from './pair.ts'

const QUIET = { livenessMs: null }
const OLD = 41_001 - 1000
const NEW = 41_001

/** What a message of the established IKE SA holds. */
function opened(pair: Pair, datagram: Datagram): { isResponse: boolean; kinds: (string | number)[] } {
  const { message, payloads } = read(pair, datagram)
  return { isResponse: message.isResponse, kinds: kinds(payloads) }
}

/** A client behind a NAT, established, whose NAT then gives it other ports. */
function remapped(client: Partial<SessionOptions>, gateway: Partial<SessionOptions>): { pair: Pair; nat: Nat } {
  const pair = new Pair(client, gateway)
  const nat = new Nat(pair, '10.1.0.2')
  pair.establish()
  pair.advance(2000)
  nat.flush()
  return { pair, nat }
}

/** Where a side sends: the IKE SA's and the Child SAs' remote port. */
function portsOf(pair: Pair, name: SideName): (number | undefined)[] {
  const { mobike, path } = pair[name].session.state
  return mobike === null ? [path?.remote.port] : [mobike.ikePath.remote.port, mobike.childPath.remote.port]
}

/** ESP of the client through the NAT, as the gateway's host reports it. */
function clientSendsEsp(pair: Pair, nat: Nat): void {
  const [id] = pair.childIds('gateway') as [number]
  const path = { local: { address: '192.0.2.1', port: 4500 }, remote: { address: nat.outside, port: nat.port(4500) } }
  pair.tell('gateway', { type: 'espReceived', id, path, encapsulated: true })
}

describe('the NAT forgets its mappings while the client has requests of its own answered', () => {
  it.each([1, 4])('A095 A096 A097 they do not put off the check of the mapping (window %i)', (window) => {
    const limits = { limits: { ...DEFAULT_SESSION_LIMITS, window } }
    const { pair } = remapped({ livenessMs: 60_000, ...limits }, { ...QUIET, ...limits })
    for (let count = 0; count < 8; count++) {
      pair.tell('client', { type: 'childSaRequested' })
      pair.settle()
      pair.advance(10_000)
    }
    expect(portsOf(pair, 'gateway')).toEqual([NEW, NEW])
  })

  it('A095 A096 nor does one that is answered too late, be it on its way whenever the check is due', () => {
    const { pair } = remapped({ livenessMs: 20_000 }, QUIET)
    // What is no INFORMATIONAL of the client is lost until it is sent for the third time.
    const lost = new Map<string, number>()
    pair.passes = (datagram) => {
      if (datagram.from !== 'client' || datagram.bytes[22] !== 36) return true
      const key = Buffer.from(datagram.bytes).toString('hex')
      lost.set(key, (lost.get(key) ?? 0) + 1)
      return (lost.get(key) as number) > 4
    }
    for (let count = 0; count < 3; count++) {
      pair.tell('client', { type: 'childSaRequested' })
      pair.advance(20_000)
    }
    expect(portsOf(pair, 'gateway')).toEqual([NEW, NEW])
  })
})

describe('the NAT forgets its mappings as the IKE SA is rekeyed', () => {
  it.each([1, 4])(
    'A097 F23 F07 the old reference is void and there is no new one: an UPDATE tells the gateway (window %i)',
    (window) => {
      const limits = { limits: { ...DEFAULT_SESSION_LIMITS, window } }
      const { pair } = remapped({ ...QUIET, ...limits }, { ...QUIET, ...limits })
      pair.tell('client', { type: 'ikeSaRekeyRequested' })
      pair.settle()
      pair.advance(3000)
      expect(pair.ikeSa('gateway').generation).toBe(1)
      expect(portsOf(pair, 'gateway')).toEqual([NEW, NEW])
      // It was asked for once, and the gateway can reach the client.
      const before = pair.sent.length
      pair.tell('gateway', { type: 'livenessRequested' })
      pair.settle()
      expect(pair.sent.length - before).toBe(2)
      pair.advance(60_000)
      expect(pair.sent.length - before).toBe(2)
    }
  )

  it('A099 an UPDATE too many changes nothing: both ends keep their addresses and no Child SA is touched', () => {
    const pair = new Pair(QUIET, QUIET)
    new Nat(pair, '10.1.0.2')
    pair.establish()
    pair.advance(2000)
    const [client, gateway] = [pair.client.actions.length, pair.gateway.actions.length]
    pair.tell('gateway', { type: 'ikeSaRekeyRequested' })
    pair.settle()
    pair.advance(3000)
    expect(pair.ikeSa('client').generation).toBe(1)
    expect(portsOf(pair, 'gateway')).toEqual([OLD, OLD])
    for (const actions of [pair.client.actions.slice(client), pair.gateway.actions.slice(gateway)]) {
      expect(actions.some(({ type }) => type === 'moveChildSas')).toBe(false)
      const told = mobikeReports(actions).map(({ kind }) => kind)
      expect(told.filter((kind) => kind !== 'moved' && kind !== 'routabilityVerified')).toEqual([])
    }
  })
})

describe('the NAT forgets its mappings while only data flows', () => {
  it('E2.8 F51 A117 only the gateway checks liveness: ESP from elsewhere is no evidence, its check is lost, the client that does not look stays cut off', () => {
    const { pair, nat } = remapped(QUIET, { livenessMs: 10_000 })
    for (let i = 0; i < 400; i++) {
      clientSendsEsp(pair, nat)
      pair.settle()
      pair.advance(5000)
      if (pair.phase('gateway') === 'closed') break
    }
    expect(pair.reports('gateway').at(-1)).toEqual({ kind: 'closed', reason: 'noResponse' })
    expect(pair.phase('client')).toBe('established')
    // MOBIKE changed nothing on the word of ESP, and the gateway gave the client the time section 3.11 asks for.
    expect(pair.gateway.actions.some(({ type }) => type === 'moveChildSas')).toBe(false)
    expect(pair.now).toBeGreaterThan(300_000)
  })

  it('E2.8 D26 a client whose host notices that nothing comes back repairs it at once', () => {
    const { pair, nat } = remapped(QUIET, { livenessMs: 10_000 })
    clientSendsEsp(pair, nat)
    pair.tell('client', { type: 'hintReceived', hint: 'noInboundTraffic' })
    pair.settle()
    pair.advance(2000)
    expect(portsOf(pair, 'gateway')).toEqual([NEW, NEW])
  })

  it('E2.8 D25 A115 with the times both roles have by default the client looks long before the gateway does', () => {
    const { pair } = remapped({}, {})
    const before = pair.sent.length
    pair.advance(70_000)
    expect(portsOf(pair, 'gateway')).toEqual([NEW, NEW])
    const asked = (name: SideName): number =>
      pair.sent.slice(before).filter((datagram) => datagram.from === name && !opened(pair, datagram).isResponse).length
    // Its only request is the check of the new address.
    expect(asked('gateway')).toBeLessThanOrEqual(1)
  })

  it('E2.9 A097 the client checks liveness after ten seconds: MOBIKE repairs IKE SA and Child SA', () => {
    const { pair } = remapped({ livenessMs: 10_000 }, QUIET)
    const child = pair.childIds('gateway')
    expect(portsOf(pair, 'gateway')).toEqual([OLD, OLD])
    pair.advance(12_000)
    expect(portsOf(pair, 'gateway')).toEqual([NEW, NEW])
    expect(mobikeReports(pair.client.actions)).toContainEqual({ kind: 'natMappingChanged' })
    expect(pair.gateway.actions.filter(({ type }) => type === 'moveChildSas')).toHaveLength(1)
    expect(pair.childIds('gateway')).toEqual(child)
  })

  it('E2.10 without MOBIKE, with a gateway that takes nothing from the new mapping, the probe is lost: the client learns that the peer is gone', () => {
    const { pair, nat } = remapped({ mobike: null, livenessMs: 10_000 }, { mobike: null, livenessMs: null })
    pair.passes = ({ from }) => from !== 'client' || nat.port(4500) === OLD
    pair.advance(600_000)
    expect(pair.reports('client').at(-1)).toEqual({ kind: 'closed', reason: 'noResponse' })
    expect(pair.client.actions.some(({ type }) => type === 'moveChildSas')).toBe(false)
  })

  it('E2.11 F52 without MOBIKE but with NAT traversal the probe itself takes IKE SA and Child SA to the new mapping', () => {
    const { pair, nat } = remapped({ mobike: null, livenessMs: 10_000 }, { mobike: null, livenessMs: null })
    expect(portsOf(pair, 'gateway')).toEqual([OLD])
    pair.advance(12_000)
    expect(portsOf(pair, 'gateway')).toEqual([NEW])
    const moves = pair.gateway.actions.filter((action) => action.type === 'moveChildSas')
    expect(moves).toMatchObject([{ to: { remote: { address: nat.outside, port: NEW } } }])
    expect(pair.phase('client')).toBe('established')
  })

  it('A101 D23 a gateway that may follow ESP sends its own to the new mapping at once; the IKE SA waits for the UPDATE', () => {
    const following: MobikePolicy = { ...DEFAULT_MOBIKE_POLICY, espUpdates: 'follow' }
    const { pair, nat } = remapped({ livenessMs: 10_000 }, { livenessMs: null, mobike: following })
    clientSendsEsp(pair, nat)
    pair.settle()
    expect(portsOf(pair, 'gateway')).toEqual([OLD, NEW])
    pair.advance(12_000)
    expect(portsOf(pair, 'gateway')).toEqual([NEW, NEW])
    expect(pair.gateway.actions.filter(({ type }) => type === 'moveChildSas')).toHaveLength(1)
  })
})

describe('the host slept', () => {
  const lastRequest = (pair: Pair, sent: readonly Datagram[]): (string | number)[] => {
    const request = sent.map((datagram) => opened(pair, datagram)).find(({ isResponse }) => !isResponse)
    return request?.kinds ?? []
  }

  it('F32 for longer than keepalives allow: the first datagram is a liveness check with NAT_DETECTION, and the mapping is repaired', () => {
    const { pair } = remapped(QUIET, QUIET)
    const before = pair.sent.length
    pair.now += 50_000
    const actions = pair.tell('client', { type: 'tick' })
    expect(datagramsIn(actions)).toHaveLength(1)
    expect(lastRequest(pair, pair.sent.slice(before))).toEqual([
      NOTIFY.NAT_DETECTION_SOURCE_IP,
      NOTIFY.NAT_DETECTION_DESTINATION_IP
    ])
    pair.settle()
    pair.advance(2000)
    expect(portsOf(pair, 'gateway')).toEqual([NEW, NEW])
  })

  it('F32 at the last repetition of a request: it is given all of its time again instead of ending the IKE SA', () => {
    const pair = new Pair(QUIET, QUIET)
    new Nat(pair, '10.1.0.2')
    pair.establish()
    pair.advance(2000)
    pair.passes = () => false
    pair.tell('client', { type: 'livenessRequested' })
    for (let i = 0; i < 400 && (pair.ikeSa('client').requests.outstanding[0]?.attempt ?? 0) < 12; i++)
      pair.advance(1000)
    expect(pair.ikeSa('client').requests.outstanding[0]?.attempt).toBe(12)
    pair.passes = () => true
    pair.now += 3_600_000
    pair.tell('client', { type: 'tick' })
    expect(pair.phase('client')).toBe('established')
    pair.settle()
    pair.advance(5000)
    expect(pair.ikeSa('client').requests.outstanding).toEqual([])
  })

  it('F32 without MOBIKE the host’s word leads to a liveness check, even just after the peer was heard', () => {
    const pair = new Pair({ mobike: null }, { mobike: null }).establish()
    pair.tell('client', { type: 'hintReceived', hint: 'linkTrouble' })
    expect(pair.wire).toEqual([])
    pair.tell('client', { type: 'hintReceived', hint: 'resumed' })
    expect(pair.wire).toHaveLength(1)
  })
})

describe('a peer that never answers checks with NAT_DETECTION', () => {
  it('F26 costs one IKE SA: the report tells the caller, and the next IKE SA checks liveness without it', () => {
    const run = (mobike: MobikePolicy): { pair: Pair; reports: MobikeReport[] } => {
      const pair = new Pair({ mobike, livenessMs: 20_000 }, QUIET)
      new Nat(pair, '10.1.0.2')
      pair.passes = (datagram) => {
        if (datagram.from === 'gateway' || pair.phase('gateway') !== 'established') return true
        const { kinds: held, isResponse } = opened(pair, datagram)
        return isResponse || held.length !== 2 || !held.includes(NOTIFY.NAT_DETECTION_SOURCE_IP)
      }
      pair.establish()
      pair.advance(600_000)
      return { pair, reports: mobikeReports(pair.client.actions) }
    }
    const first = run(DEFAULT_MOBIKE_POLICY)
    expect(first.pair.phase('client')).toBe('closed')
    expect(first.reports).toContainEqual({ kind: 'natDetectionUnanswered' })
    const second = run({ ...DEFAULT_MOBIKE_POLICY, natDetectionInLiveness: 'never' })
    expect(second.pair.phase('client')).toBe('established')
    expect(second.reports).not.toContainEqual({ kind: 'natDetectionUnanswered' })
  })
})

describe('the session ends behind a NAT', () => {
  it('F62 its keepalives end with it, whoever ends it', () => {
    const pair = new Pair()
    const nat = new Nat(pair)
    pair.establish()
    pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: nat.inside }] })
    pair.settle()
    pair.passes = () => false
    pair.tell('client', { type: 'livenessRequested' })
    pair.advance(900_000)
    const keepalives = pair.client.actions.filter(({ type }) => /NatKeepalive$/.test(type)).map(({ type }) => type)
    expect(pair.phase('client')).toBe('closed')
    expect(keepalives.filter((type) => type === 'startNatKeepalive')).toHaveLength(1)
    expect(keepalives.at(-1)).toBe('stopNatKeepalive')
  })
})
