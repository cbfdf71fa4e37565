import { equalBytes } from '../../src/bytes/index.ts'
import { decodeMessage, encodeMessage, type Message } from '../../src/codec/index.ts'
import { compare } from './measure.ts'
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

// Both sides see every kind before either is measured, as in a real process.
for (let i = 0; i < 2000; i++) {
  for (const { bytes, reference, message } of parsed) {
    decode(bytes)
    encode(reference)
    decodeMessage(bytes)
    encodeMessage(message)
  }
}

for (const { name, bytes } of parsed) {
  const figure = `decode ${name}`
  compare({
    figure,
    ours: () => decodeMessage(bytes),
    floor: () => decode(bytes),
    bound: 'atLeast',
    must: 0.7,
    aim: 0.9
  })
}

for (const { name, reference, message } of parsed) {
  const figure = `encode ${name}`
  const ours = (): unknown => encodeMessage(message)
  compare({ figure, ours, floor: () => encode(reference), bound: 'atLeast', must: 0.7, aim: 0.9 })
}

for (const { name, bytes } of parsed) {
  for (const [defect, bad] of Object.entries({
    'last length': badLastLength(bytes),
    truncated: bytes.subarray(0, -1)
  })) {
    if (decodeMessage(bad).ok) throw new Error(`${name}: accepted with ${defect}`)
    const figure = `refuse ${name}: ${defect}`
    const ours = (): unknown => decodeMessage(bad)
    compare({ figure, ours, floor: () => decodeMessage(bytes), bound: 'atMost', must: 1, aim: 0.3 })
  }
}

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

/** The defect a decoder meets last: the last payload claims one octet more than there is. */
function badLastLength(bytes: Uint8Array): Uint8Array {
  const bad = bytes.slice()
  let at = 28
  while (bad[at] !== 0) at += (bad[at + 2]! << 8) | bad[at + 3]!
  bad[at + 3] = bad[at + 3]! + 1
  return bad
}
