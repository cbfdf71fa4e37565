import { fromHex, toHex } from '../bytes/index.ts'
import { requireLength } from './key-length.ts'
import type { KeyExchangeMethod, KeyPair } from './types.ts'

/** 2048-bit MODP group (RFC 3526 section 3), exponents of 256 bits. */
export const modp2048: KeyExchangeMethod = /* @__PURE__ */ modpGroup({
  name: 'MODP-2048',
  id: 14,
  seedOctets: 32,
  prime: [
    'ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd',
    'ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed',
    'ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f',
    '83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b',
    'e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa0510',
    '15728e5a8aacaa68ffffffffffffffff'
  ]
})

/** 3072-bit MODP group (RFC 3526 section 4), exponents of 320 bits. */
export const modp3072: KeyExchangeMethod = /* @__PURE__ */ modpGroup({
  name: 'MODP-3072',
  id: 15,
  seedOctets: 40,
  prime: [
    'ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd',
    'ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed',
    'ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f',
    '83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b',
    'e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa0510',
    '15728e5a8aaac42dad33170d04507a33a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7',
    'abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864d87602733ec86a64521f2b18177b200c',
    'bbe117577a615d6c770988c0bad946e208e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff'
  ]
})

/** 4096-bit MODP group (RFC 3526 section 5), exponents of 384 bits. */
export const modp4096: KeyExchangeMethod = /* @__PURE__ */ modpGroup({
  name: 'MODP-4096',
  id: 16,
  seedOctets: 48,
  prime: [
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
  ]
})

/** 6144-bit MODP group (RFC 3526 section 6), exponents of 448 bits. */
export const modp6144: KeyExchangeMethod = /* @__PURE__ */ modpGroup({
  name: 'MODP-6144',
  id: 17,
  seedOctets: 56,
  prime: [
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
    '93b4ea988d8fddc186ffb7dc90a6c08f4df435c93402849236c3fab4d27c7026c1d4dcb2602646dec9751e763dba37bd',
    'f8ff9406ad9e530ee5db382f413001aeb06a53ed9027d831179727b0865a8918da3edbebcf9b14ed44ce6cbaced4bb1b',
    'db7f1447e6cc254b332051512bd7af426fb8f401378cd2bf5983ca01c64b92ecf032ea15d1721d03f482d7ce6e74fef6',
    'd55e702f46980c82b5a84031900b1c9e59e7c97fbec7e8f323a97a7e36cc88be0f1d45b7ff585ac54bd407b22b4154aa',
    'cc8f6d7ebf48e1d814cc5ed20f8037e0a79715eef29be32806a1d58bb7c5da76f550aa3d8a1fbff0eb19ccb1a313d55c',
    'da56c9ec2ef29632387fe8d76e3c0468043e8f663f4860ee12bf2d5b0b7474d6e694f91e6dcc4024ffffffffffffffff'
  ]
})

/** 8192-bit MODP group (RFC 3526 section 7), exponents of 512 bits. */
export const modp8192: KeyExchangeMethod = /* @__PURE__ */ modpGroup({
  name: 'MODP-8192',
  id: 18,
  seedOctets: 64,
  prime: [
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
    '93b4ea988d8fddc186ffb7dc90a6c08f4df435c93402849236c3fab4d27c7026c1d4dcb2602646dec9751e763dba37bd',
    'f8ff9406ad9e530ee5db382f413001aeb06a53ed9027d831179727b0865a8918da3edbebcf9b14ed44ce6cbaced4bb1b',
    'db7f1447e6cc254b332051512bd7af426fb8f401378cd2bf5983ca01c64b92ecf032ea15d1721d03f482d7ce6e74fef6',
    'd55e702f46980c82b5a84031900b1c9e59e7c97fbec7e8f323a97a7e36cc88be0f1d45b7ff585ac54bd407b22b4154aa',
    'cc8f6d7ebf48e1d814cc5ed20f8037e0a79715eef29be32806a1d58bb7c5da76f550aa3d8a1fbff0eb19ccb1a313d55c',
    'da56c9ec2ef29632387fe8d76e3c0468043e8f663f4860ee12bf2d5b0b7474d6e694f91e6dbe115974a3926f12fee5e4',
    '38777cb6a932df8cd8bec4d073b931ba3bc832b68d9dd300741fa7bf8afc47ed2576f6936ba424663aab639c5ae4f568',
    '3423b4742bf1c978238f16cbe39d652de3fdb8befc848ad922222e04a4037c0713eb57a81a23f0c73473fc646cea306b',
    '4bcbc8862f8385ddfa9d4b7fa2c087e879683303ed5bdd3a062b3cf5b3a278a66d2a13f83f44f82ddf310ee074ab6a36',
    '4597e899a0255dc164f31cc50846851df9ab48195ded7ea1b1d510bd7ee74d73faf36bc31ecfa268359046f4eb879f92',
    '4009438b481c6cd7889a002ed5ee382bc9190da6fc026e479558e4475677e9aa9e3050e2765694dfc81f56e880b96e71',
    '60c980dd98edd3dfffffffffffffffff'
  ]
})

/** A group of integers modulo a prime, for {@link modpGroup}. */
export interface ModpParameters {
  readonly name: string
  /** IANA transform ID of type 4. */
  readonly id: number
  /** Octets of exponents: at least twice the strength of the group (RFC 3526 section 8). */
  readonly seedOctets: number
  /** The prime in hexadecimal, in pieces. As many octets as it has, so many have public values and shared secrets. */
  readonly prime: readonly string[]
  /** In hexadecimal; 2 where it is absent. */
  readonly generator?: string
  /**
   * Order of the subgroup in hexadecimal, for a prime that is not safe: a value of the peer that is not of this subgroup is
   * refused (RFC 6989 section 2.2).
   */
  readonly subgroupOrder?: string
}

/**
 * A MODP group as a key exchange method, for one that is not here. Those of less than 2048 bits and those of RFC 5114 are
 * left out on purpose (RFC 8247 section 2.4): make one only to test peers that still offer it. The prime is read when the
 * group is first used. BigInt is not constant time.
 *
 * @throws TypeError naming `prime` when it is not hexadecimal.
 */
export function modpGroup({ name, id, seedOctets, ...parameters }: ModpParameters): KeyExchangeMethod {
  const primeHex = parameters.prime.join('')
  if (!/^(?:[\da-f]{2})+$/i.test(primeHex)) throw new TypeError('prime: not whole octets in hexadecimal')
  const publicOctets = primeHex.length / 2
  let known: { prime: bigint; generator: bigint; order: Uint8Array | undefined } | undefined
  const group = () => {
    known ??= {
      prime: BigInt(`0x${primeHex}`),
      generator: BigInt(`0x${parameters.generator ?? '2'}`),
      order: parameters.subgroupOrder === undefined ? undefined : fromHex(parameters.subgroupOrder)
    }
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
      const { prime, generator } = group()
      const value = generator === 2n ? powerOfTwo(privateKey, prime) : power(generator, privateKey, prime)
      return { privateKey, publicKey: toOctets(value, publicOctets) }
    },
    sharedSecret(privateKey: Uint8Array, peerPublic: Uint8Array): Uint8Array | undefined {
      if (peerPublic.length !== publicOctets) return undefined
      const { prime, order } = group()
      const base = toNumber(peerPublic)
      if (base <= 1n || base >= prime - 1n) return undefined
      if (order !== undefined && power(base, order, prime) !== 1n) return undefined
      // RFC 7296 section 2.14: padded with zeros to the length of the modulus.
      return toOctets(power(base, privateKey, prime), publicOctets)
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
