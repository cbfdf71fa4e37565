import { describe, expect, it } from 'vitest'
import { MAX_CHILD_MOVES } from '../../src/mobike/state.ts'
import { type Host, Lab, path } from './harness.ts'

const GW1 = '203.0.113.1'
const HOME = '198.18.0.1'
const addressOf = (move: number): string => `198.18.${move + 1}.1`

/** A client whose host has not answered `count` migrations, each to an address that then went. */
function manyMoves(count: number): Lab {
  const lab = new Lab().start(path(HOME, GW1))
  lab.client.silent = true
  for (let move = 0; move < count; move++) {
    lab.client.local(addressOf(move))
    lab.run(100)
  }
  expect(lab.client.actions.filter(({ type }) => type === 'moveChildSas')).toHaveLength(count)
  return lab
}

const renewals = (host: Host) => host.actions.filter(({ type }) => type === 'renewChildSas')

describe('migrations that the host has not answered', () => {
  const count = 3 * MAX_CHILD_MOVES

  it('however many: what is remembered of them is bounded', () => {
    const { childMoves } = manyMoves(100).client.state
    expect(childMoves.length).toBeLessThanOrEqual(MAX_CHILD_MOVES)
  })

  it.each([1, MAX_CHILD_MOVES, count])('F42 of %i the answer to the last is the one that counts', (open) => {
    const { client } = manyMoves(open)
    for (let move = 0; move + 1 < open; move++) client.step({ type: 'childSasMoved' })
    expect(renewals(client)).toEqual([])
    client.step({ type: 'childSaMoveFailed', reason: 'kernel refused' })
    // Nothing to go back to: the Child SAs are made anew where the IKE SA is.
    expect(renewals(client)).toMatchObject([{ path: path(addressOf(open - 1), GW1) }])
    expect(client.state.childMoves).toEqual([])
  })

  it('F42 all but the last fail: the last gathers them, and nothing is made anew', () => {
    const { client } = manyMoves(count)
    for (let move = 0; move + 1 < count; move++) client.step({ type: 'childSaMoveFailed', reason: 'kernel refused' })
    expect(client.state.childMoves).toHaveLength(1)
    client.step({ type: 'childSasMoved' })
    expect(client.state).toMatchObject({ childMoves: [], scattered: false, childPath: path(addressOf(count - 1), GW1) })
    expect(renewals(client)).toEqual([])
    expect(client.step({ type: 'childSasMoved' })).toEqual([])
  })
})
