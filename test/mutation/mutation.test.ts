import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeMessage,
  decodePayloads,
  encodeMessage,
  encodePayloads,
  type Message,
  type Payload,
  peekHeader
} from '../../src/codec/index.ts'
import {
  MUTATIONS,
  type MutationName,
  type MutationSubject,
  mutateChain,
  mutateMessage,
  mutateOctets,
  mutatePayloads,
  mutationsOf
} from '../../src/mutation/index.ts'
import { createSeededRandom } from '../../src/sim/index.ts'
import { LENGTHS, LINKS, MARKERS, NUMBERS, RESERVED, SAMPLE } from './sample.ts'

const CHAIN = SAMPLE.slice(28)
const FIRST = SAMPLE[16] as number
const OTHER = encodeMessage({ ...decodedSample(), payloads: [{ kind: 'vendorId', data: Uint8Array.of(9, 9, 9) }] })
const OTHER_CHAIN = { firstPayload: 43, octets: OTHER.slice(28) }

function payloadsOf(octets: Uint8Array): readonly Payload[] {
  const decoded = decodeMessage(octets)
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.error))
  return decoded.value.payloads
}

const PAYLOADS = payloadsOf(SAMPLE)

/** Results of one mutation of the sample under many seeds. */
function messages(name: MutationName, runs = 300): readonly Uint8Array[] {
  return Array.from({ length: runs }, (_, seed) => {
    const { octets, applied } = mutateMessage(SAMPLE, createSeededRandom(seed).below, { among: [name], other: OTHER })
    expect(applied.map((mutation) => mutation.name)).toEqual([name])
    return octets
  })
}

/** Octets of two arrays of the same length that are not the same. */
function changedOffsets(octets: Uint8Array): readonly number[] {
  expect(octets).toHaveLength(SAMPLE.length)
  return Array.from(SAMPLE.keys()).filter((i) => octets[i] !== SAMPLE[i])
}

function allChangedOffsets(results: readonly Uint8Array[]): readonly number[] {
  return [...new Set(results.flatMap(changedOffsets))].sort((a, b) => a - b)
}

/** Payloads of a chain by their headers alone: type and whole octets without the link. An Encrypted one has the rest. */
function framed(octets: Uint8Array): readonly string[] {
  expect(peekHeader(octets)?.length).toBe(octets.length)
  const list: string[] = []
  let type = octets[16] as number
  let at = 28
  while (type !== 0) {
    const end = at + (((octets[at + 2] as number) << 8) | (octets[at + 3] as number))
    list.push(`${type}: ${octets.slice(at + 1, end).join(' ')}`)
    if (type === 46 || type === 53) return list
    type = octets[at] as number
    at = end
  }
  expect(at).toBe(octets.length)
  return list
}

const FRAMED = framed(SAMPLE)

describe('the sample', () => {
  it('is a message that is written as it was read', () => {
    expect(encodeMessage(decodedSample())).toStrictEqual(SAMPLE)
    expect(PAYLOADS).toHaveLength(11)
  })
})

function decodedSample(): Message {
  const decoded = decodeMessage(SAMPLE)
  if (!decoded.ok) throw new Error(decoded.error.code)
  return decoded.value
}

