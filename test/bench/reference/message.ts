/** What the reference decoder makes of a message: everything an object, octets as views. Independent of `src/codec`. */
export interface Message {
  spiI: Uint8Array
  spiR: Uint8Array
  version: number
  exchange: number
  flags: number
  id: number
  payloads: Payload[]
}

export interface Transform {
  type: number
  id: number
  keyLength: number
  attributes: Attribute[]
}

export interface Attribute {
  type: number
  value: number
  data: Uint8Array
}

export interface Proposal {
  number: number
  protocol: number
  spi: Uint8Array
  transforms: Transform[]
}

export interface Selector {
  type: number
  protocol: number
  startPort: number
  endPort: number
  start: Uint8Array
  end: Uint8Array
}

export type Payload =
  | { type: 33; critical: boolean; proposals: Proposal[] }
  | { type: 34; critical: boolean; group: number; data: Uint8Array }
  /** IDi, IDr, CERT, CERTREQ, AUTH: one octet of kind and data. */
  | { type: 35 | 36 | 37 | 38 | 39; critical: boolean; kind: number; data: Uint8Array }
  | { type: 41; critical: boolean; protocol: number; spi: Uint8Array; notify: number; data: Uint8Array }
  | { type: 42; critical: boolean; protocol: number; spiSize: number; spis: Uint8Array[] }
  | { type: 44 | 45; critical: boolean; selectors: Selector[] }
  | { type: 46 | 53; critical: boolean; first: number; data: Uint8Array }
  | { type: 47; critical: boolean; kind: number; attributes: Attribute[] }
  | { type: 48; critical: boolean; code: number; id: number; method: number; data: Uint8Array }
  /** Nonce, Vendor ID, and whatever is unknown. */
  | { type: 40 | 43 | 0; critical: boolean; wireType: number; data: Uint8Array }
