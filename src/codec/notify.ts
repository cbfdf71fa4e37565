import { EMPTY, readUint16, writeUint16 } from '../bytes/index.ts'
import { Malformed } from './malformed.ts'
import { checkNumber, checkOctets, MAXIMUM_BODY, putOctets, view } from './octet-fields.ts'
import type { NotifyPayload } from './types.ts'

/**
 * What is wrong with the lengths of a Notify payload body. Apart from decoding, so that it is found before anything is made:
 * most payloads of a message are notifications, and to refuse them must not cost more than to accept them.
 */
export function notifyDefect(bytes: Uint8Array, start: number, end: number): Malformed | undefined {
  if (end - start < 4) return new Malformed('truncated', start, end - start)
  const spiSize = bytes[start + 1] as number
  return start + 4 + spiSize > end ? new Malformed('invalidLength', start + 1, spiSize, 'spi') : undefined
}

/** Notify payload body (section 3.10) without defect. What the data of a type says is for `bodies` to tell. */
export function decodeNotify(bytes: Uint8Array, start: number, end: number): NotifyPayload {
  const data = start + 4 + (bytes[start + 1] as number)
  return {
    kind: 'notify',
    protocol: bytes[start] as number,
    spi: view(bytes, start + 4, data),
    type: readUint16(bytes, start + 2),
    data: view(bytes, data, end)
  }
}

/** Octets of the body; throws on values the format cannot hold. */
export function notifyLength({ protocol, spi, type, data }: NotifyPayload): number {
  checkNumber(protocol, 0xff, 'notify', 'protocol')
  checkNumber(type, 0xffff, 'notify', 'type')
  checkOctets(spi, 0xff, 'notify', 'spi')
  checkOctets(data, MAXIMUM_BODY, 'notify', 'data')
  return 4 + spi.length + data.length
}

/** Writes the body at `start` and returns the offset behind it. Lengths are known to fit. */
export function writeNotify(out: Uint8Array, start: number, { protocol, spi, type, data }: NotifyPayload): number {
  out[start] = protocol
  out[start + 1] = spi.length
  writeUint16(out, start + 2, type)
  return putOctets(out, putOctets(out, start + 4, spi), data)
}

/**
 * A Notify about no particular SA: protocol 0, no SPI, which is what all of RFC 4555 and most of RFC 7296 want.
 * `data` is kept as it is, not copied.
 */
export function notify(type: number, data: Uint8Array = EMPTY): NotifyPayload {
  return { kind: 'notify', protocol: 0, spi: EMPTY, type, data }
}
