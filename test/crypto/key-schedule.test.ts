import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, toHex } from '../../src/bytes/index.ts'
import {
  aes128Cbc,
  aes256Gcm16,
  type ChildSuite,
  chacha20Poly1305,
  childSendingKeys,
  deriveChildKeys,
  deriveIkeKeys,
  deriveIkeRekeyKeys,
  hmacSha1_96,
  type IkeSuite,
  ikeKeyLayout,
  ikeKeys,
  ikeSendingKeys,
  type PseudoRandomFunction,
  prfHmacSha1,
  prfHmacSha256,
  prfHmacSha384,
  prfHmacSha512,
  prfPlus,
  x25519
} from '../../src/crypto/index.ts'
import kdf from '../vectors/ikev2-full-kdf.json' with { type: 'json' }
import rub from '../vectors/RUB-NDS_IPsec-StateMachineExtractor.json' with { type: 'json' }

const CBC_SHA1: IkeSuite = { encryption: aes128Cbc, integrity: hmacSha1_96, prf: prfHmacSha1, keyExchange: x25519 }
const CHILD_CBC_SHA1: ChildSuite = { encryption: aes128Cbc, integrity: hmacSha1_96, extendedSequenceNumbers: false }

interface Exchange {
  readonly Ni: string
  readonly Nr: string
  readonly g_ir: string
  readonly SPIi: string
  readonly SPIr: string
}
const inputsOf = ({ Ni, Nr, g_ir, SPIi, SPIr }: Exchange) => ({
  nonceInitiator: fromHex(Ni),
  nonceResponder: fromHex(Nr),
  sharedSecret: fromHex(g_ir),
  initiatorSpi: fromHex(SPIi),
  responderSpi: fromHex(SPIr)
})
type Vector = Record<string, string> & Exchange
const [handshake, aosp] = kdf.vectors as unknown as [Vector, Vector & { child: Record<string, string> }]
const hexKeys = (keys: object): Record<string, string> =>
  Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, toHex(key as Uint8Array)]))

describe('IKE SA keys', () => {
  it('B117 come packed in the order of section 2.14', () => {
    expect(toHex(deriveIkeKeys({ suite: CBC_SHA1, ...inputsOf(handshake) }))).toBe(handshake['DKM'])
  })

  it('B117 are those Android captured', () => {
    const material = deriveIkeKeys({ suite: CBC_SHA1, ...inputsOf(aosp) })
    expect(hexKeys(ikeKeys(CBC_SHA1, material))).toEqual({
      d: aosp['SK_d'],
      ai: aosp['SK_ai'],
      ar: aosp['SK_ar'],
      ei: aosp['SK_ei'],
      er: aosp['SK_er'],
      pi: aosp['SK_pi'],
      pr: aosp['SK_pr']
    })
    expect(hexKeys(ikeSendingKeys(CBC_SHA1, material, 'responder'))).toEqual({
      encryption: aosp['SK_er'],
      integrity: aosp['SK_ar']
    })
  })

  it('B117 are those of a recorded handshake', () => {
    const { handshake: recorded, messages } = rub
    const [, response] = messages
    const keys = ikeKeys(
      CBC_SHA1,
      deriveIkeKeys({
        suite: CBC_SHA1,
        ...inputsOf({ ...recorded, SPIi: response?.header.spiI as string, SPIr: response?.header.spiR as string })
      })
    )
    expect(hexKeys(keys)).toEqual({
      d: recorded.SK_d,
      ai: recorded.SK_ai,
      ar: recorded.SK_ar,
      ei: recorded.SK_ei,
      er: recorded.SK_er,
      pi: recorded.SK_pi,
      pr: recorded.SK_pr
    })
  })

  it('B263 have no SK_a for AEAD, and the salt ends SK_e', () => {
    const suite: IkeSuite = { encryption: aes256Gcm16, integrity: null, prf: prfHmacSha256, keyExchange: x25519 }
    const { d, ai, ar, ei, er, pi, pr, length } = ikeKeyLayout(suite)
    expect({ d, ai, ar, ei, er, pi, pr, length }).toEqual({
      d: [0, 32],
      ai: [32, 32],
      ar: [32, 32],
      ei: [32, 68],
      er: [68, 104],
      pi: [104, 136],
      pr: [136, 168],
      length: 168
    })
  })

  it('B116 SK_d, SK_pi and SK_pr are as long as the output of the PRF', () => {
    const { d, pi, pr } = ikeKeyLayout({ ...CBC_SHA1, prf: prfHmacSha384 })
    expect([d, pi, pr].map(([start, end]) => end - start)).toEqual([48, 48, 48])
  })

  it('material of another length is refused by name', () => {
    expect(() => ikeKeys(CBC_SHA1, new Uint8Array(131))).toThrow(/^material: /)
    expect(() => childSendingKeys(CHILD_CBC_SHA1, new Uint8Array(71), 'initiator')).toThrow(/^material: /)
  })
})

