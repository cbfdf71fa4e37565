import { constantTimeEqual, EMPTY, readUint16 } from '../bytes/index.ts'
import {
  type EncryptedFrame,
  encryptedFragmentFrame,
  encryptedFrame,
  GENERIC_HEADER_OCTETS,
  HEADER_OCTETS
} from '../codec/index.ts'
import type { MessageHeader } from '../codec/types.ts'
import { type DirectionContext, ikeContext } from './context-cache.ts'
import type { Side } from './key-schedule.ts'
import type { IkeSuite } from './types.ts'

/**
 * The Encrypted payload (RFC 7296 section 3.14, RFC 5282) and the Encrypted Fragment payload (RFC 7383 section 2.5), which
 * differ in their header only. Everything from the first octet of the IKE header is authenticated.
 */

/** Header fields of a protected message (RFC 7296 section 3.1). */
export interface ProtectedHeader {
  /** Eight octets. */
  readonly initiatorSpi: Uint8Array
  /** Eight octets. */
  readonly responderSpi: Uint8Array
  readonly exchangeType: number
  /** The Initiator flag. It also says whose keys protect the message: SK_ei and SK_ai when set. */
  readonly fromInitiator: boolean
  /** The Response flag. */
  readonly isResponse: boolean
  readonly messageId: number
}

/** What {@link sealMessage} takes. */
export interface SealInput {
  readonly suite: IkeSuite
  /** Packed keys of the IKE SA, as `deriveIkeKeys` returns them. */
  readonly material: Uint8Array
  readonly header: ProtectedHeader
  /** Payload type of the first inner payload; 0 when there is none. */
  readonly firstInner: number
  /** The encoded inner payload chain, or this fragment's part of it. */
  readonly inner: Uint8Array
  /** `suite.encryption.ivOctets` octets. Unpredictable for CBC (section 3.14), never repeated under a key for AEAD. */
  readonly iv: Uint8Array
  /** Padding without the Pad Length octet; default the least that aligns, zeros. Any length that aligns is allowed. */
  readonly padding?: Uint8Array | undefined
}

/** What {@link sealFragment} takes. */
export interface SealFragmentInput extends SealInput {
  /** From 1. */
  readonly fragmentNumber: number
  readonly totalFragments: number
}

/** What {@link openMessage} and {@link openFragment} take. */
export interface OpenInput {
  readonly suite: IkeSuite
  /** Packed keys of the IKE SA. */
  readonly material: Uint8Array
  /** Whose keys must have protected the message. Not read from the message, so that a reflected one does not open. */
  readonly sender: Side
  /** The whole IKE message, without a non-ESP marker. */
  readonly message: Uint8Array
  /**
   * Octets from the start of the message to the generic header of the Encrypted (Fragment) payload. As it is the last
   * payload: length of the message, less its body, less 4 for Encrypted or 8 for Encrypted Fragment.
   */
  readonly offset: number
}

/** Why a protected message did not open: its checksum is wrong, or its lengths or padding are impossible. */
export type OpenError = 'integrityFailed' | 'malformed'

/** The contents of an opened message. Octet fields are views of fresh plaintext; `iv` is a view of the message. */
export interface OpenedMessage {
  readonly ok: true
  readonly firstInner: number
  /** The inner payload chain. */
  readonly inner: Uint8Array
  readonly iv: Uint8Array
  /** Padding as it came, without the Pad Length octet. */
  readonly padding: Uint8Array
}

/** The contents of an opened fragment. */
export interface OpenedFragment extends OpenedMessage {
  readonly fragmentNumber: number
  readonly totalFragments: number
}

/** A failure to open. */
export interface OpenFailure {
  readonly ok: false
  readonly error: OpenError
}

const FRAGMENT_HEADER_OCTETS = GENERIC_HEADER_OCTETS + 4

/**
 * A whole IKE message whose only outer payload is an Encrypted payload.
 *
 * @throws TypeError or RangeError naming the field that the format cannot hold, `iv`, `padding` or `material`.
 */
export function sealMessage(input: SealInput): Uint8Array {
  const plan = planOf(input)
  return fill(encryptedFrame(codecHeader(input.header), input.firstInner, plan.octets), input, plan)
}

/**
 * A whole IKE message with one Encrypted Fragment payload (RFC 7383). The type of the first inner payload is written in
 * fragment 1 alone.
 *
 * @throws TypeError or RangeError naming the field that the format cannot hold, `iv`, `padding` or `material`.
 */
export function sealFragment(input: SealFragmentInput): Uint8Array {
  const { fragmentNumber, totalFragments } = input
  const plan = planOf(input)
  const header = codecHeader(input.header)
  return fill(
    encryptedFragmentFrame(header, input.firstInner, fragmentNumber, totalFragments, plan.octets),
    input,
    plan
  )
}

/** Octets of the message {@link sealMessage} makes of an inner chain of `innerOctets` with default padding. */
export function sealedMessageOctets(suite: IkeSuite, innerOctets: number): number {
  return HEADER_OCTETS + GENERIC_HEADER_OCTETS + bodyOctets(suite, innerOctets)
}

/** Octets of the message {@link sealFragment} makes of `innerOctets` with default padding. */
export function sealedFragmentOctets(suite: IkeSuite, innerOctets: number): number {
  return HEADER_OCTETS + FRAGMENT_HEADER_OCTETS + bodyOctets(suite, innerOctets)
}

/**
 * Checks and decrypts the Encrypted payload of a message. Integrity comes first: `malformed` is said of an authentic
 * message, except where there are too few octets to hold a checksum. Does not throw on input.
 */
