import { concatBytes, fromHex, toHex } from '../bytes/index.ts'
import type { Message } from '../codec/index.ts'
import {
  aes128Cbc,
  aes128Gcm16,
  aes192Cbc,
  aes256Cbc,
  aes256Gcm16,
  aesCmac96,
  aesXcbc96,
  chacha20Poly1305,
  type EncryptionAlgorithm,
  hmacSha1_96,
  hmacSha256_128,
  hmacSha384_192,
  hmacSha512_256,
  type IkeSuite,
  type IntegrityAlgorithm,
  prfHmacSha256,
  x25519
} from '../crypto/index.ts'

/** Keys of IKE SAs. */
export interface KeyTable {
  readonly find: (message: Pick<Message, 'initiatorSpi' | 'responderSpi'>) => IkeSaKeys | undefined
}

/** What opening a message takes. */
export interface IkeSaKeys {
  readonly suite: IkeSuite
  readonly material: Uint8Array
}

/** The first word of a name that Wireshark's table has, and those of this library. */
const ENCRYPTIONS: readonly (readonly [RegExp, EncryptionAlgorithm])[] = [
  [/^AES-CBC-128/, aes128Cbc],
  [/^AES-CBC-192/, aes192Cbc],
  [/^AES-CBC-256/, aes256Cbc],
  [/^AES-GCM-(128 with 16 octet ICV|16-128)/, aes128Gcm16],
  [/^AES-GCM-(256 with 16 octet ICV|16-256)/, aes256Gcm16],
  [/^ChaCha20-Poly1305/i, chacha20Poly1305]
]
const INTEGRITIES: readonly (readonly [RegExp, IntegrityAlgorithm | null])[] = [
  [/^NONE|^$/, null],
  [/^HMAC[_-]SHA1[_-]96/, hmacSha1_96],
  [/^HMAC[_-]SHA2[_-]256[_-]128/, hmacSha256_128],
  [/^HMAC[_-]SHA2[_-]384[_-]192/, hmacSha384_192],
  [/^HMAC[_-]SHA2[_-]512[_-]256/, hmacSha512_256],
  [/^AES[_-]XCBC[_-]96/, aesXcbc96],
  [/^(AES[_-])?CMAC[_-]96|^AES_CMAC/, aesCmac96]
]

const COLUMNS = ['spiI', 'spiR', 'skEi', 'skEr', 'encryption', 'skAi', 'skAr', 'integrity'] as const
type Row = Readonly<Record<(typeof COLUMNS)[number], string>>

/**
 * Keys from text: the lines of Wireshark's `ikev2_decryption_table`, or a JSON array of objects with the fields `spiI`, `spiR`,
 * `skEi`, `skEr`, `encryption`, `skAi`, `skAr`, `integrity`. Returns what is wrong by line or entry, without any key in it. Entries
 * with an algorithm that is not known here are left out, unless there are no others.
 */
export function readKeyTable(text: string): KeyTableReading | KeyTableFault {
  // Editors of Windows put a byte order mark first.
  const plain = text.replace(/^\uFEFF/, '')
  const rows = plain.trimStart().startsWith('[') ? jsonRows(plain) : tableRows(plain)
  if ('fault' in rows) return rows
  const keys = new Map<string, IkeSaKeys>()
  const unused: string[] = []
  for (const [i, given] of rows.rows.entries()) {
    const row = withoutPrefixes(given)
    const algorithms = algorithmsOf(row)
    if (typeof algorithms === 'string') {
      unused.push(`entry ${i + 1}: ${algorithms}`)
      continue
    }
    const found = keysOf(row, algorithms)
    if (typeof found === 'string') return { ok: false, fault: `entry ${i + 1}: ${found}` }
    keys.set(`${row.spiI} ${row.spiR}`.toLowerCase(), found)
  }
  const [first] = unused
  if (keys.size === 0 && first !== undefined) return { ok: false, fault: first }
  const find: KeyTable['find'] = ({ initiatorSpi, responderSpi }) =>
    keys.get(`${toHex(initiatorSpi)} ${toHex(responderSpi)}`)
  return { ok: true, table: { find }, unused }
}

