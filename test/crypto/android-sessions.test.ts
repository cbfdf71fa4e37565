import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, toHex, utf8Bytes } from '../../src/bytes/index.ts'
import { decodePayloads } from '../../src/codec/index.ts'
import {
  aes128Cbc,
  aes256Cbc,
  aesCmac96,
  deriveIkeKeys,
  deriveIkeRekeyKeys,
  hmacSha1_96,
  hmacSha256_128,
  type IkeSuite,
  type IntegrityAlgorithm,
  ikeKeys,
  modp2048,
  openFragment,
  openMessage,
  type ProtectedHeader,
  type PseudoRandomFunction,
  prfAesCmac,
  prfHmacSha1,
  prfHmacSha256,
  sealFragment,
  sealMessage,
  signedOctets,
  verifyPskAuth
} from '../../src/crypto/index.ts'
import { addFragment, type FragmentOutcome } from '../../src/exchange/index.ts'
import android from '../vectors/android-ike-sessions.json' with { type: 'json' }

/** Responses of a strongSwan gateway to Android's client, among them fragments and an IKE rekey the gateway started. */
interface Keys {
  readonly [name: string]: string | number | undefined
}
interface RecordedMessage {
  readonly hex: string
  readonly header: {
    readonly spiI: string
    readonly spiR: string
    readonly exchangeType: number
    readonly nextPayload: number
    readonly initiator: boolean
    readonly response: boolean
    readonly messageId: number
  }
  readonly plaintext?: string
  readonly reassembledPlaintext?: string
  readonly responderSignedOctets?: string
  readonly ctx?: Keys
  readonly rekeyedSaCtx?: Keys
}
interface Session {
  readonly scope: string
  readonly messages: readonly RecordedMessage[]
}

const SK = 46
const SKF = 53
const sessions = android.sessions as unknown as readonly Session[]
const contextOf = ({ messages }: Session): Keys => messages[0]?.ctx as Keys
/** All but the one that is an IKE_SA_INIT response with NO_PROPOSAL_CHOSEN and nothing else. */
const known = sessions.filter((session) => contextOf(session) !== undefined)

const INTEGRITY: Readonly<Record<number, IntegrityAlgorithm>> = { 2: hmacSha1_96, 8: aesCmac96, 12: hmacSha256_128 }
const PRF: Readonly<Record<string, PseudoRandomFunction>> = {
  HMAC_SHA1: prfHmacSha1,
  HMAC_SHA2_256: prfHmacSha256,
  AES128_CMAC: prfAesCmac
}
const suiteOf = ({ prf, encrKeyBits, integTransformId }: Keys): IkeSuite => ({
  encryption: encrKeyBits === 128 ? aes128Cbc : aes256Cbc,
  integrity: INTEGRITY[integTransformId as number] as IntegrityAlgorithm,
  prf: PRF[prf as string] as PseudoRandomFunction,
  // The recorded group, MODP-1024, is not offered here; g^ir is given.
  keyExchange: modp2048
})
const octets = (keys: Keys, name: string): Uint8Array => fromHex(keys[name] as string)
const inputsOf = (keys: Keys) => ({
  suite: suiteOf(keys),
  nonceInitiator: octets(keys, 'Ni'),
  nonceResponder: octets(keys, 'Nr'),
  sharedSecret: octets(keys, 'g_ir'),
  initiatorSpi: octets(keys, 'SPIi'),
  responderSpi: octets(keys, 'SPIr')
})
const loggedKeys = (keys: Keys) => ['d', 'ai', 'ar', 'ei', 'er', 'pi', 'pr'].map((name) => keys[`SK_${name}`])
const hexKeys = (suite: IkeSuite, material: Uint8Array): string[] => {
  const { d, ai, ar, ei, er, pi, pr } = ikeKeys(suite, material)
  return [d, ai, ar, ei, er, pi, pr].map(toHex)
}

it('there are sessions of three PRFs', () => {
  expect(sessions.length - known.length).toBe(1)
  expect(known.length).toBe(6)
  expect(new Set(known.map((session) => contextOf(session)['prf']))).toEqual(new Set(Object.keys(PRF)))
})

