import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, toHex, utf8Bytes } from '../../src/bytes/index.ts'
import { prfHmacSha1, pskAuth, signedOctets, verifyPskAuth } from '../../src/crypto/index.ts'
import kdf from '../vectors/ikev2-full-kdf.json' with { type: 'json' }
import vector from '../vectors/psk-auth-rub.json' with { type: 'json' }

const octets = signedOctets({
  message: fromHex(vector.initMessage),
  nonce: fromHex(vector.Nr),
  prf: prfHmacSha1,
  skP: fromHex(vector.SK_pi),
  idBody: fromHex(vector.idiBody)
})
const secret = utf8Bytes(vector.psk_ascii)

describe('AUTH', () => {
  it('B128 signed octets are the own first message, the peer nonce and prf(SK_p, ID body)', () => {
    expect(octets).toEqual(
      concatBytes(fromHex(vector.initMessage), fromHex(vector.Nr), fromHex(vector.signedOctetsTail))
    )
    const { macedIDi } = kdf.vectors[1] as unknown as { macedIDi: { key: string; idBody: string; mac: string } }
    expect(toHex(prfHmacSha1.prepare(fromHex(macedIDi.key))(fromHex(macedIDi.idBody)))).toBe(macedIDi.mac)
  })

  it('B130 of a pre-shared key is the one another implementation computed', () => {
    expect(toHex(pskAuth({ prf: prfHmacSha1, secret, signedOctets: octets }))).toBe(vector.auth)
  })

  it('B127 verifies that value and no other', () => {
    const auth = fromHex(vector.auth)
    const check = (changes: object): boolean =>
      verifyPskAuth({ prf: prfHmacSha1, secret, signedOctets: octets, auth, ...changes })
    expect(check({})).toBe(true)
    expect(check({ secret: utf8Bytes('AAAB') })).toBe(false)
    expect(check({ secret: concatBytes(secret, Uint8Array.of(0x42)) })).toBe(false)
    expect(check({ signedOctets: octets.subarray(1) })).toBe(false)
    expect(check({ auth: auth.subarray(0, 19) })).toBe(false)
    expect(check({ auth: new Uint8Array(0) })).toBe(false)
    for (let i = 0; i < auth.length; i++) {
      const forged = auth.slice()
      forged[i] = (forged[i] as number) ^ 1
      expect(check({ auth: forged })).toBe(false)
    }
  })
})
