import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.ts'
import {
  ecp256,
  ecp384,
  ecp521,
  type KeyExchangeMethod,
  modp2048,
  modp3072,
  modp4096,
  x25519
} from '../../src/crypto/index.ts'
import { modpGroup } from '../../src/crypto/modp.ts'
import rub from '../vectors/RUB-NDS_IPsec-StateMachineExtractor.json' with { type: 'json' }
import rfc5903 from '../vectors/rfc5903-ecp.json' with { type: 'json' }
import rfc8031 from '../vectors/rfc8031-curve25519.json' with { type: 'json' }

const METHODS = [x25519, ecp256, ecp384, ecp521, modp2048, modp3072, modp4096]
const ECP: Readonly<Record<number, KeyExchangeMethod>> = { 19: ecp256, 20: ecp384, 21: ecp521 }

const hexShared = (method: KeyExchangeMethod, privateKey: string, peer: string): string | undefined => {
  const shared = method.sharedSecret(fromHex(privateKey), fromHex(peer))
  return shared === undefined ? undefined : toHex(shared)
}

describe('X25519', () => {
  it('gives the public values and the shared secret of RFC 8031 appendix A', () => {
    const initiator = x25519.keyPair(fromHex(rfc8031.random_i))
    const responder = x25519.keyPair(fromHex(rfc8031.random_r))
    expect(toHex(initiator.publicKey)).toBe(rfc8031.pub_i)
    expect(toHex(responder.publicKey)).toBe(rfc8031.pub_r)
    expect(hexShared(x25519, rfc8031.random_i, rfc8031.pub_r)).toBe(rfc8031.shared)
    expect(hexShared(x25519, rfc8031.random_r, rfc8031.pub_i)).toBe(rfc8031.shared)
  })

  it('masks the most significant bit and accepts non-canonical values (RFC 8031 section 3.2)', () => {
    const masked = fromHex(rfc8031.pub_r)
    masked[31] = (masked[31] as number) | 0x80
    expect(hexShared(x25519, rfc8031.random_i, toHex(masked))).toBe(rfc8031.shared)
    // 2^255 - 19 + 9 is 9, the base point.
    const nine = `f6${'ff'.repeat(30)}7f`
    expect(hexShared(x25519, rfc8031.random_i, nine)).toBe(rfc8031.pub_i)
  })

  it('refuses points of low order, whose result is all zero (RFC 7748 section 6.1)', () => {
    const low = [
      '00'.repeat(32),
      `01${'00'.repeat(31)}`,
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
      `ec${'ff'.repeat(30)}7f`,
      `ed${'ff'.repeat(30)}7f`,
      `ee${'ff'.repeat(30)}7f`
    ]
    expect(low.map((peer) => hexShared(x25519, rfc8031.random_i, peer))).toEqual(low.map(() => undefined))
  })
})

describe.each(rfc5903.vectors)('ECP group $dhGroup', (vector) => {
  const method = ECP[vector.dhGroup] as KeyExchangeMethod

  it('gives the shared secret of RFC 5903 section 8 from the KE payloads printed there', () => {
    const initiatorPublic = vector.KEi_payload.slice(16)
    const responderPublic = vector.KEr_payload.slice(16)
    expect(initiatorPublic.length / 2).toBe(method.publicOctets)
    expect(hexShared(method, vector.i, responderPublic)).toBe(vector.girx)
    expect(hexShared(method, vector.r, initiatorPublic)).toBe(vector.girx)
  })

  it('refuses a point that is not on the curve, and the point at infinity', () => {
    const off = fromHex(vector.grx + vector.gry)
    off[off.length - 1] = (off[off.length - 1] as number) ^ 1
    expect(method.sharedSecret(fromHex(vector.i), off)).toBeUndefined()
    expect(method.sharedSecret(fromHex(vector.i), new Uint8Array(method.publicOctets))).toBeUndefined()
    expect(method.sharedSecret(fromHex(vector.i), new Uint8Array(method.publicOctets).fill(255))).toBeUndefined()
    expect(hexShared(method, vector.i, `04${vector.grx}${vector.gry}`)).toBeUndefined()
  })
})

