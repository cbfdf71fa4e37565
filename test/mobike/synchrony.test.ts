import { describe, expect, it } from 'vitest'
import { DEFAULT_MOBIKE_POLICY, type MobikePolicy, type MobikePurpose } from '../../src/mobike/index.ts'
import { at, type Host, Lab, path } from './harness.ts'
import { Solo } from './solo.ts'

const HERE = '198.18.0.1'
const THERE = '198.18.7.2'
const GW = '203.0.113.1'
const GW2 = '203.0.113.2'
const HOME = '10.1.0.2'
const OUTSIDE = at('198.18.3.3#40001')
const REMAPPED = at('198.18.3.3#50505')

const purposes = (host: Host): (MobikePurpose | 'other')[] => host.requests.map(({ purpose }) => purpose)
const count = (host: Host, purpose: MobikePurpose): number => purposes(host).filter((each) => each === purpose).length
const behindNat = (gateway: Partial<MobikePolicy> = {}, client: Partial<MobikePolicy> = {}): Lab => {
  const lab = new Lab(client, gateway)
  lab.nats.set(HOME, OUTSIDE)
  return lab.start(path(HOME, GW), { initPath: path(HOME, GW) })
}

describe('a peer that answers but is not in step', () => {
  /** ESP from the pair that was left, once a second. */
  const strayEsp = (lab: Lab, seconds: number): void => {
    for (let i = 0; i < seconds; i++) {
      lab.client.step({ type: 'espReceived', path: path(HERE, GW2) })
      lab.run(1000)
    }
  }

  it('A117 D26 F51 ESP that goes on coming from elsewhere after the peer answered a liveness check leads to an UPDATE', () => {
    const lab = new Lab().start(path(HERE, GW))
    strayEsp(lab, 1)
    expect(purposes(lab.client)).toEqual(['liveness'])
    strayEsp(lab, 1)
    expect(purposes(lab.client)).toEqual(['liveness', 'update'])
    expect(lab.client.reports).toContainEqual({ kind: 'outOfStep', path: path(HERE, GW) })
    // Evidence of this kind is no path of its own: both SAs stay on the pair the initiator chose.
    expect([lab.client.state.ikePath, lab.client.state.childPath]).toEqual([path(HERE, GW), path(HERE, GW)])
  })

  it('A117 the UPDATE brings a responder back that had not carried out the move', () => {
    const lab = new Lab().start(path(HERE, GW))
    lab.client.local(THERE)
    lab.run(1000)
    // It lost what it was told, as a peer does whose check of the new address failed for good.
    const { state } = lab.gateway
    lab.gateway.state = { ...state, ikePath: path(GW, HERE), childPath: path(GW, HERE), lastUpdateMessageId: null }
    for (let i = 0; i < 2; i++) {
      lab.client.step({ type: 'espReceived', path: path(HERE, GW) })
      lab.run(1000)
    }
    expect(lab.gateway.state.ikePath).toEqual(path(GW, THERE))
    expect(lab.gateway.state.childPath).toEqual(path(GW, THERE))
  })

  it('A117 F51 with a peer that always sends from elsewhere UPDATEs become ever more seldom', () => {
    const lab = new Lab().start(path(HERE, GW))
    strayEsp(lab, 3600)
    // 1 s, then waits of 2, 4, 8 … s: no more than eleven fit into an hour.
    expect(count(lab.client, 'update')).toBeGreaterThan(3)
    expect(count(lab.client, 'update')).toBeLessThanOrEqual(12)
    expect(count(lab.client, 'liveness')).toBe(1)
    expect(lab.client.closed).toBeNull()
  })

  it('A117 a few late packets of the old pair lead to a liveness check at most', () => {
    const lab = new Lab().start(path(HERE, GW))
    lab.client.local(THERE)
    lab.run(100)
    for (let i = 0; i < 8; i++) {
      lab.client.step({ type: 'espReceived', path: path(HERE, GW) })
      lab.run(100)
    }
    lab.run(10_000)
    expect(purposes(lab.client)).toEqual(['update', 'liveness'])
  })

  it('A117 without an answer to the check it is the path that is looked at, not the step', () => {
    const lab = new Lab().start(path(HERE, GW), { gateway: [{ address: GW }, { address: GW2 }] })
    lab.drops = (from, to) => [from.address, to.address].includes(GW)
    for (let i = 0; i < 8; i++) {
      lab.client.step({ type: 'espReceived', path: path(HERE, GW2) })
      lab.run(1000)
    }
    expect(lab.client.reports.some(({ kind }) => kind === 'outOfStep')).toBe(false)
    expect(lab.client.state.childPath).toEqual(path(HERE, GW2))
  })

  it('A117 D26 nothing comes in although the peer answers: the initiator tells it the addresses again', () => {
    const lab = new Lab().start(path(HERE, GW))
    for (let i = 0; i < 2; i++) {
      lab.client.step({ type: 'hintReceived', hint: 'noInboundTraffic' })
      lab.gateway.step({ type: 'hintReceived', hint: 'noInboundTraffic' })
      lab.run(10_000)
    }
    expect(purposes(lab.client)).toEqual(['liveness', 'update'])
    expect(purposes(lab.gateway)).toEqual(['liveness', 'liveness'])
  })

  it('A117 evidence of long ago counts no more: it begins with a liveness check again', () => {
    const lab = new Lab().start(path(HERE, GW))
    for (let i = 0; i < 3; i++) {
      strayEsp(lab, 1)
      lab.run(600_000)
    }
    expect(purposes(lab.client)).toEqual(['liveness', 'liveness', 'liveness'])
  })

  it('A117 while the check is under way more evidence starts no other', () => {
    const lab = new Lab().start(path(HERE, GW))
    lab.delayMs = 3000
    strayEsp(lab, 5)
    expect(purposes(lab.client)).toEqual(['liveness'])
    lab.run(5000)
    expect(purposes(lab.client)).toEqual(['liveness'])
  })

  it('A118 while an UPDATE is under way, or a move of the Child SAs, ESP of either pair is to be expected', () => {
    const lab = new Lab().start(path(HERE, GW))
    lab.drops = () => true
    lab.client.step({ type: 'updateForced' })
    strayEsp(lab, 5)
    lab.drops = () => false
    lab.run(5000)
    expect(purposes(lab.client)).toEqual(['update'])
    // None of that was evidence: it begins here.
    strayEsp(lab, 1)
    expect(purposes(lab.client)).toEqual(['update', 'liveness'])
  })

  it('A117 evidence from before a move counts no more after it', () => {
    const lab = new Lab().start(path(HERE, GW))
    strayEsp(lab, 1)
    lab.client.local(THERE)
    lab.run(5000)
    lab.client.step({ type: 'espReceived', path: path(THERE, GW2) })
    lab.run(1000)
    expect(purposes(lab.client)).toEqual(['liveness', 'update', 'liveness'])
  })

  it('A118 but a request of another kind that is open is no UPDATE: ESP counts', () => {
    const solo = new Solo()
    solo.do({ type: 'livenessDue' })
    solo.must()
    solo.do({ type: 'espReceived', path: path(HERE, GW), encapsulated: true })
    expect(solo.ask()?.purpose).toBe('update')
  })

  it('A118 ESP counts again only when the host has moved the Child SAs', () => {
    const solo = new Solo()
    solo.local(THERE)
    solo.answer(solo.must())
    solo.do({ type: 'espReceived', path: path(HERE, GW) })
    expect(solo.ask()).toBeNull()
    solo.do({ type: 'childSasMoved' })
    solo.do({ type: 'espReceived', path: path(HERE, GW) })
    expect(solo.ask()?.purpose).toBe('liveness')
  })

  it('A117 evidence is forgotten five minutes after the last of it, or after the wait for the next UPDATE', () => {
    const next = (now: number): string | undefined => {
      const solo = new Solo()
      solo.do({ type: 'espReceived', path: path(HERE, GW2) })
      solo.answer(solo.must())
      solo.now = now
      solo.do({ type: 'espReceived', path: path(HERE, GW2) })
      return solo.ask()?.purpose
    }
    // No UPDATE goes out in the first second.
    expect([next(300_999), next(301_000)]).toEqual(['update', 'liveness'])
  })
})

