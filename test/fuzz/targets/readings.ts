import {
  type DecodeOptions,
  type DecodeResult,
  decodeMessage,
  decodePayloads,
  type Message,
  type Payload
} from '../../../src/codec/index.ts'
import { type Reading, readChain, readMessage } from '../oracle/read-message.ts'

/** One way to take the same octets: as a message, as a message whose Length is right, as the inside of one. */
export interface Take<T = Message | readonly Payload[]> {
  readonly octets: Uint8Array
  readonly decode: (octets: Uint8Array, options?: DecodeOptions) => DecodeResult<T>
  readonly read: (octets: Uint8Array) => Reading<T>
  /** The same where the octets stand in the midst of others; places are told as if they stood alone. */
  readonly decodeWithin: (octets: Uint8Array, start: number, end: number) => DecodeResult<T>
}

/**
 * Every way to take fuzzed octets. A fuzzer finds no Length field that fits what it changed, so one copy gets the right one.
 * The last way is a chain whose first payload's type is the first octet.
 */
export function takes(data: Uint8Array): readonly Take[] {
  const all: Take[] = [asMessage(data)]
  if (data.length >= 28) all.push(asMessage(withLength(data)))
  if (data.length > 0) all.push(asChain(data.subarray(1), data[0] as number))
  return all
}

function asMessage(octets: Uint8Array): Take {
  return {
    octets,
    decode: decodeMessage,
    read: readMessage,
    decodeWithin: (whole, start, end) => decodeMessage(whole.subarray(start, end))
  }
}

function asChain(octets: Uint8Array, firstPayload: number): Take {
  return {
    octets,
    decode: (chain, options) => decodePayloads(chain, firstPayload, 0, chain.length, options),
    read: (chain) => readChain(chain, firstPayload),
    decodeWithin: (whole, start, end) => {
      const result = decodePayloads(whole, firstPayload, start, end)
      return result.ok ? result : { ok: false, error: { ...result.error, offset: result.error.offset - start } }
    }
  }
}

/** A copy of version 2 with a Length field that is right. */
export function withLength(data: Uint8Array): Uint8Array {
  const octets = data.slice()
  octets[17] = 0x20 | ((octets[17] as number) & 15)
  new DataView(octets.buffer).setUint32(24, octets.length)
  return octets
}
