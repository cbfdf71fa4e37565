import { poly1305 } from '@noble/ciphers/_poly1305.js'
import { chacha20 } from '@noble/ciphers/chacha.js'
import { brainpoolP256r1, brainpoolP384r1, brainpoolP512r1 } from '@noble/curves/misc.js'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import { describe, expect, it } from 'vitest'
import { concatBytes, EMPTY, fromHex, toHex, utf8Bytes } from '../../src/bytes/index.ts'
import { decodePayloads, encodePayloads, NOTIFY, notify, PAYLOAD } from '../../src/codec/index.ts'
import {
  type KeyExchangeMethod,
  modp2048,
  type PseudoRandomFunction,
  prfAesCmac,
  prfHmacSha1,
  prfHmacSha256,
  prfHmacSha512,
  x25519
} from '../../src/crypto/index.ts'
import android from '../vectors/android-ike-sessions.json' with { type: 'json' }
import virtualVpn from '../vectors/i-e-b_VirtualVpn.json' with { type: 'json' }
import rub from '../vectors/RUB-NDS_IPsec-StateMachineExtractor.json' with { type: 'json' }
import rfc5903 from '../vectors/rfc5903-ecp.json' with { type: 'json' }
import rfc6954 from '../vectors/rfc6954-brainpool.json' with { type: 'json' }
import rfc7634 from '../vectors/rfc7634-chacha20poly1305.json' with { type: 'json' }
import rfc8031 from '../vectors/rfc8031-curve25519.json' with { type: 'json' }
import { modp1024 } from './weak-groups.ts'

/** Values on the way to what the library gives out: they show that the vectors mean what the other tests take them for. */

const PRFS: Readonly<Record<string, PseudoRandomFunction>> = {
  HMAC_SHA1: prfHmacSha1,
  HMAC_SHA2_256: prfHmacSha256,
  HMAC_SHA2_512: prfHmacSha512,
  AES128_CMAC: prfAesCmac
}

interface Exchange {
  readonly prf: string
  readonly Ni: string
  readonly Nr: string
  readonly g_ir: string
  readonly SKEYSEED: string
}

interface PublicValue {
  readonly dhGroup: number
  readonly initiatorDhPrivate: string
  readonly initiatorDhPublic: string
}

describe('SKEYSEED = prf(Ni | Nr, g^ir) (RFC 7296 section 2.14)', () => {
  const contexts = android.sessions.flatMap(({ messages }) =>
    messages.flatMap((one) => ('ctx' in one ? [one.ctx] : []))
  )
  const all = [rub.handshake, virtualVpn.skRaw, virtualVpn.upAndDown, ...contexts] as unknown as readonly Exchange[]
  it.each(all.map((one, i) => [i, one] as const))('recorded exchange %i', (_, { prf, Ni, Nr, g_ir, SKEYSEED }) => {
    // A PRF on AES takes a key of 16 octets: 8 of each nonce.
    const nonces = prf.startsWith('AES') ? Ni.slice(0, 16) + Nr.slice(0, 16) : Ni + Nr
    const prepared = (PRFS[prf] as PseudoRandomFunction).prepare(fromHex(nonces))
    expect(toHex(prepared(fromHex(g_ir)))).toBe(SKEYSEED)
  })

  it("Android's public values are those of its private ones", () => {
    expect(contexts.length).toBeGreaterThan(0)
    const methods: Readonly<Record<string, KeyExchangeMethod>> = { 2: modp1024, 14: modp2048 }
    for (const { dhGroup, initiatorDhPrivate, initiatorDhPublic } of contexts as unknown as readonly PublicValue[]) {
      const generator = new Uint8Array(initiatorDhPublic.length / 2)
      generator[generator.length - 1] = 2
      const own = methods[dhGroup]?.sharedSecret(fromHex(initiatorDhPrivate), generator)
      expect(toHex(own ?? EMPTY)).toBe(initiatorDhPublic)
    }
  })
})

