import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { checker, descendants, place, pureSources, type Source, sources } from './sources.ts'

/**
 * Names of the ECMAScript library itself that read a clock, a random source or the host, start something that runs
 * later, or make code from text. Names of the DOM and of Node need no list: they have no symbol here.
 */
const FORBIDDEN = [
  'Date',
  'Intl',
  'globalThis',
  'eval',
  'Function',
  'Promise',
  'WeakRef',
  'FinalizationRegistry',
  'Atomics'
]

describe('purity of src', () => {
  it('names no clock, no random source and nothing of the DOM or of Node', () => {
    expect(findings(pureSources, forbiddenName)).toEqual([])
  })

  it('is synchronous: no async function, no await', () => {
    expect(
      findings(pureSources, (node) =>
        node.kind === ts.SyntaxKind.AsyncKeyword || ts.isAwaitExpression(node) ? node.getText().slice(0, 40) : undefined
      )
    ).toEqual([])
  })

  it('declares nothing the compiler cannot see: no ambient declaration, no switched-off check', () => {
    expect(
      findings(sources, (node) => {
        if (node.kind === ts.SyntaxKind.DeclareKeyword) return 'declare'
        if (ts.isModuleDeclaration(node)) return 'namespace or module declaration'
        return undefined
      })
    ).toEqual([])
    expect(
      sources
        .filter(({ file }) => /@ts-(ignore|expect-error|nocheck)|biome-ignore-all/.test(file.text))
        .map(({ path }) => path)
    ).toEqual([])
  })

  it('catches only where a library or JSON.parse signals bad input by throwing', () => {
    const others = sources.filter(({ layer }) => !['crypto', 'post-quantum', 'node', 'cli'].includes(layer))
    expect(findings(others, (node) => (ts.isTryStatement(node) ? 'try' : undefined))).toEqual([])
  })

  it('throws only TypeError and RangeError, for misuse by the caller', () => {
    expect(
      findings(sources, (node) => {
        if (!ts.isThrowStatement(node)) return undefined
        const thrown = node.expression
        const name = ts.isNewExpression(thrown) && ts.isIdentifier(thrown.expression) ? thrown.expression.text : ''
        return name === 'TypeError' || name === 'RangeError' ? undefined : node.getText()
      })
    ).toEqual([])
  })

  it('keeps no module state that changes: no top-level let', () => {
    expect(
      findings(sources, (node) =>
        ts.isVariableStatement(node) &&
        ts.isSourceFile(node.parent) &&
        (node.declarationList.flags & ts.NodeFlags.BlockScoped) !== ts.NodeFlags.Const
          ? node.getText().slice(0, 60)
          : undefined
      )
    ).toEqual([])
  })

  it('has no file over 400 lines', () => {
    expect(
      sources
        .map(({ path, file }) => ({ path, lines: file.text.trimEnd().split('\n').length }))
        .filter(({ lines }) => lines > 400)
    ).toEqual([])
  })
})

function findings(among: readonly Source[], check: (node: ts.Node) => string | undefined): string[] {
  const found: string[] = []
  for (const source of among) {
    for (const node of descendants(source.file)) {
      const finding = check(node)
      if (finding !== undefined) found.push(`${place(source, node)}: ${finding}`)
    }
  }
  return found
}

function forbiddenName(node: ts.Node): string | undefined {
  if (!ts.isIdentifier(node) || isMemberName(node) || ts.isConstTypeReference(node.parent)) return undefined
  const symbol = symbolOf(node)
  if (symbol === undefined) return `${node.text} (no such name in ECMAScript)`
  if (!isOfLibrary(symbol)) return undefined
  if (node.text !== 'Math') return FORBIDDEN.includes(node.text) ? node.text : undefined
  const named = ts.isPropertyAccessExpression(node.parent) && node.parent.expression === node
  if (!named) return 'Math, not one of its functions'
  return (node.parent as ts.PropertyAccessExpression).name.text === 'random' ? 'Math.random' : undefined
}

/** The name after a dot, which belongs to the value before it, or the label of a tuple member. */
function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node
  return (ts.isPropertyAccessExpression(parent) || ts.isNamedTupleMember(parent)) && parent.name === node
}

function symbolOf(node: ts.Identifier): ts.Symbol | undefined {
  return ts.isShorthandPropertyAssignment(node.parent)
    ? checker.getShorthandAssignmentValueSymbol(node.parent)
    : checker.getSymbolAtLocation(node)
}

/** True for what TypeScript's own library files declare, and for the compiler's built-in names (`globalThis`). */
function isOfLibrary(symbol: ts.Symbol): boolean {
  return (symbol.declarations ?? []).every((declaration) =>
    /[\\/]typescript[\\/]lib[\\/]lib\./.test(declaration.getSourceFile().fileName)
  )
}
