import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.ts'
import {
  brainpool256,
  brainpool384,
  brainpool512,
  ecp256,
  ecp384,
  ecp521,
  type KeyExchangeMethod,
  modp2048,
  modp3072,
  modp4096,
  modp6144,
  modp8192,
  prfAesCmac,
  prfAesXcbc,
  x448,
  x25519
} from '../../src/crypto/index.ts'
import prfs from '../vectors/rfc4434-rfc4615-prf.json' with { type: 'json' }
import rfc6954 from '../vectors/rfc6954-brainpool.json' with { type: 'json' }
import { modp1024Subgroup160, modp2048Subgroup224, modp2048Subgroup256 } from './subgroup-groups.ts'
import { brainpool224, ecp192, ecp224, modp768, modp1024, modp1536 } from './weak-groups.ts'

const hexShared = (method: KeyExchangeMethod, privateKey: string, peer: string): string => {
  const shared = method.sharedSecret(fromHex(privateKey), fromHex(peer))
  return shared === undefined ? 'refused' : toHex(shared)
}

describe('PRFs on AES', () => {
  it.each(prfs.aesCmacPrf128)('AES-CMAC-PRF-128 of RFC 4615 section 4 with key $key', ({ key, message, out }) => {
    expect(toHex(prfAesCmac.prepare(fromHex(key))(fromHex(message)))).toBe(out)
  })

  it.each(prfs.aesXcbcPrf128)('AES-XCBC-PRF-128 of RFC 4434 section 2 with key $key', ({ key, message, out }) => {
    expect(toHex(prfAesXcbc.prepare(fromHex(key))(fromHex(message)))).toBe(out)
  })
})

describe('Brainpool key exchange of RFC 6954 appendix A', () => {
  const methods: Readonly<Record<number, KeyExchangeMethod>> = {
    27: brainpool224,
    28: brainpool256,
    29: brainpool384,
    30: brainpool512
  }

  it.each(rfc6954.vectors)('$curve', ({ dhGroup, dA, x_qA, y_qA, dB, x_qB, y_qB, x_Z }) => {
    const method = methods[dhGroup] as KeyExchangeMethod
    expect(hexShared(method, dA, x_qB + y_qB)).toBe(x_Z)
    expect(hexShared(method, dB, x_qA + y_qA)).toBe(x_Z)
  })
})

const file = '../shared/vectors/strongswan-ke-vectors.json'
const METHODS: Readonly<Record<string, KeyExchangeMethod>> = {
  MODP_768_BIT: modp768,
  MODP_1024_BIT: modp1024,
  MODP_1536_BIT: modp1536,
  MODP_2048_BIT: modp2048,
  MODP_3072_BIT: modp3072,
  MODP_4096_BIT: modp4096,
  MODP_6144_BIT: modp6144,
  MODP_8192_BIT: modp8192,
  MODP_1024_160: modp1024Subgroup160,
  MODP_2048_224: modp2048Subgroup224,
  MODP_2048_256: modp2048Subgroup256,
  ECP_192_BIT: ecp192,
  ECP_224_BIT: ecp224,
  ECP_256_BIT: ecp256,
  ECP_384_BIT: ecp384,
  ECP_521_BIT: ecp521,
  ECP_224_BP: brainpool224,
  ECP_256_BP: brainpool256,
  ECP_384_BP: brainpool384,
  ECP_512_BP: brainpool512,
  CURVE_25519: x25519,
  CURVE_448: x448
}
/** Reproduced in post-quantum/ml-kem.test.ts. */
const POST_QUANTUM = ['ML_KEM_512', 'ML_KEM_768', 'ML_KEM_1024']

describe('key exchange values of strongSwan', () => {
  if (!existsSync(file)) {
    it.skip(`SKIPPED: ${file} is not there`, () => {})
    return
  }
  const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as {
    vectors: { name: string; method: string; seed: string; pub_i: string; pub_r: string; shared: string }[]
  }

  it('are of methods known here or in ./post-quantum', () => {
    expect(new Set(vectors.map(({ method }) => method))).toEqual(new Set([...Object.keys(METHODS), ...POST_QUANTUM]))
  })

  it.each(vectors.filter(({ method }) => method in METHODS))('$name: both ends come to the shared secret', (vector) => {
    const method = METHODS[vector.method] as KeyExchangeMethod
    const half = vector.seed.length / 2
    expect(hexShared(method, vector.seed.slice(0, half), vector.pub_r)).toBe(vector.shared)
    expect(hexShared(method, vector.seed.slice(half), vector.pub_i)).toBe(vector.shared)
    // Where the private values are as long as this library's seeds, the public ones come out too.
    if (half !== 2 * method.seedOctets) return
    expect(toHex(method.keyPair(fromHex(vector.seed.slice(0, half))).publicKey)).toBe(vector.pub_i)
    expect(toHex(method.keyPair(fromHex(vector.seed.slice(half))).publicKey)).toBe(vector.pub_r)
  })
})