describe('a NAT that is only claimed, or gone', () => {
  const claimed = (): Lab => new Lab().start(path(HERE, GW), { claimedNat: true })

  it('F24 a liveness check that shows no NAT ends the encapsulation, through one UPDATE', () => {
    const lab = claimed()
    expect(lab.client.state.encapsulate).toBe(true)
    lab.client.step({ type: 'livenessDue' })
    lab.run(2000)
    expect(purposes(lab.client)).toEqual(['liveness', 'update'])
    expect([lab.client.state.encapsulate, lab.gateway.state.encapsulate]).toEqual([false, false])
    lab.client.step({ type: 'livenessDue' })
    lab.run(2000)
    expect(purposes(lab.client)).toEqual(['liveness', 'update', 'liveness'])
    expect(lab.client.requests[2]?.notifies).toEqual([])
  })

  it('F24 F07 a peer that claims a NAT in UPDATE responses alone starts no loop', () => {
    const lab = claimed()
    for (let i = 0; i < 5; i++) {
      const asked = lab.client.requests.length
      lab.gateway.claims = null
      lab.client.step({ type: 'livenessDue' })
      lab.run(30)
      if (lab.client.requests.length === asked) throw new Error('no check')
      lab.gateway.claims = '192.0.2.77:4500'
      lab.run(2000)
    }
    expect(count(lab.client, 'update')).toBe(1)
    expect(lab.client.state.encapsulate).toBe(true)
  })

  it('F24 a peer that claims it for good is believed: no UPDATE at all', () => {
    const lab = claimed()
    lab.gateway.claims = '192.0.2.77:4500'
    for (let i = 0; i < 5; i++) {
      lab.client.step({ type: 'livenessDue' })
      lab.run(2000)
    }
    expect(purposes(lab.client)).toEqual(Array(5).fill('liveness'))
  })

  it('F74 ESP encapsulated against expectation leads to one UPDATE with NAT_DETECTION, from which both ends decide', () => {
    const lab = new Lab().start(path(HERE, GW))
    lab.nats.set(HERE, OUTSIDE)
    lab.client.step({ type: 'espReceived', path: path(HERE, GW), encapsulated: true })
    lab.run(2000)
    expect(lab.client.requests.map(({ notifies }) => notifies.map(({ kind }) => kind))).toEqual([
      ['updateSaAddresses', 'natDetection', 'cookie2']
    ])
    expect([lab.client.state.encapsulate, lab.gateway.state.encapsulate]).toEqual([true, true])
  })

  it('F74 plain against expectation likewise; ESP as expected and an unknown form lead to nothing', () => {
    const lab = behindNat()
    lab.client.step({ type: 'espReceived', path: path(HOME, GW), encapsulated: true })
    lab.client.step({ type: 'espReceived', path: path(HOME, GW) })
    lab.run(2000)
    expect(purposes(lab.client)).toEqual([])
    lab.nats.delete(HOME)
    lab.client.step({ type: 'espReceived', path: path(HOME, GW), encapsulated: false })
    lab.run(2000)
    expect(purposes(lab.client)).toEqual(['update'])
    expect([lab.client.state.encapsulate, lab.gateway.state.encapsulate]).toEqual([false, false])
  })

  it('F74 a peer that merely prefers the other form is asked once; from then on liveness checks look for a NAT', () => {
    const lab = new Lab().start(path(HERE, GW))
    for (let i = 0; i < 20; i++) {
      lab.client.step({ type: 'espReceived', path: path(HERE, GW), encapsulated: true })
      lab.gateway.step({ type: 'espReceived', path: path(GW, HERE), encapsulated: true })
      lab.run(1000)
    }
    expect([purposes(lab.client), purposes(lab.gateway)]).toEqual([['update'], []])
    lab.nats.set(HERE, OUTSIDE)
    lab.client.step({ type: 'livenessDue' })
    lab.run(2000)
    expect(purposes(lab.client)).toEqual(['update', 'liveness', 'update'])
    expect([lab.client.state.encapsulate, lab.gateway.state.encapsulate]).toEqual([true, true])
  })
})

