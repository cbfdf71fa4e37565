import { escaped } from '../explain/outline.ts'

/** What the command line asks for. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'explain'; readonly input: string; readonly keys?: string; readonly format: Format }
  | { readonly kind: 'misuse'; readonly text: string }

/** Fields, one line a message, or JSON a message. */
export type Format = 'text' | 'line' | 'json'

export const HELP = `usage: ikev2-mobike explain HEX|FILE|- [--keys FILE] [--line|--json]

Explains IKEv2 messages field by field, with octet ranges and RFC sections.

  HEX          a message in hexadecimal; spaces and colons may be in it
  FILE         a capture (pcap or pcapng), or a text file with hexadecimal; - reads standard input
  --keys FILE  keys that open messages: lines of Wireshark's ikev2_decryption_table, or JSON
               [{ "spiI", "spiR", "skEi", "skEr", "encryption", "skAi", "skAr", "integrity" }]
  --line       one line a message, as ladder diagrams have it
  --json       one JSON object a message

Exit code: 0 all messages are well formed; 1 some are not, frames that may have been IKE could not be read, or the file
is cut off; 2 there is nothing to explain or the call is wrong.
`

/** Reads the words behind the command's name. Total. */
export function readArguments(words: readonly string[]): Command {
  if (words.includes('--help') || words.includes('-h')) return { kind: 'help' }
  const [name, ...rest] = words
  if (name === undefined) return misuse('a command is needed; there is: explain')
  if (name !== 'explain') return misuse(`${quoted(name)} is no command; there is: explain`)
  let format: Format = 'text'
  let keys: string | undefined
  const inputs: string[] = []
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i] as string
    if (word === '--line') format = 'line'
    else if (word === '--json') format = 'json'
    else if (word === '--keys' || word.startsWith('--keys=')) {
      keys = word === '--keys' ? rest[++i] : word.slice('--keys='.length)
      if (keys === undefined || keys === '') return misuse('--keys needs the name of a file')
    } else if (word.startsWith('--')) return misuse(`${quoted(word)} is no option`)
    else inputs.push(word)
  }
  if (inputs.length !== 1) return misuse('one message or file to explain is needed; quote hexadecimal with spaces')
  return { kind: 'explain', input: inputs[0] as string, format, ...(keys === undefined ? {} : { keys }) }
}

/** Behind an equals sign there may be keys, which are never shown. */
function quoted(word: string): string {
  return `"${escaped(word.split('=')[0] as string)}"`
}

function misuse(text: string): Command {
  return { kind: 'misuse', text }
}