describe('each mutation does what it says', () => {
  it('bitFlip inverts one bit and no other', () => {
    const ones = messages('bitFlip').map((octets) => {
      const [at, ...rest] = changedOffsets(octets)
      expect(rest).toEqual([])
      const difference = (octets[at as number] as number) ^ (SAMPLE[at as number] as number)
      return difference.toString(2).replaceAll('0', '')
    })
    expect(new Set(ones)).toEqual(new Set(['1']))
  })

  it('byteFlip changes one octet', () => {
    for (const octets of messages('byteFlip')) expect(changedOffsets(octets)).toHaveLength(1)
  })

  it('truncate leaves a beginning, with and without a true Length', () => {
    const results = messages('truncate')
    for (const octets of results) {
      expect(octets.length).toBeLessThan(SAMPLE.length)
      expect(octets.slice(28)).toEqual(SAMPLE.slice(28, Math.max(28, octets.length)))
    }
    const lengths = results.filter(({ length }) => length >= 28)
    const isTrue = (octets: Uint8Array) => peekHeader(octets)?.length === octets.length
    expect(lengths.some(isTrue) && !lengths.every(isTrue)).toBe(true)
  })

  it('extend appends octets, with and without a true Length', () => {
    const results = messages('extend')
    for (const octets of results) {
      expect(octets.length).toBeGreaterThan(SAMPLE.length)
      expect(octets.slice(28, SAMPLE.length)).toEqual(SAMPLE.slice(28))
    }
    const isTrue = (octets: Uint8Array) => peekHeader(octets)?.length === octets.length
    expect(results.some(isTrue) && !results.every(isTrue)).toBe(true)
  })

  it('lengthLie writes into every length, count and SPI size of RFC 7296 section 3 and nowhere else', () => {
    expect(allChangedOffsets(messages('lengthLie', 3000))).toEqual([...LENGTHS].sort((a, b) => a - b))
  })

  it('numericBoundary writes into every type, code, identifier and port and nowhere else', () => {
    expect(allChangedOffsets(messages('numericBoundary', 3000))).toEqual(NUMBERS)
  })

  it('reservedBits touches every reserved bit of RFC 7296 section 3 and no other bit', () => {
    const bits = new Map<number, number>()
    for (const octets of messages('reservedBits', 6000)) {
      for (const at of changedOffsets(octets)) {
        bits.set(at, (bits.get(at) ?? 0) | ((octets[at] as number) ^ (SAMPLE[at] as number)))
      }
    }
    expect(new Map([...bits].sort(([a], [b]) => a - b))).toEqual(new Map([...RESERVED].sort(([a], [b]) => a - b)))
  })

  it('criticalBit inverts the Critical bit of one payload, of any', () => {
    const results = messages('criticalBit')
    for (const octets of results) {
      expect(payloadsOf(octets).filter(({ critical }) => critical === true)).toHaveLength(1)
    }
    expect(allChangedOffsets(results)).toEqual(LINKS.slice(1).map((link) => link + 1))
  })

  it('substructureMarker changes one Last Substruc, any', () => {
    expect(allChangedOffsets(messages('substructureMarker'))).toEqual(MARKERS)
  })

  it('swapPayloadType changes one Next Payload, any', () => {
    const results = messages('swapPayloadType', 600)
    for (const octets of results) expect(changedOffsets(octets)).toHaveLength(1)
    expect(allChangedOffsets(results)).toEqual(LINKS)
  })

  it.each([
    ['versionEdit', [17]],
    ['exchangeTypeEdit', [18]],
    ['flagsEdit', [19]],
    ['messageIdEdit', [20, 21, 22, 23]],
    ['ikeSpiEdit', Array.from({ length: 16 }, (_, i) => i)]
  ] as const)('%s changes that field of the header alone', (name, offsets) => {
    expect(allChangedOffsets(messages(name))).toEqual(offsets)
  })

  it('flagsEdit leaves reserved flags alone', () => {
    const flags = messages('flagsEdit').map((octets) => (octets[19] as number) ^ 0x08)
    expect(new Set(flags)).toEqual(new Set([0x08, 0x10, 0x20, 0x38]))
  })

  it('shufflePayloads has the same payloads in another order', () => {
    for (const octets of messages('shufflePayloads')) {
      expect(framed(octets)).not.toEqual(FRAMED)
      expect([...framed(octets)].sort()).toEqual([...FRAMED].sort())
    }
  })

  it('duplicatePayload has one payload more, which was there', () => {
    for (const octets of messages('duplicatePayload')) {
      const list = framed(octets)
      expect(list).toHaveLength(FRAMED.length + 1)
      expect([...new Set(list)]).toEqual(FRAMED)
    }
  })

  it('dropPayload has one payload less', () => {
    const dropped = messages('dropPayload').map((octets) => {
      const list = framed(octets)
      expect(list).toEqual(FRAMED.filter((one) => list.includes(one)))
      return FRAMED.filter((one) => !list.includes(one))
    })
    expect(new Set(dropped.flat())).toEqual(new Set(FRAMED))
    for (const one of dropped) expect(one).toHaveLength(1)
  })

  it('insertPayload has one payload more, of known and unknown types', () => {
    const types = new Set<string>()
    for (const octets of messages('insertPayload', 1000)) {
      const list = framed(octets)
      const at = list.findIndex((one, i) => one !== FRAMED[i])
      const [type] = (list[at] as string).split(':') as [string]
      expect(list.slice(at + 1)).toEqual(type === '46' || type === '53' ? [] : FRAMED.slice(at))
      types.add(type)
    }
    expect(types.size).toBeGreaterThan(100)
  })

  it('resizePayload changes the length of one payload; links and Lengths stay true', () => {
    for (const octets of messages('resizePayload')) {
      const list = framed(octets)
      expect(list).toHaveLength(FRAMED.length)
      expect(list.filter((one, i) => one !== FRAMED[i])).toHaveLength(1)
      expect(octets.length).not.toBe(SAMPLE.length)
    }
  })

  it('splice joins at payload boundaries', () => {
    const [vendor] = framed(OTHER)
    const sizes = messages('splice').map((octets) => {
      const list = framed(octets)
      expect(list.at(-1)).toBe(vendor)
      expect(list.slice(0, -1)).toEqual(FRAMED.slice(0, list.length - 1))
      return list.length
    })
    expect(new Set(sizes).size).toBe(FRAMED.length + 1)
  })

  it('a Length that was a lie stays one through structural changes', () => {
    const lying = SAMPLE.slice()
    lying[27] = 17
    const { octets } = mutateMessage(lying, createSeededRandom(1).below, { among: ['dropPayload'] })
    expect(peekHeader(octets)?.length).toBe(17)
  })
})

