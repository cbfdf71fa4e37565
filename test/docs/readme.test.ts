import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1])

describe('README', () => {
  it.each(['run-loop.ts', 'configuration.ts'])('shows %s as it is compiled', (file) => {
    const source = readFileSync(new URL(`../../examples/${file}`, import.meta.url), 'utf8')
    expect(blocks).toContain(source)
  })
})
