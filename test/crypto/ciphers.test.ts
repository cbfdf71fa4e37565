import { cbc, gcm } from '@noble/ciphers/aes.js'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, toHex } from '../../src/bytes/index.ts'
import {
  aes128Cbc,
  aes128Gcm16,
  aes192Cbc,
  aes256Cbc,
  aes256Gcm16,
  chacha20Poly1305,
  type EncryptionAlgorithm
} from '../../src/crypto/index.ts'
import rfc7634 from '../vectors/rfc7634-chacha20poly1305.json' with { type: 'json' }

const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const ALL = [aes128Gcm16, aes256Gcm16, chacha20Poly1305, aes128Cbc, aes192Cbc, aes256Cbc]

describe('AES-GCM', () => {
  /** McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B: cases with a 96-bit IV. */
  const plaintext =
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255'
  const associated = 'feedfacedeadbeeffeedfacedeadbeefabaddad2'
  const cases: [number, string, string, string, string, string, string][] = [
    [1, '00000000000000000000000000000000', '000000000000000000000000', '', '', '', '58e2fccefa7e3061367f1d57a4e7455a'],
    [
      2,
      '00000000000000000000000000000000',
      '000000000000000000000000',
      '00000000000000000000000000000000',
      '',
      '0388dace60b6a392f328c2b971b2fe78',
      'ab6e47d42cec13bdf53a67b21257bddf'
    ],
    [
      3,
      'feffe9928665731c6d6a8f9467308308',
      'cafebabefacedbaddecaf888',
      plaintext,
      '',
      '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985',
      '4d5c2af327cd64a62cf35abd2ba6fab4'
    ],
    [
      4,
      'feffe9928665731c6d6a8f9467308308',
      'cafebabefacedbaddecaf888',
      plaintext.slice(0, 120),
      associated,
      '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091',
      '5bc94fbc3221a5db94fae95ae7121a47'
    ],
    [
      13,
      '0000000000000000000000000000000000000000000000000000000000000000',
      '000000000000000000000000',
      '',
      '',
      '',
      '530f8afbc74536b9a963b4f1c4cb738b'
    ],
    [
      14,
      '0000000000000000000000000000000000000000000000000000000000000000',
      '000000000000000000000000',
      '00000000000000000000000000000000',
      '',
      'cea7403d4d606b6e074ec5d3baf39d18',
      'd0d1c8a799996bf0265b98b5d48ab919'
    ],
    [
      15,
      'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
      'cafebabefacedbaddecaf888',
      plaintext,
      '',
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad',
      'b094dac5d93471bdec1a502270e3cc6c'
    ],
    [
      16,
      'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
      'cafebabefacedbaddecaf888',
      plaintext.slice(0, 120),
      associated,
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662',
      '76fc6ece0f4e1768cddf8853bb2d551b'
    ]
  ]
  it.each(cases)('seals and opens McGrew and Viega test case %i', (_, key, nonce, plain, aad, ciphertext, tag) => {
    const algorithm = key.length === 32 ? aes128Gcm16 : aes256Gcm16
    const context = algorithm.prepare(fromHex(key + nonce.slice(0, 8)))
    const iv = fromHex(nonce.slice(8))
    expect(toHex(context.seal(iv, fromHex(plain), fromHex(aad)))).toBe(ciphertext + tag)
    expect(toHex(context.open(iv, fromHex(ciphertext + tag), fromHex(aad)) as Uint8Array)).toBe(plain)
  })

  it('gives the octets of noble gcm() for every length from 0 to 1500', () => {
    const material = Uint8Array.from({ length: 36 }, (_, i) => 255 - 7 * i)
    const context = aes256Gcm16.prepare(material)
    const iv = Uint8Array.from([9, 8, 7, 6, 5, 4, 3, 2])
    const nonce = concatBytes(material.subarray(32), iv)
    const data = Uint8Array.from({ length: 1500 }, (_, i) => (i * 31) ^ (i >> 3))
    for (let length = 0; length <= 1500; length++) {
      const plain = data.subarray(0, length)
      const associated = data.subarray(1500 - (length % 70))
      const sealed = context.seal(iv, plain, associated)
      if (toHex(sealed) !== toHex(gcm(material.subarray(0, 32), nonce, associated).encrypt(plain))) {
        expect.fail(`length ${length}`)
      }
      if (toHex(context.open(iv, sealed, associated) as Uint8Array) !== toHex(plain)) expect.fail(`open ${length}`)
    }
  })

  it('gives the octets of noble gcm() for random keys, data and alignments', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(16, 32),
        octets(36),
        octets(8),
        fc.uint8Array({ maxLength: 200 }),
        fc.uint8Array({ maxLength: 80 }),
        fc.nat(7),
        (keyOctets, key, iv, data, associated, shift) => {
          const material = key.subarray(0, keyOctets + 4)
          const plain = concatBytes(new Uint8Array(shift), data).subarray(shift)
          const context = (keyOctets === 16 ? aes128Gcm16 : aes256Gcm16).prepare(material)
          const nonce = concatBytes(material.subarray(keyOctets), iv)
          expect(toHex(context.seal(iv, plain, associated))).toBe(
            toHex(gcm(material.slice(0, keyOctets), nonce, associated).encrypt(plain))
          )
        }
      ),
      { numRuns: 300 }
    )
  })
})

