import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { innerPayloads } from '../../src/arbitraries/index.ts'
import { toHex } from '../../src/bytes/index.ts'
import { EXCHANGE } from '../../src/codec/index.ts'
import type { Payload } from '../../src/codec/types.ts'
import { createEspTunnel } from '../../src/esp/index.ts'
import { childSaKeys, type SessionAction } from '../../src/session/index.ts'
import { forge, marked, read, unmarked } from '../session/forge.ts'
import { type Datagram, other, Pair, type SideName } from '../session/pair.ts'

/** What a hostile peer does to one of its messages. */
type Change = {
  readonly skip: number
  readonly kind: 'drop' | 'twice' | 'add' | 'replace' | 'bits' | 'empty'
  readonly at: number
  readonly payloads: readonly Payload[]
  readonly value: number
}

const change: fc.Arbitrary<Change> = fc.record({
  skip: fc.nat(3),
  kind: fc.constantFrom('drop', 'twice', 'add', 'replace', 'bits', 'bits', 'bits', 'empty'),
  at: fc.nat(12),
  payloads: innerPayloads().map((list) => list.filter(({ kind }) => kind !== 'encrypted').slice(0, 3)),
  value: fc.nat(0xffffff)
})

/** Some octets of an octet field or some number of a payload changed, whatever it means. */
function bent(value: unknown, { at, value: by }: Change): unknown {
  if (value instanceof Uint8Array) {
    if (by % 5 === 0) return value.slice(0, at)
    if (by % 5 === 1) return new Uint8Array(value.length)
    const copy = value.slice()
    if (copy.length > 0) copy[by % copy.length] = at * 17
    return copy
  }
  if (Array.isArray(value))
    return value.length === 0
      ? value
      : value.map((one, i) => (i === by % value.length ? bent(one, { at, value: by >> 2 } as Change) : one))
  if (typeof value === 'object' && value !== null) {
    const keys = Object.keys(value).filter((key) => key !== 'kind')
    const key = keys[by % Math.max(1, keys.length)]
    return key === undefined
      ? value
      : { ...value, [key]: bent((value as Record<string, unknown>)[key], { at, value: by >> 3 } as Change) }
  }
  return typeof value === 'number' ? (by % 2 === 0 ? 0 : at) : value
}

function changed(payloads: readonly Payload[], how: Change): readonly Payload[] {
  const at = how.at % Math.max(1, payloads.length)
  switch (how.kind) {
    case 'drop':
      return payloads.filter((_, index) => index !== at)
    case 'twice':
      return payloads.flatMap((payload, index) => (index === at ? [payload, payload] : [payload]))
    case 'add':
      return [...payloads, ...how.payloads]
    case 'replace':
      return payloads.flatMap((payload, index) => (index === at ? how.payloads : [payload]))
    case 'bits':
      return payloads.map((payload, index) => (index === at ? (bent(payload, how) as Payload) : payload))
    case 'empty':
      return []
  }
}

function live(hostile: SideName, changes: readonly Change[]): void {
  const pair = new Pair()
  const victim = other(hostile)
  const tunnel = createEspTunnel()
  const plan = [...changes]
  let wait = plan[0]?.skip ?? 0
  pair.passes = (datagram: Datagram) => {
    if (datagram.from !== hostile || plan.length === 0 || wait-- > 0) return true
    const how = plan.shift() as Change
    wait = plan[0]?.skip ?? 0
    if (unmarked(datagram)[18] === EXCHANGE.IKE_SA_INIT) return true
    try {
      const { message, payloads } = read(pair, datagram)
      const sa = pair[hostile].session.state.ikeSas.find(
        ({ initiatorSpi }) => initiatorSpi === toHex(message.initiatorSpi)
      )
      if (sa === undefined) return true
      const { exchangeType, isResponse, messageId } = message
      const forged = forge(pair, hostile, {
        exchangeType,
        isResponse,
        messageId,
        payloads: changed(payloads, how),
        sa,
        path: datagram.path
      })
      pair.put({ ...forged, bytes: marked(datagram.path, unmarked(forged)) })
      return false
    } catch {
      // No message can hold that: it goes unchanged.
      return true
    }
  }
  let done = 0
  const carryOut = (): void => {
    const { config, session, actions } = pair[victim]
    for (; done < actions.length; done++) {
      const action = actions[done] as SessionAction
      if (action.type === 'installChildSa') {
        const keys = childSaKeys(config, session, action.child.id)
        if (keys !== undefined) tunnel.applyChildSaAction(action, keys)
      } else if (action.type === 'removeChildSa' || action.type === 'moveChildSas') tunnel.applyChildSaAction(action)
    }
  }
  const both = (act: () => void): void => {
    act()
    pair.settle()
    pair.advance(300)
    carryOut()
  }
  both(() => pair.connect())
  let count = 0
  for (const name of ['client', 'gateway'] as const) {
    both(() => pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: `10.${++count}.7.2` }] }))
    both(() => pair.tell(name, { type: 'childSaRequested' }))
    both(() => pair.tell(name, { type: 'livenessRequested' }))
    const [id] = pair.childIds(name)
    if (id !== undefined) both(() => pair.tell(name, { type: 'childSaRekeyRequested', id }))
    both(() => pair.tell(name, { type: 'ikeSaRekeyRequested' }))
    both(() =>
      pair.tell('gateway', {
        type: 'localAddressesChanged',
        addresses: [{ address: '192.0.2.1' }, { address: `198.51.100.${count}` }]
      })
    )
  }
  pair.advance(20_000)
  expect(pair.sent.filter(({ from }) => from === victim).length).toBeLessThan(150)
}

describe('a peer whose own messages are bent before they are sealed', () => {
  it.each(['client', 'gateway'] as const)(
    'a hostile %s never makes the other throw, nor its host, nor talk without end',
    (name) => {
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => live(name, changes)),
        { numRuns: Number(process.env['RUNS'] ?? 15) }
      )
    }
  )
})
