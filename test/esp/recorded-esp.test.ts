import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromHex, readUint32, toHex } from '../../src/bytes/index.ts'
import type { ChildSuite } from '../../src/crypto/types.ts'
import {
  createInboundEspSa,
  createOutboundEspSa,
  type EspKeys,
  readInnerPacket,
  readUdpPacket
} from '../../src/esp/index.ts'
import { cbc, gcmWithoutEsn } from './suites.ts'

const SESSIONS: readonly (readonly [file: string, suite: ChildSuite, espPackets: number])[] = [
  ['strongswan-mobike-gcm-x25519-psk', gcmWithoutEsn, 4],
  ['strongswan-mobike-cbc-modp2048-nat', cbc, 4],
  ['strongswan-mobike-ipv4-to-ipv6', gcmWithoutEsn, 4]
]

interface Recording {
  readonly initiatorKeys: readonly Readonly<Record<string, string>>[]
  readonly packets: readonly { readonly kind: string; readonly hex: string }[]
}

describe.each(SESSIONS)('ESP of strongSwan in %s', (file, suite, espPackets) => {
  const location = new URL(`../vectors/${file}.json`, import.meta.url)
  const recording = JSON.parse(readFileSync(location, 'utf8')) as Recording
  // Whose key is whose depends on who started the exchange, so each packet is tried with all.
  const keys: EspKeys[] = recording.initiatorKeys.flatMap((set) =>
    ['initiator', 'responder'].flatMap((role) =>
      set[`encryption ${role} key`] === undefined
        ? []
        : [
            {
              encryption: fromHex(set[`encryption ${role} key`] as string),
              integrity: fromHex(set[`integrity ${role} key`] ?? '')
            }
          ]
    )
  )
  const packets = recording.packets.filter((packet) => packet.kind === 'esp').map((packet) => fromHex(packet.hex))

  it(`has ${espPackets} ESP packets`, () => expect(packets).toHaveLength(espPackets))

  it.each(packets.map((bytes, index) => ({ index, bytes })))(
    'packet $index decrypts and re-encrypts to the same octets',
    ({ bytes }) => {
      const spi = readUint32(bytes, 0)
      const opened = keys.flatMap((each) => {
        const result = createInboundEspSa({ spi, suite, keys: each }).decapsulate(bytes)
        return result.ok ? [{ ...result, keys: each }] : []
      })
      expect(opened).toHaveLength(1)
      const { packet, sequence, keys: used } = opened[0] as (typeof opened)[0]
      const inner = readInnerPacket(packet)
      expect(inner).toMatchObject({ version: 4, length: packet.length })
      expect([1, 17]).toContain(inner?.protocol)
      if (inner?.protocol === 17) expect(readUdpPacket(packet)).toBeDefined()

      const outbound = createOutboundEspSa({ spi, suite, keys: used, sequence: sequence - 1 })
      const iv = bytes.slice(8, 8 + suite.encryption.ivOctets)
      // What makes this IV: AEAD adds the sequence number to the entropy.
      if (suite.encryption.aead)
        for (let i = 0; i < 4; i++) iv[4 + i] = (iv[4 + i] as number) ^ (bytes[4 + i] as number)
      const again = outbound.encapsulate(packet, iv)
      expect(again.ok && toHex(again.bytes)).toBe(toHex(bytes))
    }
  )
})
