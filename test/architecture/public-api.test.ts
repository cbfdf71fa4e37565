import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { checker, entries, exportsOf, sources } from './sources.ts'

describe('public API', () => {
  it('every subpath of the package has a source entry', () => {
    const paths = new Set(sources.map(({ path }) => path))
    expect(entries.filter(({ path }) => !paths.has(path))).toEqual([])
  })

  it('every exported name has a docstring', () => {
    const bare = entries.flatMap(({ subpath, path }) =>
      exportsOf(path)
        .filter(({ symbol }) => symbol.getDocumentationComment(checker).length === 0)
        .map(({ name }) => `${subpath}: ${name}`)
    )
    expect(bare).toEqual([])
  })

  it('is the one in api.txt (npm run api rewrites it)', async () => {
    const text = entries
      .map(({ subpath, path }) => {
        const lines = exportsOf(path).map(({ name, symbol }) => `  ${kindOf(symbol)} ${name}`)
        return `${subpath}\n${lines.sort().join('\n')}\n`
      })
      .join('\n')
    await expect(text).toMatchFileSnapshot('./api.txt')
  })
})

function kindOf(symbol: ts.Symbol): string {
  if (symbol.flags & ts.SymbolFlags.Function) return 'function'
  if (symbol.flags & ts.SymbolFlags.Class) return 'class'
  if (symbol.flags & ts.SymbolFlags.Variable) return 'const'
  return 'type'
}
