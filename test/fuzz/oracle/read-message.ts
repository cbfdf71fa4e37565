import type { DecodeErrorCode, Message, Payload } from '../../../src/codec/types.ts'
import { Cursor, Unreadable } from './cursor.ts'
import { SHAPES } from './payload-shapes.ts'

/** A part of the octets that breaks rules, which, and the kind of payload it belongs to. */
export interface Fault {
  readonly codes: readonly DecodeErrorCode[]
  readonly kind: string
  readonly start: number
  readonly end: number
}

/** What the RFC makes of octets. */
export type Reading<T> =
  | {
      readonly ok: true
      readonly value: T
      /** The octets with every RESERVED bit cleared: what an encoder must make of the value. */
      readonly canonical: Uint8Array
    }
  /** Any of the faults may be the one that is reported. */
  | { readonly ok: false; readonly faults: readonly Fault[] }

interface Frame {
  readonly type: number
  readonly next: number
  /** The octet that says so. */
  readonly link: Uint8Array
  readonly critical: boolean
  readonly body: Cursor
  readonly start: number
  readonly end: number
}

/** RFC 7296 section 3.1. */
export function readMessage(octets: Uint8Array): Reading<Message> {
  const canonical = octets.slice()
  const cursor = new Cursor(canonical)
  const header = attempt(cursor, () => {
    const initiatorSpi = cursor.take(8)
    const responderSpi = cursor.take(8)
    const nextPayload = cursor.number(1)
    const version = cursor.number(1)
    const exchangeType = cursor.number(1)
    const flags = cursor.bits(1, 0x38)
    const messageId = cursor.number(4)
    const length = cursor.number(4)
    const majorVersion = Math.floor(version / 16)
    // Another version may mean something else by what follows (section 2.5).
    cursor.must(majorVersion === 2, 'unsupportedMajorVersion')
    cursor.must(length === octets.length, 'lengthMismatch')
    const fields = {
      initiatorSpi,
      responderSpi,
      majorVersion,
      minorVersion: version % 16,
      exchangeType,
      fromInitiator: (flags & 0x08) !== 0,
      isResponse: (flags & 0x20) !== 0,
      messageId,
      ...((flags & 0x10) !== 0 ? { higherVersionSupported: true } : {})
    }
    return { nextPayload, fields }
  })
  if (header === undefined) {
    return { ok: false, faults: [{ kind: 'header', codes: [...cursor.broken], start: 0, end: octets.length }] }
  }
  const payloads = readPayloads(cursor, header.nextPayload, true)
  if ('faults' in payloads) return { ok: false, faults: payloads.faults }
  return { ok: true, value: { ...header.fields, payloads: payloads.list }, canonical }
}

/** The chain inside an Encrypted payload. */
export function readChain(octets: Uint8Array, firstPayload: number): Reading<readonly Payload[]> {
  const canonical = octets.slice()
  const payloads = readPayloads(new Cursor(canonical), firstPayload, false)
  return 'faults' in payloads ? { ok: false, faults: payloads.faults } : { ok: true, value: payloads.list, canonical }
}

/** Everything that is wrong with a chain: its generic headers (section 3.2), and every body that can be told from others. */
function readPayloads(
  cursor: Cursor,
  firstPayload: number,
  isOuter: boolean
): { readonly list: readonly Payload[] } | { readonly faults: readonly Fault[] } {
  const frames: Frame[] = []
  const broken = frameChain(cursor, firstPayload, isOuter, frames)
  const list: Payload[] = []
  const faults: Fault[] = broken === undefined ? [] : [broken]
  for (const frame of frames) {
    const payload = attempt(frame.body, () => readBody(frame))
    if (payload === undefined) {
      faults.push({ kind: kindOf(frame.type), codes: [...frame.body.broken], start: frame.start + 4, end: frame.end })
    } else list.push(payload)
  }
  return faults.length === 0 ? { list } : { faults }
}

function frameChain(cursor: Cursor, firstPayload: number, isOuter: boolean, frames: Frame[]): Fault | undefined {
  let type = firstPayload
  while (type !== 0) {
    const start = cursor.place
    const end = start + Math.min(4, cursor.left)
    if (frames.length === 256) return { kind: '', codes: ['limitExceeded'], start, end: start }
    const frame = attempt(cursor, () => {
      const link = cursor.take(1)
      const next = link[0] as number
      const critical = cursor.bits(1, 0x80) !== 0
      const length = cursor.number(2)
      cursor.must(length >= 4, 'invalidLength')
      return { type, next, link, critical, body: cursor.part(length - 4).alone(), start, end: start + length }
    })
    const isLast = type === 46 || type === 53
    if (frame === undefined) return { kind: kindOf(type), codes: [...cursor.broken], start, end }
    if (isLast && !isOuter) return { kind: kindOf(type), codes: ['invalidStructure'], start, end }
    frames.push(frame)
    type = isLast ? 0 : frame.next
  }
  return cursor.left === 0 ? undefined : { kind: '', codes: ['trailingOctets'], start: cursor.place, end: cursor.place }
}

function readBody({ type, next, link, critical, body }: Frame): Payload {
  const shape = SHAPES[type]
  const values: Record<string, unknown> = {}
  if (type === 46 || type === 53) values['firstInner'] = next
  if (critical) values['critical'] = true
  if (shape === undefined) return { kind: 'unknown', type, body: body.rest(), ...values }
  for (const field of shape.fields) field(body, values)
  // The first fragment alone names the first inner payload; in others the field is to be zero (RFC 7383 section 2.5).
  if (type === 53 && values['fragmentNumber'] !== 1) {
    values['firstInner'] = 0
    link[0] = 0
  }
  return { kind: shape.kind, ...values } as Payload
}

function kindOf(type: number): string {
  return SHAPES[type]?.kind ?? 'unknown'
}

/** Undefined when a rule is broken: `cursor.broken` says which. */
function attempt<T>(cursor: Cursor, read: () => T): T | undefined {
  try {
    const value = read()
    return cursor.broken.size === 0 ? value : undefined
  } catch (thrown) {
    if (thrown instanceof Unreadable) return undefined
    throw thrown
  }
}
