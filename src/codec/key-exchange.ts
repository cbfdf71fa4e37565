import { readUint16, writeUint16 } from '../bytes/index.ts'
import { Malformed } from './malformed.ts'
import { checkNumber, checkOctets, checkReserved, MAXIMUM_BODY, putOctets, view } from './octet-fields.ts'
import type { KeyExchangePayload, NoncePayload } from './types.ts'

const SHORTEST_NONCE = 16
const LONGEST_NONCE = 256

/** Key Exchange payload body (section 3.4). Whether the value has the length of its group is for the group to say. */
export function decodeKeyExchange(bytes: Uint8Array, start: number, end: number): KeyExchangePayload | Malformed {
  if (end - start < 4) return new Malformed('truncated', start, end - start)
  return { kind: 'keyExchange', group: readUint16(bytes, start), data: view(bytes, start + 4, end) }
}

/** Octets of the body; throws on values the format cannot hold. */
export function keyExchangeLength({ group, data, reserved }: KeyExchangePayload): number {
  checkReserved(reserved, 0xffff, 'keyExchange')
  checkNumber(group, 0xffff, 'keyExchange', 'group')
  checkOctets(data, MAXIMUM_BODY, 'keyExchange', 'data')
  return 4 + data.length
}

/** Writes the body at `start` and returns the offset behind it. */
export function writeKeyExchange(
  out: Uint8Array,
  start: number,
  { group, data, reserved }: KeyExchangePayload
): number {
  writeUint16(out, start, group)
  if (reserved !== undefined) writeUint16(out, start + 2, reserved)
  return putOctets(out, start + 4, data)
}

/** Nonce payload body: 16 to 256 octets (section 3.9). */
export function decodeNonce(bytes: Uint8Array, start: number, end: number): NoncePayload | Malformed {
  const length = end - start
  if (length < SHORTEST_NONCE || length > LONGEST_NONCE) return new Malformed('invalidValue', start, length, 'data')
  return { kind: 'nonce', data: view(bytes, start, end) }
}

/** Octets of the body; throws on a nonce the RFC forbids. */
export function nonceLength({ data }: NoncePayload): number {
  checkOctets(data, LONGEST_NONCE, 'nonce', 'data')
  if (data.length < SHORTEST_NONCE) throw new RangeError(`nonce.data: ${data.length} octets, at least 16 are needed`)
  return data.length
}
