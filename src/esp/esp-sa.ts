import { concatBytes, constantTimeEqual, readUint32, writeUint32 } from '../bytes/index.ts'
import type { ChildSuite, CipherContext, IntegrityContext } from '../crypto/types.ts'
import { innerPacketLength } from './inner-packet.ts'
import { createReplayWindow, REPLAY_WINDOW, type ReplayRefusal, type ReplayState } from './replay-window.ts'

/** Keys of one direction of a Child SA (RFC 7296 section 2.17). Copied, never kept. */
export interface EspKeys {
  /** Cipher key material, AEAD salt included. */
  readonly encryption: Uint8Array
  /** Empty for AEAD. */
  readonly integrity: Uint8Array
}

/** What both directions of an ESP SA are made from. */
export interface EspSaOptions {
  /** 32 bits, host order; 1 to 255 are reserved by IANA and 0 is for local use (RFC 4303 section 2.1). */
  readonly spi: number
  readonly suite: ChildSuite
  readonly keys: EspKeys
}

/** The sending direction. `sequence` continues an earlier SA object: the last number it sent. */
export interface OutboundEspSaOptions extends EspSaOptions {
  readonly sequence?: number
}

/** The receiving direction. `replay` continues an earlier SA object; `replayWindow` is in packets, default 64. */
export interface InboundEspSaOptions extends EspSaOptions {
  readonly replayWindow?: number
  readonly replay?: ReplayState
}

/** The sending direction of a Child SA. */
export interface OutboundEspSa {
  readonly spi: number
  /** Octets of IV that `encapsulate` takes from its entropy: 8 for AEAD, 16 for CBC. */
  readonly ivOctets: number
  /**
   * The ESP packet of one IP packet: SPI, sequence number, IV, ciphertext, ICV (RFC 4303 section 2); padded to the cipher's
   * block and to 4 octets, no padding against traffic analysis.
   *
   * `entropy` gives the IV. It is random and not a counter, so that a snapshot taken up twice cannot repeat it; with 8
   * octets of IV the chance that two of `n` packets share one is n² / 2^65: rekey an AEAD SA long before 2^32 packets.
   * With AEAD the sequence number is added to it without carry, so that not even entropy given twice by mistake repeats an
   * IV of this SA object, which would give away both packets.
   *
   * @throws RangeError naming `entropy` when it is shorter than the IV.
   */
  encapsulate(packet: Uint8Array, entropy: Uint8Array): EncapsulateResult
  /** The last sequence number sent; 0 before the first packet. */
  sequence(): number
}

/** An ESP packet with its sequence number, or why there is none. */
export type EncapsulateResult =
  | { readonly ok: true; readonly bytes: Uint8Array; readonly sequence: number }
  | { readonly ok: false; readonly error: EncapsulateError }

/** Why a packet is not sent. */
export type EncapsulateError =
  /** No IP packet, or one whose length field says more than there is. */
  | 'malformed'
  /** The sequence number must not wrap (RFC 4303 section 3.3.3): rekey. */
  | 'sequenceExhausted'

/** The receiving direction of a Child SA. */
export interface InboundEspSa {
  readonly spi: number
  /** The IP packet of an ESP packet. The window advances only when the checksum is right. Never throws. */
  decapsulate(bytes: Uint8Array): DecapsulateResult
  /** A copy of the anti-replay state. */
  replay(): ReplayState
}

/** The IP packet of an ESP packet with its whole sequence number, or why there is none. */
export type DecapsulateResult =
  /** `packet` is a fresh array, or a view of one: never of `bytes`. */
  | { readonly ok: true; readonly packet: Uint8Array; readonly sequence: number }
  | { readonly ok: false; readonly error: DecapsulateError }

/** Why an ESP packet is dropped. */
export type DecapsulateError =
  | 'unknownSpi'
  | ReplayRefusal
  | 'integrityFailed'
  /** Too short for ESP; or authentic but without a whole IP packet, or with padding other than 1, 2, 3… */
  | 'malformed'
  /** Authentic, Next Header 59: sent to hide the traffic pattern, to be dropped in silence (RFC 4303 section 2.6). */
  | 'dummy'

const SUBSPACE = 2 ** 32
const HEADER_OCTETS = 8
const NEXT_HEADER = { ipv4: 4, ipv6: 41, none: 59 } as const

