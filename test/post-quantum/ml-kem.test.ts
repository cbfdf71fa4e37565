import { createCipheriv, createHmac } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.ts'
import {
  aes256Gcm16,
  deriveIkeRekeyKeys,
  type Encapsulation,
  type IkeSuite,
  type KeyEncapsulationMethod,
  prfHmacSha256,
  x25519
} from '../../src/crypto/index.ts'
import { mlKem512, mlKem768, mlKem1024 } from '../../src/post-quantum/index.ts'

const METHODS: Readonly<Record<string, KeyEncapsulationMethod>> = {
  ML_KEM_512: mlKem512,
  ML_KEM_768: mlKem768,
  ML_KEM_1024: mlKem1024
}
type Octets4 = [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
const seed = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => 3 * i + 1)

describe.each(Object.values(METHODS))('$name', (method) => {
  const own = method.keyPair(seed(64))
  const made = method.encapsulate(own.publicKey, seed(32))

  it('both ends come to one secret of 32 octets; sizes and numbers are those of draft-ietf-ipsecme-ikev2-mlkem', () => {
    const sizes = { 35: [800, 768], 36: [1184, 1088], 37: [1568, 1568] }[method.id]
    expect([own.publicKey.length, made?.ciphertext.length]).toEqual(sizes)
    expect([method.publicOctets, method.ciphertextOctets]).toEqual(sizes)
    expect(made?.sharedSecret.length).toBe(32)
    expect(method.decapsulate(own.privateKey, made?.ciphertext as Uint8Array)).toEqual(made?.sharedSecret)
  })

  it('refuses public keys of another length or with a coefficient of q or more (FIPS 203 section 7.2)', () => {
    for (const length of [0, method.publicOctets - 1, method.publicOctets + 1]) {
      expect(method.encapsulate(new Uint8Array(length), seed(32))).toBeUndefined()
    }
    const unreduced = own.publicKey.slice()
    unreduced.fill(255, 0, 3)
    expect(method.encapsulate(unreduced, seed(32))).toBeUndefined()
    expect(method.encapsulate(new Uint8Array(method.publicOctets).fill(255), seed(32))).toBeUndefined()
  })

  it('refuses ciphertexts of another length; one that was changed gives another secret', () => {
    const { ciphertext, sharedSecret } = made as NonNullable<typeof made>
    for (const wrong of [new Uint8Array(0), ciphertext.slice(1), new Uint8Array(ciphertext.length + 1)]) {
      expect(method.decapsulate(own.privateKey, wrong)).toBeUndefined()
    }
    const forged = ciphertext.slice()
    forged[7] = (forged[7] as number) ^ 1
    const other = method.decapsulate(own.privateKey, forged)
    expect(other?.length).toBe(32)
    expect(other).not.toEqual(sharedSecret)
  })

  it('names seeds and private keys of a wrong length, and keeps no reference to the seed', () => {
    expect(() => method.keyPair(seed(63))).toThrow(/^seed: /)
    expect(() => method.encapsulate(own.publicKey, seed(31))).toThrow(/^seed: /)
    expect(() => method.decapsulate(seed(63), new Uint8Array(method.ciphertextOctets))).toThrow(/^privateKey: /)
    const mine = seed(64)
    const pair = method.keyPair(mine)
    mine.fill(0)
    expect(pair).toEqual(own)
  })
})

describe('additional key exchange with ML-KEM', () => {
  it('SKEYSEED(1) = prf(SK_d(0), SK(1) | Ni | Nr), keys by prf+ of nonces and SPIs (RFC 9370 section 2.2.2)', () => {
    const own = mlKem768.keyPair(seed(64))
    const { ciphertext, sharedSecret } = mlKem768.encapsulate(own.publicKey, seed(32)) as Encapsulation
    const [oldSkD, ni, nr, spis] = [32, 24, 40, 16].map((length) => seed(length).fill(length)) as Octets4
    const suite: IkeSuite = { encryption: aes256Gcm16, integrity: null, prf: prfHmacSha256, keyExchange: x25519 }
    const keys = deriveIkeRekeyKeys({
      suite,
      oldPrf: prfHmacSha256,
      oldSkD,
      sharedSecret: mlKem768.decapsulate(own.privateKey, ciphertext) as Uint8Array,
      nonceInitiator: ni,
      nonceResponder: nr,
      initiatorSpi: spis.subarray(0, 8),
      responderSpi: spis.subarray(8)
    })
    const hmac = (key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array =>
      parts.reduce((mac, part) => mac.update(part), createHmac('sha256', key)).digest()
    const skeyseed = hmac(oldSkD, sharedSecret, ni, nr)
    const first = hmac(skeyseed, ni, nr, spis, Uint8Array.of(1))
    const second = hmac(skeyseed, first, ni, nr, spis, Uint8Array.of(2))
    expect(toHex(keys).startsWith(toHex(first) + toHex(second))).toBe(true)
  })
})

const file = '../shared/vectors/strongswan-ke-vectors.json'

describe('ML-KEM values of strongSwan', () => {
  if (!existsSync(file)) {
    it.skip(`SKIPPED: ${file} is not there`, () => {})
    return
  }
  const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as {
    vectors: { name: string; method: string; seed: string; pub_i: string; pub_r: string; shared: string }[]
  }
  const known = vectors.filter(({ method }) => method in METHODS)

  it('are twelve', () => {
    expect(known.length).toBe(12)
  })

  it.each(known)('$name', ({ method: id, seed: drbgSeed, pub_i, pub_r, shared }) => {
    const method = METHODS[id] as KeyEncapsulationMethod
    const draw = ctrDrbg(fromHex(drbgSeed))
    const own = method.keyPair(draw(64))
    expect(toHex(own.publicKey)).toBe(pub_i)
    const made = method.encapsulate(own.publicKey, draw(32))
    expect(made && [toHex(made.ciphertext), toHex(made.sharedSecret)]).toEqual([pub_r, shared])
    const opened = method.decapsulate(own.privateKey, fromHex(pub_r))
    expect(opened && toHex(opened)).toBe(shared)
  })
})

/** AES-256 CTR_DRBG without derivation function (NIST SP 800-90A section 10.2.1), the source of the known answers. */
function ctrDrbg(entropy: Uint8Array): (octets: number) => Uint8Array {
  let key = new Uint8Array(32)
  let counter = 0n
  const nextBlock = (): Uint8Array => {
    counter = (counter + 1n) % 2n ** 128n
    const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
    return new Uint8Array(cipher.update(fromHex(counter.toString(16).padStart(32, '0'))))
  }
  const blocks = (count: number): Uint8Array =>
    fromHex(Array.from({ length: count }, () => toHex(nextBlock())).join(''))
  const update = (provided: Uint8Array): void => {
    const state = blocks(3).map((octet, i) => octet ^ (provided[i] ?? 0))
    key = state.slice(0, 32)
    counter = BigInt(`0x${toHex(state.slice(32))}`)
  }
  update(entropy)
  return (octets) => {
    const drawn = blocks(Math.ceil(octets / 16)).slice(0, octets)
    update(new Uint8Array(48))
    return drawn
  }
}
