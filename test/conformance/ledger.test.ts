import { describe, expect, it } from 'vitest'
import { idsOf, ledger, ledgerText, strayIds, type Uncovered } from './ledger.ts'
import { verdictsOf } from './report.ts'
import requirements from './requirements.json' with { type: 'json' }
import { namedTests, testsIn } from './test-names.ts'
import uncoveredRows from './uncovered.json' with { type: 'json' }

const tests = namedTests()
const rows = ledger(requirements.rows, tests)
const uncovered: Uncovered = uncoveredRows
const report = process.env['CONFORMANCE_REPORT']

describe('the ledger', () => {
  it('has every row of the catalogue once', () => {
    const ids = requirements.rows.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const count = (prefix: RegExp): number => ids.filter((id) => prefix.test(id)).length
    expect([count(/^A\d/), count(/^A-O/), count(/^D/), count(/^F/)]).toEqual([150, 12, 40, 75])
  })

  it('has a test for every row but those of uncovered.json, which shrinks as tests come', () => {
    const bare = rows.filter((row) => row.tests.length === 0).map(({ id }) => id)
    expect(Object.keys(uncovered.untested).sort()).toEqual(bare.sort())
    const tested = new Set(rows.filter((row) => row.tests.length > 0).map(({ id }) => id))
    expect(Object.keys(uncovered.partial).filter((id) => !tested.has(id))).toEqual([])
  })

  it('leaves no MUST of RFC 4555 uncovered', () => {
    const missing = { ...uncovered.untested, ...uncovered.partial }
    expect(rows.filter(({ id, level }) => /^MUST/.test(level) && id in missing).map(({ id }) => id)).toEqual([])
  })

  it('knows every row that a test names', () => {
    const { B, C } = requirements.others
    const known = new Set(requirements.rows.map(({ id }) => id))
    const isKnown = (id: string): boolean =>
      known.has(id) || (/^[BC]/.test(id) && Number(id.slice(1)) >= 1 && Number(id.slice(1)) <= (id[0] === 'B' ? B : C))
    expect(tests.flatMap((test) => idsOf(test).filter((id) => !isKnown(id)))).toEqual([])
  })

  it('reads IDs at the beginning of a name, and none stands elsewhere', () => {
    expect(tests.flatMap((test) => strayIds(test).map((id) => `${test.file}: ${id}`))).toEqual([])
  })

  it('is what docs/conformance.md shows (npm run conformance rewrites it)', async () => {
    const text = ledgerText(rows, uncovered, report === undefined ? () => 'passed' : verdictsOf(report))
    await expect(text).toMatchFileSnapshot('../../docs/conformance.md')
  })
})

describe('names of tests', () => {
  it('are read with the blocks around them, tables and templates', () => {
    const source = `
      import { it } from 'vitest'
      const many = [1, 2]
      it('A001 plain', () => { it.skip('inner names do not count', () => {}) })
      describe('D1 outer', () => {
        describe.each(['x'])('F01 of %s', () => {
          test(\`with \${many} parts\`, () => {})
        })
        it.each(many)('A-O1 number %i', () => {})
        it.each([['A002 one', 1], ['A003 two', 2]])('%s of a table', () => {})
      })`
    const found = testsIn('x.test.ts', source)
    expect(found.map(({ names }) => names.join(' / '))).toEqual([
      'A001 plain',
      'D1 outer / F01 of %s / with … parts',
      'D1 outer / A-O1 number %i',
      'D1 outer / A002 one of a table',
      'D1 outer / A003 two of a table'
    ])
    expect(found.map(idsOf)).toEqual([['A001'], ['D1', 'F01'], ['D1', 'A-O1'], ['D1', 'A002'], ['D1', 'A003']])
  })

  it('that mention an ID later are found', () => {
    expect(strayIds({ file: '', names: ['A001 as in A002, or D8f', 'F15'] })).toEqual(['A002,', 'D8f'])
  })
})
