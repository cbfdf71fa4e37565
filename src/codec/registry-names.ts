import { ENCRYPTION, EXCHANGE, INTEGRITY, KEY_EXCHANGE_METHOD, PAYLOAD, PRF } from './registry.ts'

/** A lookup from number to name. */
function namesOf(table: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(table).map(([name, number]) => [number, name]))
}

const exchangeNames: ReadonlyMap<number, string> = /* @__PURE__ */ namesOf(EXCHANGE)
/** `'INFORMATIONAL'`, or the number as text. */
export function exchangeName(type: number): string {
  return exchangeNames.get(type) ?? String(type)
}

const payloadNames: ReadonlyMap<number, string> = /* @__PURE__ */ namesOf(PAYLOAD)
/** `'NOTIFY'`, or the number as text. */
export function payloadName(type: number): string {
  return payloadNames.get(type) ?? String(type)
}

const encryptionNames: ReadonlyMap<number, string> = /* @__PURE__ */ namesOf(ENCRYPTION)
/** `'ENCR_AES_GCM_16'`, or the number as text. */
export function encryptionName(type: number): string {
  return encryptionNames.get(type) ?? String(type)
}

const prfNames: ReadonlyMap<number, string> = /* @__PURE__ */ namesOf(PRF)
/** `'PRF_HMAC_SHA2_256'`, or the number as text. */
export function prfName(type: number): string {
  return prfNames.get(type) ?? String(type)
}

const integrityNames: ReadonlyMap<number, string> = /* @__PURE__ */ namesOf(INTEGRITY)
/** `'AUTH_HMAC_SHA2_256_128'`, or the number as text. */
export function integrityName(type: number): string {
  return integrityNames.get(type) ?? String(type)
}

const keyExchangeMethodNames: ReadonlyMap<number, string> = /* @__PURE__ */ namesOf(KEY_EXCHANGE_METHOD)
/** `'CURVE25519'`, or the number as text. */
export function keyExchangeMethodName(type: number): string {
  return keyExchangeMethodNames.get(type) ?? String(type)
}
