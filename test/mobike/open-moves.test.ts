import { describe, expect, it } from 'vitest'
import { MAX_CHILD_MOVES } from '../../src/mobike/state.ts'
import { type Host, Lab, path } from './harness.ts'
import { CELL, GW2, LAN, report, Solo, WIFI } from './solo.ts'

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

  it('F42 of three the first was done and the others failed: the way back is where the first went', () => {
    const solo = new Solo()
    solo.local(CELL)
    solo.local(LAN)
    solo.local(addressOf(0), CELL)
    expect(solo.do({ type: 'childSasMoved' })).toEqual([])
    const failed = { type: 'childSaMoveFailed', reason: 'no' } as const
    expect(solo.do(failed)).toEqual([report({ kind: 'moveFailed', reason: 'no' })])
    solo.do(failed)
    expect(solo.state).toMatchObject({ ikePath: path(CELL, GW1), childPath: path(CELL, GW1), childMoves: [] })
  })

  it.each([
    [true, 'that a Child SA was made during is ordered back: not all are where they were'],
    [false, 'leaves all Child SAs where they were, and there is nothing to order']
  ])('F42 F69 the failure of more orders than are remembered apart (%s) %s', (isJoined) => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }] })
    for (let move = 0; move <= MAX_CHILD_MOVES; move++) {
      solo.local(...[addressOf(move), ...(move === MAX_CHILD_MOVES ? [WIFI] : [])])
      if (move === 0 && isJoined) solo.do({ type: 'childSaInstalled' })
    }
    const failed = { type: 'childSaMoveFailed', reason: 'no' } as const
    for (let move = 0; move < MAX_CHILD_MOVES; move++) solo.do(failed)
    const orders = solo.do(failed).filter(({ type }) => type === 'moveChildSas')
    expect(solo.state).toMatchObject({ ikePath: path(WIFI, GW1), childPath: path(WIFI, GW1) })
    expect(orders).toHaveLength(isJoined ? 1 : 0)
  })

  it('F42 a failure while the next move waits for its check: nothing is made anew where the first went', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }] })
    solo.local(CELL)
    // The peer is at an address that has shown nothing yet.
    solo.hear(path(CELL, GW2), [{ kind: 'noAdditionalAddresses' }])
    expect(solo.state).toMatchObject({ ikePath: path(CELL, GW2), childPath: path(CELL, GW1) })
    const actions = solo.do({ type: 'childSaMoveFailed', reason: 'no' })
    expect(actions).toEqual([report({ kind: 'moveFailed', reason: 'no' })])
  })
})
