import { describe, expect, it } from 'vitest'
import { fromHex, toHex, utf8Bytes } from '../../src/bytes/index.ts'
import {
  aes128Cbc,
  deriveIkeKeys,
  hmacSha256_128,
  type IkeSuite,
  ikeKeys,
  modp2048,
  openMessage,
  prfHmacSha256,
  pskAuth,
  sealMessage,
  signedOctets
} from '../../src/crypto/index.ts'
import recorded from '../vectors/i-e-b_VirtualVpn.json' with { type: 'json' }

/** Recordings of a strongSwan initiator with keys: one IKE_AUTH request, one whole session. */
interface Message {
  readonly hex: string
  readonly header: {
    readonly nextPayload: number
    readonly exchangeType: number
    readonly initiator: boolean
    readonly response: boolean
    readonly messageId: number
  }
  readonly plaintext?: string
  readonly iv?: string
  readonly icv?: string
  readonly plaintextWithPadding?: string
}
type Keys = Readonly<Record<'Ni' | 'Nr' | 'g_ir' | 'SPIi' | 'SPIr', string>> & Readonly<Record<string, unknown>>

const suite: IkeSuite = {
  encryption: aes128Cbc,
  integrity: hmacSha256_128,
  prf: prfHmacSha256,
  keyExchange: modp2048
}
const sessions: [string, Keys, readonly Message[]][] = [
  ['one request', recorded.skRaw, [recorded.skRaw.message]],
  ['a session', recorded.upAndDown, recorded.upAndDown.messages as readonly Message[]]
]

describe.each(sessions)('strongSwan as initiator, %s', (_, keys, messages) => {
  const material = deriveIkeKeys({
    suite,
    nonceInitiator: fromHex(keys.Ni),
    nonceResponder: fromHex(keys.Nr),
    sharedSecret: fromHex(keys.g_ir),
    initiatorSpi: fromHex(keys.SPIi),
    responderSpi: fromHex(keys.SPIr)
  })

  it('B117 has the keys its log says', () => {
    for (const [name, key] of Object.entries(ikeKeys(suite, material))) {
      expect(`${name} ${toHex(key as Uint8Array)}`).toBe(`${name} ${keys[`SK_${name}`]}`)
    }
  })

  it('B126 IV, padding and checksum are where the record has them', () => {
    const whole = messages.filter((message) => message.iv !== undefined)
    expect(whole.length).toBeGreaterThan(0)
    for (const { hex, header, iv, icv, plaintextWithPadding } of whole) {
      const message = fromHex(hex)
      const sender = header.initiator ? 'initiator' : 'responder'
      const opened = openMessage({ suite, material, sender, message, offset: 28 })
      if (!opened.ok) expect.fail(opened.error)
      const padded = [...opened.inner, ...opened.padding, opened.padding.length]
      expect([toHex(opened.iv), toHex(Uint8Array.from(padded))]).toEqual([iv, plaintextWithPadding])
      const sealed = sealMessage({
        suite,
        material,
        header: {
          initiatorSpi: fromHex(keys.SPIi),
          responderSpi: fromHex(keys.SPIr),
          exchangeType: header.exchangeType,
          fromInitiator: header.initiator,
          isResponse: header.response,
          messageId: header.messageId
        },
        firstInner: opened.firstInner,
        inner: opened.inner,
        iv: opened.iv,
        padding: opened.padding
      })
      expect(toHex(sealed)).toBe(hex)
      expect(toHex(sealed.slice(-16))).toBe(icv)
    }
  })

  it('B126 opens every SK payload', () => {
    const sealed = messages.filter(({ header }) => header.nextPayload === 46)
    expect(sealed.length).toBeGreaterThan(0)
    for (const { hex, header, plaintext } of sealed) {
      const sender = header.initiator ? 'initiator' : 'responder'
      const opened = openMessage({ suite, material, sender, message: fromHex(hex), offset: 28 })
      if (!opened.ok) expect.fail(opened.error)
      expect(toHex(opened.inner)).toBe(plaintext)
    }
  })
})

it('B128 B130 the initiator proves the pre-shared key in an IKE_AUTH with MOBIKE_SUPPORTED', () => {
  const { initiatorInit, Nr, SK_pi, idiBody, psk_ascii, auth, ...request } = recorded.mobikeIkeAuthRequest
  const octets = signedOctets({
    message: fromHex(initiatorInit.hex),
    nonce: fromHex(Nr),
    prf: prfHmacSha256,
    skP: fromHex(SK_pi),
    idBody: fromHex(idiBody)
  })
  expect(toHex(octets)).toBe(request.signedOctets)
  expect(toHex(octets.slice(-32))).toBe(request.macedIdi)
  expect(toHex(pskAuth({ prf: prfHmacSha256, secret: utf8Bytes(psk_ascii), signedOctets: octets }))).toBe(auth)
})
