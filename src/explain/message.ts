import { readUint16, toHex } from '../bytes/index.ts'
import {
  CODEC_LIMITS,
  type DecodeError,
  decodeMessage,
  decodePayloads,
  exchangeName,
  messageSummary,
  PAYLOAD,
  payloadName
} from '../codec/index.ts'
import { type Explained, Outline } from './outline.ts'
import { explainBody } from './payload-body.ts'

/** A message explained. */
export interface Explanation {
  /** One line, as ladders have it. */
  readonly line: string
  /** The whole of it; its parts cover every octet once. */
  readonly tree: Explained
  /** Why the codec refuses it. */
  readonly error?: DecodeError
  /** The first thing that the tree says is wrong, and where; also what is inside a payload whose shape the codec accepts. */
  readonly defect?: string
}

/** What an Encrypted payload, or all Encrypted Fragments together, held. Offsets in its tree count from its own start. */
export interface OpenedContent {
  /** Type of the first payload, 0 when there is none. */
  readonly firstPayload: number
  readonly octets: Uint8Array
}

const HEADER = 'RFC 7296 section 3.1'

/**
 * An IKE message for people, field by field. Any octets are explained: where they stop being a message the tree says what
 * is wrong and holds the rest as it is. Give the datagram without non-ESP marker. Total, and linear in the length.
 */
export function explainMessage(octets: Uint8Array, opened?: OpenedContent): Explanation {
  const decoded = decodeMessage(octets)
  const outline = new Outline(octets, 0, octets.length)
  outline.group('IKE message', octets.length, (message) => {
    const first = explainHeader(message)
    if (first !== undefined) explainChain(message, octets, first)
    return undefined
  })
  const tree = outline.nodes[0] as Explained
  if (!decoded.ok) return malformed(decoded.error, tree)
  const inner = opened === undefined ? undefined : decodePayloads(opened.octets, opened.firstPayload)
  return explanation(messageSummary(decoded.value, inner?.ok ? inner.value : undefined), tree)
}

/** A chain of payloads without a message around it, as an Encrypted payload holds one. Total. */
export function explainPayloads({ octets, firstPayload }: OpenedContent): Explanation {
  const decoded = decodePayloads(octets, firstPayload)
  const outline = new Outline(octets, 0, octets.length)
  outline.group('decrypted payloads', octets.length, (chain) => {
    explainChain(chain, octets, firstPayload)
    return undefined
  })
  const tree = outline.nodes[0] as Explained
  const names = tree.children.map(({ name }) => name)
  const line = names.length === 0 ? '{}' : `{ ${names.join(', ')} }`
  return decoded.ok ? explanation(line, tree) : malformed(decoded.error, tree)
}

function malformed(error: DecodeError, tree: Explained): Explanation {
  return { ...explanation(`malformed: ${errorText(error)}`, tree), error }
}

function explanation(line: string, tree: Explained): Explanation {
  const defect = firstDefect(tree)
  return defect === undefined ? { line, tree } : { line, tree, defect }
}

/** `data at octet 36: cookie: too few octets …`; trees are no deeper than a selector in a payload. */
function firstDefect(tree: Explained): string | undefined {
  if (tree.defect !== undefined) return `${tree.name} at octet ${tree.offset}: ${tree.defect}`
  for (const part of tree.children) {
    const defect = firstDefect(part)
    if (defect !== undefined) return defect
  }
  return undefined
}

/** `invalidLength at octet 62, securityAssociation.proposals[0]: 7`. */
export function errorText({ code, offset, path, got }: DecodeError): string {
  return `${code} at octet ${offset}${path.length === 0 ? '' : `, ${path.join('.')}`}: ${got}`
}

function explainHeader(message: Outline): number | undefined {
  let first: number | undefined
  message.group(
    'IKE header',
    Math.min(28, message.left),
    (header) => {
      header.raw("Initiator's SPI", 8, toHex)
      header.raw("Responder's SPI", 8, toHex)
      first = header.number('Next Payload', 1, payloadText)
      header.number('version', 1, (version) => `${version >> 4}.${version & 15}`)
      header.number('Exchange Type', 1, (type) => numbered(type, exchangeName(type)))
      header.number('Flags', 1, flagsText)
      header.number('Message ID', 4)
      header.number('Length', 4, (length) => `${length} octets`)
      return undefined
    },
    HEADER
  )
  return message.nodes[0]?.length === 28 ? first : undefined
}

