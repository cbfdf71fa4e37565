import fc, { type Arbitrary } from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  configurationAttribute,
  conformingMessage,
  message,
  notifyPayload,
  outerPayloads,
  payload,
  proposals
} from '../../src/arbitraries/index.ts'
import { EAP_TYPE } from '../../src/bodies/index.ts'
import { ENCRYPTION, EXCHANGE } from '../../src/codec/index.ts'

/** What 1000 values of a generator give. */
function drawn<T, U>(arbitrary: Arbitrary<T>, of: (value: T) => U): readonly U[] {
  return fc.sample(arbitrary, { numRuns: 1000, seed: 7 }).map(of)
}

describe('lengths', () => {
  it.each([
    ['KE', drawn(payload('keyExchange'), ({ data }) => data.length), 0, 300],
    ['nonces', drawn(payload('nonce'), ({ data }) => data.length), 16, 256],
    ['Encrypted payloads', drawn(payload('encrypted'), ({ body }) => body.length), 0, 300],
    ['certificates', drawn(payload('certificate'), ({ data }) => data.length), 0, 200],
    ['COOKIE', drawn(notifyPayload('COOKIE'), ({ data }) => data.length), 1, 64],
    ['COOKIE2', drawn(notifyPayload('COOKIE2'), ({ data }) => data.length), 8, 64],
    ['domain names', drawn(configurationAttribute('INTERNAL_DNS_DOMAIN'), ({ value }) => value.length), 0, 40]
  ])('of %s are spread over all that is allowed', (_, lengths, least, most) => {
    const tenth = Math.ceil((most - least) / 10)
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(least)
    expect(Math.min(...lengths)).toBeLessThanOrEqual(least + tenth)
    expect(Math.max(...lengths)).toBeGreaterThanOrEqual(most - tenth)
  })
})

describe('what is there for some', () => {
  it.each(['identificationInitiator', 'identificationResponder'] as const)('RESERVED of %s: one in ten', (kind) => {
    const some = drawn(payload(kind), ({ reserved }) => reserved).filter((bits) => bits !== undefined)
    expect(some.length).toBeGreaterThan(50)
    expect(some.length).toBeLessThan(200)
  })

  it('a conforming message has no RESERVED that is not zero (RFC 7296 section 3.5)', () => {
    const contents = drawn(conformingMessage({ exchange: EXCHANGE.IKE_AUTH }), ({ inner }) => inner ?? []).flat()
    const identities = contents.filter(({ kind }) => kind.startsWith('identification'))
    expect(identities.length).toBeGreaterThan(100)
    expect(identities.filter((one) => 'reserved' in one)).toEqual([])
  })

  it('an Encrypted payload or fragment behind others: less than half', () => {
    const counts = [drawn(outerPayloads(), (list) => list), drawn(message(), ({ payloads }) => payloads)].map(
      (lists) => {
        return lists.filter((list) => list.at(-1)?.kind.startsWith('encrypted')).length
      }
    )
    for (const count of counts) {
      expect(count).toBeGreaterThan(150)
      expect(count).toBeLessThan(500)
    }
  })
})

describe('numbers', () => {
  it('of encryption algorithms and EAP types are all those registered', () => {
    const ids = drawn(proposals(), (list) => list.flatMap(({ transforms }) => transforms)).flat()
    const encryption = new Set(ids.filter(({ type }) => type === 1).map(({ id }) => id))
    for (const id of Object.values(ENCRYPTION)) expect(encryption).toContain(id)
    const methods = new Set(drawn(payload('eap'), ({ type }) => type))
    for (const type of Object.values(EAP_TYPE)) expect(methods).toContain(type)
  })

  it('of selectors are all ports, one port, one address, each sometimes', () => {
    const selectors = drawn(payload('trafficSelectorInitiator'), (one) => one.selectors)
      .flat()
      .filter((one) => 'startPort' in one)
    const shares = [
      selectors.filter(({ startPort, endPort }) => startPort === 0 && endPort === 0xffff),
      selectors.filter(({ startPort, endPort }) => startPort === endPort),
      selectors.filter(({ startAddress, endAddress }) => String(startAddress) === String(endAddress))
    ].map(({ length }) => length / selectors.length)
    for (const share of shares) {
      expect(share).toBeGreaterThan(0.1)
      expect(share).toBeLessThan(0.4)
    }
  })
})
