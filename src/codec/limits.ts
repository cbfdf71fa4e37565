const limits = {
  /** Payloads in one chain, outer or inner. */
  payloads: 256,
  /** Proposals in one SA payload. */
  proposals: 128,
  /** Transforms in one SA payload, all proposals together. */
  transforms: 1024,
  /** Attributes in one transform. */
  transformAttributes: 16,
  /** Selectors in one TS payload: what its one-octet count can say. */
  trafficSelectors: 255,
  /** Attributes in one Configuration payload. */
  configurationAttributes: 256,
  /** SPIs in one Delete payload. */
  deleteSpis: 4096
} as const

/**
 * The most of each thing a decoder takes from a peer; more is `limitExceeded`. Far above what conforming peers send, far
 * below what a datagram of 65535 octets could make a receiver allocate. Encoding knows the format's own limits only.
 */
export const CODEC_LIMITS: Readonly<typeof limits> = /* @__PURE__ */ Object.freeze(limits)
