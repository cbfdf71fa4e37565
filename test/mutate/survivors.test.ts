import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

interface Survivor {
  readonly file: string
  readonly was: string
  readonly now: string
  readonly why: string
}

const [head = '', , ...lines] = read('test/mutate/survivors.tsv').trimEnd().split('\n')
const survivors: readonly Survivor[] = lines.map((line) => {
  const [file = '', , , was = '', now = '', why = ''] = line.split('\t')
  return { file, was, now, why }
})

describe('mutants that no test kills (npm run mutate)', () => {
  it('each has the reason why it is harmless', () => {
    expect(survivors.filter(({ why }) => why.length < 20)).toEqual([])
  })

  it('each is of the code as it is', () => {
    const sources = new Map(survivors.map(({ file }) => [file, read(file)]))
    expect(survivors.filter(({ file, was }) => sources.get(file)?.includes(was) !== true)).toEqual([])
  })

  it('are listed for people (npm run api writes the page anew)', async () => {
    await expect(page()).toMatchFileSnapshot('../../docs/mutation-testing.md')
  })
})

function page(): string {
  const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``
  const files = [...new Set(survivors.map(({ file }) => file))]
  const tables = files.map((file) => {
    const rows = survivors
      .filter((one) => one.file === file)
      .map(({ was, now, why }) => `| ${code(was)} | ${code(now)} | ${why.replaceAll('|', '\\|')} |`)
    return `## \`${file}\`\n\n| instead of | it says | and nobody can tell, because |\n|---|---|---|\n${rows.join('\n')}\n`
  })
  return `# Mutation testing

\`npm run mutate\` (Stryker, one to two hours on two cores) changes \`src/mobike\` and \`src/exchange\` in some 3,500 ways, one at a time,
and runs the tests on each. What no test sees is written to \`test/mutate/survivors.tsv\`, with the reason it has there already.
${head.replace('# ', '')}
This page is generated from that file by \`npm run api\`. Rules broken by hand are in [broken-rules.md](broken-rules.md).

${tables.join('\n')}`
}