/** Hexadecimal may begin with 0x, as Wireshark's may. */
function withoutPrefixes(row: Row): Row {
  const cells = COLUMNS.map((column) => [column, row[column].replace(/^0x/i, '')])
  return Object.fromEntries(cells) as Row
}

/** A table, and what is wrong with each entry that is left out. */
export interface KeyTableReading {
  readonly ok: true
  readonly table: KeyTable
  readonly unused: readonly string[]
}

/** What is wrong with a table of keys. */
export interface KeyTableFault {
  readonly ok: false
  readonly fault: string
}

type Rows = { readonly rows: readonly Row[] } | KeyTableFault

function tableRows(text: string): Rows {
  const rows: Row[] = []
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue
    const cells = line.split(',').map((cell) => cell.trim().replace(/^"|"$/g, ''))
    if (cells.length !== COLUMNS.length) {
      return { ok: false, fault: `line ${i + 1}: ${cells.length} columns, 8 are needed (${COLUMNS.join(', ')})` }
    }
    rows.push(Object.fromEntries(COLUMNS.map((column, at) => [column, cells[at] ?? ''])) as Row)
  }
  return { rows }
}

function jsonRows(text: string): Rows {
  const parsed = parseJson(text)
  if (!Array.isArray(parsed)) return { ok: false, fault: 'no JSON array of objects' }
  const rows: Row[] = []
  for (const [i, entry] of parsed.entries()) {
    const cell = (column: string): string | undefined => {
      const value = typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>)[column] : undefined
      return typeof value === 'string' ? value : undefined
    }
    const missing = COLUMNS.slice(0, 5).find((column) => cell(column) === undefined)
    if (missing !== undefined) return { ok: false, fault: `entry ${i + 1}: "${missing}" is missing` }
    rows.push(Object.fromEntries(COLUMNS.map((column) => [column, cell(column) ?? ''])) as Row)
  }
  return { rows }
}

/** The value, or undefined: what JSON.parse has to say about bad text would quote it, and it holds keys. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

interface Algorithms {
  readonly encryption: EncryptionAlgorithm
  readonly integrity: IntegrityAlgorithm | null
}

function algorithmsOf(row: Row): Algorithms | string {
  const encryption = ENCRYPTIONS.find(([name]) => name.test(row.encryption))?.[1]
  // Cells are never quoted: in a table whose columns are in another order a key stands here.
  if (encryption === undefined) return 'encryption is no algorithm known here'
  const integrity = INTEGRITIES.find(([name]) => name.test(row.integrity))?.[1]
  if (integrity === undefined) return 'integrity is no algorithm known here'
  return { encryption, integrity }
}

function keysOf(row: Row, { encryption, integrity }: Algorithms): IkeSaKeys | string {
  // The PRF and the method say only how long what stands beside these keys is: any will do.
  const suite = { encryption, integrity: encryption.aead ? null : integrity, prf: prfHmacSha256, keyExchange: x25519 }
  if (suite.integrity === null && !encryption.aead) return 'encryption that is no AEAD needs an integrity algorithm'
  const parts: Uint8Array[] = [new Uint8Array(suite.prf.keyOctets)]
  const needed = [
    ...(suite.integrity === null
      ? []
      : (['skAi', 'skAr'] as const).map((name) => [name, suite.integrity?.keyOctets] as const)),
    ['skEi', encryption.keyOctets] as const,
    ['skEr', encryption.keyOctets] as const
  ]
  for (const name of ['spiI', 'spiR'] as const) {
    if (!/^[0-9a-f]{16}$/i.test(row[name])) return `${name} is not 16 hexadecimal digits`
  }
  for (const [name, size = 0] of needed) {
    if (!new RegExp(`^[0-9a-f]{${2 * size}}$`, 'i').test(row[name]))
      return `${name} is not ${2 * size} hexadecimal digits`
    parts.push(fromHex(row[name]))
  }
  parts.push(new Uint8Array(2 * suite.prf.keyOctets))
  return { suite, material: concatBytes(...parts) }
}
