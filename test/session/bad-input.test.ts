import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EXCHANGE, NOTIFY, notify } from '../../src/codec/index.ts'
import type { SessionAction, SessionState } from '../../src/session/index.ts'
import { createSeededRandom } from '../../src/sim/index.ts'
import { marked, read, unmarked } from './forge.ts'
import { type Datagram, datagramsIn, other, Pair, reportsIn, reversed, type SideName } from './pair.ts'

/** A whole life of a session, as things to do one after the other. Before each datagram of it bad ones arrive. */
const LIFE: readonly ((pair: Pair) => void)[] = [
  (pair) => void pair.connect(),
  (pair) => pair.advance(500),
  (pair) => void pair.tell('client', { type: 'livenessRequested' }),
  (pair) => void pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] }),
  (pair) => pair.advance(500),
  (pair) => void pair.tell('client', { type: 'childSaRekeyRequested', id: pair.childIds('client')[0] as number }),
  (pair) => void pair.tell('gateway', { type: 'childSaRekeyRequested', id: pair.childIds('gateway')[0] as number }),
  (pair) => void pair.tell('client', { type: 'childSaRequested' }),
  (pair) => void pair.tell('client', { type: 'ikeSaRekeyRequested' }),
  (pair) => void pair.tell('gateway', { type: 'ikeSaRekeyRequested' }),
  (pair) => void pair.tell('gateway', { type: 'localAddressesChanged', addresses: [{ address: '198.51.100.1' }] }),
  (pair) => pair.advance(3000),
  (pair) => void pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.1.0.2' }] }),
  (pair) => pair.advance(3000),
  (pair) => void pair.tell('gateway', { type: 'childSaDeleteRequested', id: pair.childIds('gateway')[0] as number }),
  (pair) => void pair.tell('client', { type: 'closeRequested' })
]

/** The life with something done before each datagram arrives. */
function live(before: (pair: Pair, datagram: Datagram) => void): Pair {
  const pair = new Pair()
  const settle = (): void => {
    for (let count = 0; pair.wire.length > 0; count++) {
      if (count > 500) throw new Error('the two sides never stop talking')
      const datagram = pair.wire.shift() as Datagram
      before(pair, datagram)
      pair.deliver(datagram)
    }
  }
  for (const deed of LIFE) {
    deed(pair)
    settle()
  }
  return pair
}

/** How the life ends when nothing bad arrives: the measure for all others. */
function ending(pair: Pair) {
  const milestones = new Set([
    'established',
    'closed',
    'childSaEstablished',
    'childSaRekeyed',
    'childSaClosed',
    'ikeSaRekeyed'
  ])
  const told = (name: 'client' | 'gateway'): string[] =>
    pair.reports(name).flatMap((report) => (milestones.has(report.kind) ? [report.kind] : []))
  return { client: told('client'), gateway: told('gateway'), phases: [pair.phase('client'), pair.phase('gateway')] }
}

/** The state without what unauthenticated input may change: timers of hints and of doubted errors (section 2.21). */
function settled(state: SessionState): unknown {
  const { phase, mobike } = state
  return {
    ...state,
    phase: phase.name === 'expectInitResponse' ? { ...phase, failure: null } : phase,
    mobike: mobike === null ? null : { ...mobike, lastHintAt: null, pending: { ...mobike.pending, liveness: false } }
  }
}

/** Gives the receiver of `datagram` something bad first: it must be told of, and change nothing. */
function bother(pair: Pair, datagram: Datagram, bytes: Uint8Array): string[] {
  const name = other(datagram.from)
  const { state, secrets } = pair[name].session
  const actions = pair.tell(name, { type: 'datagramReceived', path: reversed(datagram.path), bytes })
  const reasons = reportsIn(actions).flatMap((report) => (report.kind === 'ignored' ? [report.reason] : []))
  expect(reasons, 'exactly one report').toHaveLength(1)
  expect(pair[name].session.secrets).toEqual(secrets)
  if (reasons[0] === 'unprotected') return onlySuspicious(pair, name, state, actions)
  expect(settled(pair[name].session.state)).toEqual(settled(state))
  expect(datagramsIn(actions)).toEqual([])
  return reasons
}

