import { describe, expect, it } from 'vitest'
import { EXCHANGE, NOTIFY, notify } from '../../src/codec/index.ts'
import type { Payload } from '../../src/codec/types.ts'
import { x25519 } from '../../src/crypto/index.ts'
import { createChildPayloads, ikeRekeyPayloads, offerChild, offerIke, prefixSelector } from '../../src/ike/index.ts'
import { CLIENT_OPTIONS, GATEWAY_OPTIONS } from '../session/pair.ts'
import { established, fromClient, octets } from './hostile.ts'

function childRequest(spi: Uint8Array, rekeyedSpi: number | null = null): readonly Payload[] {
  return createChildPayloads({
    proposals: offerChild(CLIENT_OPTIONS.childProposals, spi, 'createChild'),
    selectorsInitiator: [prefixSelector('0.0.0.0', 0)],
    selectorsResponder: [prefixSelector('10.9.0.0', 16)],
    nonce: octets(32, 7),
    publicValue: null,
    rekeyedSpi
  })
}

function rekeyRequest(spi: Uint8Array): readonly Payload[] {
  const { publicKey } = x25519.keyPair(octets(x25519.seedOctets, 5))
  return ikeRekeyPayloads({
    proposals: offerIke(GATEWAY_OPTIONS.ikeProposals, spi),
    nonce: octets(32, 9),
    publicValue: { group: x25519.id, data: publicKey }
  })
}

const CREATE = { exchangeType: EXCHANGE.CREATE_CHILD_SA }

describe('a hostile peer with the keys', () => {
  it('RFC 4303 section 2.1: cannot have a Child SA with the SPI 0 or another reserved one', () => {
    for (const spi of [0, 1, 255]) {
      const hostile = established('client')
      hostile.request(childRequest(Uint8Array.of(0, 0, 0, spi)), CREATE)
      expect(hostile.pair.childIds('gateway')).toHaveLength(1)
      expect(hostile.alive).toBe(true)
    }
  })

  it('cannot pile up IKE SAs by rekeying without end', () => {
    const hostile = established('client')
    const start = hostile.size()
    for (let round = 0; round < 60; round++) {
      const spi = octets(8, round + 1)
      hostile.request(rekeyRequest(spi), CREATE)
      const fresh = hostile.pair.gateway.session.state.ikeSas.find(({ standing }) => standing.name === 'successor')
      if (fresh === undefined) break
      // The hostile side speaks on it at once, so that it takes over.
      const { client, gateway } = hostile.pair
      const mirrored = { ...fresh, startedHere: true, standing: { name: 'active' as const } }
      client.session = {
        state: { ...client.session.state, ikeSas: [mirrored] },
        secrets: { ...client.session.secrets, ikeKeys: gateway.session.secrets.ikeKeys }
      }
      hostile.say({ messageId: 0, payloads: [] })
    }
    expect(hostile.pair.gateway.session.state.ikeSas.length).toBeLessThanOrEqual(8)
    expect(hostile.size()).toBeLessThan(start + 20_000)
  })

  it('cannot make the host encapsulate ESP on port 500 (RFC 7296 section 2.23)', () => {
    const hostile = established('client')
    const wrong = [
      notify(NOTIFY.NAT_DETECTION_SOURCE_IP, octets(20)),
      notify(NOTIFY.NAT_DETECTION_DESTINATION_IP, octets(20))
    ]
    hostile.notifies([NOTIFY.UPDATE_SA_ADDRESSES, ...wrong], fromClient('10.1.0.2', 500, '192.0.2.1', 500))
    expect(hostile.tunnel.snapshot().children).toHaveLength(1)
  })
})
