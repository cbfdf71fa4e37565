// Runs the interop scenarios one by one and prints a table. See run.sh.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Lab } from './lab.mjs'
import { Results } from './scenario.mjs'
import { scenarios } from './scenarios.mjs'

const wanted = process.argv.slice(2).filter((word) => word !== '--keep')
const keep = process.argv.includes('--keep')
const scratch = mkdtempSync(join(tmpdir(), 'ikev2-interop-'))
const lab = new Lab()
const results = new Results()
const started = performance.now()

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    lab.destroy()
    process.exit(1)
  })
}

try {
  lab.create()
  for (const [index, { name, run }] of scenarios.entries()) {
    if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue
    const play = async (directory) => {
      const ends = []
      /** What a scenario starts is stopped after it, whatever happens. */
      const start = async (starting) => {
        const end = await starting
        ends.unshift(end)
        return end
      }
      lab.reset()
      const stopAll = async () => {
        for (const end of ends.splice(0)) await end.stop()
      }
      const passed = await results.scenario(
        name,
        (step) => run({ lab, directory, step, start, stopAll }),
        async () => {
          await stopAll()
          showLogs(directory)
        }
      )
      await stopAll()
      return passed
    }
    if (await play(join(scratch, String(index + 1)))) continue
    results.playAgain(name)
    await play(join(scratch, `${index + 1}-again`))
  }
} finally {
  lab.destroy()
}

console.log(`\n${results.table()}\n`)
const { failed } = results
if (failed === 0 && !keep) rmSync(scratch, { recursive: true })
else console.log(`logs and captures: ${scratch}`)
console.log(`${Math.round((performance.now() - started) / 1000)} s`)
console.log(`${results.rows.filter(({ passed }) => passed).length} passed, ${failed} failed`)
process.exit(failed === 0 && results.rows.length > 0 ? 0 : 1)

/** The end of every log of a scenario, without charon's dumps and key material. */
function showLogs(directory) {
  for (const file of readdirSync(directory, { recursive: true }).map((name) => join(directory, name))) {
    if (!/\.(log|jsonl)$/.test(file) || !statSync(file).isFile()) continue
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !/\]\s+\d+: [0-9A-F]{2} | => \d+ bytes/.test(line))
    console.log(`--- ${file}`)
    console.log(lines.slice(-60).join('\n'))
  }
}