describe('a machine that is woken as often as keepalives are sent', () => {
  const behindNat = (): Solo =>
    new Solo({ nat: { localBehindNat: true, remoteBehindNat: false, destinationHash: 'aa' } })
  const { keepaliveIntervalMs } = DEFAULT_MOBIKE_POLICY

  it('F32 what happens before does not put that off', () => {
    const solo = behindNat()
    solo.now = 5000
    solo.do({ type: 'livenessDue' })
    expect(solo.wake()).toBe(keepaliveIntervalMs)
    solo.at(keepaliveIntervalMs)
    expect(solo.wake()).toBe(2 * keepaliveIntervalMs)
  })

  it('F32 takes more than half an interval of delay for a sleep', () => {
    const due = 1.5 * keepaliveIntervalMs
    expect(behindNat().at(due)).toEqual([])
    expect(behindNat().at(due + 1)).toEqual([{ type: 'redirectOutstanding', path: behindNat().state.ikePath }])
  })
})

describe('sleep', () => {
  const sleep = (lab: Lab, ms: number): void => {
    lab.client.asleep = true
    lab.run(ms)
    lab.client.asleep = false
    lab.client.wake()
  }

  it('F32 keepalives missed in a sleep: the first thing sent is a liveness check with NAT_DETECTION', () => {
    const lab = behindNat()
    lab.run(65_000)
    expect(lab.client.requests).toEqual([])
    lab.nats.set(HOME, REMAPPED)
    sleep(lab, 45_000)
    expect(lab.client.requests).toEqual([
      { purpose: 'liveness', path: path(HOME, GW), notifies: [{ kind: 'natDetection' }] }
    ])
    lab.run(1000)
    expect(purposes(lab.client)).toEqual(['liveness', 'update'])
    expect(lab.gateway.state.childPath).toEqual({ local: at(GW), remote: REMAPPED })
  })

  it('F32 a timer that is a little late is no sleep, nor is a host without a NAT watched', () => {
    const lab = behindNat()
    for (let i = 0; i < 10; i++) sleep(lab, 25_000)
    expect(lab.client.requests).toEqual([])
    const open = new Lab().start(path(HERE, GW))
    sleep(open, 1_000_000)
    expect(open.client.requests).toEqual([])
    expect(open.client.wakeAt()).toBeUndefined()
  })

  it('F32 a request that was under way is sent again at once, and the sleep does not count as its failure', () => {
    const lab = behindNat()
    lab.run(1000)
    lab.drops = () => true
    lab.client.step({ type: 'livenessDue' })
    lab.run(40_000)
    expect(lab.client.outstanding?.attempt).toBeGreaterThan(0)
    lab.drops = () => false
    const sent = lab.ladder.length
    sleep(lab, 3_600_000)
    expect(lab.client.closed).toBeNull()
    expect(lab.ladder.slice(sent).some((line) => line.includes('client') && line.includes('request'))).toBe(true)
    lab.run(1000)
    expect(lab.client.outstanding).toBeNull()
  })

  it('F32 repetitions nobody could have answered start no search for other pairs', () => {
    const lab = behindNat()
    lab.client.local(HOME, THERE)
    lab.run(1000)
    lab.delayMs = 3000
    lab.client.step({ type: 'livenessDue' })
    lab.run(1500)
    expect(lab.client.outstanding?.attempt).toBe(1)
    sleep(lab, 60_000)
    expect(lab.client.outstanding?.attempt).toBeLessThan(DEFAULT_MOBIKE_POLICY.retransmissionsBeforeProbing)
    expect(lab.client.state.probing).toBeNull()
    lab.run(20_000)
    expect(lab.client.state.ikePath).toEqual(path(HOME, GW))
  })

  it('F32 a host whose clock stands still in sleep says so: a check at once, whatever hints came before', () => {
    for (const lab of [new Lab().start(path(HERE, GW)), behindNat()]) {
      lab.client.step({ type: 'hintReceived', hint: 'icmpError' })
      lab.run(100)
      lab.client.step({ type: 'hintReceived', hint: 'resumed' })
      lab.run(1000)
      expect(purposes(lab.client)).toEqual(['liveness', 'liveness'])
    }
  })

  it('F32 without a path a sleep changes nothing: the next address is awaited', () => {
    const lab = behindNat()
    lab.run(1000)
    lab.client.local()
    const { state } = lab.client
    sleep(lab, 100_000)
    lab.client.step({ type: 'hintReceived', hint: 'resumed' })
    expect(lab.client.state).toEqual(state)
  })
})