describe('ChaCha20-Poly1305', () => {
  it('seals and opens the ESP example of RFC 7634 appendix A', () => {
    const { keymat, iv, plaintext, aad, ciphertext, tag } = rfc7634.espExample
    const context = chacha20Poly1305.prepare(fromHex(keymat))
    expect(toHex(context.seal(fromHex(iv), fromHex(plaintext), fromHex(aad)))).toBe(ciphertext + tag)
    expect(toHex(context.open(fromHex(iv), fromHex(ciphertext + tag), fromHex(aad)) as Uint8Array)).toBe(plaintext)
  })

  it('gives the octets of noble chacha20poly1305()', () => {
    fc.assert(
      fc.property(octets(36), octets(8), fc.uint8Array({ maxLength: 300 }), octets(20), (material, iv, plain, aad) => {
        const nonce = concatBytes(material.subarray(32), iv)
        expect(toHex(chacha20Poly1305.prepare(material).seal(iv, plain, aad))).toBe(
          toHex(chacha20poly1305(material.slice(0, 32), nonce, aad).encrypt(plain))
        )
      })
    )
  })

  it('has no Key Length attribute and 36 octets of key material (RFC 7634 section 4)', () => {
    expect([chacha20Poly1305.keyLength, chacha20Poly1305.keyOctets]).toEqual([undefined, 36])
  })
})

describe('AES-CBC', () => {
  /** RFC 3602 section 4, cases 1 to 4, and NIST SP 800-38A F.2.5 for 256 bits. */
  it.each([
    [
      '06a9214036b8a15b512e03d534120006',
      '3dafba429d9eb430b422da802c9fac41',
      '53696e676c6520626c6f636b206d7367',
      'e353779c1079aeb82708942dbe77181a'
    ],
    [
      '56e47a38c5598974bc46903dba290349',
      '8ce82eefbea0da3c44699ed7db51b7d9',
      'a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf',
      'c30e32ffedc0774e6aff6af0869f71aa0f3af07a9a31a9c684db207eb0ef8e4e35907aa632c3ffdf868bb7b29d3d46ad83ce9f9a102ee99d49a53e87f4c3da55'
    ],
    [
      '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
      '000102030405060708090a0b0c0d0e0f',
      '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51',
      'f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d'
    ]
  ])('encrypts and decrypts published vectors (key %s)', (key, iv, plain, ciphertext) => {
    const algorithm = key.length === 32 ? aes128Cbc : aes256Cbc
    const context = algorithm.prepare(fromHex(key))
    expect(toHex(context.seal(fromHex(iv), fromHex(plain), new Uint8Array(0)))).toBe(ciphertext)
    expect(toHex(context.open(fromHex(iv), fromHex(ciphertext), new Uint8Array(0)) as Uint8Array)).toBe(plain)
  })

  it('gives the octets of noble cbc() without padding, for all key lengths', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(aes128Cbc, aes192Cbc, aes256Cbc),
        octets(32),
        octets(16),
        fc.nat(20),
        octets(320),
        (algorithm, key, iv, blocks, data) => {
          const material = key.slice(0, algorithm.keyOctets)
          const plain = data.subarray(0, 16 * blocks)
          const sealed = algorithm.prepare(material).seal(iv, plain, new Uint8Array(0))
          expect(toHex(sealed)).toBe(toHex(cbc(material, iv, { disablePadding: true }).encrypt(plain)))
          expect(toHex(algorithm.prepare(material).open(iv, sealed, new Uint8Array(0)) as Uint8Array)).toBe(
            toHex(plain)
          )
        }
      )
    )
  })

  it('opens nothing that is not whole blocks', () => {
    const context = aes128Cbc.prepare(new Uint8Array(16))
    expect(context.open(new Uint8Array(16), new Uint8Array(17), new Uint8Array(0))).toBeUndefined()
    expect(context.open(new Uint8Array(15), new Uint8Array(16), new Uint8Array(0))).toBeUndefined()
  })
})

