#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import process, { argv, stderr, stdout } from 'node:process'
import { utf8Bytes, utf8Text } from '../bytes/index.ts'
import { HELP, readArguments } from './arguments.ts'
import { explainInput } from './explain-input.ts'
import { readKeyTable } from './key-table.ts'

// Whoever reads the output, such as head, may have seen enough.
stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? process.exitCode : 2))

// Not exit(): it would cut off output that a pipe has not taken yet.
process.exitCode = run(argv.slice(2))

/** Does what the words ask for and returns the exit code. */
function run(words: readonly string[]): number {
  const command = readArguments(words)
  if (command.kind === 'help') {
    stdout.write(HELP)
    return 0
  }
  if (command.kind === 'misuse') return fail(`${command.text}\n\n${HELP}`)
  const keys = command.keys === undefined ? undefined : read(command.keys)
  if (typeof keys === 'string') return fail(keys)
  const keyText = keys === undefined ? undefined : utf8Text(keys)
  if (keys !== undefined && keyText === undefined) return fail(`${command.keys}: no text in UTF-8`)
  const table = keyText === undefined ? undefined : readKeyTable(keyText)
  if (table?.ok === false) return fail(`${command.keys}: ${table.fault}`)
  const input = /^\s*(0x)?[0-9a-f:\s]{2,}$/i.test(command.input) ? utf8Bytes(command.input) : read(command.input)
  if (typeof input === 'string') return fail(input)
  const { complaint, exitCode } = explainInput(input, command.format, (text) => stdout.write(text), table?.table)
  if (complaint !== undefined) stderr.write(`ikev2-mobike: ${complaint}\n`)
  return exitCode
}

/** The octets of a file or of standard input, or why there are none. */
function read(name: string): Uint8Array | string {
  try {
    return new Uint8Array(readFileSync(name === '-' ? 0 : name))
  } catch (error) {
    return `${name} cannot be read (${(error as NodeJS.ErrnoException).code}); give a file, or hexadecimal octets`
  }
}

function fail(text: string): number {
  stderr.write(`ikev2-mobike: ${text}\n`)
  return 2
}
