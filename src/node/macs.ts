import { createHmac } from 'node:crypto'
import { requireLength } from '../crypto/key-length.ts'
import type { IntegrityAlgorithm, IntegrityContext, PrfContext, PseudoRandomFunction } from '../crypto/types.ts'

/** `hmacSha1_96` on `node:crypto`. */
export const nodeHmacSha1_96: IntegrityAlgorithm = /* @__PURE__ */ integrity('HMAC-SHA1-96', 2, 'sha1', 20, 12)

/** `hmacSha256_128` on `node:crypto`. */
export const nodeHmacSha256_128: IntegrityAlgorithm = /* @__PURE__ */ integrity(
  'HMAC-SHA2-256-128',
  12,
  'sha256',
  32,
  16
)

/** `hmacSha384_192` on `node:crypto`. */
export const nodeHmacSha384_192: IntegrityAlgorithm = /* @__PURE__ */ integrity(
  'HMAC-SHA2-384-192',
  13,
  'sha384',
  48,
  24
)

/** `hmacSha512_256` on `node:crypto`. */
export const nodeHmacSha512_256: IntegrityAlgorithm = /* @__PURE__ */ integrity(
  'HMAC-SHA2-512-256',
  14,
  'sha512',
  64,
  32
)

/** `prfHmacSha1` on `node:crypto`. */
export const nodePrfHmacSha1: PseudoRandomFunction = /* @__PURE__ */ prf('PRF-HMAC-SHA1', 2, 'sha1', 20)

/** `prfHmacSha256` on `node:crypto`. */
export const nodePrfHmacSha256: PseudoRandomFunction = /* @__PURE__ */ prf('PRF-HMAC-SHA2-256', 5, 'sha256', 32)

/** `prfHmacSha384` on `node:crypto`. */
export const nodePrfHmacSha384: PseudoRandomFunction = /* @__PURE__ */ prf('PRF-HMAC-SHA2-384', 6, 'sha384', 48)

/** `prfHmacSha512` on `node:crypto`. */
export const nodePrfHmacSha512: PseudoRandomFunction = /* @__PURE__ */ prf('PRF-HMAC-SHA2-512', 7, 'sha512', 64)

function integrity(name: string, id: number, hash: string, keyOctets: number, icvOctets: number): IntegrityAlgorithm {
  return Object.freeze({
    kind: 'integrity',
    name,
    id,
    keyOctets,
    icvOctets,
    prepare(key: Uint8Array): IntegrityContext {
      requireLength(key, keyOctets, 'key', name)
      const mac = hmac(hash, key)
      return { checksum: (...parts) => mac(...parts).subarray(0, icvOctets) }
    }
  })
}

function prf(name: string, id: number, hash: string, octets: number): PseudoRandomFunction {
  return Object.freeze({
    kind: 'prf',
    name,
    id,
    keyOctets: octets,
    outputOctets: octets,
    prepare: (key: Uint8Array): PrfContext => hmac(hash, key)
  })
}

function hmac(hash: string, key: Uint8Array): PrfContext {
  const kept = key.slice()
  return (...parts) => {
    const mac = createHmac(hash, kept)
    for (const part of parts) mac.update(part)
    return new Uint8Array(mac.digest())
  }
}