describe('MODP', () => {
  /** RFC 7296 appendix B.2: a group this library does not offer, for a recorded exchange that used it. */
  const modp1024 = modpGroup({
    name: 'MODP-1024',
    id: 2,
    seedOctets: 128,
    prime: [
      'ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b',
      '302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe6',
      '49286651ece65381ffffffffffffffff'
    ]
  })

  it('gives the public value and the shared secret of a recorded handshake with its private key', () => {
    const { initiatorDhPrivate, g_ir: shared } = rub.handshake
    const [request, response] = rub.messages.map(({ hex }) => hex) as [string, string]
    const keData = (message: string): string => message.slice(2 * 84, 2 * (84 + 128))
    expect(toHex(modp1024.keyPair(fromHex(initiatorDhPrivate)).publicKey)).toBe(keData(request))
    expect(hexShared(modp1024, initiatorDhPrivate, keData(response))).toBe(shared)
  })

  it.each([
    [modp2048, 2048n, 1984n, 1918n, 124476n],
    [modp3072, 3072n, 3008n, 2942n, 1690314n],
    [modp4096, 4096n, 4032n, 3966n, 240904n]
  ])('$name has the prime of RFC 3526: 2^n - 2^m - 1 + 2^64 * ([2^k pi] + c)', (method, n, m, k, c) => {
    const prime = 2n ** n - 2n ** m - 1n + 2n ** 64n * (piTimesPowerOfTwo(k) + c)
    const octets = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(2 * method.publicOctets, '0'))
    const one = Uint8Array.of(1)
    expect(prime.toString(16).length / 2).toBe(method.publicOctets)
    // With exponent 1 a valid value comes back as it is; the borders show the prime.
    expect(method.sharedSecret(one, octets(prime - 2n))).toEqual(octets(prime - 2n))
    for (const refused of [0n, 1n, prime - 1n, prime, prime + 1n, 2n ** n - 1n]) {
      expect(method.sharedSecret(one, octets(refused))).toBeUndefined()
    }
  })

  it('B118 pads the shared secret to the length of the modulus', () => {
    const two = new Uint8Array(256)
    two[255] = 2
    const shared = modp2048.sharedSecret(Uint8Array.of(9), two) as Uint8Array
    expect(toHex(shared)).toBe('0200'.padStart(512, '0'))
  })

  it('exponents are as long as RFC 3526 section 8 asks at least', () => {
    expect([modp2048, modp3072, modp4096].map(({ seedOctets }) => 8 * seedOctets)).toEqual([256, 320, 384])
  })
})

describe.each(METHODS.map((method): [string, KeyExchangeMethod] => [method.name, method]))('%s', (_, method) => {
  const seed = (step: number): Uint8Array => Uint8Array.from({ length: method.seedOctets }, (_, i) => 7 + step * i)

  it('both ends come to the same shared secret', () => {
    const a = method.keyPair(seed(3))
    const b = method.keyPair(seed(5))
    const shared = method.sharedSecret(a.privateKey, b.publicKey)
    expect(shared).toBeDefined()
    expect(shared).toEqual(method.sharedSecret(b.privateKey, a.publicKey))
    expect(a.publicKey.length).toBe(method.publicOctets)
  })

  it('refuses public values of another length', () => {
    const { privateKey, publicKey } = method.keyPair(seed(3))
    expect(method.sharedSecret(privateKey, publicKey.subarray(1))).toBeUndefined()
    expect(method.sharedSecret(privateKey, new Uint8Array(method.publicOctets + 1))).toBeUndefined()
    expect(method.sharedSecret(privateKey, new Uint8Array(0))).toBeUndefined()
  })

  it('names a seed of a wrong length', () => {
    expect(() => method.keyPair(new Uint8Array(method.seedOctets - 1))).toThrow(/^seed: /)
  })

  it('keeps no reference to the seed', () => {
    const mine = seed(3)
    const pair = method.keyPair(mine)
    mine.fill(0)
    expect(pair).toEqual(method.keyPair(seed(3)))
  })
})

const strongswan = '../shared/vectors/strongswan-ke-vectors.json'
const BY_METHOD: Readonly<Record<string, KeyExchangeMethod>> = {
  MODP_2048_BIT: modp2048,
  MODP_3072_BIT: modp3072,
  MODP_4096_BIT: modp4096,
  ECP_256_BIT: ecp256,
  ECP_384_BIT: ecp384,
  ECP_521_BIT: ecp521,
  CURVE_25519: x25519
}

describe('strongSwan vectors', () => {
  if (!existsSync(strongswan)) {
    it.skip(`SKIPPED: ${strongswan} is not there`, () => {})
    return
  }
  const { vectors } = JSON.parse(readFileSync(strongswan, 'utf8')) as {
    vectors: { name: string; method: string; seed: string; pub_i: string; pub_r: string; shared: string }[]
  }
  const known = vectors.filter(({ method }) => method in BY_METHOD)

  it('hold every family this library has', () => {
    expect(new Set(known.map(({ method }) => method))).toEqual(new Set(Object.keys(BY_METHOD)))
  })

  it.each(known)('$name: both ends come to the shared secret', ({ method: id, seed, pub_i, pub_r, shared }) => {
    const method = BY_METHOD[id] as KeyExchangeMethod
    const half = seed.length / 2
    expect(hexShared(method, seed.slice(0, half), pub_r)).toBe(shared)
    expect(hexShared(method, seed.slice(half), pub_i)).toBe(shared)
  })
})

/** Floor of 2^bits * pi by Machin's formula, with 64 guard bits. */
function piTimesPowerOfTwo(bits: bigint): bigint {
  const unit = 1n << (bits + 64n)
  const arctanOfInverse = (x: bigint): bigint => {
    let term = unit / x
    let sum = term
    for (let n = 3n, sign = -1n; term !== 0n; n += 2n, sign = -sign) {
      term /= x * x
      sum += (sign * term) / n
    }
    return sum
  }
  return (16n * arctanOfInverse(5n) - 4n * arctanOfInverse(239n)) >> 64n
}
