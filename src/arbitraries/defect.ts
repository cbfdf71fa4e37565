import type { Arbitrary } from 'fast-check'
import { writeUint16 } from '../bytes/index.ts'
import type { DecodeErrorCode } from '../codec/index.ts'

/** The body of a payload that no conforming sender makes. */
export interface DefectiveBody {
  readonly type: number
  readonly octets: Uint8Array
  /** What decoding has to report. */
  readonly code: DecodeErrorCode
  /** And where, from the start of the body. */
  readonly offset: number
}

/** What is wrong, where that is said (of RFC 7296 where no RFC is named), and bodies that have it. */
export interface BodyDefect {
  readonly name: string
  readonly section: string
  readonly body: Arbitrary<DefectiveBody>
}

/** One row of the tables of defects. */
export function defect(name: string, section: string, body: Arbitrary<DefectiveBody>): BodyDefect {
  return { name, section, body }
}

/** A defective body. */
export function wrong(type: number, octets: Uint8Array, code: DecodeErrorCode, offset: number): DefectiveBody {
  return { type, octets, code, offset }
}

/** So many octets, all zero or all `value`. */
export function filled(length: number, value = 0): Uint8Array {
  return new Uint8Array(length).fill(value)
}

/** `body` with another octet at `offset`. */
export function withOctet(body: Uint8Array, offset: number, value: number): Uint8Array {
  const changed = body.slice()
  changed[offset] = value
  return changed
}

/** `body` with another number of two octets at `offset`. */
export function withLength(body: Uint8Array, offset: number, value: number): Uint8Array {
  const changed = body.slice()
  writeUint16(changed, offset, value)
  return changed
}
