import { defineConfig } from 'tsup'

/** `npx tsup --config examples/driver/tsup.config.ts`: programs in `examples/driver/dist`, to be run with `node`. */
export default defineConfig({
  entry: { client: 'examples/driver/client.ts', gateway: 'examples/driver/gateway.ts' },
  outDir: 'examples/driver/dist',
  format: ['esm'],
  target: 'node20',
  platform: 'node',
  tsconfig: 'tsconfig.test.json',
  splitting: false,
  clean: true
})
