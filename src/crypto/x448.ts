import { x448 as noble } from '@noble/curves/ed448.js'
import { montgomeryGroup } from './montgomery.ts'
import type { KeyExchangeMethod } from './types.ts'

/** Curve448 (RFC 8031). An all-zero result is refused (RFC 7748 section 6.2). */
export const x448: KeyExchangeMethod = /* @__PURE__ */ montgomeryGroup('X448', 32, noble, 56)