describe('the same addresses as before', () => {
  const curious = { checkUnchangedAddresses: true }

  it('F33 are no reason to do anything, or for a liveness check, as policy says', () => {
    for (const [policy, expected] of [
      [{}, []],
      [curious, ['liveness']]
    ] as const) {
      const lab = new Lab(policy).start(path(HERE, GW))
      lab.client.local(HERE)
      lab.run(2000)
      expect(purposes(lab.client)).toEqual(expected)
    }
  })

  it('F33 a gateway that dropped the IKE SA meanwhile is noticed; events in masses make one check a second', () => {
    const lab = new Lab(curious).start(path(HERE, GW))
    lab.drops = (_, to) => to.address === GW
    lab.client.local(HERE)
    lab.run(120_000)
    expect(lab.client.closed).toBe('noResponse')
    const eager = new Lab(curious).start(path(HERE, GW))
    for (let i = 0; i < 100; i++) {
      eager.client.local(HERE)
      eager.run(50)
    }
    expect(purposes(eager.client)).toHaveLength(5)
  })

  it('F33 F40 after an outage the UPDATE is check enough', () => {
    const lab = new Lab(curious).start(path(HERE, GW))
    lab.client.local()
    lab.run(5000)
    lab.client.local(HERE)
    lab.run(2000)
    expect(purposes(lab.client)).toEqual(['update'])
  })
})

