// npm run fuzz [-- --seconds N] [--seed S] [--target NAME] [--defect PART_OF_ITS_NAME]: half the time on the library as it is, half on copies of it
// with a defect each. Exit code 1 when a property does not hold, or when a defect is not found.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { buildWorker, root } from './build.mjs'
import { DEFECTS } from './defects.mjs'

const options = new Map(
  process.argv
    .slice(2)
    .map((word, i, words) => [word, words[i + 1]])
    .filter(([word]) => word.startsWith('--'))
)
const seconds = Number(options.get('--seconds') ?? 60)
const seed = Number(options.get('--seed') ?? 1)
const ALL = ['decode', 'decode-encode', 'unprotect', 'fragments', 'bodies', 'explain', 'session']
const wanted = options.has('--target') ? [options.get('--target')] : ALL
if (!(seconds > 0) || !Number.isInteger(seed) || !wanted.every((name) => ALL.includes(name))) {
  console.error(
    `usage: npm run fuzz -- [--seconds N] [--seed S] [--target ${ALL.join('|')}] [--defect PART_OF_ITS_NAME]`
  )
  process.exit(2)
}
const folders = [join(root, 'test/vectors')]
if (existsSync(join(root, '../shared/vectors'))) folders.push(join(root, '../shared/vectors'))

let broken = 0
let shownAt = 0
console.log(`fuzzing ${wanted.join(', ')} for ${seconds / 2} s, seed ${seed}`)
const plain = await buildWorker('plain')
const found = await run(plain, { targets: wanted, seed, milliseconds: 500 * seconds, isOneEnough: false }, show)
for (const [target, { executions, corpus, failures }] of Object.entries(found.progress)) {
  console.log(`${failures.length === 0 ? 'ok  ' : 'FAIL'}  ${target}: ${executions} executions, corpus ${corpus}`)
  for (const failure of failures) explain(failure)
  broken += failures.length
}

/** However little is left, a defect gets so many ms: on a busy machine seeds alone may take a second. */
const LEAST_TIME = 30_000
const codecTargets = ['decode', 'decode-encode']
/** What one defect does not need, those that are harder to find may take. */
let left = 500 * seconds
for (const [index, defect] of DEFECTS.entries()) {
  if (!defect.name.includes(options.get('--defect') ?? '')) continue
  const worker = await buildWorker(`defect-${index}`, defect)
  const news = await run(worker, {
    targets: defect.targets ?? codecTargets,
    seed,
    milliseconds: Math.max(left / 2, LEAST_TIME),
    isOneEnough: true
  })
  left -= news.elapsed
  const all = Object.entries(news.progress)
  const hit = all.find(([, { failures }]) => failures.length > 0)
  const executions = all.reduce((sum, [, progress]) => sum + progress.executions, 0)
  const text = `${executions} executions (${news.seeds} of them seeds), ${(news.elapsed / 1000).toFixed(1)} s`
  console.log(
    `${hit === undefined ? 'FAIL' : 'ok  '}  defect "${defect.name}": ${hit === undefined ? 'not found' : `found by ${hit[0]}`} in ${text}`
  )
  if (hit === undefined) broken++
  else explain(hit[1].failures[0])
}
process.exit(broken === 0 ? 0 : 1)

/** Runs a worker to its end and resolves to what it says last. */
function run(file, assignment, progress) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(file, { workerData: { ...assignment, folders } })
    worker.on('message', (news) => {
      if (news.isLast) resolve(news)
      else progress?.(news)
    })
    worker.on('error', reject)
  })
}

/** A line for every five seconds. */
function show({ elapsed, progress }) {
  if (elapsed - shownAt < 5000) return
  shownAt = elapsed
  const all = Object.values(progress)
  const sum = (field) => all.reduce((total, one) => total + one[field], 0)
  const rate = Math.round((1000 * sum('executions')) / elapsed)
  const failures = all.reduce((total, one) => total + one.failures.length, 0)
  console.log(
    `  ${Math.round(elapsed / 1000)} s: ${sum('executions')} executions, ${rate}/s, corpus ${sum('corpus')}, failures ${failures}`
  )
}

function explain({ property, detail, input, foundIn, execution }) {
  const hex = Buffer.from(input).toString('hex')
  console.log(`      ${property}${detail === '' ? '' : `: ${detail.split('\n')[0].slice(0, 300)}`}`)
  console.log(`      execution ${execution}, ${foundIn} octets made ${input.length}: ${hex.slice(0, 400)}`)
}
