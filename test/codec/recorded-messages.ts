import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A message as another decoder saw it; see test/vectors/NOTICE.md. */
export interface RecordedMessage {
  readonly name: string
  readonly hex: string
  readonly header?: RecordedHeader
  readonly payloads?: readonly string[]
  readonly payloadDetail?: readonly Detail[]
  readonly issues?: readonly string[]
}

/** A decrypted payload chain as another decoder saw it. */
export interface RecordedChain {
  readonly name: string
  readonly plaintext: string
  readonly firstPayload: number
  readonly payloads: readonly string[]
  readonly detail?: readonly Detail[]
}

export interface RecordedHeader {
  readonly spiI: string
  readonly spiR: string
  readonly nextPayload: number
  readonly version: string
  readonly exchangeType: number
  readonly exchange: string
  readonly flags: string
  readonly response: boolean
  readonly initiator: boolean
  readonly messageId: number
  readonly length: number
}

export type Detail = Readonly<Record<string, unknown>>
type Json = Readonly<Record<string, unknown>>

const folder = fileURLToPath(new URL('../vectors/', import.meta.url))

/** Parsed JSON of one vector file. */
export function vectorFile(name: string): Json {
  return JSON.parse(readFileSync(`${folder}${name}`, 'utf8')) as Json
}

const objects: readonly { readonly name: string; readonly value: Json }[] = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .flatMap((name) => [...nested(name.replace('.json', ''), vectorFile(name))])

function* nested(name: string, value: unknown): Generator<{ name: string; value: Json }> {
  if (Array.isArray(value)) {
    for (const [i, element] of value.entries()) yield* nested(`${name}[${i}]`, element)
  } else if (typeof value === 'object' && value !== null) {
    yield { name, value: value as Json }
    for (const [key, element] of Object.entries(value)) yield* nested(`${name}.${key}`, element)
  }
}

/** Every IKE message of every vector file. */
export const recordedMessages: readonly RecordedMessage[] = objects.flatMap(({ name, value }) =>
  typeof value['hex'] === 'string' && (value['header'] !== undefined || value['kind'] === 'ike')
    ? [{ ...value, name } as unknown as RecordedMessage]
    : []
)

/** Every decrypted chain whose first payload type is recorded. */
export const recordedChains: readonly RecordedChain[] = objects.flatMap(({ name, value }) => {
  const plaintext = value['reassembledPlaintext'] ?? value['plaintext']
  const firstPayload = value['reassembledFirstPayload'] ?? value['innerFirstPayload']
  const payloads = value['innerPayloads'] as readonly string[] | undefined
  // A fragment's plaintext is a piece of a chain.
  const isPiece = String(value['payloads']).startsWith('SKF') && value['reassembledPlaintext'] === undefined
  if (isPiece || typeof plaintext !== 'string' || typeof firstPayload !== 'number' || payloads === undefined) return []
  const detail = value['innerPayloadDetail'] as readonly Detail[] | undefined
  return [{ name, plaintext, firstPayload, payloads, ...(detail === undefined ? {} : { detail }) }]
})
