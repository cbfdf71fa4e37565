import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

const entry = (layer: string) => fileURLToPath(new URL(`../../src/${layer}/index.ts`, import.meta.url))

async function bundle(layer: string): Promise<{ readonly octets: Uint8Array; readonly inputs: readonly string[] }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry(layer)],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    metafile: true
  })
  return { octets: outputFiles[0]?.contents ?? new Uint8Array(), inputs: Object.keys(metafile.inputs) }
}

it('the codec alone is at most 12 KiB, minified and compressed, and has no crypto in it', async () => {
  const { octets, inputs } = await bundle('codec')
  expect(octets.length).toBeGreaterThan(10_000)
  expect(gzipSync(octets, { level: 9 }).length).toBeLessThanOrEqual(12 * 1024)
  expect(brotliCompressSync(octets).length).toBeLessThanOrEqual(12 * 1024)
  expect(inputs.filter((path) => !/src\/(bytes|codec)\//.test(path))).toEqual([])
})

it('typed bodies and message rules need the codec alone', async () => {
  for (const layer of ['bodies', 'rules']) {
    const { inputs } = await bundle(layer)
    expect(inputs.filter((path) => !new RegExp(`src/(bytes|codec|${layer})/`).test(path))).toEqual([])
  }
})
