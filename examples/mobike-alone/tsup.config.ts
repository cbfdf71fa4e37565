import { defineConfig } from 'tsup'

/** `npx tsup --config examples/mobike-alone/tsup.config.ts`: the program in `examples/mobike-alone/dist`, for `node`. */
export default defineConfig({
  entry: { main: 'examples/mobike-alone/main.ts' },
  outDir: 'examples/mobike-alone/dist',
  format: ['esm'],
  target: 'node20',
  platform: 'node',
  tsconfig: 'tsconfig.test.json',
  splitting: false,
  silent: true,
  clean: true
})
