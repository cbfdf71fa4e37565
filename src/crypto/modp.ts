import { fromHex, toHex } from '../bytes/index.ts'
import { requireLength } from './key-length.ts'
import type { KeyExchangeMethod, KeyPair } from './types.ts'

/** 2048-bit MODP group (RFC 3526 section 3), exponents of 256 bits. */
export const modp2048: KeyExchangeMethod = /* @__PURE__ */ modpGroup('MODP-2048', 14, 32, [
  'ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd',
  'ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed',
  'ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f',
  '83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b',
  'e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa0510',
  '15728e5a8aacaa68ffffffffffffffff'
])

/** 3072-bit MODP group (RFC 3526 section 4), exponents of 320 bits. */
export const modp3072: KeyExchangeMethod = /* @__PURE__ */ modpGroup('MODP-3072', 15, 40, [
  'ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd',
  'ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed',
  'ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f',
  '83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b',
  'e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa0510',
  '15728e5a8aaac42dad33170d04507a33a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7',
  'abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864d87602733ec86a64521f2b18177b200c',
  'bbe117577a615d6c770988c0bad946e208e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff'
])

/** 4096-bit MODP group (RFC 3526 section 5), exponents of 384 bits. */
export const modp4096: KeyExchangeMethod = /* @__PURE__ */ modpGroup('MODP-4096', 16, 48, [
  'ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd',
  'ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed',
  'ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f',
  '83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b',
  'e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa0510',
  '15728e5a8aaac42dad33170d04507a33a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7',
  'abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864d87602733ec86a64521f2b18177b200c',
  'bbe117577a615d6c770988c0bad946e208e24fa074e5ab3143db5bfce0fd108e4b82d120a92108011a723c12a787e6d7',
  '88719a10bdba5b2699c327186af4e23c1a946834b6150bda2583e9ca2ad44ce8dbbbc2db04de8ef92e8efc141fbecaa6',
  '287c59474e6bc05d99b2964fa090c3a2233ba186515be7ed1f612970cee2d7afb81bdd762170481cd0069127d5b05aa9',
  '93b4ea988d8fddc186ffb7dc90a6c08f4df435c934063199ffffffffffffffff'
])

/**
 * A MODP group with generator 2. `seedOctets` is the length of the exponents: at least twice the strength of the group
 * (RFC 3526 section 8, first estimate). The prime is read when the group is first used. BigInt is not constant time.
 */
export function modpGroup(
  name: string,
  id: number,
  seedOctets: number,
  primeHex: readonly string[]
): KeyExchangeMethod {
  const publicOctets = primeHex.join('').length / 2
  let known: bigint | undefined
  const prime = (): bigint => {
    known ??= BigInt(`0x${primeHex.join('')}`)
    return known
  }
  return Object.freeze({
    kind: 'keyExchange',
    name,
    id,
    seedOctets,
    publicOctets,
    keyPair(seed: Uint8Array): KeyPair {
      requireLength(seed, seedOctets, 'seed', name)
      const privateKey = seed.slice()
      // An exponent 0 would make the public value 1, which every peer refuses.
      if (privateKey.every((octet) => octet === 0)) throw new RangeError('seed: all octets are zero')
      return { privateKey, publicKey: toOctets(powerOfTwo(privateKey, prime()), publicOctets) }
    },
    sharedSecret(privateKey: Uint8Array, peerPublic: Uint8Array): Uint8Array | undefined {
      if (peerPublic.length !== publicOctets) return undefined
      const base = toNumber(peerPublic)
      if (base <= 1n || base >= prime() - 1n) return undefined
      // RFC 7296 section 2.14: padded with zeros to the length of the modulus.
      return toOctets(power(base, privateKey, prime()), publicOctets)
    }
  })
}

/** 2^exponent: eight bits at a time, where multiplying by the window is a shift. */
function powerOfTwo(exponent: Uint8Array, prime: bigint): bigint {
  let result = 1n
  for (const octet of exponent) {
    for (let i = 0; i < 7; i++) result = (result * result) % prime
    result = ((result * result) << BigInt(octet)) % prime
  }
  return result
}

/** base^exponent with a fixed window of four bits. */
function power(base: bigint, exponent: Uint8Array, prime: bigint): bigint {
  const powers = [1n]
  for (let i = 1; i < 16; i++) powers.push(((powers[i - 1] as bigint) * base) % prime)
  let result = 1n
  for (const octet of exponent) {
    for (const window of [octet >> 4, octet & 15]) {
      for (let i = 0; i < 4; i++) result = (result * result) % prime
      result = (result * (powers[window] as bigint)) % prime
    }
  }
  return result
}

function toNumber(octets: Uint8Array): bigint {
  return BigInt(`0x${toHex(octets)}`)
}

function toOctets(value: bigint, length: number): Uint8Array {
  return fromHex(value.toString(16).padStart(2 * length, '0'))
}
