import { brainpoolP256r1, brainpoolP384r1, brainpoolP512r1 } from '@noble/curves/misc.js'
import { ecpGroup } from './ecp.ts'
import type { KeyExchangeMethod } from './types.ts'

/** Brainpool curve P256r1 (RFC 6954). */
export const brainpool256: KeyExchangeMethod = /* @__PURE__ */ ecpGroup('Brainpool-256', 28, brainpoolP256r1, 32, 48)

/** Brainpool curve P384r1 (RFC 6954). */
export const brainpool384: KeyExchangeMethod = /* @__PURE__ */ ecpGroup('Brainpool-384', 29, brainpoolP384r1, 48, 72)

/** Brainpool curve P512r1 (RFC 6954). */
export const brainpool512: KeyExchangeMethod = /* @__PURE__ */ ecpGroup('Brainpool-512', 30, brainpoolP512r1, 64, 96)
