import { ecdh, weierstrass } from '@noble/curves/abstract/weierstrass.js'
import { ecpGroup } from '../../src/crypto/ecp.ts'
import { type KeyExchangeMethod, modpGroup } from '../../src/crypto/index.ts'

/**
 * Groups the library leaves out for being weak (RFC 8247 section 2.4), made here only to read what others recorded with
 * them. A wrong digit in a parameter shows: each vector holds both private values and both public ones.
 */
const curve = (name: string, id: number, octets: number, p: bigint, a: bigint, b: bigint, n: bigint, g: bigint[]) => {
  const [Gx, Gy] = g as [bigint, bigint]
  return ecpGroup(name, id, ecdh(weierstrass({ p, a, b, n, h: 1n, Gx, Gy })), octets, 1.5 * octets)
}

const P192 = 2n ** 192n - 2n ** 64n - 1n
/** NIST P-192, group 25 (RFC 5114). */
export const ecp192: KeyExchangeMethod = curve(
  'ECP-192',
  25,
  24,
  P192,
  P192 - 3n,
  0x64210519e59c80e70fa7e9ab72243049feb8deecc146b9b1n,
  0xffffffffffffffffffffffff99def836146bc9b1b4d22831n,
  [0x188da80eb03090f67cbf20eb43a18800f4ff0afd82ff1012n, 0x07192b95ffc8da78631011ed6b24cdd573f977a11e794811n]
)

const P224 = 2n ** 224n - 2n ** 96n + 1n
/** NIST P-224, group 26 (RFC 5114). */
export const ecp224: KeyExchangeMethod = curve(
  'ECP-224',
  26,
  28,
  P224,
  P224 - 3n,
  0xb4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4n,
  0xffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3dn,
  [
    0xb70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21n,
    0xbd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34n
  ]
)

/** brainpoolP224r1, group 27 (RFC 5639, RFC 6954). */
export const brainpool224: KeyExchangeMethod = curve(
  'Brainpool-224',
  27,
  28,
  0xd7c134aa264366862a18302575d1d787b09f075797da89f57ec8c0ffn,
  0x68a5e62ca9ce6c1c299803a6c1530b514e182ad8b0042a59cad29f43n,
  0x2580f63ccfe44138870713b1a92369e33e2135d266dbb372386c400bn,
  0xd7c134aa264366862a18302575d0fb98d116bc4b6ddebca3a5a7939fn,
  [
    0x0d9029ad2c7e5cf4340823b2a87dc68c9e4ce3174c1e6efdee12c07dn,
    0x58aa56f772c0726f24c6b89e4ecdac24354b9e99caa3f6d3761402cdn
  ]
)

/** 2^n - 2^(n-64) - 1 + 2^64 * ([2^(n-130) pi] + c), as RFC 7296 appendix B and RFC 3526 section 2 give it. */
const oakley = (name: string, id: number, bits: bigint, c: bigint): KeyExchangeMethod => {
  const prime = 2n ** bits - 2n ** (bits - 64n) - 1n + 2n ** 64n * (piTimesPowerOfTwo(bits - 130n) + c)
  return modpGroup({ name, id, seedOctets: 32, prime: [prime.toString(16)] })
}

/** MODP-768, group 1. */
export const modp768: KeyExchangeMethod = oakley('MODP-768', 1, 768n, 149686n)
/** MODP-1024, group 2. */
export const modp1024: KeyExchangeMethod = oakley('MODP-1024', 2, 1024n, 129093n)
/** MODP-1536, group 5. */
export const modp1536: KeyExchangeMethod = oakley('MODP-1536', 5, 1536n, 741804n)

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
