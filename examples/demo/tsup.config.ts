import { defineConfig } from 'tsup'

/** `npx tsup --config examples/demo/tsup.config.ts`: the program in `examples/demo/dist`, to be run with `node`. */
export default defineConfig({
  entry: { roaming: 'examples/demo/roaming.ts' },
  outDir: 'examples/demo/dist',
  format: ['esm'],
  target: 'node20',
  platform: 'node',
  tsconfig: 'tsconfig.test.json',
  splitting: false,
  silent: true,
  clean: true
})
