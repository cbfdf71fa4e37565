import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.ts'
import { decodeMessage, encodeMessage } from '../../src/codec/index.ts'
import { samples } from './messages.ts'
import { decode } from './reference/decode.ts'
import { encode } from './reference/encode.ts'

/** The reference is only worth measuring against when it is a decoder: it must read what others wrote. */

const FILES = [
  'strongswan-mobike-gcm-x25519-psk',
  'strongswan-mobike-cbc-modp2048-nat',
  'strongswan-mobike-ipv4-to-ipv6',
  'android-ike-sessions',
  'i-e-b_VirtualVpn',
  'the-tcpdump-group_tcpdump__ikev2four'
]

describe('reference codec of the benchmark', () => {
  for (const file of FILES) {
    it(`reads and rewrites every message of ${file} to the same octets`, () => {
      const messages = conformingMessages(file)
      expect(messages.length).toBeGreaterThan(1)
      for (const hex of messages) {
        const message = decode(fromHex(hex))
        expect(message, hex).toBeDefined()
        expect(toHex(encode(message!))).toBe(hex)
      }
    })
  }

  it('refuses every message cut short, as our decoder does', () => {
    for (const { bytes } of samples()) {
      for (let length = 0; length < bytes.length; length++) {
        const cut = bytes.slice(0, length)
        // With the Length field made to fit, so that payloads are what is checked.
        if (length >= 28) new DataView(cut.buffer).setUint32(24, length)
        expect(decode(cut), `${length} octets`).toBeUndefined()
        expect(decodeMessage(cut).ok, `${length} octets`).toBe(false)
      }
    }
  })

  it('agrees with our codec on the octets of every sample', () => {
    for (const { name, bytes } of samples()) {
      const result = decodeMessage(bytes)
      expect(result.ok, name).toBe(true)
      if (result.ok) expect(toHex(encodeMessage(result.value)), name).toBe(toHex(encode(decode(bytes)!)))
    }
  })
})

interface Recorded {
  readonly hex?: unknown
  readonly kind?: unknown
  readonly issues?: readonly unknown[]
}

/** Hexadecimal text of every complete IKE message in a file of vectors. */
function conformingMessages(file: string): string[] {
  const found: string[] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const { hex, issues } = value as Recorded
    if (typeof hex === 'string' && isWholeMessage(hex) && (issues ?? []).length === 0) found.push(hex.toLowerCase())
    for (const inner of Object.values(value)) visit(inner)
  }
  visit(JSON.parse(readFileSync(new URL(`../vectors/${file}.json`, import.meta.url), 'utf8')))
  return found
}

function isWholeMessage(hex: string): boolean {
  return hex.length >= 56 && hex.slice(34, 36) === '20' && Number.parseInt(hex.slice(48, 56), 16) * 2 === hex.length
}