it('a pre-shared key is padded by prf(secret, "Key Pad for IKEv2") (RFC 7296 section 2.15)', () => {
  const { prf, psk_ascii, prfSecretKeypad } = virtualVpn.mobikeIkeAuthRequest
  const prepared = (PRFS[prf] as PseudoRandomFunction).prepare(utf8Bytes(psk_ascii))
  expect(toHex(prepared(utf8Bytes('Key Pad for IKEv2')))).toBe(prfSecretKeypad)
})

describe('RFC 8031 appendix A', () => {
  it('private keys as they are and with their bits fixed give the same', () => {
    const { random_i, fixed_i, random_r, fixed_r, pub_i, pub_r, shared } = rfc8031
    for (const own of [random_i, fixed_i])
      expect(toHex(x25519.sharedSecret(fromHex(own), fromHex(pub_r)) ?? EMPTY)).toBe(shared)
    for (const own of [random_r, fixed_r])
      expect(toHex(x25519.sharedSecret(fromHex(own), fromHex(pub_i)) ?? EMPTY)).toBe(shared)
  })
})

describe('both coordinates of shared points', () => {
  const ecp = { 19: p256, 20: p384, 21: p521 }
  it.each(rfc5903.vectors)('RFC 5903 section 8, group $dhGroup', ({ dhGroup, i, grx, gry, girx, giry }) => {
    const { Point } = ecp[dhGroup as keyof typeof ecp]
    const point = Point.fromHex(`04${grx}${gry}`).multiply(BigInt(`0x${i}`))
    expect(point.toHex(false)).toBe(`04${girx}${giry}`)
  })

  const brainpool = { 28: brainpoolP256r1, 29: brainpoolP384r1, 30: brainpoolP512r1 }
  it.each(rfc6954.vectors.filter(({ dhGroup }) => dhGroup in brainpool))(
    'RFC 6954 appendix A, $curve',
    ({ dhGroup, dA, x_qB, y_qB, x_Z, y_Z }) => {
      const { Point } = brainpool[dhGroup as keyof typeof brainpool]
      const point = Point.fromHex(`04${x_qB}${y_qB}`).multiply(BigInt(`0x${dA}`))
      expect(point.toHex(false)).toBe(`04${x_Z}${y_Z}`)
    }
  )
})

describe('RFC 7634', () => {
  const { espExample, ikev2Example } = rfc7634

  it('appendix A: the key of Poly1305 is the first block of the key stream', () => {
    const key = fromHex(espExample.keymat).slice(0, 32)
    const nonce = fromHex(espExample.nonce)
    expect(toHex(chacha20(key, nonce, new Uint8Array(32)))).toBe(espExample.poly1305Key)
  })

  it('appendix B: the tag is that of additional data, ciphertext and their lengths', () => {
    const { key, packet, poly1305Input, tag } = ikev2Example
    const material = fromHex(key)
    const nonce = concatBytes(material.slice(32), fromHex(packet).slice(32, 40))
    const oneTime = chacha20(material.slice(0, 32), nonce, new Uint8Array(32))
    expect(toHex(poly1305(fromHex(poly1305Input), oneTime))).toBe(tag)
    expect(ikev2Example['Poly1305 Input']).toBe(poly1305Input)
  })

  it('appendix B: the content is one SET_WINDOW_SIZE of 10', () => {
    const payloads = [notify(NOTIFY.SET_WINDOW_SIZE, Uint8Array.of(0, 0, 0, 10))]
    expect(toHex(encodePayloads(payloads).bytes)).toBe(ikev2Example.notifyPayload)
    expect(decodePayloads(fromHex(ikev2Example.notifyPayload), PAYLOAD.NOTIFY)).toEqual({ ok: true, value: payloads })
  })

  it('appendix A and B: the recorded frames hold the packets that are sealed and opened elsewhere', () => {
    const [ETHERNET, IP, UDP] = [14, 20, 8]
    const frames = rfc7634.snoopPackets.map(fromHex)
    const within = (index: number, headers: number): string => toHex(frames[index]?.slice(headers) ?? EMPTY)
    expect(within(0, ETHERNET)).toBe(espExample.sourcePacket)
    expect(within(1, ETHERNET)).toBe(espExample.espPacketWithOuterIp)
    expect(within(2, ETHERNET + IP + UDP)).toBe(ikev2Example.packet)
  })
})
