// Bundles of the fuzzing worker around an instrumented copy of src, with a defect planted in it where one is asked for.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { instrument } from './instrument.mjs'
import { WORKER_BUNDLE, withDefect } from './with-defect.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
export const root = join(here, '../..')
const output = join(root, 'node_modules/.cache/fuzz')
const counters = join(here, 'counters.ts')

/** What guides: the library's own branches. Not the engine's random source, and not arithmetic of ciphers. */
const GUIDES = /^src\/(bodies|cli|codec|exchange|explain|ike|mobike|rules|session)\/|^src\/crypto\/protect\.ts$/

/** Room for the branches that a defect adds to its file. */
const SPARE = 16

/** First number of each file, and its instrumented text; in the order of paths, so that numbers are always the same. */
const files = new Map()
let numbers = 0
for (const path of readdirSync(join(root, 'src'), { recursive: true }).sort()) {
  const file = `src/${path}`
  if (!file.endsWith('.ts') || !GUIDES.test(file)) continue
  const first = numbers
  const text = instrument(readFileSync(join(root, file), 'utf8'), file, counters, () => numbers++)
  files.set(file, { first, text })
  numbers += SPARE
}
if (numbers > 1 << 14) throw new Error(`${numbers} branches: counters.ts has too few counters`)

/** Builds a worker and returns its path. */
export async function buildWorker(name, defect) {
  const outfile = join(output, `${name}.mjs`)
  await build({
    entryPoints: [join(here, 'worker.ts')],
    outfile,
    ...WORKER_BUNDLE,
    plugins: [{ name: 'copy-of-src', setup: (setup) => setup.onLoad({ filter: /\/src\/.*\.ts$/ }, load) }]
  })
  return outfile

  function load({ path }) {
    const file = relative(root, path).replaceAll('\\', '/')
    const guide = files.get(file)
    if (file !== defect?.file) return guide === undefined ? undefined : { contents: guide.text, loader: 'js' }
    const text = withDefect(readFileSync(path, 'utf8'), defect)
    if (guide === undefined) return { contents: text, loader: 'ts' }
    let next = guide.first
    return { contents: instrument(text, file, counters, () => next++), loader: 'js' }
  }
}
