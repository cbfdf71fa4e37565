import { explainInput } from '../../../src/cli/explain-input.ts'
import { readKeyTable } from '../../../src/cli/key-table.ts'
import { decodeMessage, decodePayloads, type Payload } from '../../../src/codec/index.ts'
import { type Explained, explainMessage, explainPayloads, explainText } from '../../../src/explain/index.ts'
import { checkMessage } from '../../../src/rules/index.ts'
import { show } from '../equal.ts'
import { FuzzedData } from '../fuzzed-data.ts'
import { mutateCodecInput } from '../mutate-codec-input.ts'
import type { FuzzTarget, Recordings } from '../target.ts'
import { claim } from '../violation.ts'

/**
 * What people see of octets: the tree of a message, the command on captures, hexadecimal and key tables, and the rules of
 * what a message holds. Nothing throws, every octet is shown once, what the codec refuses is told, a terminal obeys nothing.
 */
export const explainTarget: FuzzTarget = {
  name: 'explain',
  fuzz,
  seeds,
  mutate: (data, decisions) => {
    if ((data[0] as number) % ACTS.length > 1) return undefined
    const octets = mutateCodecInput(data.subarray(1), decisions)
    return octets && Uint8Array.of(data[0] as number, ...octets)
  },
  workLimit: (octets) => 100_000 + 2000 * octets
}

const ACTS = [message, chain, command, keys] as const
const FORMATS = ['text', 'line', 'json'] as const

export function fuzz(data: Uint8Array): void {
  const decisions = new FuzzedData(data)
  decisions.among(ACTS)(decisions)
}

function seeds({ messages, chains }: Recordings): readonly Uint8Array[] {
  const table = '0101010101010101,0202020202020202,aa,bb,"AES-GCM-256 with 16 octet ICV [RFC5282]",,,"NONE [RFC4306]"\n'
  return [
    ...messages.map((octets) => Uint8Array.of(0, ...octets)),
    ...chains.map(({ firstPayload, octets }) => Uint8Array.of(1, firstPayload, ...octets)),
    ...messages
      .slice(0, 12)
      .flatMap((octets, i) => [
        Uint8Array.of(2, i, ...Buffer.from(Buffer.from(octets).toString('hex'))),
        Uint8Array.of(2, i, ...pcap(octets)),
        Uint8Array.of(2, i, ...pcapng(octets))
      ]),
    Uint8Array.of(3, ...Buffer.from(table)),
    Uint8Array.of(
      3,
      ...Buffer.from('[{"spiI":"0x01","spiR":"02","skEi":"","skEr":"","encryption":"ChaCha20-Poly1305"}]')
    )
  ]
}

function message(decisions: FuzzedData): void {
  const octets = decisions.rest()
  const { tree, error, line } = explainMessage(octets)
  const decoded = decodeMessage(octets)
  checkTree(tree, octets.length)
  claim((error === undefined) === decoded.ok, 'a message is explained as malformed when the codec refuses it')
  checkLine(line)
  checkText(explainText(tree))
  if (decoded.ok) checkRules(decoded.value.payloads.length, () => checkMessage(decoded.value))
  // In hexadecimal the command is given the same; of a marker in front it is not.
  if (octets.length === 0 || octets.subarray(0, 4).every((octet) => octet === 0)) return
  const { exitCode } = explainInput(Buffer.from(Buffer.from(octets).toString('hex')), 'line', () => {})
  const isSound = decoded.ok && !hasDefect(tree)
  claim((exitCode === 0) === isSound, 'the command ends with 0 where nothing is wrong, and only there', () => line)
}

function hasDefect({ defect, children }: Explained): boolean {
  return defect !== undefined || children.some(hasDefect)
}

function chain(decisions: FuzzedData): void {
  const firstPayload = decisions.octet()
  const octets = decisions.rest()
  const { tree, error, line } = explainPayloads({ firstPayload, octets })
  const decoded = decodePayloads(octets, firstPayload)
  checkTree(tree, octets.length)
  claim((error === undefined) === decoded.ok, 'a chain is explained as malformed when the codec refuses it')
  checkLine(line)
  checkText(explainText(tree))
  if (decoded.ok) checkInside(decoded.value)
}

