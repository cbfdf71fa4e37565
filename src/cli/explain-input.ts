import { endpointText, fromHex, readUint32, toHex } from '../bytes/index.ts'
import { classifyUdpDatagram, decodeMessage } from '../codec/index.ts'
import {
  type Explained,
  type Explanation,
  errorText,
  explainMessage,
  explainPayloads,
  explainText
} from '../explain/index.ts'
import type { Format } from './arguments.ts'
import { isCapture, readCapture } from './capture.ts'
import { CUT_OFF, frameContent } from './datagram.ts'
import type { KeyTable } from './key-table.ts'
import { createOpener, type Opened } from './open-messages.ts'

/** What is wrong with the input, and how the process ends. */
export interface Outcome {
  readonly complaint?: string
  readonly exitCode: 0 | 1 | 2
}

/** Ports that carry IKE (RFC 7296 section 2.23). */
const IKE_PORT = 500
const NAT_TRAVERSAL_PORT = 4500

/** Takes text that is to be printed: message by message, for that of a whole capture may be more than a string can hold. */
export type Write = (text: string) => void

/** Explains a capture file, or octets in hexadecimal. Total. */
export function explainInput(input: Uint8Array, format: Format, write: Write, table?: KeyTable): Outcome {
  if (isCapture(input)) return explainCapture(input, format, write, table)
  const octets = octetsOf(input)
  if (octets === undefined) {
    return { complaint: 'neither a capture (pcap, pcapng) nor hexadecimal octets', exitCode: 2 }
  }
  // As it was on port 4500, behind the non-ESP marker (RFC 3948 section 2.2)?
  const isMarked = octets.length >= 32 && readUint32(octets, 0) === 0 && readUint32(octets, 28) === octets.length - 4
  const explain = createExplainer(format, table)
  const { text, isWellFormed } = explain(isMarked ? octets.subarray(4) : octets, '')
  write(text)
  return { exitCode: isWellFormed ? 0 : 1 }
}

function octetsOf(input: Uint8Array): Uint8Array | undefined {
  // Text beyond what a datagram can be is a mistake.
  if (input.length > 1 << 20) return undefined
  const text = Array.from(input, (octet) => String.fromCharCode(octet))
    .join('')
    .replace(/^\s*0x/i, '')
    .replace(/[\s:]/g, '')
  return text.length > 0 && text.length % 2 === 0 && /^[0-9a-f]*$/i.test(text) ? fromHex(text) : undefined
}

function explainCapture(input: Uint8Array, format: Format, write: Write, table: KeyTable | undefined): Outcome {
  const { frames, defect } = readCapture(input)
  const explain = createExplainer(format, table)
  const unread = new Map<string, number>()
  let isFirst = true
  const print = (text: string): void => {
    write(format === 'text' && !isFirst ? `\n${text}` : text)
    isFirst = false
  }
  const mention = (text: string): void => {
    if (format !== 'json') print(`${text}\n`)
  }
  let messages = 0
  let malformed = 0
  const countUnread = (why: string): void => {
    unread.set(why, (unread.get(why) ?? 0) + 1)
  }
  for (const frame of frames) {
    const content = frameContent(frame)
    if (content.kind === 'unread') countUnread(content.text)
    if (content.kind === 'unread' || content.kind === 'other') continue
    const title = `#${frame.number} ${endText(content.source)} > ${endText(content.destination)}`
    if (content.kind === 'esp') {
      mention(`${title} ${espText(content.payload)}`)
      continue
    }
    const ports = [content.source.port, content.destination.port]
    const isMarked = ports.includes(NAT_TRAVERSAL_PORT)
    if (!isMarked && !ports.includes(IKE_PORT)) continue
    const kind = classifyUdpDatagram(content.payload, isMarked)
    // What is missing is no fault of the peer's.
    if (content.isCut && kind !== 'esp') {
      countUnread(CUT_OFF)
      continue
    }
    if (kind !== 'ike') {
      const octets = `${content.payload.length} octets`
      mention(`${title} ${kind === 'keepalive' ? 'NAT keepalive' : kind === 'esp' ? espText(content.payload) : octets}`)
      continue
    }
    const { text, isWellFormed } = explain(isMarked ? content.payload.subarray(4) : content.payload, title)
    messages++
    if (!isWellFormed) malformed++
    print(text)
  }
  const complaints = [...(defect === undefined ? [] : [defect]), ...unreadText(unread)]
  if (messages === 0 && defect === undefined)
    complaints.unshift('no IKE message on UDP port 500 or 4500 in this capture')
  return {
    ...(complaints.length === 0 ? {} : { complaint: complaints.join('; ') }),
    exitCode: messages === 0 ? 2 : malformed > 0 || complaints.length > 0 ? 1 : 0
  }
}