/**
 * The sending direction of a Child SA in tunnel mode (RFC 4303; RFC 4106, RFC 7634 and RFC 3602 by the suite). Its key
 * schedule is prepared here, once.
 *
 * @throws TypeError or RangeError naming `spi`, `suite`, `keys` or `sequence` when it cannot be.
 */
export function createOutboundEspSa(options: OutboundEspSaOptions): OutboundEspSa {
  const { spi, suite } = options
  const { cipher, integrity } = prepare(options)
  const last = suite.extendedSequenceNumbers ? Number.MAX_SAFE_INTEGER : SUBSPACE - 1
  let sequence = options.sequence ?? 0
  if (!Number.isInteger(sequence) || sequence < 0 || sequence > last) throw new RangeError('sequence: out of range')
  const { ivOctets, aead } = suite.encryption
  const alignment = Math.max(4, suite.encryption.blockOctets)

  return {
    spi,
    ivOctets,
    encapsulate(packet, entropy) {
      if (entropy.length < ivOctets) throw new RangeError(`entropy: expected ${ivOctets} octets, got ${entropy.length}`)
      const length = innerPacketLength(packet)
      if (length === undefined) return { ok: false, error: 'malformed' }
      if (sequence >= last) return { ok: false, error: 'sequenceExhausted' }
      sequence++
      const plaintext = pad(packet.subarray(0, length), alignment)
      const iv = entropy.slice(0, ivOctets)
      if (aead) addSequence(iv, sequence)
      const header = headerOctets(spi, sequence)
      if (aead) {
        const sealed = cipher.seal(iv, plaintext, associatedData(suite, spi, sequence))
        return { ok: true, bytes: concatBytes(header, iv, sealed), sequence }
      }
      const ciphertext = cipher.seal(iv, plaintext, header)
      const icv = checksum(integrity, suite, sequence, header, iv, ciphertext)
      return { ok: true, bytes: concatBytes(header, iv, ciphertext, icv), sequence }
    },
    sequence: () => sequence
  }
}

/**
 * The receiving direction of a Child SA in tunnel mode. Its key schedule is prepared here, once.
 *
 * @throws TypeError or RangeError naming `spi`, `suite`, `keys`, `size` (of the replay window) or `state` when it cannot be.
 */
export function createInboundEspSa(options: InboundEspSaOptions): InboundEspSa {
  const { spi, suite } = options
  const { cipher, integrity } = prepare(options)
  const window = createReplayWindow(
    options.replayWindow ??
      (options.replay === undefined ? REPLAY_WINDOW.default : options.replay.received.length * 32),
    suite.extendedSequenceNumbers,
    options.replay
  )
  const { ivOctets, tagOctets, blockOctets } = suite.encryption
  const icvOctets = suite.integrity?.icvOctets ?? 0
  const shortest = HEADER_OCTETS + ivOctets + Math.max(4, blockOctets) + tagOctets + icvOctets

  function open(bytes: Uint8Array, sequence: number): Uint8Array | undefined {
    const body = HEADER_OCTETS + ivOctets
    const iv = bytes.subarray(HEADER_OCTETS, body)
    if (integrity === null) return cipher.open(iv, bytes.subarray(body), associatedData(suite, spi, sequence))
    const end = bytes.length - icvOctets
    const expected = checksum(integrity, suite, sequence, bytes.subarray(0, end))
    if (!constantTimeEqual(expected, bytes.subarray(end))) return undefined
    return cipher.open(iv, bytes.subarray(body, end), bytes.subarray(0, HEADER_OCTETS))
  }

  return {
    spi,
    decapsulate(bytes) {
      if (bytes.length < shortest) return { ok: false, error: 'malformed' }
      if (readUint32(bytes, 0) !== spi) return { ok: false, error: 'unknownSpi' }
      const sequence = window.check(readUint32(bytes, 4))
      if (typeof sequence === 'string') return { ok: false, error: sequence }
      const plaintext = open(bytes, sequence)
      if (plaintext === undefined) return { ok: false, error: 'integrityFailed' }
      window.accept(sequence)
      const payload = unpad(plaintext)
      if (payload === 'malformed' || payload === 'dummy') return { ok: false, error: payload }
      return { ok: true, packet: payload, sequence }
    },
    replay: () => window.snapshot()
  }
}

