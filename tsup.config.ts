import { defineConfig } from 'tsup'

const entries = [
  'codec',
  'bodies',
  'rules',
  'explain',
  'crypto',
  'ike',
  'mobike',
  'gateway',
  'esp',
  'sim',
  'mutation',
  'arbitraries',
  'post-quantum',
  'node'
]

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'cli/main': 'src/cli/main.ts',
    ...Object.fromEntries(entries.map((name) => [`${name}/index`, `src/${name}/index.ts`]))
  },
  format: ['esm'],
  target: 'es2022',
  platform: 'neutral',
  external: [/^node:/, 'fast-check'],
  removeNodeProtocol: false,
  // tsconfig.json keeps Node's types out of src; the declarations of src/node need them.
  dts: { compilerOptions: { types: ['node'] } },
  splitting: true,
  clean: true,
  treeshake: true
})
