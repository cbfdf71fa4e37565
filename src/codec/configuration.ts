import { readUint16, writeUint16 } from '../bytes/index.ts'
import { CODEC_LIMITS } from './limits.ts'
import { Malformed } from './malformed.ts'
import {
  checkNumber,
  checkOctets,
  checkReserved,
  isNumberTo,
  isOctetsTo,
  isRecords,
  putOctets,
  putReserved,
  refuseRecords,
  view
} from './octet-fields.ts'
import type { ConfigurationAttribute, ConfigurationPayload } from './types.ts'

/** Configuration payload body (section 3.15): type and zero or more attributes. */
export function decodeConfiguration(bytes: Uint8Array, start: number, end: number): ConfigurationPayload | Malformed {
  if (end - start < 4) return new Malformed('truncated', start, end - start)
  const attributes: ConfigurationAttribute[] = []
  let at = start + 4
  while (at < end) {
    const index = attributes.length
    if (index === CODEC_LIMITS.configurationAttributes)
      return new Malformed('limitExceeded', at, index + 1, 'attributes')
    if (end - at < 4) return new Malformed('truncated', at, end - at, `attributes[${index}]`)
    const length = readUint16(bytes, at + 2)
    const next = at + 4 + length
    if (next > end) return new Malformed('invalidLength', at + 2, length, `attributes[${index}]`)
    attributes.push({ type: readUint16(bytes, at) & 0x7fff, value: view(bytes, at + 4, next) })
    at = next
  }
  return { kind: 'configuration', configurationType: bytes[start] as number, attributes }
}

/** Octets of the body; throws on values the format cannot hold. */
export function configurationLength({ configurationType, attributes, reserved }: ConfigurationPayload): number {
  checkReserved(reserved, 0xffffff, 'configuration')
  checkNumber(configurationType, 0xff, 'configuration', 'configurationType')
  if (!isRecords(attributes)) refuseRecords(attributes, 'configuration', 'attributes')
  let total = 4
  for (let i = 0; i < attributes.length; i++) {
    const { type, value, reserved: bit } = attributes[i] as ConfigurationAttribute
    if (bit !== undefined) checkReserved(bit, 1, 'configuration', `attributes[${i}].`)
    if (!isNumberTo(0x7fff, type)) checkNumber(type, 0x7fff, 'configuration', `attributes[${i}].type`)
    if (!isOctetsTo(0xffff, value)) checkOctets(value, 0xffff, 'configuration', `attributes[${i}].value`)
    total += 4 + value.length
  }
  return total
}

/** Writes the body at `start` and returns the offset behind it. */
export function writeConfiguration(out: Uint8Array, start: number, payload: ConfigurationPayload): number {
  out[start] = payload.configurationType
  putReserved(out, start + 1, payload.reserved)
  let at = start + 4
  for (let i = 0; i < payload.attributes.length; i++) {
    const { type, value, reserved = 0 } = payload.attributes[i] as ConfigurationAttribute
    writeUint16(out, at, (reserved << 15) | type)
    writeUint16(out, at + 2, value.length)
    at = putOctets(out, at + 4, value)
  }
  return at
}