function flagsText(flags: number): string {
  const names = [
    (flags & 0x20) !== 0 ? 'response' : 'request',
    `from the ${(flags & 0x08) !== 0 ? 'initiator' : 'responder'}`,
    ...((flags & 0x10) !== 0 ? ['higher version supported'] : []),
    ...((flags & 0xc7) !== 0 ? [`reserved bits 0x${(flags & 0xc7).toString(16)}`] : [])
  ]
  return names.join(', ')
}

/** Payloads to the end. `octets` is what `chain` takes from. */
function explainChain(chain: Outline, octets: Uint8Array, firstPayload: number): void {
  let type = firstPayload
  for (let count = 0; type !== PAYLOAD.NONE && !chain.isBroken; count++) {
    // What no decoder reads is not shown piece by piece either: the text would be many times the message.
    if (count === CODEC_LIMITS.payloads) return chain.rest('further payloads', `more than ${count} payloads`)
    const isLast = type === PAYLOAD.ENCRYPTED || type === PAYLOAD.ENCRYPTED_FRAGMENT
    if (chain.left < 4) {
      chain.raw(payloadTitle(type), 4)
      return
    }
    const next = octets[chain.offset] as number
    const length = readUint16(octets, chain.offset + 2)
    const here = type
    chain.group(
      payloadTitle(here),
      Math.max(length, 4),
      (payload) => explainPayload(payload, here, length),
      referenceOf(here)
    )
    if (isLast) break
    type = next
  }
  if (chain.left > 0 && !chain.isBroken) chain.rest('trailing octets', 'octets behind the last payload')
}

function explainPayload(payload: Outline, type: number, length: number): string | undefined {
  const inner = type === PAYLOAD.ENCRYPTED || type === PAYLOAD.ENCRYPTED_FRAGMENT
  payload.number('Next Payload', 1, (next) => `${payloadText(next)}${inner && next !== 0 ? ', the first inside' : ''}`)
  payload.number('Critical and RESERVED', 1, (bits) => {
    const rest = bits & 0x7f
    return `${bits > 0x7f ? 'critical' : 'not critical'}${rest === 0 ? '' : `, reserved bits 0x${rest.toString(16)}`}`
  })
  payload.number('Payload Length', 2, (octets) => `${octets} octets${octets < 4 ? ', less than its own header' : ''}`)
  return length < 4 ? undefined : explainBody(payload, type)
}

function payloadTitle(type: number): string {
  const name = payloadName(type)
  return name === String(type) ? `payload ${type}` : `${name.replaceAll('_', ' ').toLowerCase()} payload`
}

function payloadText(type: number): string {
  return type === PAYLOAD.NONE ? '0 (none)' : numbered(type, payloadName(type))
}

function numbered(number: number, name: string): string {
  return name === String(number) ? name : `${number} (${name})`
}

const SECTIONS: Readonly<Record<number, string>> = {
  [PAYLOAD.SECURITY_ASSOCIATION]: 'RFC 7296 section 3.3',
  [PAYLOAD.KEY_EXCHANGE]: 'RFC 7296 section 3.4',
  [PAYLOAD.IDENTIFICATION_INITIATOR]: 'RFC 7296 section 3.5',
  [PAYLOAD.IDENTIFICATION_RESPONDER]: 'RFC 7296 section 3.5',
  [PAYLOAD.CERTIFICATE]: 'RFC 7296 section 3.6',
  [PAYLOAD.CERTIFICATE_REQUEST]: 'RFC 7296 section 3.7',
  [PAYLOAD.AUTHENTICATION]: 'RFC 7296 section 3.8',
  [PAYLOAD.NONCE]: 'RFC 7296 section 3.9',
  [PAYLOAD.NOTIFY]: 'RFC 7296 section 3.10',
  [PAYLOAD.DELETE]: 'RFC 7296 section 3.11',
  [PAYLOAD.VENDOR_ID]: 'RFC 7296 section 3.12',
  [PAYLOAD.TRAFFIC_SELECTOR_INITIATOR]: 'RFC 7296 section 3.13',
  [PAYLOAD.TRAFFIC_SELECTOR_RESPONDER]: 'RFC 7296 section 3.13',
  [PAYLOAD.ENCRYPTED]: 'RFC 7296 section 3.14',
  [PAYLOAD.CONFIGURATION]: 'RFC 7296 section 3.15',
  [PAYLOAD.EAP]: 'RFC 7296 section 3.16',
  [PAYLOAD.ENCRYPTED_FRAGMENT]: 'RFC 7383 section 2.5',
  [PAYLOAD.PUZZLE_SOLUTION]: 'RFC 8019 section 8.2'
}

function referenceOf(type: number): string {
  return SECTIONS[type] ?? 'RFC 7296 section 3.2'
}
