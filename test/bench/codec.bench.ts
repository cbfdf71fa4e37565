import { equalBytes } from '../../src/bytes/index.ts'
import { decodeMessage, encodeMessage, type Message } from '../../src/codec/index.ts'
import { type Comparison, compareAll } from './measure.ts'
import { samples } from './messages.ts'
import { decode } from './reference/decode.ts'
import { encode } from './reference/encode.ts'

/** `decodeMessage` and `encodeMessage` against the reference, and refusing against accepting. */

const parsed = samples().map(({ name, bytes }) => {
  const reference = decode(bytes)
  const message = accepted(bytes)
  if (reference === undefined || !equalBytes(encoded(message), bytes)) throw new Error(`${name}: not the same octets`)
  return { name, bytes, reference, message }
})

const decoding = parsed.map(({ name, bytes }): Comparison => {
  const figure = `decode ${name}`
  return { figure, ours: () => decodeMessage(bytes), floor: () => decode(bytes), bound: 'atLeast', must: 0.7, aim: 0.9 }
})

const encoding = parsed.map(({ name, reference, message }): Comparison => {
  const figure = `encode ${name}`
  const ours = (): unknown => encodeMessage(message)
  return { figure, ours, floor: () => encode(reference), bound: 'atLeast', must: 0.7, aim: 0.9 }
})

const refusing = parsed.flatMap(({ name, bytes }) =>
  Object.entries({
    truncated: bytes.subarray(0, -1),
    'last length': withLast(bytes, 3, 1),
    // Of a Notify and a Delete the size of an SPI, of an EAP the identifier's neighbour, of a fragment its number.
    ...(decodeMessage(withLast(bytes, 5, 255)).ok ? {} : { 'last SPI size': withLast(bytes, 5, 255) })
  }).map(([defect, bad]): Comparison => {
    if (decodeMessage(bad).ok) throw new Error(`${name}: accepted with ${defect}`)
    const figure = `refuse ${name}: ${defect}`
    const ours = (): unknown => decodeMessage(bad)
    return { figure, ours, floor: () => decodeMessage(bytes), bound: 'atMost', must: 1, aim: 0.3 }
  })
)

compareAll([...decoding, ...encoding, ...refusing])

function accepted(bytes: Uint8Array): Message {
  const result = decodeMessage(bytes)
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`)
  return result.value
}

function encoded(message: Message): Uint8Array {
  const result: unknown = encodeMessage(message)
  if (result instanceof Uint8Array) return result
  return (result as { value: Uint8Array }).value
}

/** The octet at `offset` of the last payload with `more` added: the defect a decoder meets last. */
function withLast(bytes: Uint8Array, offset: number, more: number): Uint8Array {
  const bad = bytes.slice()
  let at = 28
  while (bad[at] !== 0 && bad[16] !== 53) at += (bad[at + 2]! << 8) | bad[at + 3]!
  bad[at + offset] = bad[at + offset]! + more
  return bad
}