export function openMessage(input: OpenInput): OpenedMessage | OpenFailure {
  return open(input, GENERIC_HEADER_OCTETS)
}

/** {@link openMessage} for an Encrypted Fragment payload (RFC 7383 section 2.5). Reassembly is the caller's. */
export function openFragment(input: OpenInput): OpenedFragment | OpenFailure {
  const opened = open(input, FRAGMENT_HEADER_OCTETS)
  if (!opened.ok) return opened
  const { message, offset } = input
  return {
    ...opened,
    fragmentNumber: readUint16(message, offset + GENERIC_HEADER_OCTETS),
    totalFragments: readUint16(message, offset + GENERIC_HEADER_OCTETS + 2)
  }
}

/** The parts of a body that are known before the message around it is. */
interface BodyPlan {
  readonly context: DirectionContext
  readonly padLength: number
  /** Octets of IV, ciphertext, tag and checksum. */
  readonly octets: number
}

function planOf({ suite, material, header, inner, iv, padding }: SealInput): BodyPlan {
  const { encryption } = suite
  if (iv.length !== encryption.ivOctets) {
    throw new RangeError(`iv: ${encryption.name} needs ${encryption.ivOctets} octets, got ${iv.length}`)
  }
  const context = ikeContext(suite, material, header.fromInitiator ? 'initiator' : 'responder')
  const least = leastPadding(inner.length, encryption.blockOctets)
  const padLength = padding === undefined ? least : padding.length
  if (padLength > 255 || (padLength - least) % encryption.blockOctets !== 0) {
    throw new RangeError(`padding: ${padLength} octets do not align ${inner.length} to ${encryption.blockOctets}`)
  }
  const octets = iv.length + inner.length + padLength + 1 + encryption.tagOctets + context.icvOctets
  return { context, padLength, octets }
}

/** Seals in place in a frame: what precedes the IV is associated data, what precedes the checksum is under it. */
function fill({ bytes, bodyOffset }: EncryptedFrame, input: SealInput, { context, padLength }: BodyPlan): Uint8Array {
  const { inner, iv, padding } = input
  const start = bodyOffset + iv.length
  const padLengthAt = start + inner.length + padLength
  const end = bytes.length - context.icvOctets
  bytes.set(iv, bodyOffset)
  bytes.set(inner, start)
  if (padding !== undefined) bytes.set(padding, start + inner.length)
  bytes[padLengthAt] = padLength
  const plaintext = bytes.subarray(start, padLengthAt + 1)
  context.cipher.seal(iv, plaintext, bytes.subarray(0, bodyOffset), bytes.subarray(start, end))
  if (context.integrity !== null) bytes.set(context.integrity.checksum(bytes.subarray(0, end)), end)
  return bytes
}

function codecHeader(header: ProtectedHeader): MessageHeader {
  return {
    initiatorSpi: header.initiatorSpi,
    responderSpi: header.responderSpi,
    majorVersion: 2,
    minorVersion: 0,
    exchangeType: header.exchangeType,
    fromInitiator: header.fromInitiator,
    isResponse: header.isResponse,
    messageId: header.messageId
  }
}

function open(input: OpenInput, payloadHeaderOctets: number): OpenedMessage | OpenFailure {
  const { suite, message, offset } = input
  const context = ikeContext(suite, input.material, input.sender)
  const start = offset + payloadHeaderOctets
  const cipherStart = start + suite.encryption.ivOctets
  const end = message.length - context.icvOctets
  // At least Pad Length must be there, and the checksum after it.
  if (!(offset >= HEADER_OCTETS && end - cipherStart >= suite.encryption.tagOctets + 1)) return MALFORMED
  if (!hasIntegrity(context, message, end)) return INTEGRITY_FAILED
  const iv = message.subarray(start, cipherStart)
  const plaintext = context.cipher.open(iv, message.subarray(cipherStart, end), message.subarray(0, start))
  // For CBC the checksum was right: what remains is a length that is no multiple of the block.
  if (plaintext === undefined) return suite.encryption.aead ? INTEGRITY_FAILED : MALFORMED
  const padLength = plaintext[plaintext.length - 1] as number
  const innerEnd = plaintext.length - 1 - padLength
  if (innerEnd < 0) return MALFORMED
  return {
    ok: true,
    firstInner: message[offset] as number,
    inner: innerEnd === 0 ? EMPTY : plaintext.subarray(0, innerEnd),
    iv,
    padding: padLength === 0 ? EMPTY : plaintext.subarray(innerEnd, innerEnd + padLength)
  }
}

const MALFORMED: OpenFailure = /* @__PURE__ */ Object.freeze({ ok: false, error: 'malformed' })
const INTEGRITY_FAILED: OpenFailure = /* @__PURE__ */ Object.freeze({ ok: false, error: 'integrityFailed' })

/** True for AEAD too, whose tag is checked when opening. */
function hasIntegrity(context: DirectionContext, message: Uint8Array, end: number): boolean {
  if (context.integrity === null) return true
  return constantTimeEqual(context.integrity.checksum(message.subarray(0, end)), message.subarray(end))
}

function leastPadding(innerOctets: number, blockOctets: number): number {
  return blockOctets - 1 - (innerOctets % blockOctets)
}

function bodyOctets({ encryption, integrity }: IkeSuite, innerOctets: number): number {
  const plaintext = innerOctets + leastPadding(innerOctets, encryption.blockOctets) + 1
  return encryption.ivOctets + plaintext + encryption.tagOctets + (integrity === null ? 0 : integrity.icvOctets)
}
