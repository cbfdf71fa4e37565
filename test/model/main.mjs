// npm run model [-- --sessions N] [-- --seed FIRST]: simulated sessions against the model, on both cores; then the same on copies
// of the library with a defect each, which must be seen. Exit code 1 when a session fails or a defect is not seen.
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { WORKER_BUNDLE, withDefect } from '../fuzz/with-defect.mjs'
import { DEFECTS } from './defects.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = join(here, '../..')
const options = new Map(
  process.argv
    .slice(2)
    .map((word, i, words) => [word, Number(words[i + 1])])
    .filter(([word]) => word.startsWith('--'))
)
const sessions = options.get('--sessions') ?? 20_000
const first = options.get('--seed') ?? 1
if (!(sessions > 0 && Number.isInteger(sessions) && Number.isInteger(first))) {
  console.error('usage: npm run model -- [--sessions N] [--seed FIRST]')
  process.exit(2)
}
/** Sessions that a defect has to show in, where it does not say otherwise. */
const DEFECT_SESSIONS = 4000

let broken = 0
const started = performance.now()
const plain = await bundle('plain')
let shownAt = started
let done = 0
const failures = await live(plain, first, sessions, false, (count) => {
  done += count
  if (performance.now() - shownAt < 5000) return
  shownAt = performance.now()
  console.log(`  ${done} of ${sessions} sessions, ${seconds(started)} s`)
})
for (const { seed, message, plan } of failures) {
  console.log(`FAIL  session ${seed}: ${message}`)
  console.log(`      ${plan}`)
}
broken += failures.length
const rate = Math.round((1000 * sessions) / (performance.now() - started))
console.log(
  `${failures.length === 0 ? 'ok  ' : 'FAIL'}  ${sessions} sessions from seed ${first}: ${failures.length} fail, ${rate}/s`
)

for (const [index, defect] of DEFECTS.entries()) {
  const begun = performance.now()
  const [seen] = await live(await bundle(`defect-${index}`, defect), first, defect.sessions ?? DEFECT_SESSIONS, true)
  if (seen === undefined) broken++
  const verdict = seen === undefined ? 'not seen' : `seen in session ${seen.seed}: ${seen.message.slice(0, 140)}`
  console.log(`${seen === undefined ? 'FAIL' : 'ok  '}  defect "${defect.name}": ${verdict} (${seconds(begun)} s)`)
}
process.exit(broken === 0 ? 0 : 1)

function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(1)
}

/** Lives the sessions on as many workers as there are cores, in turns, and resolves to those that failed. */
async function live(file, from, count, isOneEnough, progress) {
  const workers = Math.min(availableParallelism(), count)
  const found = []
  await Promise.all(
    Array.from({ length: workers }, (_, index) => {
      return new Promise((resolve, reject) => {
        const workerData = { from: from + index, step: workers, end: from + count, isOneEnough }
        const worker = new Worker(file, { workerData })
        worker.on('message', ({ lived, failures: news }) => {
          found.push(...news)
          progress?.(lived)
        })
        worker.on('error', reject)
        worker.on('exit', resolve)
      })
    })
  )
  return found.sort((a, b) => a.seed - b.seed)
}

/** The worker around src, with a defect planted in it where one is asked for. */
async function bundle(name, defect) {
  const outfile = join(root, `node_modules/.cache/model/${name}.mjs`)
  await build({
    entryPoints: [join(here, 'worker.ts')],
    outfile,
    ...WORKER_BUNDLE,
    plugins: [{ name: 'defect', setup: (setup) => setup.onLoad({ filter: /\/src\/.*\.ts$/ }, load) }]
  })
  return outfile

  function load({ path }) {
    if (relative(root, path).replaceAll('\\', '/') !== defect?.file) return undefined
    return { contents: withDefect(readFileSync(path, 'utf8'), defect), loader: 'ts' }
  }
}
