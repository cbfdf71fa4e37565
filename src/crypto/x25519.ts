import { x25519 as noble } from '@noble/curves/ed25519.js'
import { montgomeryGroup } from './montgomery.ts'
import type { KeyExchangeMethod } from './types.ts'

/** Curve25519 (RFC 8031). An all-zero result is refused (RFC 7748 section 6.1). */
export const x25519: KeyExchangeMethod = /* @__PURE__ */ montgomeryGroup('X25519', 31, noble, 32)