describe.each(ALL.map((algorithm): [string, EncryptionAlgorithm] => [algorithm.name, algorithm]))(
  '%s',
  (_, algorithm) => {
    const material = Uint8Array.from({ length: algorithm.keyOctets }, (_, i) => i)
    const iv = new Uint8Array(algorithm.ivOctets).fill(5)
    const aad = Uint8Array.of(1, 2, 3)

    it('names the argument of a wrong length', () => {
      expect(() => algorithm.prepare(new Uint8Array(algorithm.keyOctets + 1))).toThrow(/^keyMaterial: /)
      expect(() => algorithm.prepare(material).seal(new Uint8Array(3), new Uint8Array(16), aad)).toThrow(/^iv: /)
    })

    it('copies the key material', () => {
      const mine = material.slice()
      const context = algorithm.prepare(mine)
      mine.fill(0)
      expect(context.seal(iv, new Uint8Array(32), aad)).toEqual(
        algorithm.prepare(material).seal(iv, new Uint8Array(32), aad)
      )
    })

    it('seals into a given place, over the plaintext too', () => {
      const context = algorithm.prepare(material)
      const expected = context.seal(iv, new Uint8Array(48).fill(6), aad)
      const packet = new Uint8Array(5 + expected.length + 3).fill(6)
      const target = packet.subarray(5, 5 + expected.length)
      expect(context.seal(iv, packet.subarray(5, 5 + 48), aad, target)).toBe(target)
      expect(target).toEqual(expected)
      expect([...packet.subarray(0, 5), ...packet.subarray(-3)]).toEqual(new Array(8).fill(6))
      expect(() => context.seal(iv, new Uint8Array(48), aad, packet)).toThrow(/^target: /)
    })

    it('is frozen', () => {
      expect(Object.isFrozen(algorithm)).toBe(true)
    })
  }
)

describe.each(
  [aes128Gcm16, aes256Gcm16, chacha20Poly1305].map((aead): [string, EncryptionAlgorithm] => [aead.name, aead])
)('%s', (_, algorithm) => {
  const material = Uint8Array.from({ length: algorithm.keyOctets }, (_, i) => i)
  const iv = new Uint8Array(8).fill(5)
  const aad = Uint8Array.of(1, 2, 3)

  it('opens nothing with one octet of tag, ciphertext, IV or associated data changed, or cut short', () => {
    const context = algorithm.prepare(material)
    const sealed = context.seal(iv, new Uint8Array(21), aad)
    for (let i = 0; i < sealed.length; i++) {
      const changed = sealed.slice()
      changed[i] = (changed[i] as number) ^ 0x10
      expect(context.open(iv, changed, aad)).toBeUndefined()
      expect(context.open(iv, sealed.subarray(0, i), aad)).toBeUndefined()
    }
    expect(context.open(iv, sealed, Uint8Array.of(1, 2, 4))).toBeUndefined()
    expect(context.open(new Uint8Array(8), sealed, aad)).toBeUndefined()
    expect(context.open(new Uint8Array(7), sealed, aad)).toBeUndefined()
  })
})
