import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type {
  EncryptionAlgorithm,
  IntegrityAlgorithm,
  KeyExchangeMethod,
  PseudoRandomFunction
} from '../../src/crypto/index.ts'
import * as noble from '../../src/crypto/index.ts'
import * as node from '../../src/node/index.ts'

const CIPHERS: [string, EncryptionAlgorithm, EncryptionAlgorithm][] = [
  ['AES-GCM-16-128', node.nodeAes128Gcm16, noble.aes128Gcm16],
  ['AES-GCM-16-256', node.nodeAes256Gcm16, noble.aes256Gcm16],
  ['ChaCha20-Poly1305', node.nodeChacha20Poly1305, noble.chacha20Poly1305],
  ['AES-CBC-128', node.nodeAes128Cbc, noble.aes128Cbc],
  ['AES-CBC-192', node.nodeAes192Cbc, noble.aes192Cbc],
  ['AES-CBC-256', node.nodeAes256Cbc, noble.aes256Cbc]
]
const INTEGRITY: [string, IntegrityAlgorithm, IntegrityAlgorithm][] = [
  ['HMAC-SHA1-96', node.nodeHmacSha1_96, noble.hmacSha1_96],
  ['HMAC-SHA2-256-128', node.nodeHmacSha256_128, noble.hmacSha256_128],
  ['HMAC-SHA2-384-192', node.nodeHmacSha384_192, noble.hmacSha384_192],
  ['HMAC-SHA2-512-256', node.nodeHmacSha512_256, noble.hmacSha512_256]
]
const PRFS: [string, PseudoRandomFunction, PseudoRandomFunction][] = [
  ['PRF-HMAC-SHA1', node.nodePrfHmacSha1, noble.prfHmacSha1],
  ['PRF-HMAC-SHA2-256', node.nodePrfHmacSha256, noble.prfHmacSha256],
  ['PRF-HMAC-SHA2-384', node.nodePrfHmacSha384, noble.prfHmacSha384],
  ['PRF-HMAC-SHA2-512', node.nodePrfHmacSha512, noble.prfHmacSha512]
]
const METHODS: [string, KeyExchangeMethod, KeyExchangeMethod][] = [
  ['X25519', node.nodeX25519, noble.x25519],
  ['ECP-256', node.nodeEcp256, noble.ecp256],
  ['ECP-384', node.nodeEcp384, noble.ecp384],
  ['ECP-521', node.nodeEcp521, noble.ecp521],
  ['MODP-2048', node.nodeModp2048, noble.modp2048],
  ['MODP-3072', node.nodeModp3072, noble.modp3072],
  ['MODP-4096', node.nodeModp4096, noble.modp4096],
  ['MODP-6144', node.nodeModp6144, noble.modp6144],
  ['MODP-8192', node.nodeModp8192, noble.modp8192],
  ['X448', node.nodeX448, noble.x448],
  ['Brainpool-256', node.nodeBrainpool256, noble.brainpool256],
  ['Brainpool-384', node.nodeBrainpool384, noble.brainpool384],
  ['Brainpool-512', node.nodeBrainpool512, noble.brainpool512]
]

const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
/** Everything of an algorithm that is not a function. */
const identity = (algorithm: object) =>
  Object.fromEntries(Object.entries(algorithm).filter(([, value]) => typeof value !== 'function'))

it.each([...CIPHERS, ...INTEGRITY, ...PRFS, ...METHODS])('%s on node has the identity of its noble twin', (_, a, b) => {
  expect(identity(a)).toEqual(identity(b))
  expect(Object.isFrozen(a)).toBe(true)
})

