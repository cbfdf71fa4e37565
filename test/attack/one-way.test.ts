import { describe, expect, it } from 'vitest'
import { NOTIFY } from '../../src/codec/index.ts'
import { Pair } from '../session/pair.ts'
import { cookie2, established, fromClient, sent } from './hostile.ts'

describe('a network that loses one direction, or sends back what it got', () => {
  it.each(['client', 'gateway'] as const)(
    'everything from the %s is lost: both ends give up in time, without a storm',
    (from) => {
      const pair = new Pair().establish()
      const before = pair.sent.length
      pair.passes = (datagram) => datagram.from !== from
      pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] })
      pair.advance(1_200_000)
      expect([pair.phase('client'), pair.phase('gateway')]).toEqual(['closed', 'closed'])
      expect(pair.sent.length - before).toBeLessThan(250)
    }
  )

  it('B012 every datagram reflected to its sender at once: nothing changes, nothing is drawn but kept answers', () => {
    const pair = new Pair()
    let reflected = 0
    pair.passes = (datagram) => {
      if (reflected++ < 400) {
        const { path, bytes, from } = datagram
        later.push(() => pair.tell(from, { type: 'datagramReceived', path, bytes }))
      }
      return true
    }
    const later: (() => unknown)[] = []
    const drain = () => {
      for (let act = later.shift(); act !== undefined; act = later.shift()) {
        const actions = act() as ReturnType<Pair['tell']>
        expect(sent(actions)).toBe(0)
      }
    }
    pair.connect()
    pair.settle()
    drain()
    for (const address of ['10.2.0.2', '10.3.0.2']) {
      pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address }] })
      pair.settle()
      drain()
    }
    pair.tell('gateway', { type: 'ikeSaRekeyRequested' })
    pair.settle()
    drain()
    expect([pair.phase('client'), pair.phase('gateway')]).toEqual(['established', 'established'])
    expect(pair.gateway.session.state.mobike?.childPath.remote.address).toBe('10.3.0.2')
  })

  it('a client that answers every check late, or from elsewhere, never has its ESP sent to an unproven address', () => {
    const hostile = established('client')
    const { pair } = hostile
    let cookie: Uint8Array | undefined
    for (let round = 0; round < 30 && hostile.alive; round++) {
      hostile.notifies([NOTIFY.UPDATE_SA_ADDRESSES], fromClient(`203.0.113.${round + 1}`))
      cookie = hostile.cookieOf() ?? cookie
      // Its true address answers for the victim's: what it says it cannot have seen there.
      hostile.respond(cookie === undefined ? [] : [cookie2(cookie)], fromClient('10.1.0.2'))
      pair.advance(1500)
    }
    const moves = pair.gateway.actions.flatMap((action) =>
      action.type === 'moveChildSas' ? [action.to.remote.address] : []
    )
    expect(moves.filter((address) => address.startsWith('203.0.113.'))).toEqual([])
  })
})