/** The payloads as the content of a request and of a response of every exchange that has rules. */
function checkInside(inner: readonly Payload[]): void {
  for (const exchangeType of [34, 35, 36, 37, 38, 43, 44]) {
    for (const isResponse of [false, true]) {
      const outer = { ...HEADER, exchangeType, isResponse, payloads: [SEALED] }
      checkRules(inner.length + 1, () => checkMessage(outer, inner))
    }
  }
}

function checkRules(payloads: number, check: () => readonly unknown[]): void {
  const found = check().length
  claim(found <= 4 * payloads + 8, 'a message breaks no more rules than its payloads can', () => `${found}`)
}

function command(decisions: FuzzedData): void {
  const format = FORMATS[decisions.octet() % 3] as (typeof FORMATS)[number]
  const input = decisions.rest()
  const texts: string[] = []
  const { exitCode, complaint } = explainInput(input, format, (text) => texts.push(text))
  claim(exitCode === 0 || exitCode === 1 || exitCode === 2, 'the command ends with 0, 1 or 2')
  claim(exitCode !== 0 || complaint === undefined, 'who complains does not end with 0')
  const text = texts.join('')
  checkText(text)
  if (format !== 'json') return
  for (const line of text.split('\n').filter((one) => one !== '')) JSON.parse(line)
  claim(exitCode !== 0 || !text.includes('"defect":'), 'a message with a fault in it does not end with 0', () => text)
}

function keys(decisions: FuzzedData): void {
  const text = Buffer.from(decisions.rest()).toString('latin1')
  const read = readKeyTable(text)
  if (!read.ok) claim(read.fault.length < 200, 'what is wrong with a table of keys quotes none of it', () => read.fault)
}

function checkLine(line: string): void {
  claim(!line.includes('\n'), 'one line is one line', () => line)
  checkText(line)
}

/** Nothing but lines that a terminal shows as they are. */
function checkText(text: string): void {
  const bad = /[^\n\P{C}]|[\p{Zl}\p{Zp}]/u.exec(text)
  claim(bad === null, 'a terminal obeys nothing that a peer wrote', () => show(bad?.[0]))
}

/** Parts stand behind each other without a gap and cover the whole; what is wrong is said at no other place. */
function checkTree({ offset, length, children }: Explained, most: number): void {
  claim(offset >= 0 && offset + length <= most, 'a piece is inside what is explained', () =>
    show([offset, length, most])
  )
  if (children.length === 0) return
  let at = offset
  for (const child of children) {
    claim(child.offset === at, 'pieces stand behind each other without a gap', () =>
      show([child.offset, at, child.name])
    )
    checkTree(child, most)
    at += child.length
  }
  claim(at === offset + length, 'every octet is shown once', () => show([at, offset, length]))
}

const HEADER = {
  initiatorSpi: new Uint8Array(8).fill(1),
  responderSpi: new Uint8Array(8).fill(2),
  majorVersion: 2,
  minorVersion: 0,
  fromInitiator: true,
  messageId: 1
} as const
const SEALED: Payload = { kind: 'encrypted', firstInner: 0, body: new Uint8Array(40) }

/** UDP from and to port 500 over IPv4, without checksums. */
function packet(message: Uint8Array): Buffer {
  const head = Buffer.alloc(28)
  head[0] = 0x45
  head.writeUInt16BE(28 + message.length, 2)
  head[8] = 64
  head[9] = 17
  head.writeUInt32BE(0x0a010002, 12)
  head.writeUInt32BE(0xc0000201, 16)
  head.writeUInt16BE(500, 20)
  head.writeUInt16BE(500, 22)
  head.writeUInt16BE(8 + message.length, 24)
  return Buffer.concat([head, message])
}

function words(...values: readonly number[]): Buffer {
  const octets = Buffer.alloc(4 * values.length)
  for (const [i, value] of values.entries()) octets.writeUInt32LE(value, 4 * i)
  return octets
}

function pcap(message: Uint8Array): Buffer {
  const frame = packet(message)
  return Buffer.concat([words(0xa1b2c3d4, 0x00040002, 0, 0, 65535, 101, 0, 0, frame.length, frame.length), frame])
}

function pcapng(message: Uint8Array): Buffer {
  const frame = packet(message)
  const length = 32 + Math.ceil(frame.length / 4) * 4
  const padding = Buffer.alloc(length - 32 - frame.length)
  const section = words(0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28, 1, 20, 101, 0, 20)
  return Buffer.concat([section, words(6, length, 0, 0, 0, frame.length, frame.length), frame, padding, words(length)])
}
