import { describe, expect, it } from 'vitest'
import { type MutationName, mutateChain, mutateMessage, mutateOctets, mutationsOf } from '../../src/mutation/index.ts'
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
