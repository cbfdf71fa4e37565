import { describe, expect, it } from 'vitest'
import { type Endpoint, type Path, pathText, toHex } from '../../src/bytes/index.ts'
import { decodeMessage, NOTIFY } from '../../src/codec/index.ts'
import type { Payload } from '../../src/codec/types.ts'
import { prefixSelector } from '../../src/ike/index.ts'
import { DEFAULT_MOBIKE_POLICY, type LocalAddress, pathTable, type RemoteCandidate } from '../../src/mobike/index.ts'
import type { SessionOptions } from '../../src/session/index.ts'
import { mobikeReports, Pair, reversed, type SideName } from './pair.ts'

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

describe('inner addresses', () => {
  /** Where either end could send to or from. */
  const ends = (pair: Pair, name: SideName, end: 'local' | 'remote'): Set<string> => {
    const { mobike } = pair[name].session.state
    if (mobike === null) throw new Error('no MOBIKE')
    return new Set(pathTable(mobike).map(({ path }) => path[end].address))
  }

  it('F65 the address the session was assigned is neither used nor announced as an outer one', () => {
    const pair = reachable().establish()
    const addresses = ['10.3.0.7', '10.1.0.2'].map((address) => ({ address }))
    pair.tell('client', { type: 'localAddressesChanged', addresses })
    pair.settle()
    expect(ends(pair, 'client', 'local')).toEqual(new Set(['10.1.0.2']))
    expect(pair.gateway.session.state.mobike?.peerAddresses).toEqual(['10.1.0.2'])
    // Nor when it is the only one left, and what the caller excludes comes on top.
    pair.tell('client', { type: 'excludedPrefixesChanged', prefixes: [{ address: '10.1.0.3', prefixLength: 32 }] })
    pair.tell('client', {
      type: 'localAddressesChanged',
      addresses: ['10.3.0.7', '10.1.0.3'].map((address) => ({ address }))
    })
    expect(mobikeReports(pair.client.actions).at(-1)).toEqual({ kind: 'noPath' })
  })

  it('F65 addresses the peer announces out of the networks behind the tunnel are never tried', () => {
    const pair = reachable().establish()
    const addresses = ['192.0.2.1', '198.51.100.1', '10.9.0.1'].map((address) => ({ address }))
    pair.tell('gateway', { type: 'localAddressesChanged', addresses })
    pair.settle()
    expect(pair.client.session.state.mobike?.peerAddresses).toContain('10.9.0.1')
    expect(ends(pair, 'client', 'remote')).toEqual(new Set(['192.0.2.1', '198.51.100.1']))
    // A local network that happens to have the same numbers can be used nevertheless.
    pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.9.7.7' }] })
    expect(ends(pair, 'client', 'local')).toEqual(new Set(['10.9.7.7']))
  })

  it('F65 a tunnel for everything excludes nothing: the peer is in it itself', () => {
    const pair = reachable(
      { remoteSelectors: [prefixSelector('0.0.0.0', 0)] },
      { localSelectors: [prefixSelector('0.0.0.0', 0)] }
    )
    pair.establish()
    expect(ends(pair, 'client', 'remote')).toEqual(new Set(['192.0.2.1', '198.51.100.1']))
  })

  it('F65 the responder does not try the inner address it assigned', () => {
    const pair = reachable({ requestConfiguration: { ipv4: true, ipv6: false, dns: false } })
    pair.establish()
    const { mobike } = pair.gateway.session.state
    expect(mobike?.excluded).toContainEqual({ address: '10.3.0.7', prefixLength: 32 })
  })

  it('an assigned address that the client has outside already does not cut off the path in use', () => {
    const pair = reachable()
    const { answer } = pair
    pair.answer = (question) =>
      question.kind === 'configuration'
        ? { kind: 'configuration', configuration: { addresses: ['10.1.0.2'], dnsServers: [] } }
        : answer(question)
    pair.establish()
    expect(mobikeReports(pair.client.actions)).not.toContainEqual({ kind: 'noPath' })
    expect(ends(pair, 'client', 'local')).toEqual(new Set(['10.1.0.2']))
    pair.tell('client', { type: 'updateRequested' })
    pair.settle()
    expect(pair.client.session.state.mobike?.outstanding).toEqual([])
  })

  it('Child SAs without end do not make the state grow', () => {
    const pair = reachable()
    pair.isThorough = false
    pair.establish()
    for (let net = 0; net < 80; net++) {
      pair.tell('client', { type: 'childSaRequested', remoteSelectors: [prefixSelector(`10.9.${net}.0`, 24)] })
      pair.settle()
      const [, newest] = pair.childIds('client')
      pair.tell('client', { type: 'childSaDeleteRequested', id: newest ?? 0 })
      pair.settle()
    }
    const made = pair.reports('client').filter(({ kind }) => kind === 'childSaEstablished')
    expect(made).toHaveLength(81)
    expect(pair.client.session.state.inner).toHaveLength(64)
  })
})