describe.each(known.map((session): [string, Session] => [session.scope, session]))(
  'Android session: %s',
  (_, session) => {
    const context = contextOf(session)
    const first = { suite: suiteOf(context), material: deriveIkeKeys(inputsOf(context)) }
    const rekey = session.messages.find(({ rekeyedSaCtx }) => rekeyedSaCtx !== undefined)?.rekeyedSaCtx
    const second =
      rekey === undefined
        ? undefined
        : {
            suite: suiteOf(rekey),
            material: deriveIkeRekeyKeys({
              ...inputsOf(rekey),
              oldPrf: first.suite.prf,
              oldSkD: ikeKeys(first.suite, first.material).d
            })
          }

    it('B117 B123 derives the keys of the IKE SA and of its successor', () => {
      expect(hexKeys(first.suite, first.material)).toEqual(loggedKeys(context))
      if (rekey !== undefined && second !== undefined) {
        expect(hexKeys(second.suite, second.material)).toEqual(loggedKeys(rekey))
      }
    })

    it('has the SPI and the nonce its client makes of no randomness', () => {
      const { deterministicNi, initiatorSPI } = android.constants
      expect([context['SPIi'], context['Ni']]).toEqual([initiatorSPI, deterministicNi])
      // Where the gateway rekeys, the client is responder.
      if (rekey !== undefined) expect(rekey['Nr']).toBe(deterministicNi)
      if (rekey !== undefined) expect(rekey['SK_d_old']).toBe(toHex(ikeKeys(first.suite, first.material).d))
    })

    it('B127 B130 the gateway proves the pre-shared key, or signs', () => {
      const plaintext = session.messages.find(({ responderSignedOctets }) => responderSignedOctets !== undefined)
      const chain = fromHex((plaintext?.reassembledPlaintext ?? plaintext?.plaintext) as string)
      const decoded = decodePayloads(chain, 36)
      if (!decoded.ok) return expect.fail(decoded.error.code)
      const idr = decoded.value.find((payload) => payload.kind === 'identificationResponder')
      const auth = decoded.value.find((payload) => payload.kind === 'authentication')
      if (idr?.kind !== 'identificationResponder' || auth === undefined) return expect.fail('no IDr or AUTH')
      const signed = signedOctets({
        message: fromHex(session.messages[0]?.hex as string),
        nonce: octets(context, 'Ni'),
        prf: first.suite.prf,
        skP: octets(context, 'SK_pr'),
        idBody: concatBytes(Uint8Array.of(idr.idType, 0, 0, 0), idr.data)
      })
      expect(toHex(signed)).toBe(plaintext?.responderSignedOctets)
      // The session with RSA is verified in test/node/signatures.test.ts.
      if (auth.method !== 2) return expect(auth.method).toBe(14)
      const verifies = (psk: string) =>
        verifyPskAuth({ prf: first.suite.prf, secret: utf8Bytes(psk), signedOctets: signed, auth: auth.data })
      expect([verifies(android.constants.psk_ascii), verifies('another')]).toEqual([true, false])
    })

    it('B126 opens every protected message and fragment, and seals it again to the same octets', () => {
      let fragments: FragmentOutcome | undefined
      for (const { hex, header, plaintext, reassembledPlaintext } of session.messages) {
        if (header.nextPayload !== SK && header.nextPayload !== SKF) continue
        const message = fromHex(hex)
        const sa = header.spiI === context['SPIi'] ? first : (second as typeof first)
        const open = { ...sa, sender: header.initiator ? 'initiator' : 'responder', message, offset: 28 } as const
        const sealedHeader: ProtectedHeader = {
          initiatorSpi: fromHex(header.spiI),
          responderSpi: fromHex(header.spiR),
          exchangeType: header.exchangeType,
          fromInitiator: header.initiator,
          isResponse: header.response,
          messageId: header.messageId
        }
        if (header.nextPayload === SKF) {
          const opened = openFragment(open)
          if (!opened.ok) return expect.fail(opened.error)
          const kept = fragments?.kind === 'stored' ? fragments.reassembly : undefined
          fragments = addFragment(kept, opened)
          expect(toHex(sealFragment({ ...sa, ...opened, header: sealedHeader }))).toBe(hex)
          if (reassembledPlaintext === undefined) continue
          if (fragments.kind !== 'complete') return expect.fail(fragments.kind)
          expect(toHex(fragments.inner)).toBe(reassembledPlaintext)
        } else {
          const opened = openMessage(open)
          if (!opened.ok) return expect.fail(opened.error)
          if (plaintext !== undefined) expect(toHex(opened.inner)).toBe(plaintext)
          expect(toHex(sealMessage({ ...sa, ...opened, header: sealedHeader }))).toBe(hex)
        }
      }
    })
  }
)

it('MODP-2048 gives the recorded shared secret from the recorded private value', () => {
  const context = sessions.map(contextOf).find((keys) => keys?.['dhGroup'] === 14) as Keys
  const shared = modp2048.sharedSecret(octets(context, 'initiatorDhPrivate'), octets(context, 'responderDhPublic'))
  expect(shared).toEqual(octets(context, 'g_ir'))
})
