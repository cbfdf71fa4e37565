import { utf8Bytes, utf8Text } from '../bytes/index.ts'
import { escaped } from '../explain/outline.ts'
import { HELP, readArguments } from './arguments.ts'
import { explainInput } from './explain-input.ts'
import { readKeyTable } from './key-table.ts'

/** What a command needs of the process. */
export interface Surroundings {
  /** The octets of a file, `-` for standard input. Throws what Node throws. */
  readonly readFile: (name: string) => Uint8Array
  readonly print: (text: string) => void
  readonly complain: (text: string) => void
}

/**
 * Does what the words ask for and returns the exit code. What stands behind --keys is never quoted: it may be the keys, given
 * in the place of a file with them.
 */
export function run(words: readonly string[], { readFile, print, complain }: Surroundings): number {
  const command = readArguments(words)
  if (command.kind === 'help') {
    print(HELP)
    return 0
  }
  if (command.kind === 'misuse') return fail(`${command.text}\n\n${HELP}`)
  const keys = command.keys === undefined ? undefined : read(command.keys)
  if (typeof keys === 'string') return fail(`the file behind --keys cannot be read (${keys})`)
  const keyText = keys === undefined ? undefined : utf8Text(keys)
  if (keys !== undefined && keyText === undefined) return fail('the file behind --keys: no text in UTF-8')
  const table = keyText === undefined ? undefined : readKeyTable(keyText)
  if (table?.ok === false) return fail(`the file behind --keys: ${table.fault}`)
  const [unused, ...others] = table?.unused ?? []
  if (unused !== undefined) {
    const count = others.length === 0 ? '' : ` (and ${others.length} more)`
    tell(`the file behind --keys: ${unused}${count}; not used`)
  }
  const isHex = /^\s*(0x)?[0-9a-f:\s]{2,}$/i.test(command.input)
  const input = isHex ? utf8Bytes(command.input) : read(command.input)
  if (typeof input === 'string') {
    return fail(`${escaped(command.input)} cannot be read (${input}); give a file, or hexadecimal octets`)
  }
  const { complaint, exitCode } = explainInput(input, command.format, print, table?.table)
  if (complaint !== undefined) tell(complaint)
  return exitCode

  /** Octets, or the code of the error. */
  function read(name: string): Uint8Array | string {
    try {
      return new Uint8Array(readFile(name))
    } catch (error) {
      return String((error as { readonly code?: unknown }).code)
    }
  }

  function tell(text: string): void {
    complain(`ikev2-mobike: ${text}\n`)
  }

  function fail(text: string): number {
    tell(text)
    return 2
  }
}