describe('pairs for the initial exchanges', () => {
  const GATEWAY = ['192.0.2.1', '198.51.100.1']
  const local = (...addresses: (string | LocalAddress)[]) =>
    ({
      type: 'localAddressesChanged',
      addresses: addresses.map((address) => (typeof address === 'string' ? { address } : address))
    }) as const
  const remote = (...endpoints: RemoteCandidate[]) => ({ type: 'remoteCandidatesChanged', endpoints }) as const
  const on500 = (address: string): RemoteCandidate => ({ address, port: 500 })

  /** Both hosts with their addresses, the client not told to connect yet. */
  function apart(): Pair {
    const pair = reachable()
    pair.tell('gateway', local(...GATEWAY))
    return pair
  }

  /** First transmissions of each IKE_SA_INIT message, as they were sent. */
  const attempts = (pair: Pair): string[] => {
    const seen = new Set<string>()
    return pair.sent.flatMap(({ from, path, bytes }) => {
      const spi = toHex(bytes.subarray(0, 8))
      if (from !== 'client' || path.local.port !== 500 || seen.has(spi)) return []
      seen.add(spi)
      return [pathText(path)]
    })
  }

  it('A019 F64 without paths all pairs of one family are tried, cheapest first, each with a message of its own', () => {
    const pair = apart()
    pair.passes = () => false
    pair.tell('client', local({ address: '10.1.0.2', cost: 2 }, '10.2.0.2', '2001:db8::2'))
    pair.tell('client', remote({ ...on500('192.0.2.1'), cost: 1 }, on500('198.51.100.1')))
    pair.tell('client', { type: 'connectRequested' })
    pair.advance(30_000)
    expect(attempts(pair).slice(0, 5)).toEqual([
      '10.2.0.2:500 > 198.51.100.1:500',
      '10.2.0.2:500 > 192.0.2.1:500',
      '10.1.0.2:500 > 198.51.100.1:500',
      '10.1.0.2:500 > 192.0.2.1:500',
      '10.2.0.2:500 > 198.51.100.1:500'
    ])
  })

  it('A019 the session comes up on the pair that works', () => {
    const pair = apart()
    pair.passes = ({ path }) => [path.local, path.remote].every(({ address }) => address !== '192.0.2.1')
    pair.tell('client', local('10.1.0.2'))
    pair.tell('client', remote(...GATEWAY.map(on500)))
    pair.tell('client', { type: 'connectRequested' })
    pair.advance(10_000)
    expect(pair.phase('client')).toBe('established')
    expect(pair.client.session.state.mobike?.ikePath.remote).toEqual({ address: '198.51.100.1', port: 4500 })
  })

  it('A019 C36 told to connect without a network, it waits for the first address', () => {
    const pair = apart()
    pair.tell('client', remote(...GATEWAY.map(on500)))
    pair.tell('client', { type: 'connectRequested' })
    expect(mobikeReports(pair.client.actions)).toEqual([{ kind: 'noPath' }])
    pair.advance(3_600_000)
    expect([pair.phase('client'), pair.sent.length]).toEqual(['expectAddresses', 0])
    pair.tell('client', local('10.1.0.2'))
    pair.advance(1000)
    expect(pair.phase('client')).toBe('established')
    const closed = apart()
    closed.tell('client', { type: 'connectRequested' })
    closed.tell('client', { type: 'closeRequested' })
    expect(closed.phase('client')).toBe('closed')
  })

  it('A019 an address that goes ends the attempt from it at once, one that comes is used', () => {
    const pair = apart()
    pair.passes = () => false
    pair.tell('client', local('10.1.0.2'))
    pair.tell('client', remote(on500('192.0.2.1')))
    pair.tell('client', { type: 'connectRequested' })
    pair.advance(700)
    pair.passes = () => true
    pair.tell('client', local('10.2.0.2'))
    pair.settle()
    expect(attempts(pair)).toEqual(['10.1.0.2:500 > 192.0.2.1:500', '10.2.0.2:500 > 192.0.2.1:500'])
    expect(pair.phase('client')).toBe('established')
    expect(pair.client.session.state.mobike?.ikePath.local.address).toBe('10.2.0.2')
  })

  it('A019 one that comes beside it leaves the attempt under way alone; its own turn is next', () => {
    const pair = apart()
    pair.passes = () => false
    pair.tell('client', local({ address: '10.1.0.2', cost: 1 }))
    pair.tell('client', remote(on500('192.0.2.1')))
    pair.tell('client', { type: 'connectRequested' })
    pair.tell('client', local({ address: '10.1.0.2', cost: 1 }, '10.2.0.2'))
    expect(attempts(pair)).toHaveLength(1)
    pair.advance(5000)
    expect(attempts(pair).slice(0, 2)).toEqual(['10.1.0.2:500 > 192.0.2.1:500', '10.2.0.2:500 > 192.0.2.1:500'])
  })

  it('A019 an address that goes while IKE_AUTH is on its way: from IKE_SA_INIT on again, and no key of the first is left', () => {
    for (const stage of ['question', 'request'] as const) {
      const pair = apart()
      pair.tell('client', local('10.1.0.2'))
      pair.tell('client', remote(on500('192.0.2.1')))
      if (stage === 'request') pair.passes = ({ from, path }) => from === 'gateway' || path.local.port === 500
      const { answer } = pair
      if (stage === 'question') {
        let isFirst = true
        pair.answer = (question) => {
          if (isFirst) {
            isFirst = false
            // While the caller looks for the key.
            pair.tell('client', local('10.2.0.2'))
          }
          return answer(question)
        }
      }
      pair.tell('client', { type: 'connectRequested' })
      pair.settle()
      if (stage === 'request') {
        expect(pair.phase('client')).toBe('expectAuthResponse')
        pair.passes = () => true
        pair.tell('client', local('10.2.0.2'))
        expect(pair.client.session.state.ikeSas).toEqual([])
        expect(pair.client.session.secrets).toMatchObject({ ikeKeys: {}, preSharedKey: null })
      }
      pair.settle()
      expect(attempts(pair)).toEqual(['10.1.0.2:500 > 192.0.2.1:500', '10.2.0.2:500 > 192.0.2.1:500'])
    }
  })

  it('A019 every address gone: the session waits, sends nothing, and goes on with the next', () => {
    const pair = apart()
    pair.passes = () => false
    pair.tell('client', local('10.1.0.2'))
    pair.tell('client', remote(on500('192.0.2.1')))
    pair.tell('client', { type: 'connectRequested' })
    pair.tell('client', local())
    const sent = pair.sent.length
    pair.advance(3_600_000)
    expect([pair.phase('client'), pair.sent.length]).toEqual(['expectAddresses', sent])
    pair.passes = () => true
    pair.tell('client', local('10.2.0.2'))
    pair.advance(1000)
    expect(pair.phase('client')).toBe('established')
  })

  it('A019 of paths given those whose address is gone are left out, and none is added', () => {
    const pair = apart()
    pair.passes = () => false
    const from = (address: string): Path => ({ local: on500(address), remote: on500('192.0.2.1') })
    pair.tell('client', local('10.1.0.2', '10.2.0.2'))
    pair.tell('client', remote(on500('198.51.100.1')))
    pair.tell('client', { type: 'connectRequested', paths: [from('10.1.0.2'), from('10.2.0.2')] })
    pair.tell('client', local('10.2.0.2', '10.3.0.2'))
    pair.advance(20_000)
    expect(attempts(pair)).toEqual(['10.1.0.2:500 > 192.0.2.1:500', '10.2.0.2:500 > 192.0.2.1:500'])
  })

  it('a peer on the NAT traversal port is spoken to from there', () => {
    const pair = apart()
    pair.tell('client', local('10.1.0.2'))
    pair.tell('client', remote({ address: '192.0.2.1', port: 4500 }))
    pair.tell('client', { type: 'connectRequested' })
    pair.settle()
    expect(pair.sent[0]?.path.local).toEqual({ address: '10.1.0.2', port: 4500 })
    expect(pair.phase('client')).toBe('established')
  })
})
