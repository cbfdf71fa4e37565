import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** One `it` or `test`, or one row of an `it.each` whose name begins with `%s`. */
export interface NamedTest {
  /** Relative to `test`, with forward slashes. */
  readonly file: string
  /** Names of the `describe` blocks around it, outermost first, then its own; placeholders as they are written. */
  readonly names: readonly string[]
}

const directory = fileURLToPath(new URL('..', import.meta.url))

/** Every test of the repository that vitest runs, read from its source: a test that is never run has a name, too. */
export function namedTests(): NamedTest[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => path.endsWith('.test.ts'))
    .sort()
    .flatMap((file) => testsIn(file, readFileSync(join(directory, file), 'utf8')))
}

/** The tests of one file. */
export function testsIn(file: string, text: string): NamedTest[] {
  const found: NamedTest[] = []
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true), [])
  return found

  function visit(node: ts.Node, outer: readonly string[]): void {
    const block = ts.isCallExpression(node) ? blockOf(node) : undefined
    if (block === undefined) return ts.forEachChild(node, (child) => visit(child, outer))
    for (const name of block.names) {
      const names = [...outer, name]
      if (block.kind === 'test') found.push({ file, names })
      else for (const argument of block.rest) visit(argument, names)
    }
  }
}

interface Block {
  readonly kind: 'describe' | 'test'
  readonly names: readonly string[]
  readonly rest: readonly ts.Node[]
}

function blockOf(call: ts.CallExpression): Block | undefined {
  const [title, ...rest] = call.arguments
  const root = rootOf(call.expression)
  if (title === undefined || root === undefined) return undefined
  // `it.each(table)` alone has no title yet: its call is the callee of the block.
  if (ts.isPropertyAccessExpression(call.expression) && /^(each|for)$/.test(call.expression.name.text)) return undefined
  const template = textOf(title)
  const firsts = ts.isCallExpression(call.expression) ? firstTexts(call.expression.arguments[0]) : []
  const isFilled = template.startsWith('%s') && firsts.length > 0
  const names = isFilled ? firsts.map((first) => template.replace('%s', first)) : [template]
  return { kind: root === 'describe' ? 'describe' : 'test', names, rest }
}

/** `describe`, `it` or `test` at the root of `it.each(…)`, `describe.skip` and the like. */
function rootOf(callee: ts.Expression): 'describe' | 'it' | 'test' | undefined {
  if (ts.isPropertyAccessExpression(callee)) return rootOf(callee.expression)
  if (ts.isCallExpression(callee)) return rootOf(callee.expression)
  if (!ts.isIdentifier(callee)) return undefined
  return callee.text === 'describe' || callee.text === 'it' || callee.text === 'test' ? callee.text : undefined
}

/** The first text of each row of a table that is written out where it is used. */
function firstTexts(table: ts.Expression | undefined): string[] {
  if (table === undefined || !ts.isArrayLiteralExpression(table)) return []
  return table.elements.flatMap((row) => {
    const first = ts.isArrayLiteralExpression(row) ? row.elements[0] : row
    return first !== undefined && ts.isStringLiteralLike(first) ? [first.text] : []
  })
}

function textOf(title: ts.Expression): string {
  if (ts.isStringLiteralLike(title)) return title.text
  if (!ts.isTemplateExpression(title)) return title.getText()
  return title.head.text + title.templateSpans.map(({ literal }) => `…${literal.text}`).join('')
}
