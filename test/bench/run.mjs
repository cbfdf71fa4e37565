// npm run bench [-- --quick] [-- --assert] [-- --only=codec]: figures as ratios to floors measured in the same run.
import { fork } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = join(here, '../..')
const output = join(root, 'node_modules/.cache/bench')
const options = process.argv.slice(2)
const only = options.find((option) => option.startsWith('--only='))?.slice('--only='.length)

const GROUPS = ['codec', 'scapy', 'protect', 'protect-node', 'session', 'paths', 'memory']
const unknown = readdirSync(here)
  .filter((name) => name.endsWith('.bench.ts'))
  .map((name) => name.slice(0, -'.bench.ts'.length))
  .filter((name) => !GROUPS.includes(name))
if (unknown.length > 0) throw new Error(`no place in the table for ${unknown.join(', ')}`)

const COLUMNS = [46, 12, 12, 7, 7, 7]
const counts = { aim: 0, must: 0, MISSED: 0 }
const broken = []
const started = performance.now()

mkdirSync(output, { recursive: true })
line(['figure', 'ours', 'floor', 'ratio', 'must', 'aim', 'verdict'])
for (const group of GROUPS) {
  if (only !== undefined && group !== only) continue
  const failure = await run(group)
  if (failure !== undefined) broken.push(`${group}: ${failure}`)
}
const seconds = Math.round((performance.now() - started) / 1000)
console.log(`${counts.aim} at the aim, ${counts.must} within the bound, ${counts.MISSED} missed, in ${seconds} s`)
for (const failure of broken) console.error(`BROKEN ${failure}`)
if (broken.length > 0 || (options.includes('--assert') && counts.MISSED > 0)) process.exitCode = 1

/** Builds one group from source, so that it is never stale, and runs it alone in a process. Says what broke. */
async function run(group) {
  const outfile = join(output, `${group}.mjs`)
  try {
    const entryPoints = [join(here, `${group}.bench.ts`)]
    const shape = { bundle: true, format: 'esm', platform: 'node', target: 'es2022', packages: 'external' }
    await build({ entryPoints, outfile, ...shape, logLevel: 'silent' })
  } catch (error) {
    return error.message.split('\n').slice(0, 3).join('\n  ')
  }
  const child = fork(outfile, options, { execArgv: ['--expose-gc'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  child.on('message', show)
  const code = await new Promise((resolve) => child.on('exit', resolve))
  return code === 0 ? undefined : `exit code ${code}`
}

function show({ figure, unit, ours, floor, ratio, bound, must, aim }) {
  const meets = (limit) => (bound === 'atLeast' ? ratio >= limit : ratio <= limit)
  const verdict = meets(aim) ? 'aim' : meets(must) ? 'must' : 'MISSED'
  counts[verdict]++
  const sign = bound === 'atLeast' ? '≥' : '≤'
  const cells = [`${digits(ours)} ${unit}`, floor === null ? '-' : `${digits(floor)} ${unit}`, ratio.toFixed(2)]
  line([figure, ...cells, `${sign} ${must}`, `${sign} ${aim}`, verdict])
}

function digits(value) {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)
}

function line(cells) {
  console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(COLUMNS[0]) : cell.padStart(COLUMNS[i] ?? 8))).join(' '))
}
