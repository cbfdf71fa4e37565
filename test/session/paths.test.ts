import { describe, expect, it } from 'vitest'
import type { Endpoint, Path } from '../../src/bytes/index.ts'
import { decodeMessage, NOTIFY } from '../../src/codec/index.ts'
import type { Payload } from '../../src/codec/types.ts'
import { DEFAULT_MOBIKE_POLICY } from '../../src/mobike/index.ts'
import type { SessionOptions } from '../../src/session/index.ts'
import { Pair, reversed, type SideName } from './pair.ts'

/** A pair whose datagrams only arrive between addresses that the hosts have. */
function reachable(client: Partial<SessionOptions> = {}, gateway: Partial<SessionOptions> = {}): Pair {
  const pair = new Pair(client, gateway)
  const has = (name: SideName, { address }: Endpoint): boolean =>
    pair[name].session.state.surroundings.localAddresses.some((known) => known.address === address)
  pair.route = ({ from, path }) => {
    const to = from === 'client' ? 'gateway' : 'client'
    return has(from, path.local) && has(to, path.remote) ? reversed(path) : undefined
  }
  return pair
}

const { NAT_DETECTION_SOURCE_IP, NAT_DETECTION_DESTINATION_IP } = NOTIFY
const isNatDetection = (payload: Payload): boolean =>
  payload.kind === 'notify' &&
  [NAT_DETECTION_SOURCE_IP, NAT_DETECTION_DESTINATION_IP].some((type) => type === payload.type)

const ON_10500: Path = {
  local: { address: '10.1.0.2', port: 10_500 },
  remote: { address: '192.0.2.1', port: 10_500 }
}

describe('ports', () => {
  it('an announced peer address is tried on the NAT traversal port of the configuration', () => {
    const ports = { ike: 10_500, natTraversal: 14_500 }
    const pair = reachable({ ports }, { ports })
    pair.connect([ON_10500]).settle()
    expect([pair.phase('client'), pair.phase('gateway')]).toEqual(['established', 'established'])
    pair.tell('gateway', { type: 'localAddressesChanged', addresses: [{ address: '198.51.100.1' }] })
    pair.settle()
    pair.advance(10_000)
    const path = {
      local: { address: '10.1.0.2', port: 14_500 },
      remote: { address: '198.51.100.1', port: 14_500 }
    }
    expect(pair.client.session.state.mobike).toMatchObject({ ikePath: path, childPath: path })
    expect(pair.gateway.session.state.mobike).toMatchObject({ ikePath: reversed(path), childPath: reversed(path) })
  })
})

describe('NAT_DETECTION in IKE_SA_INIT', () => {
  it('F58 policy keeps it out of attempts on some pairs and in those on others', () => {
    const natDetection = ({ remote }: Path): boolean => remote.address !== '192.0.2.1'
    const pair = new Pair({ mobike: { ...DEFAULT_MOBIKE_POLICY, natDetection } })
    pair.passes = () => false
    pair.connect([
      { local: { address: '10.1.0.2', port: 500 }, remote: { address: '192.0.2.1', port: 500 } },
      { local: { address: '10.1.0.2', port: 500 }, remote: { address: '198.51.100.1', port: 500 } }
    ])
    pair.advance(5000)
    const attempts = pair.sent.map(({ path, bytes }) => {
      const decoded = decodeMessage(bytes)
      if (!decoded.ok) throw new Error('no message')
      return [path.remote.address, decoded.value.payloads.filter(isNatDetection).length]
    })
    expect(attempts).toContainEqual(['192.0.2.1', 0])
    expect(attempts).toContainEqual(['198.51.100.1', 2])
    expect(new Set(attempts.map(String)).size).toBe(2)
  })
})
