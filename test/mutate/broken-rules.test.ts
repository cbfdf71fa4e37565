import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { BROKEN_RULES, brokenRulesPage } from './broken-rules.mjs'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

describe('rules broken by hand (npm run mutate:rows)', () => {
  const ledger = read('docs/conformance.md')

  it.each(BROKEN_RULES.map((broken) => [`${broken.row}, ${broken.rule}`, broken] as const))('%s', (_, broken) => {
    expect(read(broken.file).split(broken.find)).toHaveLength(2)
    expect(broken.replace).not.toBe(broken.find)
    expect(ledger).toContain(`| ${broken.row} |`)
  })

  it('are listed for people (npm run api writes the page anew)', async () => {
    await expect(brokenRulesPage()).toMatchFileSnapshot('../../docs/broken-rules.md')
  })

  it('each is broken in a way of its own', () => {
    const ways = BROKEN_RULES.map(({ file, find, replace }) => `${file}\n${find}\n${replace}`)
    expect(new Set(ways).size).toBe(ways.length)
  })
})
