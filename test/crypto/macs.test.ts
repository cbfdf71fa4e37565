import { hmac } from '@noble/hashes/hmac.js'
import { sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, toHex, utf8Bytes } from '../../src/bytes/index.ts'
import {
  hmacSha1_96,
  hmacSha256_128,
  hmacSha384_192,
  hmacSha512_256,
  type PseudoRandomFunction,
  prfHmacSha1,
  prfHmacSha256,
  prfHmacSha384,
  prfHmacSha512
} from '../../src/crypto/index.ts'

const hex = (prf: PseudoRandomFunction, key: string, data: Uint8Array): string => toHex(prf.prepare(fromHex(key))(data))

describe('PRF', () => {
  it('PRF_HMAC_SHA1 gives RFC 2202 test cases 1, 2 and 6', () => {
    expect(hex(prfHmacSha1, '0b'.repeat(20), utf8Bytes('Hi There'))).toBe('b617318655057264e28bc0b6fb378c8ef146be00')
    expect(hex(prfHmacSha1, toHex(utf8Bytes('Jefe')), utf8Bytes('what do ya want for nothing?'))).toBe(
      'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'
    )
    const long = utf8Bytes('Test Using Larger Than Block-Size Key - Hash Key First')
    expect(hex(prfHmacSha1, 'aa'.repeat(80), long)).toBe('aa4ae5e15272d00e95705637ce8a3b55ed402112')
  })

  /** RFC 4868 section 2.7.2.1, case PRF-1: key of 20 octets 0x0b, "Hi There". */
  it.each([
    [prfHmacSha256, 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
    [prfHmacSha384, 'afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6'],
    [
      prfHmacSha512,
      '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854'
    ]
  ])('$name gives RFC 4868 test case PRF-1', (prf, output) => {
    expect(hex(prf, '0b'.repeat(20), utf8Bytes('Hi There'))).toBe(output)
  })

  it('a context gives noble hmac() for every key and any split of the data, again and again', () => {
    for (const [prf, hash] of [
      [prfHmacSha1, sha1],
      [prfHmacSha256, sha256],
      [prfHmacSha384, sha384],
      [prfHmacSha512, sha512]
    ] as const) {
      fc.assert(
        fc.property(
          fc.uint8Array({ maxLength: 200 }),
          fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 }),
          (key, parts) => {
            const context = prf.prepare(key)
            const expected = hmac(hash, key, concatBytes(...parts))
            expect(context(...parts)).toEqual(expected)
            expect(context(...parts)).toEqual(expected)
          }
        ),
        { numRuns: 60 }
      )
    }
  })

  it('two contexts used in turn do not disturb each other', () => {
    const a = prfHmacSha256.prepare(Uint8Array.of(1))
    const b = prfHmacSha256.prepare(Uint8Array.of(2))
    const first = a(Uint8Array.of(9))
    b(Uint8Array.of(9))
    expect(a(Uint8Array.of(9))).toEqual(first)
  })
})

describe('integrity', () => {
  /** RFC 4868 section 2.7.2.2, case AUTH256-1, AUTH384-1, AUTH512-1. */
  it.each([
    [hmacSha256_128, '198a607eb44bfbc69903a0f1cf2bbdc5'],
    [hmacSha384_192, 'b6a8d5636f5c6a7224f9977dcf7ee6c7fb6d0c48cbdee973'],
    [hmacSha512_256, '637edc6e01dce7e6742a99451aae82df23da3e92439e590e43e761b33e910fb8']
  ])('$name gives RFC 4868 test case 1', (algorithm, icv) => {
    const key = new Uint8Array(algorithm.keyOctets).fill(0x0b)
    expect(toHex(algorithm.prepare(key).checksum(utf8Bytes('Hi There')))).toBe(icv)
  })

  it('HMAC-SHA1-96 is the first 96 bits of RFC 2202 test case 1', () => {
    const key = new Uint8Array(20).fill(0x0b)
    expect(toHex(hmacSha1_96.prepare(key).checksum(utf8Bytes('Hi There')))).toBe('b617318655057264e28bc0b6')
  })

  it('names a key of a wrong length', () => {
    expect(() => hmacSha256_128.prepare(new Uint8Array(20))).toThrow(/^key: /)
  })
})
