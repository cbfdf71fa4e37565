import { defineConfig } from 'vitest/config'

/** Counted by `.ci/run`. */
const jsonReport = 'node_modules/.vitest/results.json'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/interop/**', 'node_modules/**'],
    pool: 'threads',
    // The library has no global state: files share a worker and the compiled modules in it.
    isolate: false,
    testTimeout: 30_000,
    reporters: process.env['CI'] ? ['default', ['json', { outputFile: jsonReport }]] : ['default']
  }
})