describe('Child SA keys', () => {
  it('B122 are taken initiator first, encryption before integrity (Android)', () => {
    const { d } = ikeKeys(CBC_SHA1, deriveIkeKeys({ suite: CBC_SHA1, ...inputsOf(aosp) }))
    const inputs = { prf: prfHmacSha1, skD: d, suite: CHILD_CBC_SHA1, ...inputsOf(aosp) }
    const material = deriveChildKeys({ ...inputs, sharedSecret: undefined })
    expect(hexKeys(childSendingKeys(CHILD_CBC_SHA1, material, 'initiator'))).toEqual({
      encryption: aosp.child['encr_i'],
      integrity: aosp.child['auth_i']
    })
    expect(hexKeys(childSendingKeys(CHILD_CBC_SHA1, material, 'responder'))).toEqual({
      encryption: aosp.child['encr_r'],
      integrity: aosp.child['auth_r']
    })
  })

  it('have no integrity keys for AEAD', () => {
    const suite: ChildSuite = { encryption: chacha20Poly1305, integrity: null, extendedSequenceNumbers: true }
    const inputs = inputsOf(aosp)
    const material = deriveChildKeys({
      ...inputs,
      prf: prfHmacSha1,
      skD: new Uint8Array(20),
      suite,
      sharedSecret: undefined
    })
    expect(material.length).toBe(72)
    const keys = childSendingKeys(suite, material, 'responder')
    expect(keys.encryption).toEqual(material.subarray(36))
    expect(keys.integrity.length).toBe(0)
  })
})

describe('prf+', () => {
  it('B115 is not defined beyond 255 blocks', () => {
    const key = Uint8Array.of(1)
    expect(prfPlus(prfHmacSha256, key, key, 255 * 32).length).toBe(8160)
    expect(() => prfPlus(prfHmacSha256, key, key, 255 * 32 + 1)).toThrow(/^length: /)
  })
})

/** Read in place: the file that holds these NIST values is GPL. */
const acvpFile = '../shared/vectors/ikev2-full-kdf.json'

describe('NIST ACVP', () => {
  if (!existsSync(acvpFile)) {
    it.skip(`SKIPPED: ${acvpFile} is not there`, () => {})
    return
  }
  const { vectors } = JSON.parse(readFileSync(acvpFile, 'utf8')) as { vectors: Vector[] }
  const acvp = vectors.find(({ name }) => name?.includes('acvp')) as Vector
  const material = deriveIkeKeys({ suite: CBC_SHA1, ...inputsOf(acvp) })
  const old = ikeKeys(CBC_SHA1, material)
  const childInputs = { prf: prfHmacSha1, skD: old.d, suite: CHILD_CBC_SHA1, ...inputsOf(acvp) }

  it('B117 keys of an IKE SA', () => {
    expect(toHex(material)).toBe((acvp['DKM'] as string).slice(0, 2 * 132))
  })

  it('B120 keys of a Child SA come from SK_d and the nonces', () => {
    const material = deriveChildKeys({ ...childInputs, sharedSecret: undefined })
    expect(toHex(material)).toBe((acvp['DKM_child'] as string).slice(0, 2 * 72))
  })

  it('B121 keys of a Child SA: with perfect forward secrecy g^ir comes first', () => {
    const material = deriveChildKeys({ ...childInputs, sharedSecret: fromHex(acvp['g_ir_new'] as string) })
    expect(toHex(material)).toBe((acvp['DKM_childDh'] as string).slice(0, 2 * 72))
  })

  it('B123 keys of a rekeyed IKE SA start from SK_d of the old one under the old PRF', () => {
    const inputs = inputsOf({ ...acvp, g_ir: acvp['g_ir_new'] as string })
    const skeyseed = fromHex(acvp['SKEYSEED_rekey'] as string)
    const seed = concatBytes(inputs.nonceInitiator, inputs.nonceResponder, inputs.initiatorSpi, inputs.responderSpi)
    // The keys of the new SA under the new PRF: the vector ends at SKEYSEED.
    for (const suite of [CBC_SHA1, { ...CBC_SHA1, prf: prfHmacSha512 }]) {
      const material = deriveIkeRekeyKeys({ suite, oldPrf: prfHmacSha1, oldSkD: old.d, ...inputs })
      expect(material).toEqual(prfPlus(suite.prf, skeyseed, seed, ikeKeyLayout(suite).length))
    }
  })
})

const cavp = '../shared/vectors/strongswan-cavp-ikev2-prf.json'
const PRFS: Readonly<Record<string, PseudoRandomFunction>> = {
  HMAC_SHA2_256: prfHmacSha256,
  HMAC_SHA2_384: prfHmacSha384,
  HMAC_SHA2_512: prfHmacSha512
}

describe('NIST CAVP', () => {
  if (!existsSync(cavp)) {
    it.skip(`SKIPPED: ${cavp} is not there`, () => {})
    return
  }
  const { vectors } = JSON.parse(readFileSync(cavp, 'utf8')) as {
    vectors: { name: string; alg: string; prf: string; key: string; salt: string; out: string }[]
  }
  it.each(vectors)('B115 B117 $name', ({ alg, prf: id, key, salt, out }) => {
    const prf = PRFS[id] as PseudoRandomFunction
    const octets =
      alg === 'KDF_PRF'
        ? prf.prepare(fromHex(salt))(fromHex(key))
        : prfPlus(prf, fromHex(key), fromHex(salt), out.length / 2)
    expect(toHex(octets)).toBe(out)
  })
})
