import { EMPTY } from '../bytes/index.ts'

/** Octets `start` to `end` of `bytes` without copying. */
export function view(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return start === end ? EMPTY : bytes.subarray(start, end)
}

/** The same octets as a plain `Uint8Array`: views of a Node `Buffer` would be `Buffer`s, several times slower. */
export function plainOctets(bytes: Uint8Array): Uint8Array {
  if (bytes.constructor === Uint8Array) return bytes
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Copies `octets` to `offset` and returns the offset behind them. A loop beats `set` for what IKE mostly carries. */
export function putOctets(out: Uint8Array, offset: number, octets: Uint8Array): number {
  const length = octets.length
  if (length > 48) out.set(octets, offset)
  else for (let i = 0; i < length; i++) out[offset + i] = octets[i] as number
  return offset + length
}

/** True for an integer from 0 to `maximum`. */
export function isNumberTo(maximum: number, value: number): boolean {
  return value >= 0 && value <= maximum && Number.isInteger(value)
}

/** True for a `Uint8Array` of at most `maximum` octets. */
export function isOctetsTo(maximum: number, octets: Uint8Array): boolean {
  return octets instanceof Uint8Array && octets.length <= maximum
}

/** Throws RangeError unless `value` is an integer from 0 to `maximum`. */
export function checkNumber(value: number, maximum: number, owner: string, field: string): void {
  if (!isNumberTo(maximum, value)) {
    throw new RangeError(`${owner}.${field}: ${value} is not an integer from 0 to ${maximum}`)
  }
}

/** Throws TypeError unless `octets` is a `Uint8Array`, RangeError when it is longer than `maximum`. */
export function checkOctets(octets: Uint8Array, maximum: number, owner: string, field: string): void {
  if (!(octets instanceof Uint8Array)) throw new TypeError(`${owner}.${field}: expected a Uint8Array`)
  if (octets.length > maximum) {
    throw new RangeError(`${owner}.${field}: ${octets.length} octets, at most ${maximum} fit`)
  }
}

/** Throws TypeError or RangeError naming `out` unless `octets` octets can be written to it at `offset`. */
export function checkRoom(out: Uint8Array, offset: number, octets: number, owner: string): void {
  checkOctets(out, 0xffffffff, owner, 'out')
  if (out.length - offset < octets) throw new RangeError(`${owner}.out: no ${octets} octets at ${offset}`)
}

/** True for an array without holes that holds objects only. */
export function isRecords(list: readonly object[]): boolean {
  if (!Array.isArray(list)) return false
  for (let i = 0; i < list.length; i++) if (typeof list[i] !== 'object' || list[i] === null) return false
  return true
}

/** Throws TypeError naming what {@link isRecords} is false for: the list, or its first entry that is no object. */
export function refuseRecords(list: readonly unknown[], owner: string, field: string): never {
  if (!Array.isArray(list)) throw new TypeError(`${owner}.${field}: expected an array`)
  // A hole is found like any other entry that is none.
  const index = list.findIndex((entry) => typeof entry !== 'object' || entry === null)
  throw new TypeError(`${owner}.${field}[${index}]: expected an object`)
}

/** Throws RangeError unless a RESERVED field of so many bits can hold `reserved`, which is mostly absent. */
export function checkReserved(reserved: number | undefined, maximum: number, owner: string, path = ''): void {
  if (reserved !== undefined) checkNumber(reserved, maximum, owner, `${path}reserved`)
}

/** Writes a RESERVED field of 24 bits where it is not zero. */
export function putReserved(out: Uint8Array, offset: number, reserved: number | undefined): void {
  if (reserved === undefined) return
  out[offset] = reserved >>> 16
  out[offset + 1] = reserved >>> 8
  out[offset + 2] = reserved
}

/** Largest body of a payload: its length field counts the four octets of the generic header too. */
export const MAXIMUM_BODY: number = 0xffff - 4