function prepare(options: EspSaOptions): { cipher: CipherContext; integrity: IntegrityContext | null } {
  const { spi, suite, keys } = options
  if (!Number.isInteger(spi) || spi < 1 || spi >= SUBSPACE) throw new RangeError(`spi: ${spi} is no ESP SPI`)
  if (suite.encryption.aead !== (suite.integrity === null)) {
    throw new TypeError('suite: integrity must be null exactly when the cipher is AEAD')
  }
  const integrityOctets = suite.integrity?.keyOctets ?? 0
  if (keys.encryption.length !== suite.encryption.keyOctets || keys.integrity.length !== integrityOctets) {
    throw new RangeError('keys: lengths do not fit the suite')
  }
  return {
    cipher: suite.encryption.prepare(keys.encryption),
    integrity: suite.integrity === null ? null : suite.integrity.prepare(keys.integrity)
  }
}

/** `iv` has 8 octets (RFC 4106 section 3.1, RFC 7634 section 2). */
function addSequence(iv: Uint8Array, sequence: number): void {
  writeUint32(iv, 0, (readUint32(iv, 0) ^ Math.floor(sequence / SUBSPACE)) >>> 0)
  writeUint32(iv, 4, (readUint32(iv, 4) ^ (sequence % SUBSPACE)) >>> 0)
}

function headerOctets(spi: number, sequence: number): Uint8Array {
  const header = new Uint8Array(HEADER_OCTETS)
  writeUint32(header, 0, spi)
  writeUint32(header, 4, sequence % SUBSPACE)
  return header
}

/** RFC 4106 section 5 and RFC 7634 section 2.1: the high half of an extended sequence number goes before the low one. */
function associatedData(suite: ChildSuite, spi: number, sequence: number): Uint8Array {
  if (!suite.extendedSequenceNumbers) return headerOctets(spi, sequence)
  const octets = new Uint8Array(HEADER_OCTETS + 4)
  writeUint32(octets, 0, spi)
  writeUint32(octets, 4, Math.floor(sequence / SUBSPACE))
  writeUint32(octets, 8, sequence % SUBSPACE)
  return octets
}

/** RFC 4303 section 2.2.1: with a separate integrity algorithm the high half follows the packet and is not sent. */
function checksum(
  integrity: IntegrityContext | null,
  suite: ChildSuite,
  sequence: number,
  ...parts: readonly Uint8Array[]
): Uint8Array {
  if (!suite.extendedSequenceNumbers) return (integrity as IntegrityContext).checksum(...parts)
  const high = new Uint8Array(4)
  writeUint32(high, 0, Math.floor(sequence / SUBSPACE))
  return (integrity as IntegrityContext).checksum(...parts, high)
}

function pad(packet: Uint8Array, alignment: number): Uint8Array {
  const length = Math.ceil((packet.length + 2) / alignment) * alignment
  const plaintext = new Uint8Array(length)
  plaintext.set(packet)
  const padding = length - packet.length - 2
  for (let i = 0; i < padding; i++) plaintext[packet.length + i] = i + 1
  plaintext[length - 2] = padding
  plaintext[length - 1] = (packet[0] as number) >> 4 === 4 ? NEXT_HEADER.ipv4 : NEXT_HEADER.ipv6
  return plaintext
}

/** The IP packet without padding, whether 1, 2, 3… (section 2.4) or against traffic analysis (section 2.7). */
function unpad(plaintext: Uint8Array): Uint8Array | 'malformed' | 'dummy' {
  if (plaintext.length < 2) return 'malformed'
  const nextHeader = plaintext[plaintext.length - 1] as number
  const padding = plaintext[plaintext.length - 2] as number
  const end = plaintext.length - 2 - padding
  if (end < 0) return 'malformed'
  for (let i = 0; i < padding; i++) if (plaintext[end + i] !== i + 1) return 'malformed'
  if (nextHeader === NEXT_HEADER.none) return 'dummy'
  const length = innerPacketLength(plaintext.subarray(0, end))
  if (length === undefined) return 'malformed'
  const version = (plaintext[0] as number) >> 4
  if (nextHeader !== (version === 4 ? NEXT_HEADER.ipv4 : NEXT_HEADER.ipv6)) return 'malformed'
  return plaintext.subarray(0, length)
}
