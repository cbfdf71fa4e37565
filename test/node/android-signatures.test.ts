import { createPrivateKey, createPublicKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.ts'
import { AUTH_METHOD, HASH_ALGORITHM } from '../../src/codec/index.ts'
import { prfHmacSha1, SIGNATURE_ALGORITHMS, type SignatureAlgorithm, signedOctets } from '../../src/crypto/index.ts'
import { signAuth, verifyAuthSignature } from '../../src/node/index.ts'
import { vectorFile } from '../codec/recorded-messages.ts'

/** AUTH payloads that Android's unit tests make and check with a key of theirs. RSA PKCS #1 v1.5 draws no randomness. */
const { files } = vectorFile('iketests-constants.json') as unknown as {
  files: Readonly<Record<string, Readonly<Record<string, string>>>>
}
function value(className: string, name: string): Uint8Array {
  const values = Object.entries(files).find(([file]) => file.endsWith(`/${className}.java`))?.[1]
  return fromHex(values?.[name] as string)
}
const digital = (name: string): Uint8Array => value('IkeAuthDigitalSignPayloadTest', name)

const privateKey = value('IkeCertUtilsTest', 'PRIVATE_KEY_HEX')
const publicKey = new Uint8Array(
  createPublicKey(createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' })).export({
    format: 'der',
    type: 'spki'
  })
)
const octets = signedOctets({
  message: digital('IKE_INIT_RESP_HEX_STRING'),
  nonce: digital('NONCE_INIT_HEX_STRING'),
  prf: prfHmacSha1,
  skP: digital('SKP_RESP_HEX_STRING'),
  idBody: digital('ID_RESP_PAYLOAD_BODY_HEX_STRING')
})

describe.each<[string, number, string, number]>([
  ['GENERIC', AUTH_METHOD.DIGITAL_SIGNATURE, 'RSA-PKCS1-SHA2-256', HASH_ALGORITHM.SHA2_256],
  ['RSA', AUTH_METHOD.RSA_DIGITAL_SIGNATURE, 'RSA-PKCS1-SHA1', HASH_ALGORITHM.SHA1]
])('AUTH_PAYLOAD_BODY_%s_DIGITAL_SIGN of Android', (kind, method, name, hash) => {
  // Auth Method, three reserved octets, Authentication Data (RFC 7296 section 3.8).
  const body = digital(`AUTH_PAYLOAD_BODY_${kind}_DIGITAL_SIGN_HEX_STRING`)
  const algorithm = SIGNATURE_ALGORITHMS.find((known) => known.name === name) as SignatureAlgorithm
  // The key of these unit tests has 512 bits.
  const minimumRsaBits = 512
  const genuine = { method, authData: body.slice(4), signedOctets: octets, publicKey, acceptedHashes: [hash] }
  const received = { ...genuine, minimumRsaBits }

  it('verifies; not with one bit of it or of the signed octets flipped, nor where its hash is not accepted', () => {
    expect(body[0]).toBe(method)
    expect(verifyAuthSignature(received)).toEqual({ ok: true, algorithm })
    for (const changed of [received.authData, octets]) {
      const forged = changed.slice()
      forged[forged.length - 1] = (forged.at(-1) as number) ^ 1
      const changes = changed === octets ? { signedOctets: forged } : { authData: forged }
      expect(verifyAuthSignature({ ...received, ...changes })).toEqual({ ok: false, error: 'invalidSignature' })
    }
    expect(verifyAuthSignature({ ...received, acceptedHashes: [HASH_ALGORITHM.SHA2_512] }).ok).toBe(false)
  })

  it('is refused under the default minimum of 2048 bits (RFC 8247 section 3.1.1)', () => {
    expect(verifyAuthSignature(genuine)).toEqual({ ok: false, error: 'weakKey' })
    expect(verifyAuthSignature({ ...genuine, minimumRsaBits: 513 })).toEqual({ ok: false, error: 'weakKey' })
  })

  it('is made again, octet by octet', () => {
    const made = signAuth({ method, algorithm, signedOctets: octets, privateKey })
    expect(toHex(made)).toBe(toHex(received.authData))
  })
})
