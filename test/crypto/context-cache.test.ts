import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ikeContext } from '../../src/crypto/context-cache.ts'
import {
  aes128Cbc,
  aes256Gcm16,
  type CipherContext,
  type EncryptionAlgorithm,
  forgetKeys,
  hmacSha1_96,
  type IkeSuite,
  ikeKeyLayout,
  openMessage,
  PREPARED_KEYS_LIMIT,
  prfHmacSha256,
  prfHmacSha512,
  sealMessage,
  x25519
} from '../../src/crypto/index.ts'

/** AES-GCM that counts how often a key schedule is made. */
function counting(): { readonly suite: IkeSuite; prepared: () => number } {
  let count = 0
  const encryption: EncryptionAlgorithm = {
    ...aes256Gcm16,
    prepare(keyMaterial: Uint8Array): CipherContext {
      count++
      return aes256Gcm16.prepare(keyMaterial)
    }
  }
  return { suite: { encryption, integrity: null, prf: prfHmacSha256, keyExchange: x25519 }, prepared: () => count }
}
const materialOf = (suite: IkeSuite, fill: number): Uint8Array => new Uint8Array(ikeKeyLayout(suite).length).fill(fill)

describe('prepared keys', () => {
  it('are prepared once a direction, however many messages', () => {
    const { suite, prepared } = counting()
    const material = materialOf(suite, 1)
    for (let i = 0; i < 5; i++) {
      ikeContext(suite, material, 'initiator')
      ikeContext(suite, material, 'responder')
    }
    expect(prepared()).toBe(2)
  })

  it('are bounded: what is in use stays, what is idle goes', () => {
    const { suite, prepared } = counting()
    const busy = materialOf(suite, 1)
    const idle = materialOf(suite, 2)
    ikeContext(suite, idle, 'initiator')
    for (let i = 0; i < 3 * PREPARED_KEYS_LIMIT; i++) {
      ikeContext(suite, materialOf(suite, 3), 'initiator')
      ikeContext(suite, busy, 'initiator')
    }
    const before = prepared()
    expect(before).toBe(3 * PREPARED_KEYS_LIMIT + 2)
    ikeContext(suite, busy, 'initiator')
    expect(prepared()).toBe(before)
    ikeContext(suite, idle, 'initiator')
    expect(prepared()).toBe(before + 1)
  })

  it('never change a result: a copy of the keys, another suite of the same lengths, an evicted entry', () => {
    const gcm: IkeSuite = { encryption: aes256Gcm16, integrity: null, prf: prfHmacSha256, keyExchange: x25519 }
    // 36 octets of encryption keys either way.
    const cbc: IkeSuite = { ...gcm, encryption: aes128Cbc, integrity: hmacSha1_96 }
    expect(ikeKeyLayout(cbc).length).toBe(ikeKeyLayout(gcm).length)
    const header = {
      initiatorSpi: new Uint8Array(8).fill(1),
      responderSpi: new Uint8Array(8).fill(2),
      exchangeType: 37,
      fromInitiator: true,
      isResponse: false,
      messageId: 3
    }
    fc.assert(
      fc.property(fc.array(fc.nat(2), { maxLength: 30 }), fc.uint8Array({ maxLength: 40 }), (uses, inner) => {
        const materials = [materialOf(gcm, 7), materialOf(gcm, 8), materialOf(gcm, 7)]
        uses.forEach((use, i) => {
          const suite = i % 2 === 0 ? gcm : cbc
          const iv = new Uint8Array(suite.encryption.ivOctets)
          const material = materials[use] as Uint8Array
          const input = { suite, header, firstInner: 41, inner, iv }
          const message = sealMessage({ ...input, material })
          expect(message).toEqual(sealMessage({ ...input, material: material.slice() }))
          expect(openMessage({ suite, material, sender: 'initiator', message, offset: 28 }).ok).toBe(true)
        })
      })
    )
  })

  it('B111 forgetting wipes the octets and drops what was computed from them', () => {
    const { suite, prepared } = counting()
    const material = materialOf(suite, 9)
    const sealed = ikeContext(suite, material, 'initiator').cipher.seal(new Uint8Array(8), material, material)
    forgetKeys(material)
    expect(material.every((octet) => octet === 0)).toBe(true)
    const again = ikeContext(suite, material, 'initiator').cipher.seal(new Uint8Array(8), material, material)
    expect(prepared()).toBe(2)
    expect(again).not.toEqual(sealed)
  })

  it('are not used for a suite that lays its keys out otherwise', () => {
    const { suite } = counting()
    const material = materialOf(suite, 5)
    ikeContext(suite, material, 'initiator')
    expect(() => ikeContext({ ...suite, prf: prfHmacSha512 }, material, 'initiator')).toThrow(/^material: /)
  })
})
