import type { Message, Payload } from '../../../src/codec/types.ts'
import { Cursor, need, Refused } from './cursor.ts'
import { SHAPES } from './payload-shapes.ts'

/** A part of the octets that breaks a rule, and the kind of payload it belongs to. */
export interface Fault {
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
  readonly critical: boolean
  readonly body: Cursor
  readonly start: number
  readonly end: number
}

/** RFC 7296 section 3.1. */
export function readMessage(octets: Uint8Array): Reading<Message> {
  const canonical = octets.slice()
  const cursor = new Cursor(canonical)
  const header = attempt(() => {
    const initiatorSpi = cursor.take(8)
    const responderSpi = cursor.take(8)
    const nextPayload = cursor.number(1)
    const version = cursor.number(1)
    const exchangeType = cursor.number(1)
    const flags = cursor.bits(1, 0x38)
    const messageId = cursor.number(4)
    need(cursor.number(4) === octets.length)
    const majorVersion = Math.floor(version / 16)
    need(majorVersion === 2)
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
  if (header === undefined) return { ok: false, faults: [{ kind: 'header', start: 0, end: octets.length }] }
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
    const payload = attempt(() => readBody(frame))
    if (payload !== undefined) list.push(payload)
    else faults.push({ kind: kindOf(frame.type), start: faultStart(frame), end: frame.end })
  }
  return faults.length === 0 ? { list } : { faults }
}

/** Next Payload of a fragment belongs to its rules; generic headers break none of another body. */
function faultStart({ type, start }: Frame): number {
  return type === 53 ? start : start + 4
}

function frameChain(cursor: Cursor, firstPayload: number, isOuter: boolean, frames: Frame[]): Fault | undefined {
  let type = firstPayload
  while (type !== 0) {
    const start = cursor.place
    const end = start + Math.min(4, cursor.left)
    if (frames.length === 256) return { kind: '', start, end: start }
    const frame = attempt(() => {
      const next = cursor.number(1)
      const critical = cursor.bits(1, 0x80) !== 0
      const length = cursor.number(2)
      need(length >= 4)
      return { type, next, critical, body: cursor.part(length - 4), start, end: start + length }
    })
    const isLast = type === 46 || type === 53
    if (frame === undefined || (isLast && !isOuter)) return { kind: kindOf(type), start, end }
    frames.push(frame)
    type = isLast ? 0 : frame.next
  }
  return cursor.left === 0 ? undefined : { kind: '', start: cursor.place, end: cursor.place }
}

function readBody({ type, next, critical, body }: Frame): Payload {
  const shape = SHAPES[type]
  const values: Record<string, unknown> = {}
  if (type === 46 || type === 53) values['firstInner'] = next
  if (critical) values['critical'] = true
  if (shape === undefined) return { kind: 'unknown', type, body: body.rest(), ...values }
  for (const field of shape.fields) field(body, values)
  return { kind: shape.kind, ...values } as Payload
}

function kindOf(type: number): string {
  return SHAPES[type]?.kind ?? 'unknown'
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (thrown) {
    if (thrown instanceof Refused) return undefined
    throw thrown
  }
}