/** What could not be read may have been IKE: large messages travel as IP fragments. */
function unreadText(unread: ReadonlyMap<string, number>): readonly string[] {
  return [...unread].map(([why, count]) => `${count} ${count === 1 ? 'frame' : 'frames'} not read (${why})`)
}

function endText(end: string | Parameters<typeof endpointText>[0]): string {
  return typeof end === 'string' ? end : endpointText(end)
}

function espText(payload: Uint8Array): string {
  if (payload.length < 8) return `ESP, ${payload.length} octets`
  return `ESP ${toHex(payload.subarray(0, 4))} ${readUint32(payload, 4)}, ${payload.length} octets`
}

type Explainer = (octets: Uint8Array, title: string) => { readonly text: string; readonly isWellFormed: boolean }

function createExplainer(format: Format, table: KeyTable | undefined): Explainer {
  const open = createOpener(table)
  return (octets, title) => {
    const decoded = decodeMessage(octets)
    const opened: Opened = decoded.ok ? open(decoded.value, octets) : { kind: 'plain' }
    const content = opened.kind === 'opened' ? opened.content : undefined
    const message = explainMessage(octets, content)
    const inner = content === undefined ? undefined : explainPayloads(content)
    const isWellFormed = [message, inner].every((one) => one?.error === undefined && one?.defect === undefined)
    return { text: render(format, title, message, opened, inner), isWellFormed }
  }
}

function render(
  format: Format,
  title: string,
  message: Explanation,
  opened: Opened,
  inner: Explanation | undefined
): string {
  const line = `${title === '' ? '' : `${title} `}${message.line}`
  const protection = protectionText(opened)
  if (format === 'line') {
    const fault =
      inner?.error === undefined ? faultText(message, inner) : ` malformed inside: ${errorText(inner.error)}`
    return `${line}${fault}${protection === '' ? '' : ` (${protection})`}\n`
  }
  if (format === 'json') return `${JSON.stringify(jsonOf(title, message, opened, inner))}\n`
  const parts = [`${line}\n`, explainText(message.tree)]
  if (protection !== '') parts.push(`${protection}\n`)
  if (inner !== undefined)
    parts.push(`${inner.error === undefined ? 'decrypted' : inner.line}\n`, explainText(inner.tree))
  return parts.join('')
}

/** What is wrong inside payloads, where the line does not say already that the message is malformed. */
function faultText(message: Explanation, inner: Explanation | undefined): string {
  const defect = message.error === undefined ? (message.defect ?? inner?.defect) : undefined
  return defect === undefined ? '' : ` faulty: ${defect}`
}

function protectionText(opened: Opened): string {
  if (opened.kind === 'noKeys') return 'protected'
  if (opened.kind === 'refused') return 'protected; the keys do not open it'
  if (opened.kind === 'discarded') return `fragment ${opened.number} of ${opened.of}; discarded, ${opened.why}`
  if (opened.kind !== 'fragment') return ''
  return `fragment ${opened.number} of ${opened.of}; the message is not whole yet, ${opened.have} of them here`
}

function jsonOf(title: string, message: Explanation, opened: Opened, inner: Explanation | undefined): object {
  return {
    ...(title === '' ? {} : { datagram: title }),
    line: message.line,
    protection: opened.kind,
    ...(message.error === undefined ? {} : { error: message.error }),
    ...(message.defect === undefined ? {} : { defect: message.defect }),
    tree: message.tree satisfies Explained,
    ...(inner === undefined ? {} : { decrypted: inner.tree }),
    ...(inner?.error === undefined ? {} : { decryptedError: inner.error }),
    ...(inner?.defect === undefined ? {} : { decryptedDefect: inner.defect })
  }
}