describe.each(CIPHERS)('%s on node', (_, onNode, onNoble) => {
  it('seals to the octets of noble and opens them', () => {
    fc.assert(
      fc.property(
        octets(onNoble.keyOctets),
        octets(onNoble.ivOctets),
        fc.nat(12),
        fc.nat(15),
        fc.uint8Array({ maxLength: 60 }),
        (material, iv, blocks, rest, associated) => {
          const plaintext = new Uint8Array(16 * blocks + (onNoble.aead ? rest : 0)).fill(rest)
          const context = onNode.prepare(material)
          const sealed = context.seal(iv, plaintext, associated)
          expect(sealed).toEqual(onNoble.prepare(material).seal(iv, plaintext, associated))
          expect(context.open(iv, sealed, associated)).toEqual(plaintext)
        }
      )
    )
  })

  it('seals into a given place, over the plaintext too', () => {
    const context = onNode.prepare(new Uint8Array(onNode.keyOctets))
    const iv = new Uint8Array(onNode.ivOctets)
    const expected = context.seal(iv, new Uint8Array(48), iv)
    const packet = new Uint8Array(7 + expected.length)
    const target = packet.subarray(7)
    expect(context.seal(iv, packet.subarray(7, 7 + 48), iv, target)).toBe(target)
    expect(target).toEqual(expected)
  })

  it('opens no impossible lengths and no forged tag, without throwing', () => {
    const context = onNode.prepare(new Uint8Array(onNode.keyOctets))
    const iv = new Uint8Array(onNode.ivOctets)
    const none = new Uint8Array(0)
    const lengths = onNode.aead ? [0, 1, 15, 16, 40] : [1, 15, 17]
    for (const length of lengths) expect(context.open(iv, new Uint8Array(length), none)).toBeUndefined()
    expect(context.open(iv.subarray(1), new Uint8Array(32), none)).toBeUndefined()
  })

  it('names the argument of a wrong length', () => {
    expect(() => onNode.prepare(new Uint8Array(3))).toThrow(/^keyMaterial: /)
    const context = onNode.prepare(new Uint8Array(onNode.keyOctets))
    expect(() => context.seal(new Uint8Array(3), new Uint8Array(16), new Uint8Array(0))).toThrow(/^iv: /)
  })
})

it.each(INTEGRITY)('%s on node gives the checksum of noble', (_, onNode, onNoble) => {
  fc.assert(
    fc.property(octets(onNoble.keyOctets), fc.uint8Array({ maxLength: 300 }), fc.uint8Array(), (key, a, b) => {
      expect(onNode.prepare(key).checksum(a, b)).toEqual(onNoble.prepare(key).checksum(a, b))
    })
  )
})

it.each(PRFS)('%s on node gives the octets of noble for keys of any length', (_, onNode, onNoble) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (key, data) => {
      expect(onNode.prepare(key)(data)).toEqual(onNoble.prepare(key)(data))
    })
  )
})

describe.each(METHODS)('%s on node', (_, onNode, onNoble) => {
  const seedA = Uint8Array.from({ length: onNoble.seedOctets }, (_, i) => 3 * i + 1)
  const seedB = Uint8Array.from({ length: onNoble.seedOctets }, (_, i) => 255 - 5 * i)

  it('makes the key pair of noble from the same seed and the same shared secret', () => {
    const a = onNode.keyPair(seedA)
    expect(a).toEqual(onNoble.keyPair(seedA))
    const b = onNoble.keyPair(seedB)
    const shared = onNoble.sharedSecret(b.privateKey, a.publicKey)
    expect(onNode.sharedSecret(a.privateKey, b.publicKey)).toEqual(shared)
    // A key that came out of a snapshot is another array.
    expect(onNode.sharedSecret(a.privateKey.slice(), b.publicKey)).toEqual(shared)
  })

  it('refuses values that are no public value, without throwing', () => {
    const { privateKey } = onNode.keyPair(seedA)
    const value = (last: number) => {
      const octetsOfValue = new Uint8Array(onNode.publicOctets)
      octetsOfValue[onNode.publicOctets - 1] = last
      return octetsOfValue
    }
    expect(onNode.sharedSecret(privateKey, value(0))).toBeUndefined()
    const ones = new Uint8Array(onNode.publicOctets).fill(255)
    expect(onNode.sharedSecret(privateKey, ones)).toEqual(onNoble.sharedSecret(privateKey, ones))
    expect(onNode.sharedSecret(privateKey, value(1).subarray(1))).toBeUndefined()
    if (!onNode.name.startsWith('X')) expect(onNode.sharedSecret(privateKey, value(1))).toBeUndefined()
  })

  it('names a seed of a wrong length', () => {
    expect(() => onNode.keyPair(new Uint8Array(5))).toThrow(/^seed: /)
  })
})
