// npm run package-test: the tarball as its users get it. Packs, checks the list of files, installs into an empty project,
// imports and requires every subpath, resolves its types in the ways TypeScript has, bundles it for a browser.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = join(root, 'node_modules/.bin')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const subpaths = Object.keys(manifest.exports).filter((subpath) => subpath !== './package.json')
const names = subpaths.map((subpath) => manifest.name + subpath.slice(1))
const project = mkdtempSync(join(tmpdir(), 'ikev2-mobike-package-'))
const failures = []
let passed = 0
let packed

await test('it builds and npm pack makes a tarball', () => {
  run(join(bin, 'tsup'), ['--silent'], root)
  const output = run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], root)
  const report = JSON.parse(output)
  packed = Array.isArray(report) ? report[0] : Object.values(report)[0]
})

if (packed !== undefined) {
  await test('the tarball holds dist, README, LICENSE, CHANGELOG and package.json, nothing else', () => {
    const files = packed.files.map(({ path }) => path)
    const expected = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']
    equal(files.filter((path) => !path.startsWith('dist/')).sort(), expected)
    equal(
      files.filter((path) => path.startsWith('dist/') && !/\.(js|d\.ts)$/.test(path)),
      []
    )
    for (const target of Object.values(manifest.exports).flatMap((entry) => Object.values(entry))) {
      const path = String(target).slice(2)
      if (path.startsWith('dist/')) ok(files.includes(path), `${path} is exported but not packed`)
    }
  })

  await test('it installs into an empty project, with the three noble packages and no other', () => {
    const own = { name: 'empty-project', private: true, type: 'module' }
    writeFileSync(join(project, 'package.json'), JSON.stringify(own))
    run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', join(project, packed.filename)])
    const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'))
    const installed = Object.keys(lock.packages).filter((path) => path !== '')
    const expected = ['@noble/ciphers', '@noble/curves', '@noble/hashes', manifest.name]
    equal(installed.sort(), expected.map((name) => `node_modules/${name}`).sort())
  })

  await test('the command explains a message and ends with 1 for a malformed one', () => {
    const command = join(project, 'node_modules/.bin/ikev2-mobike')
    // An empty INFORMATIONAL request (RFC 7296 section 1.4) in the clear.
    const message = '0000000000000001000000000000000200202508000000010000001c'
    equal(run(command, ['explain', '--line', message]), 'INFORMATIONAL request 1 {}\n')
    ok(run(command, ['explain', message]).includes('37 (INFORMATIONAL)'), 'no exchange type')
    let code = 0
    try {
      execFileSync(command, ['explain', message.slice(2)], { stdio: 'pipe' })
    } catch (error) {
      code = error.status
    }
    equal(code, 1)
  })

  await test('the optional peers install beside it', () => {
    const peers = Object.entries(manifest.peerDependencies).map(([peer, range]) => `${peer}@${range}`)
    run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...peers])
  })

  for (const name of names) {
    await test(`import '${name}'`, () => {
      ok(Number(node(`import * as it from '${name}'; console.log(Object.keys(it).length)`)) > 0, 'no export')
    })
    await test(`require('${name}')`, () => {
      const script = `const it = require('${name}'); console.log(Object.keys(it).length)`
      ok(Number(run(process.execPath, ['--input-type=commonjs', '-e', script])) > 0, 'no export')
    })
  }

  for (const [moduleResolution, module] of [
    ['NodeNext', 'NodeNext'],
    ['Bundler', 'ESNext']
  ]) {
    await test(`types resolve with moduleResolution ${moduleResolution}, library checked`, () => {
      const lines = names.map((name, i) => `import * as m${i} from '${name}'\nexport const k${i}: object = m${i}\n`)
      writeFileSync(join(project, 'use.ts'), lines.join(''))
      const compilerOptions = {
        target: 'ES2022',
        lib: ['ES2023'],
        module,
        moduleResolution,
        strict: true,
        noEmit: true
      }
      const checks = { exactOptionalPropertyTypes: true, skipLibCheck: false, types: [] }
      const config = { compilerOptions: { ...compilerOptions, ...checks }, files: ['use.ts'] }
      writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config))
      run(join(bin, 'tsc'), ['-p', project])
    })
  }

  for (const name of names.filter((name) => !name.endsWith('/node'))) {
    await test(`a browser bundle of '${name}' builds and names nothing of Node`, async () => {
      const contents = `export * from '${name}'`
      const result = await build({
        stdin: { contents, resolveDir: project },
        bundle: true,
        format: 'esm',
        platform: 'browser',
        metafile: true,
        write: false,
        logLevel: 'silent'
      })
      const external = Object.values(result.metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path))
      equal(external, [])
      ok(!result.outputFiles[0].text.includes('node:'), 'the bundle names node:')
    })
  }

  await test('an unused import leaves nothing in a bundle (sideEffects: false)', async () => {
    const contents = names.map((name) => `import {} from '${name}'`).join('\n')
    const stdin = { contents, resolveDir: project }
    const shape = { bundle: true, format: 'esm', platform: 'node', minify: true, write: false }
    const result = await build({ stdin, ...shape, logLevel: 'silent' })
    equal(result.outputFiles[0].text.trim(), '')
  })

  await test('publint finds nothing', () => {
    run(join(bin, 'publint'), ['run', join(project, packed.filename), '--strict', '--pack', 'false'])
  })

  await test('are the types wrong? no (ESM only)', () => {
    run(join(bin, 'attw'), [
      join(project, packed.filename),
      '--profile',
      'esm-only',
      '--no-definitely-typed',
      '--no-color'
    ])
  })
}

rmSync(project, { recursive: true, force: true })
console.log(`package: ${passed} passed, ${failures.length} failed`)
if (failures.length > 0) process.exitCode = 1

async function test(name, body) {
  try {
    await body()
    passed++
    console.log(`ok    ${name}`)
  } catch (error) {
    failures.push(name)
    console.log(`FAIL  ${name}\n${String(error.message).replace(/^/gm, '      ')}`)
  }
}

/** Output of a command in the temporary project; an error with all of it when it fails. */
function run(command, args, cwd = project) {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')}\n${error.stdout ?? ''}${error.stderr ?? ''}`)
  }
}

function node(script) {
  return run(process.execPath, ['--input-type=module', '-e', script])
}

function ok(condition, message) {
  if (!condition) throw new Error(message)
}

function equal(actual, expected) {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value))
  ok(a === b, `expected ${b}\ngot      ${a}`)
}
