import { toHex } from '../../src/bytes/index.ts'
import {
  encodePayloadBody,
  GENERIC_HEADER_OCTETS,
  HEADER_OCTETS,
  type Message,
  type Payload,
  type Proposal,
  payloadType,
  type TrafficSelector,
  type Transform,
  type TransformAttribute
} from '../../src/codec/index.ts'
import type { Sample } from './messages.ts'
import { type Statement, StatementList } from './statement-list.ts'

/** Where a payload of a chain is, generic header included. */
export interface PayloadPlace {
  readonly payload: Payload
  readonly start: number
  readonly end: number
}

type Say = (at: number, name: string, value: number | Uint8Array) => void

/** What this library says about a message it decoded. */
export function statementsOf({ message, bytes }: Sample): readonly Statement[] {
  const { payloads } = message
  const list = new StatementList()
  const say: Say = (at, name, value) => {
    if (typeof value === 'number') list.add(at, name, value)
    else if (value.length > 0) list.add(at, name, toHex(value))
  }
  say(0, 'initiatorSpi', message.initiatorSpi)
  say(8, 'responderSpi', message.responderSpi)
  say(16, 'next', payloads.length === 0 ? 0 : payloadType(payloads[0]!))
  say(17, 'version', message.majorVersion * 16 + message.minorVersion)
  say(18, 'exchangeType', message.exchangeType)
  say(19, 'flags', flagsOf(message))
  say(20, 'messageId', message.messageId)
  say(24, 'length', bytes.length)
  sayChain(payloads, HEADER_OCTETS, say)
  return list.all()
}

/** What we say when the other encodes too: each payload, and the header, are to come out as these octets. */
export function encodingsOf({ message, bytes }: Sample): readonly Statement[] {
  const spans = places(message.payloads, HEADER_OCTETS).map(({ start, end }) => [start, end] as const)
  return [[0, HEADER_OCTETS] as const, ...spans].flatMap(([at, end]) => {
    const value = toHex(bytes.subarray(at, end))
    return [
      { at, name: 'rebuilt', value },
      { at, name: 'recomputed', value }
    ]
  })
}

/** The payloads of a chain with their places. */
export function places(payloads: readonly Payload[], start: number): readonly PayloadPlace[] {
  let at = start
  return payloads.map((payload) => {
    const end = at + GENERIC_HEADER_OCTETS + encodePayloadBody(payload).length
    const place = { payload, start: at, end }
    at = end
    return place
  })
}

function flagsOf({ fromInitiator, higherVersionSupported, isResponse }: Message): number {
  return (fromInitiator ? 0x08 : 0) | (higherVersionSupported === true ? 0x10 : 0) | (isResponse ? 0x20 : 0)
}

function sayChain(payloads: readonly Payload[], start: number, say: Say): void {
  for (const [index, { payload, start: at, end }] of places(payloads, start).entries()) {
    const next = payloads[index + 1]
    const own = 'firstInner' in payload ? payload.firstInner : 0
    say(at, 'type', payloadType(payload))
    say(at, 'next', next === undefined ? own : payloadType(next))
    say(at + 1, 'critical', payload.critical === true ? 1 : 0)
    say(at + 2, 'length', end - at)
    sayBody(payload, at + GENERIC_HEADER_OCTETS, say)
  }
}

function sayBody(payload: Payload, at: number, say: Say): void {
  switch (payload.kind) {
    case 'securityAssociation':
      return sayProposals(payload.proposals, at, say)
    case 'keyExchange':
      say(at, 'group', payload.group)
      say(at + 2, 'reserved', 0)
      return say(at + 4, 'data', payload.data)
    case 'identificationInitiator':
    case 'identificationResponder':
      say(at, 'idType', payload.idType)
      say(at + 1, 'reserved', payload.reserved ?? 0)
      return say(at + 4, 'data', payload.data)
    case 'certificate':
    case 'certificateRequest':
      say(at, 'encoding', payload.encoding)
      return say(at + 1, 'data', payload.data)
    case 'authentication':
      say(at, 'method', payload.method)
      say(at + 1, 'reserved', 0)
      return say(at + 4, 'data', payload.data)
    case 'notify':
      say(at, 'protocol', payload.protocol)
      say(at + 1, 'spiSize', payload.spi.length)
      say(at + 2, 'notifyType', payload.type)
      say(at + 4, 'spi', payload.spi)
      return say(at + 4 + payload.spi.length, 'data', payload.data)
    case 'delete':
      say(at, 'protocol', payload.protocol)
      say(at + 1, 'spiSize', payload.spiSize)
      say(at + 2, 'count', payload.spis.length)
      for (const [i, spi] of payload.spis.entries()) say(at + 4 + i * payload.spiSize, 'spi', spi)
      return
    case 'trafficSelectorInitiator':
    case 'trafficSelectorResponder':
      say(at, 'count', payload.selectors.length)
      say(at + 1, 'reserved', 0)
      return saySelectors(payload.selectors, at + 4, say)
    case 'configuration':
      say(at, 'configurationType', payload.configurationType)
      say(at + 1, 'reserved', 0)
      return sayConfigurationAttributes(payload.attributes, at + 4, say)
    case 'eap':
      say(at, 'code', payload.code)
      say(at + 1, 'identifier', payload.identifier)
      say(at + 2, 'length', 4 + (payload.type === undefined ? 0 : 1) + (payload.data?.length ?? 0))
      if (payload.type !== undefined) say(at + 4, 'eapType', payload.type)
      if (payload.data !== undefined) say(at + 5, 'data', payload.data)
      return
    case 'encryptedFragment':
      say(at, 'fragmentNumber', payload.fragmentNumber)
      say(at + 2, 'totalFragments', payload.totalFragments)
      return say(at + 4, 'data', payload.body)
    case 'encrypted':
    case 'unknown':
      return say(at, 'data', payload.body)
    case 'nonce':
    case 'vendorId':
      return say(at, 'data', payload.data)
  }
}

