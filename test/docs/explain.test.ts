import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { utf8Bytes } from '../../src/bytes/index.ts'
import { explainInput } from '../../src/cli/explain-input.ts'

it('docs/explain.md shows what the command prints', () => {
  const document = readFileSync(new URL('../../docs/explain.md', import.meta.url), 'utf8')
  const message = '000000000000000100000000000000022920250800000001000000400000001000004011001122334455'
  const texts: string[] = []
  explainInput(utf8Bytes(message), 'text', (text) => texts.push(text))
  expect(document).toContain(texts.join(''))
})
