import type { AddressRangeSelector } from '../../src/codec/types.ts'
import {
  aes128Cbc,
  aes128Gcm16,
  aes256Cbc,
  aes256Gcm16,
  type ChildSuite,
  chacha20Poly1305,
  type EncryptionAlgorithm,
  hmacSha1_96,
  hmacSha256_128,
  hmacSha384_192,
  hmacSha512_256,
  type IntegrityAlgorithm
} from '../../src/crypto/index.ts'
import type { EspKeys } from '../../src/esp/index.ts'

const ALGORITHMS: readonly (readonly [EncryptionAlgorithm, IntegrityAlgorithm | null])[] = [
  [aes128Gcm16, null],
  [aes256Gcm16, null],
  [chacha20Poly1305, null],
  [aes128Cbc, hmacSha1_96],
  [aes256Cbc, hmacSha256_128],
  [aes128Cbc, hmacSha384_192],
  [aes256Cbc, hmacSha512_256]
]

export const suites: readonly ChildSuite[] = ALGORITHMS.flatMap(([encryption, integrity]) =>
  [false, true].map((extendedSequenceNumbers) => ({ encryption, integrity, extendedSequenceNumbers }))
)

export const gcm: ChildSuite = { encryption: aes256Gcm16, integrity: null, extendedSequenceNumbers: true }
export const gcmWithoutEsn: ChildSuite = { ...gcm, extendedSequenceNumbers: false }
export const cbc: ChildSuite = { encryption: aes256Cbc, integrity: hmacSha256_128, extendedSequenceNumbers: false }
export const chacha: ChildSuite = { encryption: chacha20Poly1305, integrity: null, extendedSequenceNumbers: false }

export function keysOf(suite: ChildSuite, fill = 7): EspKeys {
  const octets = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + fill) & 255)
  return { encryption: octets(suite.encryption.keyOctets), integrity: octets(suite.integrity?.keyOctets ?? 0) }
}

/** A selector of IPv4 addresses, any protocol and port unless said. */
export function ipv4Range(
  start: readonly number[],
  end: readonly number[],
  rest: Partial<AddressRangeSelector> = {}
): AddressRangeSelector {
  return {
    type: 7,
    protocol: 0,
    startPort: 0,
    endPort: 65535,
    startAddress: Uint8Array.from(start),
    endAddress: Uint8Array.from(end),
    ...rest
  }
}