describe('liveness checks without NAT_DETECTION', () => {
  it('F26 policy keeps NAT_DETECTION out for a peer that does not answer such checks; UPDATEs have it all the same', () => {
    const plain = behindNat({}, { natDetectionInLiveness: 'never' })
    const answers = plain.gateway.receive.bind(plain.gateway)
    plain.gateway.receive = (packet) => {
      const isCheck = packet.notifies.length === 1 && packet.notifies[0]?.kind === 'natDetection'
      if (!isCheck) answers(packet)
    }
    plain.client.step({ type: 'livenessDue' })
    plain.run(1000)
    plain.client.step({ type: 'updateForced' })
    plain.run(1000)
    expect(plain.client.requests.map(({ notifies }) => notifies.map(({ kind }) => kind))).toEqual([
      [],
      ['updateSaAddresses', 'natDetection', 'cookie2']
    ])
    expect(plain.client.outstanding).toBeNull()
  })

  it('F26 an IKE SA that ends for want of an answer to its first such check says so, for the next to do without', () => {
    const reported = (isAnswered: boolean): boolean => {
      const lab = behindNat()
      if (isAnswered) lab.client.step({ type: 'livenessDue' })
      lab.run(1000)
      lab.drops = () => true
      lab.client.step({ type: 'livenessDue' })
      lab.run(120_000)
      expect(lab.client.closed).toBe('noResponse')
      return lab.client.reports.some(({ kind }) => kind === 'natDetectionUnanswered')
    }
    expect([reported(false), reported(true)]).toEqual([true, false])
  })
})

