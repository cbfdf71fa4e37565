import { beforeAll, describe, expect, it } from 'vitest'
import { fromHex } from '../../src/bytes/index.ts'
import { type Disagreement, disagreements } from './compare.ts'
import listed from './disagreements.json' with { type: 'json' }
import { DISSECTORS, dissectorVersion } from './dissectors.ts'
import { EXPLANATIONS, explanation } from './explanations.ts'
import { sample } from './messages.ts'

/** `npm run differential`, and with it `.ci/run`, installs what these need. */
for (const who of ['scapy', 'tshark'] as const) {
  const isHere = dissectorVersion(who) !== undefined
  if (!isHere) console.warn(`SKIPPED: ${who} is not installed, its disagreements with us are not reproduced here`)
  describe.skipIf(!isHere)(`the listed disagreements with ${who}`, () => {
    const entries = listed.filter(({ name }) => name.startsWith(`${who}-`))
    let found: readonly Disagreement[] = []
    beforeAll(async () => {
      const samples = entries.map(({ minimal }) => sample(fromHex(minimal)))
      found = await disagreements(samples, DISSECTORS[who])
    }, 60_000)
    it.each(entries)('$name occurs in a message of a payload or two, and is all that differs', (entry) => {
      const own = found.filter(({ message }) => message === entries.indexOf(entry))
      const names = own.flatMap((one) => one.differences.map((difference) => explanation(who, one, difference)))
      expect(new Set(names)).toEqual(new Set([entry.name]))
      const differences = own.flatMap((one) => one.differences)
      expect(differences.map(({ at, name, ours = null, theirs = null }) => ({ at, name, ours, theirs }))).toEqual(
        entry.differences
      )
    })
  })
}

describe('the list of disagreements', () => {
  it('has an entry for each explanation, and no other', () => {
    expect(listed.map(({ name }) => name).sort()).toEqual(Object.keys(EXPLANATIONS).sort())
  })

  it('names the section of an RFC that decides each', () => {
    for (const { decides } of listed) expect(decides).toMatch(/RFC \d{4} sections? \d/)
  })
})