/** The four mutators as one function from a name and a seed to what comes out. */
const MUTATORS: Readonly<Record<MutationSubject, (seed: number, among?: readonly MutationName[]) => Outcome>> = {
  octets: (seed, among) => mutateOctets(SAMPLE, createSeededRandom(seed).below, options(among, OTHER)),
  message: (seed, among) => mutateMessage(SAMPLE, createSeededRandom(seed).below, options(among, OTHER)),
  chain: (seed, among) => mutateChain(FIRST, CHAIN, createSeededRandom(seed).below, options(among, OTHER_CHAIN)),
  payloads: (seed, among) => mutatePayloads(PAYLOADS, createSeededRandom(seed).below, options(among, payloadsOf(OTHER)))
}

interface Outcome {
  readonly applied: readonly { readonly name: MutationName; readonly detail: string }[]
  readonly octets?: Uint8Array
  readonly payloads?: readonly Payload[]
  readonly firstPayload?: number
}

function options<T>(among: readonly MutationName[] | undefined, other: T) {
  return among === undefined ? { other } : { among, other }
}

const subjects = ['octets', 'message', 'chain', 'payloads'] as const
const cases = subjects.flatMap((subject) => mutationsOf(subject).map((name) => [subject, name] as const))

describe('each mutation of each subject', () => {
  it.each(cases)('%s: %s really happens and is told', (subject, name) => {
    const { octets, payloads, firstPayload } = { octets: SAMPLE, payloads: PAYLOADS, firstPayload: FIRST }
    for (let seed = 0; seed < 60; seed++) {
      const result = MUTATORS[subject](seed, [name])
      expect(result.applied.map((mutation) => mutation.name)).toEqual([name])
      expect(result.applied[0]?.detail).not.toBe('')
      if (subject === 'payloads') expect(result.payloads).not.toEqual(payloads)
      else if (subject === 'chain') expect([result.firstPayload, result.octets]).not.toEqual([firstPayload, CHAIN])
      else expect(result.octets).not.toEqual(octets)
    }
  })

  it.each(cases)('%s: %s gives the same for the same random numbers', (subject, name) => {
    for (let seed = 0; seed < 20; seed++) {
      expect(MUTATORS[subject](seed, [name])).toStrictEqual(MUTATORS[subject](seed, [name]))
    }
  })
})

describe.each(subjects)('mutating %s', (subject) => {
  it('chooses every mutation it can, none nearly always', () => {
    const runs = 2000
    const counts = new Map<string, number>()
    for (let seed = 0; seed < runs; seed++) {
      for (const { name } of MUTATORS[subject](seed).applied) counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    expect(new Set(counts.keys())).toEqual(new Set(mutationsOf(subject)))
    const even = runs / mutationsOf(subject).length
    for (const count of counts.values()) {
      expect(count).toBeGreaterThan(even / 2)
      expect(count).toBeLessThan(even * 2)
    }
  })

  it('leaves its input as it was', () => {
    const before = SAMPLE.slice()
    for (let seed = 0; seed < 200; seed++) MUTATORS[subject](seed)
    expect(SAMPLE).toStrictEqual(before)
    expect(payloadsOf(SAMPLE)).toStrictEqual(PAYLOADS)
  })
})

describe('the list of mutations', () => {
  it('names each once and says what it does', () => {
    const names = MUTATIONS.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { does, subjects } of MUTATIONS) {
      expect(does).not.toBe('')
      expect(subjects.length).toBeGreaterThan(0)
    }
  })

  it('splice is not chosen without another input', () => {
    for (let seed = 0; seed < 300; seed++) {
      const { below } = createSeededRandom(seed)
      for (const { applied } of [
        mutateOctets(SAMPLE, below),
        mutateMessage(SAMPLE, below),
        mutateChain(FIRST, CHAIN, below),
        mutatePayloads(PAYLOADS, below)
      ]) {
        expect(applied.map(({ name }) => name)).not.toContain('splice')
        expect(applied).toHaveLength(1)
      }
    }
  })

  it('what cannot be done is not done: the input comes back, nothing applied', () => {
    const { below } = createSeededRandom(1)
    expect(mutateMessage(OTHER, below, { among: ['shufflePayloads'] })).toStrictEqual({ octets: OTHER, applied: [] })
    expect(mutateOctets(SAMPLE, below, { among: ['criticalBit'] })).toStrictEqual({ octets: SAMPLE, applied: [] })
    expect(mutatePayloads([], below, { among: ['dropPayload'] })).toStrictEqual({ payloads: [], applied: [] })
  })
})

