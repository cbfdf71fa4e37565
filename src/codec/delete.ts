import { readUint16, writeUint16 } from '../bytes/index.ts'
import { CODEC_LIMITS } from './limits.ts'
import { Malformed } from './malformed.ts'
import { checkNumber, checkOctets, isOctetsTo, putOctets, view } from './octet-fields.ts'
import { PROTOCOL } from './registry.ts'
import type { DeletePayload } from './types.ts'

/** Delete payload body (section 3.11): no SPI for the IKE SA, SPIs of 4 octets for AH and ESP; protocol 0 names no SA. */
export function decodeDelete(bytes: Uint8Array, start: number, end: number): DeletePayload | Malformed {
  if (end - start < 4) return new Malformed('truncated', start, end - start)
  const protocol = bytes[start] as number
  const spiSize = bytes[start + 1] as number
  const count = readUint16(bytes, start + 2)
  if (protocol === PROTOCOL.NONE) return new Malformed('invalidValue', start, 0, 'protocol')
  if (!isSpiSize(protocol, spiSize)) return new Malformed('invalidStructure', start + 1, spiSize, 'spiSize')
  // SPIs of no octets would let four octets of input claim 65535 of them.
  if (spiSize === 0 && count !== 0) return new Malformed('invalidStructure', start + 2, count, 'spis')
  if (end - start - 4 !== spiSize * count) return new Malformed('invalidLength', start + 2, count, 'spis')
  if (count > CODEC_LIMITS.deleteSpis) return new Malformed('limitExceeded', start + 2, count, 'spis')
  const spis: Uint8Array[] = []
  for (let at = start + 4; at < end; at += spiSize) spis.push(view(bytes, at, at + spiSize))
  return { kind: 'delete', protocol, spiSize, spis }
}

function isSpiSize(protocol: number, size: number): boolean {
  if (protocol === PROTOCOL.IKE) return size === 0
  return (protocol !== PROTOCOL.ESP && protocol !== PROTOCOL.AH) || size === 4
}

/** Octets of the body; throws on values the format cannot hold. */
export function deleteLength({ protocol, spiSize, spis }: DeletePayload): number {
  checkNumber(protocol, 0xff, 'delete', 'protocol')
  if (protocol === PROTOCOL.NONE) throw new RangeError('delete.protocol: 0 is none')
  checkNumber(spiSize, 0xff, 'delete', 'spiSize')
  if (!isSpiSize(protocol, spiSize)) {
    throw new RangeError(`delete.spiSize: ${spiSize} is not the size of protocol ${protocol}`)
  }
  if (!Array.isArray(spis)) throw new TypeError('delete.spis: expected an array')
  if (spiSize === 0 && spis.length !== 0) throw new RangeError('delete.spis: SPIs of no octets cannot be listed')
  if (spis.length > 0xffff) throw new RangeError(`delete.spis: ${spis.length} are too many`)
  for (let i = 0; i < spis.length; i++) {
    const spi = spis[i] as Uint8Array
    if (!isOctetsTo(spiSize, spi) || spi.length !== spiSize) {
      checkOctets(spi, spiSize, 'delete', `spis[${i}]`)
      throw new RangeError(`delete.spis[${i}]: ${spi.length} octets, spiSize says ${spiSize}`)
    }
  }
  return 4 + spiSize * spis.length
}

/** Writes the body at `start` and returns the offset behind it. Lengths are known to fit. */
export function writeDelete(out: Uint8Array, start: number, { protocol, spiSize, spis }: DeletePayload): number {
  out[start] = protocol
  out[start + 1] = spiSize
  writeUint16(out, start + 2, spis.length)
  let at = start + 4
  for (const spi of spis) at = putOctets(out, at, spi)
  return at
}
