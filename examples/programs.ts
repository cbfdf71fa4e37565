import type { Options } from 'tsup'

/** How the programs of an example are made: into its folder `dist`, to be run with `node`. */
export function programs(example: string, names: readonly string[]): Options {
  const folder = `examples/${example}`
  return {
    entry: Object.fromEntries(names.map((name) => [name, `${folder}/${name}.ts`])),
    outDir: `${folder}/dist`,
    format: ['esm'],
    target: 'node20',
    platform: 'node',
    tsconfig: 'tsconfig.test.json',
    splitting: false,
    silent: true,
    clean: true
  }
}