describe('any input', () => {
  const seed = fc.integer()
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    // Something that begins like a message, and goes on like anything.
    fc.uint8Array({ maxLength: 200 }).map((tail) => Uint8Array.of(...SAMPLE.slice(0, 28), ...tail)),
    fc
      .tuple(fc.nat(SAMPLE.length), fc.uint8Array({ maxLength: 60 }))
      .map(([cut, tail]) => Uint8Array.of(...SAMPLE.slice(0, cut), ...tail))
  )

  it('is mutated without a throw, and changed', () => {
    fc.assert(
      fc.property(octets, octets, fc.nat(255), seed, (input, other, firstPayload, start) => {
        const { below } = createSeededRandom(start)
        for (const mutated of [mutateOctets(input, below, { other }), mutateMessage(input, below, { other })]) {
          expect(mutated.applied).toHaveLength(1)
          expect(mutated.octets).not.toEqual(input)
        }
        const chain = mutateChain(firstPayload, input, below, { other: { firstPayload: 41, octets: other } })
        expect(chain.applied).toHaveLength(1)
        expect([chain.firstPayload, chain.octets]).not.toEqual([firstPayload, input])
      }),
      { numRuns: 1000 }
    )
  })

  it('may be mutated again and again', () => {
    for (let start = 0; start < 100; start++) {
      const { below } = createSeededRandom(start)
      let message: Uint8Array = SAMPLE
      let chain: { readonly firstPayload: number; readonly octets: Uint8Array } = { firstPayload: FIRST, octets: CHAIN }
      let payloads: readonly Payload[] = PAYLOADS
      for (let i = 0; i < 20; i++) {
        message = mutateMessage(message, below, { other: OTHER }).octets
        chain = mutateChain(chain.firstPayload, chain.octets, below, { other: OTHER_CHAIN })
        payloads = mutatePayloads(payloads, below, { other: payloadsOf(OTHER) }).payloads
        encodePayloads(payloads)
        decodeMessage(message)
        decodePayloads(chain.octets, chain.firstPayload)
      }
    }
  })

  it('never becomes longer than 65535 octets', () => {
    const big = Uint8Array.of(...SAMPLE.slice(0, 16), 43, ...SAMPLE.slice(17, 28), ...new Uint8Array(65_507))
    big.set([0, 0, 0xff, 0xe3], 28)
    big.set([0, 0, 0xff, 0xff], 24)
    const large: Payload = { kind: 'vendorId', data: new Uint8Array(65_531) }
    for (let start = 0; start < 300; start++) {
      const { below } = createSeededRandom(start)
      expect(mutateMessage(big, below, { other: big }).octets.length).toBeLessThanOrEqual(0xffff)
      expect(mutateOctets(big, below, { other: big }).octets.length).toBeLessThanOrEqual(0xffff)
      expect(mutateOctets(new Uint8Array(70_000), below).octets.length).toBeLessThanOrEqual(0xffff)
      const { payloads } = mutatePayloads([large], below, { other: [large] })
      expect(encodePayloads(payloads).bytes.length).toBeLessThanOrEqual(0xffff)
    }
  })
})

describe('payload values', () => {
  it('every result can be encoded, and what was not touched is still the same', () => {
    for (let seed = 0; seed < 1000; seed++) {
      const { payloads, applied } = mutatePayloads(PAYLOADS, createSeededRandom(seed).below)
      encodePayloads(payloads)
      const kept = payloads.filter((payload) => PAYLOADS.includes(payload))
      if (applied[0]?.name !== 'shufflePayloads') expect(kept.length).toBeGreaterThanOrEqual(PAYLOADS.length - 1)
    }
  })

  it('a changed body is written as it is, valid or not', () => {
    const nonce: Payload = { kind: 'nonce', data: new Uint8Array(16) }
    const { payloads } = mutatePayloads([nonce], (limit) => limit - 1, { among: ['resizePayload'] })
    const { firstPayload, bytes } = encodePayloads(payloads)
    expect(firstPayload).toBe(40)
    expect(bytes.length).not.toBe(20)
  })
})

describe('what mutation makes of a message', () => {
  it('never makes decodeMessage throw; what it accepts is a value that encodes and decodes to itself', () => {
    let accepted = 0
    for (let seed = 0; seed < 3000; seed++) {
      const { octets } = mutateMessage(SAMPLE, createSeededRandom(seed).below, { other: OTHER })
      const decoded = decodeMessage(octets)
      if (!decoded.ok) continue
      accepted++
      expect(decodeMessage(encodeMessage(decoded.value))).toStrictEqual(decoded)
    }
    expect(accepted).toBeGreaterThan(300)
  })
})
