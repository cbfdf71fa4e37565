import type { DecodeErrorCode } from '../../src/codec/index.ts'

/** The closed list of codes: the compiler refuses one that is missing or too many. */
const codes: Readonly<Record<DecodeErrorCode, true>> = {
  truncated: true,
  lengthMismatch: true,
  unsupportedMajorVersion: true,
  invalidLength: true,
  invalidStructure: true,
  invalidValue: true,
  trailingOctets: true,
  limitExceeded: true
}

/** Every code of an error of decoding. */
export const DECODE_ERROR_CODES: readonly string[] = Object.keys(codes)
