import fc from 'fast-check'
import { message } from '../../src/arbitraries/index.ts'
import { toHex } from '../../src/bytes/index.ts'
import { decodeMessage, encodeMessage, type Message } from '../../src/codec/index.ts'

/** A message whose octets every dissector is asked about. */
export interface Sample {
  readonly bytes: Uint8Array
  /** What this library decodes from the octets. */
  readonly message: Message
  /** The UDP port at both ends; at 4500 the non-ESP marker stands before the message (RFC 3948 section 2.2). */
  readonly port: 500 | 4500
}

/** `count` messages that `seed` alone determines, every fifth between ports 4500. */
export function generatedSamples(count: number, seed: number): readonly Sample[] {
  return fc
    .sample(message(), { numRuns: count, seed })
    .map((value, index) => sample(encodeMessage(value), index % 5 === 4 ? 4500 : 500))
}

/** The octets as a sample. They must be a message. */
export function sample(bytes: Uint8Array, port: Sample['port'] = 500): Sample {
  const result = decodeMessage(bytes)
  if (!result.ok) throw new Error(`we refuse ${toHex(bytes)}: ${JSON.stringify(result.error)}`)
  return { bytes, message: result.value, port }
}

/** A sample of the payloads from the `from`th on, behind the same header. */
export function remainder({ message, port }: Sample, from: number): Sample {
  return sample(encodeMessage({ ...message, payloads: message.payloads.slice(from) }), port)
}
