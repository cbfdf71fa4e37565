import { EMPTY } from '../bytes/index.ts'

/** Octets `start` to `end` of `bytes` without copying; always a plain `Uint8Array`, also of a Node `Buffer`. */
export function view(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return start === end ? EMPTY : new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start)
}

/** Copies `octets` to `offset` and returns the offset behind them. A loop beats `set` for what IKE mostly carries. */
export function putOctets(out: Uint8Array, offset: number, octets: Uint8Array): number {
  const length = octets.length
  if (length > 48) out.set(octets, offset)
  else for (let i = 0; i < length; i++) out[offset + i] = octets[i] as number
  return offset + length
}

/** Throws RangeError unless `value` is an integer from 0 to `maximum`. */
export function checkNumber(value: number, maximum: number, field: string): void {
  if (!(Number.isInteger(value) && value >= 0 && value <= maximum)) {
    throw new RangeError(`${field}: ${value} is not an integer from 0 to ${maximum}`)
  }
}

/** Throws TypeError unless `octets` is a `Uint8Array`, RangeError when it is longer than `maximum`. */
export function checkOctets(octets: Uint8Array, maximum: number, field: string): void {
  if (!(octets instanceof Uint8Array)) throw new TypeError(`${field}: expected a Uint8Array`)
  if (octets.length > maximum) throw new RangeError(`${field}: ${octets.length} octets, at most ${maximum} fit`)
}

/** Largest body of a payload: its length field counts the four octets of the generic header too. */
export const MAXIMUM_BODY = 0xffff - 4
