import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Counted by `.ci/run`. */
const jsonReport = 'node_modules/.vitest/results.json'

/** Examples import the package by its name, as their readers will. */
const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^ikev2-mobike$/, replacement: source('index.ts') },
      { find: /^ikev2-mobike\/([a-z-]+)$/, replacement: source('$1/index.ts') }
    ]
  },
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    exclude: ['test/interop/**', 'node_modules/**'],
    pool: 'threads',
    // The library has no global state: files share a worker and the compiled modules in it.
    isolate: false,
    testTimeout: 30_000,
    reporters: process.env['CI'] ? ['default', ['json', { outputFile: jsonReport }]] : ['default']
  }
})