describe('dynamic updates from ESP', () => {
  const moves = (host: Host): unknown[] => host.actions.filter(({ type }) => type === 'moveChildSas')
  const remapped = path(GW, '198.18.3.3#50505')

  it('A101 D23 a responder may follow the ESP of a client behind a NAT with the Child SAs; the IKE SA stays', () => {
    const lab = behindNat({ espUpdates: 'follow' })
    const before = lab.gateway.state.ikePath
    lab.gateway.step({ type: 'espReceived', path: remapped, encapsulated: true })
    lab.run(100)
    expect(lab.gateway.state.childPath).toEqual(remapped)
    expect(lab.gateway.state.ikePath).toEqual(before)
    expect(lab.gateway.reports).toContainEqual({
      kind: 'espFollowed',
      from: { local: at(GW), remote: OUTSIDE },
      to: remapped
    })
    expect(purposes(lab.gateway)).toEqual([])
  })

  it('A101 by default nothing follows', () => {
    expect(DEFAULT_MOBIKE_POLICY.espUpdates).toBe('ignore')
    const lab = behindNat()
    lab.gateway.step({ type: 'espReceived', path: remapped, encapsulated: true })
    expect(moves(lab.gateway)).toEqual([])
  })

  it('A101 nor does a host behind a NAT, without one at the peer, on plain ESP, at another end of its own, or the initiator', () => {
    const follow = { espUpdates: 'follow' as const }
    const free = new Lab({}, follow).start(path(HERE, GW))
    free.gateway.step({ type: 'espReceived', path: path(GW, `${HERE}#4501`), encapsulated: true })
    expect(moves(free.gateway)).toEqual([])
    const lab = behindNat(follow, follow)
    lab.gateway.step({ type: 'espReceived', path: remapped, encapsulated: false })
    lab.gateway.step({ type: 'espReceived', path: { ...remapped, local: at(GW2) }, encapsulated: true })
    lab.client.step({ type: 'espReceived', path: path(HOME, `${GW}#4501`), encapsulated: true })
    const { state } = lab.gateway
    const both = { localBehindNat: true, remoteBehindNat: true, destinationHash: 'x' }
    lab.gateway.state = { ...state, nat: both }
    lab.gateway.step({ type: 'espReceived', path: remapped, encapsulated: true })
    expect([...moves(lab.gateway), ...moves(lab.client)]).toEqual([])
  })

  it('A101 A084 an address that has not proven itself is not followed, unless nothing is ever checked', () => {
    for (const when of ['before', 'after', 'never'] as const) {
      const routability = { ...DEFAULT_MOBIKE_POLICY.routability, when }
      const lab = behindNat({ espUpdates: 'follow', routability })
      lab.gateway.step({ type: 'espReceived', path: path(GW, '192.0.2.99#4500'), encapsulated: true })
      expect(moves(lab.gateway)).toHaveLength(when === 'never' ? 1 : 0)
    }
  })

  it('A101 packets that overtook each other do not take the Child SAs back and forth', () => {
    const lab = behindNat({ espUpdates: 'follow' })
    const old = { local: at(GW), remote: OUTSIDE }
    for (let i = 0; i < 9; i++) {
      lab.gateway.step({ type: 'espReceived', path: i % 2 === 0 ? remapped : old, encapsulated: true })
      lab.run(100)
    }
    expect(moves(lab.gateway)).toHaveLength(1)
    expect(lab.gateway.state.childPath).toEqual(remapped)
  })

  it('A101 A095 the client’s next liveness check finds the mapping, and its UPDATE takes the IKE SA there too', () => {
    const lab = behindNat({ espUpdates: 'follow' })
    lab.nats.set(HOME, REMAPPED)
    lab.gateway.step({ type: 'espReceived', path: remapped, encapsulated: true })
    lab.client.step({ type: 'livenessDue' })
    lab.run(2000)
    expect(purposes(lab.client)).toEqual(['liveness', 'update'])
    expect([lab.gateway.state.ikePath, lab.gateway.state.childPath]).toEqual([remapped, remapped])
    expect(moves(lab.gateway)).toHaveLength(1)
  })

  const FOLLOW: MobikePolicy = { ...DEFAULT_MOBIKE_POLICY, espUpdates: 'follow' }
  const PEER_NAT = { localBehindNat: false, remoteBehindNat: true, destinationHash: 'aa' }

  it('A101 nor does the initiator, though the NAT is at its peer', () => {
    const solo = new Solo({ nat: PEER_NAT }, FOLLOW)
    expect(solo.do({ type: 'espReceived', path: path(HERE, `${GW}#4501`), encapsulated: true })).toEqual([])
    expect(solo.state.childPath).toEqual(path(HERE, GW))
  })

  it('A101 nor a responder that knows of no NAT, as in a TCP stream', () => {
    const stream = { local: at(GW), remote: { ...at(HERE), transport: 'tcp' as const } }
    const solo = new Solo({ role: 'responder', path: stream, localAddresses: [{ address: GW }], nat: null }, FOLLOW)
    expect(solo.do({ type: 'espReceived', path: path(GW, HERE), encapsulated: true })).toEqual([])
  })

  it('A101 they follow again when hintIntervalMs are over, and not before', () => {
    const init = { role: 'responder', path: path(GW, HERE), localAddresses: [{ address: GW }], nat: PEER_NAT } as const
    const solo = new Solo(init, FOLLOW)
    const follows = (now: number, port: number): boolean => {
      solo.now = now
      const on = path(GW, `${HERE}#${port}`)
      const done = solo.do({ type: 'espReceived', path: on, encapsulated: true })
      solo.do({ type: 'childSasMoved' })
      return done.some(({ type }) => type === 'moveChildSas')
    }
    expect([follows(5000, 50_001), follows(5999, 50_002), follows(6000, 50_002)]).toEqual([true, false, true])
  })
})
