// node test/mutate/survivors.mjs: after `npm run mutate`, writes test/mutate/survivors.tsv anew from what Stryker found. The
// reason of a mutant that survived before stays with it; one that is new has none yet.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = `${root}test/mutate/survivors.tsv`
const report = JSON.parse(readFileSync(`${root}node_modules/.cache/mutation.json`, 'utf8'))

/** Lines move; what was changed into what does not. */
const keyOf = ([file, , mutator, was, now]) => [file, mutator, was, now].join('\t')
const reasons = new Map(
  readFileSync(page, 'utf8')
    .split('\n')
    .map((line) => line.split('\t'))
    .filter((cells) => cells.length === 6)
    .map((cells) => [keyOf(cells), cells[5]])
)

const counts = new Map()
const rows = []
for (const [file, { source, mutants }] of Object.entries(report.files)) {
  const lines = source.split('\n')
  for (const { status, location, mutatorName, replacement } of mutants) {
    counts.set(status, (counts.get(status) ?? 0) + 1)
    if (status !== 'Survived' && status !== 'NoCoverage') continue
    const { start, end } = location
    const until = start.line === end.line ? end.column - 1 : undefined
    const was = lines[start.line - 1].slice(start.column - 1, until)
    const now = (replacement ?? '').replaceAll(/\s+/g, ' ')
    const row = [file, start.line, status === 'NoCoverage' ? `${mutatorName} (no test)` : mutatorName, was, now]
    rows.push([...row, reasons.get(keyOf(row)) ?? ''])
  }
}
const of = (status) => counts.get(status) ?? 0
const seen = of('Killed') + of('Timeout')
const missed = of('Survived') + of('NoCoverage')
const share = ((100 * seen) / (seen + missed)).toFixed(2)
rows.sort((a, b) => a[0].localeCompare(b[0]) || a[1] - b[1])
const head = [
  `# Mutants of src/mobike and src/exchange that no test kills: ${missed} of ${seen + missed}, so that ${share} % are seen (npm run mutate).`,
  ['file', 'line', 'mutator', 'was', 'now', 'why it is harmless; empty: not yet looked at'].join('\t')
]
writeFileSync(page, `${[...head, ...rows.map((row) => row.join('\t'))].join('\n')}\n`)
const without = rows.filter((row) => row[5] === '').length
console.log(`${share} % of ${seen + missed} mutants are seen; ${missed} are not, ${without} of them without a reason`)
