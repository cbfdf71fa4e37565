import { describe, expect, it } from 'vitest'
import { importsOf, place, resolveImport, type Source, sources } from './sources.ts'

/** What each layer may import, itself aside: only downwards, and `mobike` so little that another IKE stack can drive it alone. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  bytes: [],
  codec: ['bytes'],
  bodies: ['bytes', 'codec'],
  rules: ['bytes', 'codec'],
  explain: ['bytes', 'codec', 'bodies'],
  mutation: ['bytes', 'codec'],
  arbitraries: ['bytes', 'codec', 'bodies', 'rules'],
  crypto: ['bytes', 'codec'],
  exchange: ['bytes', 'codec', 'crypto'],
  ike: ['bytes', 'codec', 'crypto', 'exchange'],
  mobike: ['bytes', 'codec'],
  session: ['bytes', 'codec', 'rules', 'crypto', 'exchange', 'ike', 'mobike'],
  gateway: ['bytes', 'codec', 'crypto', 'exchange', 'ike', 'mobike', 'session'],
  esp: ['bytes', 'codec', 'crypto'],
  sim: ['bytes', 'codec', 'crypto', 'exchange', 'ike', 'mobike', 'session', 'gateway', 'esp'],
  'post-quantum': ['crypto'],
  node: ['bytes', 'codec', 'crypto'],
  cli: ['bytes', 'codec', 'crypto', 'exchange', 'explain'],
  index: ['bytes', 'codec', 'crypto', 'exchange', 'ike', 'mobike', 'session', 'gateway', 'esp']
}

const NOBLE = ['@noble/ciphers/', '@noble/curves/', '@noble/hashes/']

describe('layers', () => {
  it('every folder of src is a layer with a place in the order', () => {
    expect(sources.map(({ layer }) => layer).filter((layer) => !(layer in MAY_IMPORT))).toEqual([])
  })

  it('imports point downwards only', () => {
    const wrong: string[] = []
    for (const source of sources) {
      for (const { node, specifier } of importsOf(source)) {
        if (!specifier.startsWith('.')) continue
        const target = layerOf(resolveImport(source, specifier))
        if (target === source.layer || MAY_IMPORT[source.layer]?.includes(target)) continue
        wrong.push(`${place(source, node)}: ${source.layer} imports ${target} (${specifier})`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('only crypto and post-quantum import noble, only arbitraries fast-check, only node and the command Node, nothing imports anything else', () => {
    const wrong: string[] = []
    for (const source of sources) {
      for (const { node, specifier } of importsOf(source)) {
        if (specifier.startsWith('.')) continue
        if (source.layer === 'crypto' && NOBLE.some((prefix) => specifier.startsWith(prefix))) continue
        if (source.layer === 'post-quantum' && specifier.startsWith('@noble/post-quantum/')) continue
        if (source.layer === 'arbitraries' && specifier === 'fast-check') continue
        if ((source.layer === 'node' || source.path.endsWith('cli/main.ts')) && specifier.startsWith('node:')) continue
        wrong.push(`${place(source, node)}: '${specifier}'`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('no circle of imports that exist at run time', () => {
    const graph = new Map<string, string[]>(sources.map((source) => [source.path, runtimeImports(source)]))
    const circles: string[] = []
    const done = new Set<string>()
    const visit = (path: string, trail: readonly string[]): void => {
      const start = trail.indexOf(path)
      if (start >= 0) {
        circles.push([...trail.slice(start), path].join(' > '))
        return
      }
      if (done.has(path)) return
      for (const next of graph.get(path) ?? []) visit(next, [...trail, path])
      done.add(path)
    }
    for (const path of graph.keys()) visit(path, [])
    expect(circles).toEqual([])
  })
})

function layerOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] as string) : 'index'
}

function runtimeImports(source: Source): string[] {
  return importsOf(source)
    .filter(({ specifier, typeOnly }) => !typeOnly && specifier.startsWith('.'))
    .map(({ specifier }) => resolveImport(source, specifier))
}
