import type { IpAddress, Path } from '../../src/bytes/index.ts'
import { EXCHANGE, notify } from '../../src/codec/index.ts'
import { DEFAULT_MOBIKE_POLICY, type MobikePolicy } from '../../src/mobike/index.ts'
import { DEFAULT_SESSION_LIMITS } from '../../src/session/index.ts'
import { forge, read } from './forge.ts'
import { type Datagram, other, Pair, reversed, type SideName } from './pair.ts'

/** Two ends with several addresses each, whose hosts receive at the addresses that they have. */

/** Where IKE_AUTH runs: a gateway is never asked whether it accepts that. */
export const P0 = '10.1.0.2'
export const P1 = '10.2.0.2'
export const P2 = '10.4.0.2'
export const GW1 = '192.0.2.1'
export const GW2 = '198.51.100.1'
export const GW3 = '192.0.2.77'
export const HOUR = 3_600_000

export function world(client: Partial<MobikePolicy> = {}, gateway: Partial<MobikePolicy> = {}, window = 1): Pair {
  const limits = { ...DEFAULT_SESSION_LIMITS, window }
  const policy = (own: Partial<MobikePolicy>): MobikePolicy => ({ ...DEFAULT_MOBIKE_POLICY, ...own })
  const pair = new Pair({ limits, mobike: policy(client) }, { limits, mobike: policy(gateway) })
  pair.isThorough = false
  const has = (name: SideName, address: IpAddress): boolean =>
    pair[name].session.state.surroundings.localAddresses.some((known) => known.address === address)
  pair.route = ({ from, path }) =>
    has(from, path.local.address) && has(other(from), path.remote.address) ? reversed(path) : undefined
  return pair.establish()
}

type Address = { readonly address: IpAddress; readonly cost?: number }

export function clientAt(pair: Pair, ...addresses: readonly Address[]): void {
  pair.tell('client', { type: 'localAddressesChanged', addresses })
}

export function gatewayAt(pair: Pair, ...addresses: readonly IpAddress[]): void {
  pair.tell('gateway', { type: 'localAddressesChanged', addresses: addresses.map((address) => ({ address })) })
}

/** Addresses of IKE and Child SAs, client first, as each end has them. */
export function where(pair: Pair): Readonly<Record<SideName, readonly string[]>> {
  const text = ({ local, remote }: Path): string => `${local.address}>${remote.address}`
  const of = (name: SideName): readonly string[] => {
    const { mobike } = pair[name].session.state
    const paths = mobike === null ? [] : [mobike.ikePath, mobike.childPath]
    return paths.map((path) => text(name === 'client' ? path : reversed(path)))
  }
  return { client: of('client'), gateway: of('gateway') }
}

export function typesIn(pair: Pair, datagram: Datagram): readonly number[] {
  return read(pair, datagram).payloads.flatMap((payload) => (payload.kind === 'notify' ? [payload.type] : []))
}

export function asks(pair: Pair, datagram: Datagram, ...types: readonly number[]): boolean {
  const isRequest = !read(pair, datagram).message.isResponse
  return isRequest && typesIn(pair, datagram).some((type) => types.includes(type))
}

/** The receiver answers such requests with an error and does nothing else. */
export function failsWith(pair: Pair, error: number, isFailing: (datagram: Datagram) => boolean): void {
  const deliver = pair.deliver.bind(pair)
  pair.deliver = (datagram) => {
    if (!isFailing(datagram)) return deliver(datagram)
    const name = other(datagram.from)
    const { messageId } = read(pair, datagram).message
    const path = reversed(datagram.path)
    pair.put(
      forge(pair, name, {
        isResponse: true,
        messageId,
        payloads: [notify(error)],
        exchangeType: EXCHANGE.INFORMATIONAL,
        path
      })
    )
    const side = pair[name]
    const { state } = side.session
    const ikeSas = state.ikeSas.map((sa) => ({ ...sa, responses: { ...sa.responses, nextMessageId: messageId + 1 } }))
    side.session = { ...side.session, state: { ...state, ikeSas } }
    return []
  }
}
