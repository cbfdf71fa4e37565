import { createInterface } from 'node:readline'
import { toHex } from 'ikev2-mobike'

/** One JSON text per line on standard output: for people and for programs. Octets become hexadecimal. */
export function print(type: string, fields: object = {}): void {
  const at = Math.round(performance.now())
  const text = JSON.stringify({ at, type, ...fields }, (_, value) =>
    value instanceof Uint8Array ? toHex(value) : value
  )
  process.stdout.write(`${text}\n`)
}

let lastFailure = ''

/** Prints a failure of a socket, but not the same one again and again. */
export function printSocketFailure(where: string, code: string): void {
  const text = `${where} ${code}`
  if (text !== lastFailure) print('socketFailed', { where, code })
  lastFailure = text
}

/** Calls `command` with the words of each line of standard input, `ended` at its end. */
export function readCommands(command: (words: readonly string[]) => void, ended: () => void): void {
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => command(line.trim().split(/\s+/)))
  lines.on('close', ended)
}
