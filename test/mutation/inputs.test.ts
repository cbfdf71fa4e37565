import { describe, expect, it } from 'vitest'
import {
  type MutationName,
  mutateChain,
  mutateMessage,
  mutateOctets,
  mutatePayloads,
  mutationsOf
} from '../../src/mutation/index.ts'
import { createSeededRandom } from '../../src/sim/index.ts'
import { SAMPLE } from './sample.ts'

/** Random numbers of a seed. */
function randomOf(seed: number): (limit: number) => number {
  return createSeededRandom(seed).below
}

describe('a Node Buffer as input', () => {
  const other = Buffer.from(SAMPLE.slice(0, 100))
  const chain = { firstPayload: 33, octets: Buffer.from(SAMPLE.slice(28)) }
  const mutators: readonly [string, (input: Buffer, seed: number, among: readonly MutationName[]) => Uint8Array][] = [
    ['octets', (input, seed, among) => mutateOctets(input, randomOf(seed), { among, other }).octets],
    ['message', (input, seed, among) => mutateMessage(input, randomOf(seed), { among, other }).octets],
    ['chain', (input, seed, among) => mutateChain(41, input, randomOf(seed), { among, other: chain }).octets]
  ]
  const cases = mutators.flatMap(([subject, mutated]) => {
    return mutationsOf(subject as 'octets' | 'message' | 'chain').map((name) => [subject, name, mutated] as const)
  })

  it.each(cases)('of %s stays as it was under %s, and shares no memory with the result', (_, name, mutated) => {
    for (let seed = 0; seed < 30; seed++) {
      const input = Buffer.from(SAMPLE)
      const octets = mutated(input, seed, [name])
      expect(Uint8Array.from(input)).toEqual(SAMPLE)
      octets.fill(0xee)
      expect(Uint8Array.from(input)).toEqual(SAMPLE)
    }
  })

  it('comes back as a copy when nothing can be done to it', () => {
    const input = Buffer.from(SAMPLE)
    mutateOctets(input, randomOf(1), { among: ['criticalBit'] }).octets.fill(0)
    expect(Uint8Array.from(input)).toEqual(SAMPLE)
  })
})

describe('a payload whose substructures lie about their lengths', () => {
  /** A payload of the given type whose body goes on with `word` to its end. */
  function payloadOf(type: number, length: number, begin: readonly number[], word: number): Uint8Array {
    const octets = new Uint8Array(28 + length)
    const view = new DataView(octets.buffer)
    for (let at = 28; at + 1 < octets.length; at += 2) view.setUint16(at, word)
    octets.set(SAMPLE.slice(0, 28))
    octets.set([0, 0, length >> 8, length & 0xff, ...begin], 28)
    octets[16] = type
    view.setUint32(24, octets.length)
    return octets
  }

  /** Where `lengthLie` puts its lies, beyond the generic header. */
  function liesOf(octets: Uint8Array): ReadonlySet<number> {
    const among = ['lengthLie'] as const
    const offsets = Array.from({ length: 200 }, (_, seed) => {
      return mutateMessage(octets, randomOf(seed), { among }).applied[0]?.offset ?? 0
    })
    return new Set(offsets.filter((offset) => offset >= 32))
  }

  it('is mutated without a throw when it is one proposal of 65 kB full of transforms of two octets', () => {
    const length = 65_507
    const begin = [0, 0, (length - 4) >> 8, (length - 4) & 0xff, 1, 1, 0, 1]
    const octets = payloadOf(33, length, begin, 2)
    for (const name of ['lengthLie', 'reservedBits', 'numericBoundary', 'substructureMarker'] as const) {
      const among = [name]
      expect(mutateMessage(octets, randomOf(3), { among }).applied).toHaveLength(1)
      expect(mutateChain(33, octets.slice(28), randomOf(3), { among }).applied).toHaveLength(1)
      const payload = { kind: 'unknown', type: 33, body: octets.slice(32) } as const
      expect(mutatePayloads([payload], randomOf(3), { among }).applied).toHaveLength(1)
    }
  })

  it('is followed up to a proposal, transform or selector shorter than its header, and no further', () => {
    expect(liesOf(payloadOf(33, 64, [0, 0, 0, 7, 1, 1, 0, 1], 7))).toEqual(new Set([34, 38, 39]))
    expect(liesOf(payloadOf(33, 64, [0, 0, 0, 60, 1, 1, 0, 1, 3, 0, 0, 7], 7))).toEqual(new Set([34, 38, 39, 42]))
    expect(liesOf(payloadOf(44, 64, [2, 0, 0, 0, 7, 0, 0, 7], 7))).toEqual(new Set([32, 38]))
  })
})

describe('octets that are few', () => {
  it.each([1, 2, 3])('have a boundary written into them when they are %s, whatever the random numbers', (length) => {
    const octets = new Uint8Array(length).fill(0x55)
    for (let seed = 0; seed < 1000; seed++) {
      expect(mutateOctets(octets, randomOf(seed), { among: ['numericBoundary'] }).applied).toHaveLength(1)
    }
  })
})

describe('payload values', () => {
  const vendor = { kind: 'vendorId', data: Uint8Array.of(1) } as const
  const nonce = { kind: 'nonce', data: new Uint8Array(16) } as const
  const last = { kind: 'unknown', type: 46, body: Uint8Array.of(1, 2) } as const
  const payloads = [vendor, nonce, last]

  it('are not said to be spliced or shuffled when they are what they were', () => {
    const twins = [vendor, { ...vendor }]
    for (let seed = 0; seed < 50; seed++) {
      const shuffled = mutatePayloads(twins, randomOf(seed), { among: ['shufflePayloads'] })
      expect(shuffled).toEqual({ payloads: twins, applied: [] })
      const spliced = mutatePayloads(payloads, randomOf(seed), { among: ['splice'], other: payloads })
      if (spliced.applied.length > 0) expect(spliced.payloads).not.toEqual(payloads)
    }
  })

  it.each(['shufflePayloads', 'duplicatePayload', 'insertPayload', 'swapPayloadType', 'splice'] as const)(
    'of which the last ends the chain always permit %s',
    (name) => {
      for (let seed = 0; seed < 500; seed++) {
        const { applied } = mutatePayloads(payloads, randomOf(seed), { among: [name], other: [nonce] })
        expect(applied.map((mutation) => mutation.name)).toEqual([name])
      }
    }
  )

  it('whose last ends the chain keep it there', () => {
    for (let seed = 0; seed < 300; seed++) {
      const { payloads: mutated, applied } = mutatePayloads(payloads, randomOf(seed), { among: ['shufflePayloads'] })
      expect([applied.length, mutated.at(-1)]).toEqual([1, last])
    }
  })

  it('are never given the type of the end before their end, also when the type is one below it', () => {
    const neighbour = { kind: 'unknown', type: 45, body: Uint8Array.of(1) } as const
    for (let seed = 0; seed < 3000; seed++) {
      const { applied } = mutatePayloads([neighbour, nonce], randomOf(seed), { among: ['swapPayloadType'] })
      expect(applied).toHaveLength(1)
    }
  })
})
