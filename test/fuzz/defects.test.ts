import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { DEFECTS as MODEL_DEFECTS } from '../model/defects.mjs'
import { DEFECTS } from './defects.mjs'

it.each([...DEFECTS, ...MODEL_DEFECTS])('$name: can be planted, at one place', ({ file, find, replace }) => {
  const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
  expect(source.split(find)).toHaveLength(2)
  expect(replace).not.toBe(find)
})
