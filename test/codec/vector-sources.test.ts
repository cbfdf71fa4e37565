import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.ts'
import { decodeMessage, encodeMessage } from '../../src/codec/index.ts'

/**
 * What each source of test data holds, and which tests read it besides the walk over all messages and chains in
 * vectors.test.ts. `npm run vectors` prints the counts. A file that nothing but this list knows fails.
 */
const READ_BY: Readonly<Record<string, readonly string[]>> = {
  'CybercentreCanada_sawp.json': [],
  'RUB-NDS_IPsec-StateMachineExtractor.json': ['crypto/key-exchange', 'crypto/key-schedule', 'crypto/protect'],
  'android-ike-sessions.json': ['crypto/android-sessions', 'node/signatures'],
  'hyavari_node-ikev2__capture.json': [],
  'i-e-b_VirtualVpn.json': ['crypto/recorded-initiator'],
  'iketests-constants.json': [
    'codec/android-constants',
    'codec/payloads',
    'codec/traffic-selector',
    'crypto/android-constants',
    'node/android-signatures'
  ],
  'iketests-messages.json': ['crypto/keyed-messages'],
  'ikev2-full-kdf.json': ['crypto/key-schedule', 'crypto/auth'],
  'n0madic_go-ipsec.json': [],
  'openiked_openiked-portable.json': [],
  'psk-auth-rub.json': ['crypto/auth'],
  'rfc4434-rfc4615-prf.json': ['crypto/vector-values'],
  'rfc5903-ecp.json': ['crypto/key-exchange', 'codec/vectors'],
  'rfc6954-brainpool.json': ['crypto/vector-values'],
  'rfc7427-algorithm-identifiers.json': ['node/signatures'],
  'rfc7634-chacha20poly1305.json': ['crypto/ciphers', 'crypto/protect', 'esp/esp-sa'],
  'rfc8031-curve25519.json': ['crypto/key-exchange'],
  'rfc8420-eddsa.json': ['node/signatures'],
  'strongswan-cavp-ikev2-prf.json': ['crypto/key-schedule'],
  'strongswan-ke-vectors.json': ['crypto/key-exchange', 'crypto/vector-values'],
  'strongswan-mobike-cbc-modp2048-nat.json': ['crypto/recorded-sessions'],
  'strongswan-mobike-gcm-x25519-psk.json': ['crypto/recorded-sessions'],
  'strongswan-mobike-ipv4-to-ipv6.json': ['crypto/recorded-sessions'],
  'strongswan-rsapss-aids.json': ['node/signatures'],
  'the-tcpdump-group_tcpdump__ikev2-id-normal.json': [],
  'the-tcpdump-group_tcpdump__ikev2-id-short.json': [],
  'the-tcpdump-group_tcpdump__ikev2four.json': [],
  'the-tcpdump-group_tcpdump__ikev2pI2-segfault.json': [],
  'the-tcpdump-group_tcpdump__ikev2pI2.json': ['crypto/keyed-messages'],
  'the-tcpdump-group_tcpdump__isakmp-delete-segfault.json': []
}

const own = fileURLToPath(new URL('../vectors/', import.meta.url))
const shared = '../shared/vectors/'
const names = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
/** Files that may not be copied here are read where they are. */
const files = new Map<string, string>([
  ...names(shared).map((name): [string, string] => [name, shared]),
  ...names(own).map((name): [string, string] => [name, own])
])

const KDF = /^(?:SKEYSEED\w*|SK_[a-z]+|Sk_[a-z]+ secret|DKM\w*|out)$/
const AUTH = /^(?:auth|authData|signedOctets\w*|responderSignedOctets|macedI[Dd]i?)$/
const KEY_EXCHANGE = /^(?:shared|shared Diffie Hellman secret|g_ir\w*|girx|x_Z)$/

interface Counts {
  values: number
  conforming: number
  refused: number
  octets: number
  kdf: number
  auth: number
  keyExchange: number
}

function counted(name: string): Counts {
  const counts: Counts = { values: 0, conforming: 0, refused: 0, octets: 0, kdf: 0, auth: 0, keyExchange: 0 }
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return
    const record = value as Readonly<Record<string, unknown>>
    const { hex, header, kind, issues } = record
    if (typeof hex === 'string' && (header !== undefined || kind === 'ike')) {
      const octets = fromHex(hex)
      const result = decodeMessage(octets)
      counts.octets += octets.length
      counts[result.ok ? 'conforming' : 'refused']++
      expect({ name, hex, wrong: !result.ok }).toEqual({ name, hex, wrong: isWrong(issues) })
      if (result.ok) expect(toHex(encodeMessage(result.value))).toBe(hex)
    }
    for (const [key, element] of Object.entries(record)) {
      if (typeof element === 'string' && /^(?:[\da-f]{2})+$/.test(element)) {
        counts.values++
        if (KDF.test(key)) counts.kdf++
        if (AUTH.test(key)) counts.auth++
        if (KEY_EXCHANGE.test(key)) counts.keyExchange++
      }
      visit(element)
    }
  }
  visit(JSON.parse(readFileSync(`${files.get(name)}${name}`, 'utf8')))
  return counts
}

const isWrong = (issues: unknown): boolean => Array.isArray(issues) && issues.length > 0

describe('sources of test data', () => {
  it('all stand in the list, with the tests that name them', () => {
    expect([...files.keys()].filter((name) => !(name in READ_BY))).toEqual([])
    for (const [name, tests] of Object.entries(READ_BY)) {
      for (const test of tests) {
        const text = readFileSync(new URL(`../${test}.test.ts`, import.meta.url), 'utf8')
        expect(`${test}: ${text.includes(name)}`).toBe(`${test}: true`)
      }
    }
  })

  it('conforming messages come back as they were, the others are refused; nothing else goes unread', () => {
    const all = [...files.keys()].sort().map((name): [string, Counts] => [name, counted(name)])
    const unread = all.filter(([name, { conforming, refused }]) => {
      return READ_BY[name]?.length === 0 && conforming + refused === 0
    })
    expect(unread.map(([name]) => name)).toEqual([])
    if (process.env['npm_lifecycle_event'] === 'vectors') console.log(table(all))
  })

  if (!existsSync(shared)) it.skip(`SKIPPED: ${shared} is not there, its GPL files are not counted`, () => {})
})

function table(all: readonly (readonly [string, Counts])[]): string {
  const columns = ['values', 'conforming', 'refused', 'octets', 'kdf', 'auth', 'keyExchange'] as const
  const total = (column: keyof Counts) => all.reduce((sum, [, counts]) => sum + counts[column], 0)
  const rows = [
    ['source', ...columns],
    ...all.map(([name, counts]) => [name.replace('.json', ''), ...columns.map((column) => String(counts[column]))]),
    ['all', ...columns.map((column) => String(total(column)))]
  ]
  return rows
    .map(([name = '', ...cells]) => name.padEnd(52) + cells.map((cell) => cell.padStart(12)).join(''))
    .join('\n')
}
