import { expect } from 'vitest'
import { childSaKeys } from '../../src/session/index.ts'
import type { Pair, SideName } from './pair.ts'

const BOTH: readonly SideName[] = ['client', 'gateway']

/** Both ends have the same Child SAs with the same keys, crosswise. */
export function expectSameChildren(pair: Pair, count: number): void {
  const { client, gateway } = pair
  expect(client.session.state.children).toHaveLength(count)
  expect(gateway.session.state.children).toHaveLength(count)
  for (const { sa } of client.session.state.children) {
    const twin = gateway.session.state.children.find((child) => child.sa.localSpi === sa.remoteSpi)
    expect(twin?.sa.remoteSpi).toBe(sa.localSpi)
    const ours = childSaKeys(client.config, client.session, sa.id)
    const theirs = twin && childSaKeys(gateway.config, gateway.session, twin.sa.id)
    expect(ours?.inbound).toEqual(theirs?.outbound)
    expect(ours?.outbound).toEqual(theirs?.inbound)
    expect(ours?.inbound).not.toEqual(ours?.outbound)
    expect(sa.localSelectors).toEqual(twin?.sa.remoteSelectors)
    expect(sa.remoteSelectors).toEqual(twin?.sa.localSelectors)
  }
}

/** Both ends have one and the same IKE SA, with the same keys, and talk over it. */
export function expectSameIkeSa(pair: Pair, generation: number): void {
  const [one, two] = BOTH.map((name) => pair.ikeSa(name))
  expect([one?.initiatorSpi, one?.responderSpi, one?.generation]).toEqual([
    two?.initiatorSpi,
    two?.responderSpi,
    generation
  ])
  expect(one?.startedHere).toBe(!two?.startedHere)
  for (const name of BOTH) {
    expect(pair[name].session.state.ikeSas).toHaveLength(1)
    expect(pair[name].session.state.tasks).toEqual([])
  }
  for (const name of BOTH) {
    pair.tell(name, { type: 'livenessRequested' })
    pair.settle()
    expect(pair.ikeSa(name).requests.outstanding).toEqual([])
  }
}
