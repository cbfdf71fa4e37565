import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** One file of `src`, its path relative to `src` with forward slashes. */
export interface Source {
  readonly path: string
  /** First folder of the path; `index` for `src/index.ts`. */
  readonly layer: string
  readonly file: ts.SourceFile
}

/** Compiled as `tsconfig.json` does: no DOM and no Node types, so whatever comes from there has no symbol. */
export const program: ts.Program = ts.createProgram(
  readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(root, 'src', path)),
  { ...readOptions(), noEmit: true }
)

export const checker: ts.TypeChecker = program.getTypeChecker()

export const sources: readonly Source[] = program
  .getSourceFiles()
  .filter((file) => !relative(join(root, 'src'), file.fileName).startsWith('..'))
  .map((file) => {
    const path = relative(join(root, 'src'), file.fileName).split(sep).join('/')
    return { path, layer: path.includes('/') ? (path.split('/')[0] as string) : 'index', file }
  })
  .sort((a, b) => (a.path < b.path ? -1 : 1))

/** Sources that must be pure: all but `src/node`. */
export const pureSources: readonly Source[] = sources.filter(({ layer, path }) => {
  return layer !== 'node' && !path.endsWith('cli/main.ts')
})

/** Public entries: subpath of package.json and its source, relative to `src`. */
export const entries: readonly { readonly subpath: string; readonly path: string }[] = Object.keys(
  (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Record<string, unknown> }).exports
)
  .filter((subpath) => subpath !== './package.json')
  .map((subpath) => ({ subpath, path: subpath === '.' ? 'index.ts' : `${subpath.slice(2)}/index.ts` }))

/** What an entry exports, aliases resolved, sorted by name; nothing where there is no such file. */
export function exportsOf(path: string): { readonly name: string; readonly symbol: ts.Symbol }[] {
  const source = sources.find((candidate) => candidate.path === path)
  const module = source && checker.getSymbolAtLocation(source.file)
  if (module === undefined) return []
  return checker
    .getExportsOfModule(module)
    .map((symbol) => ({
      name: symbol.name,
      symbol: symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Every node below `node`, itself first. */
export function* descendants(node: ts.Node): Generator<ts.Node> {
  yield node
  const children: ts.Node[] = []
  ts.forEachChild(node, (child) => {
    children.push(child)
  })
  for (const child of children) yield* descendants(child)
}

/** `path:line` of a node, for failure messages. */
export function place(source: Source, node: ts.Node): string {
  return `src/${source.path}:${source.file.getLineAndCharacterOfPosition(node.getStart(source.file)).line + 1}`
}

/** One `import`, `export … from`, `import()` or `import('…')` type. */
export interface ImportOf {
  readonly node: ts.Node
  readonly specifier: string
  readonly typeOnly: boolean
}

export function importsOf(source: Source): ImportOf[] {
  const found: ImportOf[] = []
  for (const node of descendants(source.file)) {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const typeOnly =
        node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword || namesOnlyTypes(node.importClause)
      found.push({ node, specifier: node.moduleSpecifier.text, typeOnly })
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      found.push({ node, specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly })
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments
      found.push({ node, specifier: argument && ts.isStringLiteral(argument) ? argument.text : '?', typeOnly: false })
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      found.push({ node, specifier: node.argument.getText(source.file).slice(1, -1), typeOnly: true })
    }
  }
  return found
}

/** Path relative to `src` of what a relative specifier names. */
export function resolveImport(source: Source, specifier: string): string {
  return join(dirname(source.path), specifier).split(sep).join('/')
}

function namesOnlyTypes(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined || clause.name !== undefined) return false
  const bindings = clause.namedBindings
  return bindings !== undefined && ts.isNamedImports(bindings) && bindings.elements.every((name) => name.isTypeOnly)
}

function readOptions(): ts.CompilerOptions {
  const config = ts.getParsedCommandLineOfConfigFile(join(root, 'tsconfig.json'), undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'))
    }
  })
  if (config === undefined) throw new Error('tsconfig.json is missing')
  return config.options
}
