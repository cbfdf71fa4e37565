import { readUint16, writeUint16 } from '../bytes/index.ts'
import { Malformed } from './malformed.ts'
import { checkNumber, checkOctets, checkReserved, MAXIMUM_BODY, putOctets, view } from './octet-fields.ts'
import type { EncryptedFragmentPayload, EncryptedPayload } from './types.ts'

/** Encrypted payload body (section 3.14), opaque here. `firstInner` is its own Next Payload field. */
export function decodeEncrypted(firstInner: number, bytes: Uint8Array, start: number, end: number): EncryptedPayload {
  return { kind: 'encrypted', firstInner, body: view(bytes, start, end) }
}

/** Octets of the body; throws on values the format cannot hold. */
export function encryptedLength({ firstInner, body }: EncryptedPayload): number {
  checkNumber(firstInner, 0xff, 'encrypted', 'firstInner')
  checkOctets(body, MAXIMUM_BODY, 'encrypted', 'body')
  return body.length
}

/**
 * Encrypted Fragment payload body (RFC 7383 section 2.5): from 1, at most the total. The first alone names a payload; what the
 * Next Payload of another says is no test of section 2.6, and ignored.
 */
export function decodeEncryptedFragment(
  firstInner: number,
  bytes: Uint8Array,
  start: number,
  end: number
): EncryptedFragmentPayload | Malformed {
  if (end - start < 4) return new Malformed('truncated', start, end - start)
  const fragmentNumber = readUint16(bytes, start)
  const totalFragments = readUint16(bytes, start + 2)
  if (fragmentNumber === 0) return new Malformed('invalidValue', start, 0, 'fragmentNumber')
  if (fragmentNumber > totalFragments) return new Malformed('invalidValue', start + 2, totalFragments, 'totalFragments')
  return {
    kind: 'encryptedFragment',
    firstInner: fragmentNumber === 1 ? firstInner : 0,
    fragmentNumber,
    totalFragments,
    body: view(bytes, start + 4, end)
  }
}

/** Octets of the body; throws on values the format cannot hold. */
export function encryptedFragmentLength(payload: EncryptedFragmentPayload): number {
  const { firstInner, fragmentNumber, totalFragments, body, reserved } = payload
  checkReserved(reserved, fragmentNumber === 1 ? 0 : 0xff, 'encryptedFragment')
  checkNumber(firstInner, 0xff, 'encryptedFragment', 'firstInner')
  checkNumber(totalFragments, 0xffff, 'encryptedFragment', 'totalFragments')
  checkNumber(fragmentNumber, totalFragments, 'encryptedFragment', 'fragmentNumber')
  if (fragmentNumber === 0) throw new RangeError('encryptedFragment.fragmentNumber: counts from 1')
  if (fragmentNumber !== 1 && firstInner !== 0) {
    throw new RangeError(`encryptedFragment.firstInner: ${firstInner}, fragment ${fragmentNumber} names none`)
  }
  checkOctets(body, MAXIMUM_BODY, 'encryptedFragment', 'body')
  return 4 + body.length
}

/** Writes the body at `start` and returns the offset behind it. */
export function writeEncryptedFragment(out: Uint8Array, start: number, payload: EncryptedFragmentPayload): number {
  writeUint16(out, start, payload.fragmentNumber)
  writeUint16(out, start + 2, payload.totalFragments)
  return putOctets(out, start + 4, payload.body)
}
