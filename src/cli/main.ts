#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import process, { argv, stderr, stdout } from 'node:process'
import { run } from './run.ts'

// Whoever reads the output, such as head, may have seen enough.
stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? process.exitCode : 2))

// Not exit(): it would cut off output that a pipe has not taken yet.
process.exitCode = run(argv.slice(2), {
  readFile: (name) => readFileSync(name === '-' ? 0 : name),
  print: (text) => stdout.write(text),
  complain: (text) => stderr.write(text)
})