/** A message without protection under real SPIs may lead to one liveness check, and to nothing else (B084, B085). */
function onlySuspicious(pair: Pair, name: SideName, before: SessionState, actions: readonly SessionAction[]): string[] {
  const view = ({ ikeSas, children, mobike, phase, tasks }: SessionState) => ({
    ikeSas: ikeSas.map(({ id, standing, responses }) => ({ id, standing, responses })),
    children,
    phase,
    tasks,
    paths: [mobike?.ikePath, mobike?.childPath, mobike?.encapsulate]
  })
  expect(view(pair[name].session.state)).toEqual(view(before))
  for (const { path, bytes } of datagramsIn(actions)) {
    const { message, payloads } = read(pair, { from: name, path, bytes })
    expect([message.exchangeType, message.isResponse, payloads]).toEqual([EXCHANGE.INFORMATIONAL, false, []])
  }
  return ['unprotected']
}

const GOOD = ending(live(() => {}))

describe('bad datagrams before every datagram of a whole session', () => {
  it('the session without bad input goes through everything', () => {
    expect(GOOD.phases).toEqual(['closed', 'closed'])
    expect(GOOD.client.filter((kind) => kind === 'ikeSaRekeyed')).toHaveLength(2)
    expect(GOOD.client).toContain('childSaEstablished')
    expect(GOOD.client.filter((kind) => kind === 'childSaRekeyed')).toHaveLength(2)
    expect(GOOD.gateway.at(-1)).toBe('closed')
  })

  it('B016 truncated ones at every length change nothing and are reported', () => {
    const pair = live((pair, datagram) => {
      const { length } = datagram.bytes
      // Every length of the header, then coarser: each cut is a step of its own.
      for (let cut = 0; cut < length; cut += cut < 36 || cut > length - 6 ? 1 : 23) {
        bother(pair, datagram, datagram.bytes.slice(0, cut))
      }
    })
    expect(ending(pair)).toEqual(GOOD)
  })

  it('B016 oversized ones change nothing and are reported, above the limit as tooLarge', () => {
    const pair = live((pair, datagram) => {
      bother(pair, datagram, Uint8Array.of(...datagram.bytes, 0))
      bother(pair, datagram, Uint8Array.of(...datagram.bytes, ...new Uint8Array(1500)))
      const huge = new Uint8Array(65_508)
      huge.set(datagram.bytes)
      expect(bother(pair, datagram, huge)).toEqual(['tooLarge'])
    })
    expect(ending(pair)).toEqual(GOOD)
  })

  it('B007 ones of another major version are dropped as unsupportedVersion', () => {
    const pair = live((pair, datagram) => {
      for (const version of [0x00, 0x10, 0x30, 0xf0]) {
        const message = unmarked(datagram).slice()
        message[17] = version
        expect(bother(pair, datagram, marked(datagram.path, message))).toEqual(['unsupportedVersion'])
      }
    })
    expect(ending(pair)).toEqual(GOOD)
  })

  it('B014 B083 ones with SPIs of no IKE SA are dropped, requests and responses alike', () => {
    const pair = live((pair, datagram) => {
      if (unmarked(datagram)[18] === 34) return
      for (const at of [0, 7, 8, 15]) {
        const message = unmarked(datagram).slice()
        message[at] = (message[at] as number) ^ 0x5a
        const reasons = bother(pair, datagram, marked(datagram.path, message))
        expect(['unknownSpi', 'closed']).toContain(reasons[0])
      }
    })
    expect(ending(pair)).toEqual(GOOD)
  })

  it('B227 ones that are no IKE, or only a keepalive, are dropped', () => {
    const pair = live((pair, datagram) => {
      if (datagram.path.remote.port !== 4500) return
      expect(bother(pair, datagram, Uint8Array.of(0xff))).toEqual(['keepalive'])
      expect(bother(pair, datagram, Uint8Array.of(1, 2, 3, 4, ...new Uint8Array(60)))).toEqual(['notIke'])
    })
    expect(ending(pair)).toEqual(GOOD)
  })

  it('B052 B080 B084 unprotected notifications under real SPIs change no SA and are not answered', () => {
    const pair = live((pair, datagram) => {
      const message = unmarked(datagram)
      if (message[18] === 34) return
      const header = message.slice(0, 28)
      const type = NOTIFY.INVALID_IKE_SPI
      const forged = Uint8Array.of(...header, 0, 0, 0, 8, 0, 0, type >> 8, type & 0xff)
      forged[16] = 41
      new DataView(forged.buffer).setUint32(24, forged.length)
      expect(notify(type).type).toBe(type)
      const name = other(datagram.from)
      if (pair.phase(name) === 'closed') return
      expect(bother(pair, datagram, marked(datagram.path, forged))).toEqual(['unprotected'])
    })
    // A hint may have started a liveness check (B085), so only the outcome is the same.
    expect(ending(pair)).toEqual(GOOD)
  })

  it('B037 B039 every datagram again, at once and much later, has no effect but the cached response', () => {
    const seen: Datagram[] = []
    const pair = live((pair, datagram) => {
      for (const old of seen) {
        const name = other(old.from)
        const { state, secrets } = pair[name].session
        const actions = pair.tell(name, { type: 'datagramReceived', path: reversed(old.path), bytes: old.bytes })
        expect(settled(pair[name].session.state)).toEqual(settled(state))
        expect(pair[name].session.secrets).toEqual(secrets)
        // Either told of, or answered with octets that were sent before.
        for (const { bytes, path } of datagramsIn(actions)) {
          const message = unmarked({ path, bytes })
          expect(
            pair.sent.filter((sent) => sent.from === name).some((sent) => Buffer.from(unmarked(sent)).equals(message))
          ).toBe(true)
        }
        expect(actions).toHaveLength(1)
      }
      seen.push(datagram)
      if (seen.length > 8) seen.splice(1, 1)
    })
    expect(ending(pair)).toEqual(GOOD)
  })

  it('B126 a flipped bit anywhere in a protected message fails its checksum or its form, and is reported', () => {
    const random = createSeededRandom(5)
    const pair = live((pair, datagram) => {
      if (unmarked(datagram)[18] === 34) return
      for (let count = 0; count < 40; count++) {
        const bytes = datagram.bytes.slice()
        const at = count < 28 ? count : random.below(bytes.length)
        bytes[at] = (bytes[at] as number) ^ (1 << random.below(8))
        // The repeat of an answered request is known by its octets; a changed one never is.
        bother(pair, datagram, bytes)
      }
    })
    expect(ending(pair)).toEqual(GOOD)
  })

  it('reflected ones do not open: a side never takes its own messages for the peer’s', () => {
    const pair = live((pair, datagram) => {
      if (pair.phase(datagram.from) === 'closed') return
      const mirror: Datagram = { from: other(datagram.from), path: reversed(datagram.path), bytes: datagram.bytes }
      if (unmarked(datagram)[18] === 34) return
      bother(pair, mirror, datagram.bytes)
    })
    expect(ending(pair)).toEqual(GOOD)
  })

  it('random octets, random cuts and random changes of real datagrams leave the session working', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(
          fc.oneof(
            fc.uint8Array({ maxLength: 300 }).map((bytes) => () => bytes),
            fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 255 })).map(([at, flip]) => (real: Uint8Array) => {
              const bytes = real.slice()
              const index = at % bytes.length
              bytes[index] = (bytes[index] as number) ^ flip
              return bytes
            }),
            fc
              .tuple(fc.nat(400), fc.nat(400), fc.uint8Array({ maxLength: 40 }))
              .map(([from, to, put]) => (real: Uint8Array) => {
                const a = from % real.length
                const b = Math.max(a, to % real.length)
                return Uint8Array.of(...real.slice(0, a), ...put, ...real.slice(b))
              })
          ),
          { minLength: 1, maxLength: 3 }
        ),
        (_, changes) => {
          const pair = live((pair, datagram) => {
            // IKE_SA_INIT is not authenticated: what is changed there may be a valid message of an attacker.
            if (unmarked(datagram)[18] === 34) return
            for (const change of changes) {
              const bytes = change(datagram.bytes)
              if (Buffer.from(bytes).equals(datagram.bytes)) continue
              bother(pair, datagram, bytes)
            }
          })
          expect(ending(pair)).toEqual(GOOD)
        }
      ),
      { numRuns: 15, seed: 11 }
    )
  }, 120_000)

  it('B112 B244 a changed IKE_SA_INIT never throws, and the attempt ends within its time', () => {
    fc.assert(
      fc.property(fc.nat(220), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, flip, isRequest) => {
        const pair = new Pair().connect()
        if (!isRequest) pair.deliver(pair.wire.shift() as Datagram)
        const datagram = pair.wire[0] as Datagram
        const bytes = datagram.bytes.slice()
        bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ flip
        const name = other(datagram.from)
        pair.tell(name, { type: 'datagramReceived', path: reversed(datagram.path), bytes })
        pair.settle()
        pair.advance(600_000)
        expect(['established', 'closed', 'expectInitRequest']).toContain(
          pair.phase('client') === 'established' ? 'established' : pair.phase('gateway')
        )
        expect(['established', 'closed']).toContain(pair.phase('client'))
      }),
      { numRuns: 150, seed: 3 }
    )
  }, 120_000)
})
