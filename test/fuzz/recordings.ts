import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Recordings } from './target.ts'

/** Messages and decrypted chains of every vector file in the folders; those that do not exist hold none. */
export function readRecordings(folders: readonly string[]): Recordings {
  const messages = new Set<string>()
  const chains = new Map<string, number>()
  for (const folder of folders) {
    if (!existsSync(folder)) continue
    const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
    for (const name of names.sort()) visit(JSON.parse(readFileSync(join(folder, name), 'utf8')))
  }
  return {
    messages: [...messages].map(octetsOf),
    chains: [...chains].map(([hex, firstPayload]) => ({ firstPayload, octets: octetsOf(hex) }))
  }

  function visit(value: unknown): void {
    if (typeof value === 'string' && isMessage(value)) messages.add(value.toLowerCase())
    if (typeof value !== 'object' || value === null) return
    const { plaintext, innerFirstPayload, reassembledPlaintext, reassembledFirstPayload } = value as Chain
    if (typeof plaintext === 'string' && typeof innerFirstPayload === 'number') chains.set(plaintext, innerFirstPayload)
    if (typeof reassembledPlaintext === 'string' && typeof reassembledFirstPayload === 'number') {
      chains.set(reassembledPlaintext, reassembledFirstPayload)
    }
    for (const inner of Object.values(value)) visit(inner)
  }
}

interface Chain {
  readonly plaintext?: unknown
  readonly innerFirstPayload?: unknown
  readonly reassembledPlaintext?: unknown
  readonly reassembledFirstPayload?: unknown
}

/** Hexadecimal digits whose Length field is their number of octets. */
function isMessage(text: string): boolean {
  return (
    text.length >= 56 &&
    text.length <= 16_384 &&
    Number.parseInt(text.slice(48, 56), 16) * 2 === text.length &&
    /^([0-9a-f]{2})+$/i.test(text)
  )
}

function octetsOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}
