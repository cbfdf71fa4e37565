import type { FuzzedData } from './fuzzed-data.ts'

/** What the vector files hold for fuzzing. */
export interface Recordings {
  /** Whole IKE messages. */
  readonly messages: readonly Uint8Array[]
  /** Decrypted payload chains and the types of their first payloads. */
  readonly chains: readonly { readonly firstPayload: number; readonly octets: Uint8Array }[]
}

/** One thing to fuzz. */
export interface FuzzTarget {
  readonly name: string
  /** Does with the octets whatever they say; throws when a property does not hold. Any octets are allowed. */
  readonly fuzz: (data: Uint8Array) => void
  /** Inputs to start from, in the form that `fuzz` understands. */
  readonly seeds: (recordings: Recordings) => readonly Uint8Array[]
  /** Changes an input knowing what its octets mean, as the decisions say; undefined where it has no idea. */
  readonly mutate?: (data: Uint8Array, decisions: FuzzedData) => Uint8Array | undefined
  /** Branches a target may take for an input of so many octets: work that grows faster is a failure. */
  readonly workLimit: (octets: number) => number
}
