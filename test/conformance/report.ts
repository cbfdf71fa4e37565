import { readFileSync } from 'node:fs'
import type { Verdict } from './ledger.ts'
import type { NamedTest } from './test-names.ts'

/** The part of vitest's JSON report that is read here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[]
      readonly title: string
      readonly status: string
    }[]
  }[]
}

/** How the tests of vitest's JSON report fared, by their written names: every run of a name with placeholders must pass. */
export function verdictsOf(reportFile: string): (test: NamedTest) => Verdict {
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report
  return ({ file, names }) => {
    const patterns = names.map(patternOf)
    const runs = report.testResults
      .filter(({ name }) => name.replaceAll('\\', '/').endsWith(`/test/${file}`))
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(({ ancestorTitles, title }) => {
        const titles = [...ancestorTitles, title]
        return titles.length === names.length && titles.every((text, index) => patterns[index]?.test(text))
      })
    if (runs.length === 0) return 'missing'
    if (runs.some(({ status }) => status === 'failed')) return 'failed'
    return runs.every(({ status }) => status === 'passed') ? 'passed' : 'skipped'
  }
}

/** Placeholders of `it.each`, `$name` among them, and of template literals stand for anything. */
function patternOf(name: string): RegExp {
  const parts = name.split(/%[sdifjo]|…|\$[A-Za-z_.]+/)
  return new RegExp(`^${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^]*')}$`)
}
