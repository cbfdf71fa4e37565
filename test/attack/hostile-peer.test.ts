import { describe, expect, it } from 'vitest'
import { EXCHANGE, NOTIFY, notify } from '../../src/codec/index.ts'
import type { Payload } from '../../src/codec/types.ts'
import { x25519 } from '../../src/crypto/index.ts'
import { createChildPayloads, ikeRekeyPayloads, offerChild, offerIke, prefixSelector } from '../../src/ike/index.ts'
import { DEFAULT_MOBIKE_POLICY } from '../../src/mobike/index.ts'
import type { SessionAction } from '../../src/session/index.ts'
import { kinds, read } from '../session/forge.ts'
import { CLIENT_OPTIONS, datagramsIn, GATEWAY_OPTIONS, mobikeReports } from '../session/pair.ts'
import { cookie2, established, fromClient, type Hostile, octets } from './hostile.ts'

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

const PINNED = {
  ...DEFAULT_MOBIKE_POLICY,
  selection: { ...DEFAULT_MOBIKE_POLICY.selection, pinnedRemote: '192.0.2.1' }
}

describe('an UPDATE that fails with an error that is not MOBIKE’s', () => {
  /** The client moves and the hostile gateway answers its UPDATE. */
  function answered(type: number) {
    const hostile = established('gateway', { mobike: PINNED, livenessMs: null })
    hostile.pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] })
    const from = { local: { address: '192.0.2.1', port: 4500 }, remote: { address: '10.2.0.2', port: 4500 } }
    const answer = () => {
      const cookie = hostile.cookieOf()
      return hostile.respond([notify(type), ...(cookie === undefined ? [] : [cookie2(cookie)])], from)
    }
    return { hostile, answer }
  }
  const isUpdate = (hostile: Hostile, actions: readonly SessionAction[]): boolean =>
    datagramsIn(actions).some(({ path, bytes }) =>
      kinds(read(hostile.pair, { from: 'client', path, bytes }).payloads).includes(NOTIFY.UPDATE_SA_ADDRESSES)
    )

  it.each([NOTIFY.TEMPORARY_FAILURE, 9999])(
    'A-O7 B234 is not carried out: type %i is asked again, later, and then refused',
    (type) => {
      const { hostile, answer } = answered(type)
      const { pair } = hostile
      let updates = 1
      for (let round = 0; round < 12 && hostile.alive; round++) {
        const actions = answer()
        expect(mobikeReports(actions).map(({ kind }) => kind)).not.toContain('moved')
        expect(isUpdate(hostile, actions), 'not at once').toBe(false)
        for (let second = 0; second < 130 && hostile.alive && hostile.cookieOf() === undefined; second++)
          pair.advance(1000)
        if (hostile.alive) updates++
      }
      // One, and then after 1, 2, 4 … 128 s: several minutes (RFC 7296 section 2.25).
      expect(updates).toBe(9)
      expect(pair.client.session.state.phase).toMatchObject({ name: 'closed', reason: 'updateRefused' })
    }
  )
})
