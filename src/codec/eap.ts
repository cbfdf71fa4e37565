import { EMPTY, readUint16, writeUint16 } from '../bytes/index.ts'
import { Malformed } from './malformed.ts'
import { checkNumber, checkOctets, MAXIMUM_BODY, putOctets, view } from './octet-fields.ts'
import { EAP_CODE } from './registry.ts'
import type { EapPayload } from './types.ts'

/**
 * EAP payload body (section 3.16): its own length is that of the body; a type follows in Request and Response, and in
 * Initiate and Finish (RFC 6696); any other code is four octets long.
 */
export function decodeEap(bytes: Uint8Array, start: number, end: number): EapPayload | Malformed {
  if (end - start < 4) return new Malformed('truncated', start, end - start)
  const length = readUint16(bytes, start + 2)
  if (length !== end - start) return new Malformed('invalidLength', start + 2, length, 'length')
  const code = bytes[start] as number
  const identifier = bytes[start + 1] as number
  if (!hasType(code)) {
    if (length !== 4) return new Malformed('invalidLength', start + 2, length, 'length')
    return { kind: 'eap', code, identifier }
  }
  if (end - start === 4) return new Malformed('truncated', end, 0, 'type')
  return { kind: 'eap', code, identifier, type: bytes[start + 4] as number, data: view(bytes, start + 5, end) }
}

function hasType(code: number): boolean {
  return (
    code === EAP_CODE.REQUEST || code === EAP_CODE.RESPONSE || code === EAP_CODE.INITIATE || code === EAP_CODE.FINISH
  )
}

/** Octets of the body; throws on values the format cannot hold. */
export function eapLength({ code, identifier, type, data = EMPTY }: EapPayload): number {
  checkNumber(code, 0xff, 'eap', 'code')
  checkNumber(identifier, 0xff, 'eap', 'identifier')
  checkOctets(data, MAXIMUM_BODY, 'eap', 'data')
  if (!hasType(code)) {
    if (type !== undefined) throw new RangeError(`eap.type: code ${code} has none`)
    if (data.length !== 0) throw new RangeError(`eap.data: code ${code} has none`)
    return 4
  }
  if (type === undefined) throw new TypeError(`eap.type: code ${code} needs one`)
  checkNumber(type, 0xff, 'eap', 'type')
  return 5 + data.length
}

/** Writes the body at `start` and returns the offset behind it. */
export function writeEap(out: Uint8Array, start: number, payload: EapPayload): number {
  const { code, identifier, type, data = EMPTY } = payload
  out[start] = code
  out[start + 1] = identifier
  if (type === undefined) {
    writeUint16(out, start + 2, 4)
    return start + 4
  }
  writeUint16(out, start + 2, 5 + data.length)
  out[start + 4] = type
  return putOctets(out, start + 5, data)
}