function sayProposals(proposals: readonly Proposal[], start: number, say: Say): void {
  let at = start
  for (const [index, { number, protocol, spi, transforms }] of proposals.entries()) {
    const length = 8 + spi.length + transforms.reduce((sum, transform) => sum + transformLength(transform), 0)
    saySubstructure(at, 2, index === proposals.length - 1, length, say)
    say(at + 4, 'number', number)
    say(at + 5, 'protocol', protocol)
    say(at + 6, 'spiSize', spi.length)
    say(at + 7, 'transforms', transforms.length)
    say(at + 8, 'spi', spi)
    let inner = at + 8 + spi.length
    for (const [t, transform] of transforms.entries()) {
      saySubstructure(inner, 3, t === transforms.length - 1, transformLength(transform), say)
      say(inner + 4, 'transformType', transform.type)
      say(inner + 5, 'reserved', 0)
      say(inner + 6, 'transformId', transform.id)
      sayAttributes(transformAttributes(transform), inner + 8, say)
      inner += transformLength(transform)
    }
    at += length
  }
}

/** Proposals and transforms begin as if they were payloads of types 2 and 3 (section 3.3.1). */
function saySubstructure(at: number, type: number, isLast: boolean, length: number, say: Say): void {
  say(at, 'type', type)
  say(at, 'next', isLast ? 0 : type)
  say(at + 1, 'reserved', 0)
  say(at + 2, 'length', length)
}

function transformAttributes({ keyLength, attributes = [] }: Transform): readonly TransformAttribute[] {
  return keyLength === undefined ? attributes : [{ type: 14, value: keyLength }, ...attributes]
}

function transformLength(transform: Transform): number {
  return transformAttributes(transform).reduce((sum, attribute) => sum + attributeLength(attribute), 8)
}

function attributeLength({ value }: TransformAttribute): number {
  return typeof value === 'number' ? 4 : 4 + value.length
}

function sayAttributes(attributes: readonly TransformAttribute[], start: number, say: Say): void {
  let at = start
  for (const attribute of attributes) {
    const { type, value } = attribute
    say(at, 'isShort', typeof value === 'number' ? 1 : 0)
    say(at, 'attributeType', type)
    if (typeof value === 'number') {
      say(at + 2, 'value', Uint8Array.of(value >>> 8, value))
    } else {
      say(at + 2, 'length', value.length)
      say(at + 4, 'value', value)
    }
    at += attributeLength(attribute)
  }
}

function saySelectors(selectors: readonly TrafficSelector[], start: number, say: Say): void {
  let at = start
  for (const selector of selectors) {
    const length = 'body' in selector ? 4 + selector.body.length : 8 + 2 * selector.startAddress.length
    say(at, 'selectorType', selector.type)
    say(at + 1, 'protocol', selector.protocol)
    say(at + 2, 'length', length)
    if ('body' in selector) {
      say(at + 4, 'data', selector.body)
    } else {
      say(at + 4, 'startPort', selector.startPort)
      say(at + 6, 'endPort', selector.endPort)
      say(at + 8, 'startAddress', selector.startAddress)
      say(at + 8 + selector.startAddress.length, 'endAddress', selector.endAddress)
    }
    at += length
  }
}

function sayConfigurationAttributes(
  attributes: readonly { readonly type: number; readonly value: Uint8Array }[],
  start: number,
  say: Say
): void {
  let at = start
  for (const { type, value } of attributes) {
    say(at, 'attributeType', type)
    say(at + 2, 'length', value.length)
    say(at + 4, 'value', value)
    at += 4 + value.length
  }
}
