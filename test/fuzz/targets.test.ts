import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { Fuzzer } from './engine.ts'
import { readRecordings } from './recordings.ts'
import regressions from './regressions.json' with { type: 'json' }
import { TARGETS } from './targets/index.ts'

const recordings = readRecordings([fileURLToPath(new URL('../vectors/', import.meta.url))])

describe.each(TARGETS.map((target) => ({ name: target.name, target })))('fuzz target $name', ({ target }) => {
  it('holds for every recorded input', () => {
    const seeds = target.seeds(recordings)
    expect(seeds.length).toBeGreaterThan(0)
    for (const seed of seeds) target.fuzz(seed)
  })

  it('holds for what once broke it', () => {
    for (const { input } of regressions.filter((one) => one.target === target.name)) {
      target.fuzz(Uint8Array.from(Buffer.from(input, 'hex')))
    }
  })

  it('holds for what a short run makes of them', () => {
    const fuzzer = new Fuzzer(target, recordings, 1)
    // A session lives for milliseconds, the octets of a message for microseconds.
    for (let left = target.name === 'session' ? 300 : 1500; left > 0; left--) fuzzer.step()
    expect(fuzzer.progress.failures).toEqual([])
  })
})
