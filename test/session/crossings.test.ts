import { describe, expect, it } from 'vitest'
import type { Endpoint, Path } from '../../src/bytes/index.ts'
import { DEFAULT_MOBIKE_POLICY } from '../../src/mobike/index.ts'
import type { SessionAction } from '../../src/session/index.ts'
import { type News, other, Pair, reversed } from './pair.ts'

const OLD = '10.1.0.2'
const NEW = '10.1.0.9'
const FAILED: News = { type: 'childSaMoveFailed', reason: 'no migration here' }

/** A pair whose datagrams only arrive between addresses that the hosts have, and a client that can go back. */
function roamer(): Pair {
  // Without NAT traversal a move changes addresses only, never encapsulation: one migration each.
  const pair = new Pair({ mobike: { ...DEFAULT_MOBIKE_POLICY, natTraversal: 'forbid' } })
  const has = (name: 'client' | 'gateway', { address }: Endpoint): boolean =>
    pair[name].session.state.surroundings.localAddresses.some((known) => known.address === address)
  pair.route = ({ from, path }) => (has(from, path.local) && has(other(from), path.remote) ? reversed(path) : undefined)
  pair.establish()
  // The host answers migrations later.
  pair.move = (name) => (name === 'client' ? undefined : { type: 'childSasMoved' })
  const addresses = [
    { address: OLD, cost: 10 },
    { address: NEW, cost: 1 }
  ]
  pair.tell('client', { type: 'localAddressesChanged', addresses })
  pair.advance(3000)
  return pair
}

/** Where a host has each Child SA, when those `moveChildSas` failed that `fails` says. */
function outerOf(actions: readonly SessionAction[], fails: (to: Path) => boolean): Record<number, string> {
  const outer: Record<number, string> = {}
  for (const action of actions) {
    if (action.type === 'installChildSa') outer[action.child.id] = action.path.local.address
    else if (action.type === 'removeChildSa') delete outer[action.id]
    else if (action.type === 'moveChildSas' && !fails(action.to)) {
      for (const id of action.ids) outer[id] = action.to.local.address
    }
  }
  return outer
}

describe('Child SAs made while the host still migrates the others', () => {
  const crossings: readonly (readonly [string, (pair: Pair) => void])[] = [
    ['a new one of the gateway', (pair) => pair.tell('gateway', { type: 'childSaRequested' })],
    ['a new one of the client', (pair) => pair.tell('client', { type: 'childSaRequested' })],
    [
      'a rekey by the gateway',
      (pair) => pair.tell('gateway', { type: 'childSaRekeyRequested', id: pair.childIds('gateway')[0] as number })
    ]
  ]

  it.each(crossings)('F42 D11 %s goes back with them when that fails', (_, cross) => {
    const pair = roamer()
    expect(pair.client.session.state.mobike?.childMoves).toHaveLength(1)
    cross(pair)
    pair.settle()
    pair.move = () => ({ type: 'childSasMoved' })
    pair.tell('client', FAILED)
    pair.settle()
    pair.advance(5000)
    const { state } = pair.client.session
    expect(state.mobike).toMatchObject({ ikePath: { local: { address: OLD } }, childMoves: [], scattered: false })
    const outer = outerOf(pair.client.actions, (to) => to.local.address === NEW)
    expect(Object.keys(outer).map(Number)).toEqual(pair.childIds('client'))
    expect(new Set(Object.values(outer))).toEqual(new Set([OLD]))
    const peers = outerOf(pair.gateway.actions, () => false)
    expect(Object.keys(peers).map(Number)).toEqual(pair.childIds('gateway'))
    expect(pair.gateway.session.state.mobike?.childPath.remote.address).toBe(OLD)
  })

  it('F42 one made there stays when the migration of the others is done', () => {
    const pair = roamer()
    pair.tell('gateway', { type: 'childSaRequested' })
    pair.settle()
    pair.tell('client', { type: 'childSasMoved' })
    pair.advance(5000)
    const moves = pair.client.actions.filter(({ type }) => type === 'moveChildSas')
    expect(moves).toHaveLength(1)
    expect(new Set(Object.values(outerOf(pair.client.actions, () => false)))).toEqual(new Set([NEW]))
  })
})
