// npm run mutate:rows [ROW...]: breaks the rules of `broken-rules.mjs` one by one and prints which named test fails.
// Nothing is written: vitest gets the broken text in place of the file's.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startVitest } from 'vitest/node'
import { BROKEN_RULES } from './broken-rules.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

const wanted = process.argv.slice(2)
const rules = BROKEN_RULES.filter(({ row }) => wanted.length === 0 || wanted.includes(row))

const tests = readdirSync(join(root, 'test'), { recursive: true })
  .filter((path) => path.endsWith('.test.ts'))
  .map((path) => ({ path: `test/${path}`, text: readFileSync(join(root, 'test', path), 'utf8') }))

console.log(`Breaking ${rules.length} rules by hand; each has to make a test fail that names its row.`)
const whole = await failuresOf(rules.flatMap(({ row }) => filesNaming(row)))
for (const name of whole) console.log(`FAIL  fails without any broken rule: ${name}`)
let seen = 0
for (const [index, broken] of rules.entries()) {
  const failures = await failuresOf(filesNaming(broken.row), broken)
  const named = failures.filter((name) => names(name, broken.row))
  if (named.length > 0) seen += 1
  const verdict = named.length > 0 ? 'ok  ' : 'FAIL'
  console.log(`${verdict}  ${String(index + 1).padStart(2)}/${rules.length} ${broken.row}: ${broken.rule}`)
  for (const name of named) console.log(`        fails: ${name}`)
  if (named.length > 0) continue
  console.log('        no test that names the row fails')
  for (const name of failures) console.log(`        fails: ${name}`)
}
console.log(`${seen} of ${rules.length} broken rules are seen by a test that names their row`)
process.exit(seen === rules.length && whole.length === 0 ? 0 : 1)

function names(text, row) {
  return new RegExp(`(?<![\\w-])${row}\\b`).test(text)
}

/** Files with a test that names `row`. */
function filesNaming(row) {
  return tests.filter(({ text }) => names(text, row)).map(({ path }) => path)
}

/** Names of the tests of `files` that fail, with one rule broken. */
async function failuresOf(files, broken) {
  const vitest = await startVitest(
    'test',
    [...new Set(files)],
    { root, watch: false, reporters: [{}], coverage: { enabled: false } },
    broken === undefined ? {} : { plugins: [breaking(broken)] }
  )
  const modules = vitest.state.getTestModules()
  const names = modules.flatMap((module) => [...module.children.allTests('failed')].map((test) => test.fullName))
  const unloadable = modules.flatMap((module) => module.errors().map((error) => `not loaded: ${error.message}`))
  await vitest.close()
  process.exitCode = 0
  return [...names, ...unloadable]
}

function breaking({ file, find, replace }) {
  const path = join(root, file)
  const text = readFileSync(path, 'utf8')
  if (text.split(find).length !== 2) throw new RangeError(`${file}: ${JSON.stringify(find)} is not there exactly once`)
  return {
    name: 'broken-rule',
    enforce: 'pre',
    load: (id) => (id.split('?')[0] === path ? text.replace(find, () => replace) : undefined)
  }
}
