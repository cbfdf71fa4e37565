import fc, { type Arbitrary } from 'fast-check'
import { concatBytes, fromHex, utf8Bytes } from '../bytes/index.ts'
import { UP_TO_THE_MOST } from './draw.ts'

/** RSA and ECDSA with SHA-256, SHA-384 and SHA-512 (RFC 7427 appendix A), Ed25519 and Ed448 (RFC 8420 appendix A). */
const ALGORITHM_IDENTIFIERS: readonly string[] = [
  '300d06092a864886f70d01010b0500',
  '300d06092a864886f70d01010c0500',
  '300d06092a864886f70d01010d0500',
  '300a06082a8648ce3d040302',
  '300a06082a8648ce3d040303',
  '300a06082a8648ce3d040304',
  '300506032b6570',
  '300506032b6571'
]

const SEQUENCE = 0x30
const SET = 0x31
const UTF8_STRING = 0x0c
/** Tags of `dNSName` and `directoryName` in a GeneralName (RFC 5280 section 4.2.1.6). */
const DNS_NAME = 0x82
const DIRECTORY_NAME = 0xa4
/** `id-at-commonName`, tag and length included. */
const COMMON_NAME = '0603550403'

/** The DER of what a field holds: an identifier of a signature algorithm, a name of one part, a name in a certificate. */
export function derOf(type: 'AlgorithmIdentifier' | 'Name' | 'GeneralName'): Arbitrary<Uint8Array> {
  if (type === 'AlgorithmIdentifier') return fc.constantFrom(...ALGORITHM_IDENTIFIERS).map(fromHex)
  if (type === 'Name') return name
  return fc.oneof(
    name.map((octets) => tagged(DIRECTORY_NAME, octets)),
    fc.domain().map((domain) => tagged(DNS_NAME, utf8Bytes(domain.slice(0, 63))))
  )
}

const name: Arbitrary<Uint8Array> = /* @__PURE__ */ fc
  .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40, ...UP_TO_THE_MOST })
  .map((common) => {
    const attribute = tagged(SEQUENCE, concatBytes(fromHex(COMMON_NAME), tagged(UTF8_STRING, utf8Bytes(common))))
    return tagged(SEQUENCE, tagged(SET, attribute))
  })

/** Tag, length of one octet, value: of less than 128 octets. */
function tagged(tag: number, value: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(tag, value.length), value)
}
