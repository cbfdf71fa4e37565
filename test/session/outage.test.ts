import { describe, expect, it } from 'vitest'
import { type Datagram, Pair, reversed, type SideName } from './pair.ts'

const BOTH: readonly SideName[] = ['client', 'gateway']

/** Only what is sent from and to addresses that the hosts have arrives. */
function reachable(): Pair {
  const pair = new Pair({ livenessMs: null }, { livenessMs: null })
  const has = (name: SideName, address: string): boolean =>
    pair[name].session.state.surroundings.localAddresses.some((known) => known.address === address)
  pair.route = ({ from, path }) =>
    has(from, path.local.address) && has(from === 'client' ? 'gateway' : 'client', path.remote.address)
      ? reversed(path)
      : undefined
  return pair.establish()
}

function addresses(pair: Pair, ...all: string[]): void {
  pair.tell('client', { type: 'localAddressesChanged', addresses: all.map((address) => ({ address })) })
}

describe('an outage longer than every deadline', () => {
  it.each([
    ['before it was answered', 0],
    ['when the answer was lost', 1]
  ])('F11 F60 B212 begins as the gateway rekeys the IKE SA, %s: both ends meet again on one IKE SA', (_, delivered) => {
    const pair = reachable()
    pair.tell('gateway', { type: 'ikeSaRekeyRequested' })
    for (let i = 0; i < delivered; i++) pair.deliver(pair.wire.shift() as Datagram)
    pair.wire = []
    addresses(pair)
    pair.advance(200_000)
    addresses(pair, '10.2.0.2')
    pair.settle()
    pair.advance(120_000)
    for (const name of BOTH) {
      expect(pair.phase(name)).toBe('established')
      expect(pair[name].session.state.ikeSas).toHaveLength(1)
      expect(pair.ikeSa(name).requests.outstanding).toEqual([])
    }
    expect(pair.ikeSa('client').responderSpi).toBe(pair.ikeSa('gateway').responderSpi)
    expect(pair.gateway.session.state.mobike?.childPath.remote.address).toBe('10.2.0.2')
  })
})
