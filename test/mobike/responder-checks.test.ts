import { describe, expect, it } from 'vitest'
import { DEFAULT_MOBIKE_POLICY, type MobikePolicy } from '../../src/mobike/index.ts'
import { Lab, path } from './harness.ts'

const HOME = '198.18.0.1'
const AWAY = '198.18.7.2'
const GW = '203.0.113.1'
const GW2 = '203.0.113.2'
const HOME6 = '2001:db8::1'
const GW6 = '2001:db8:f::1'

/** A gateway that hears an UPDATE, and whose own packets are lost from then on. */
function updated(policy: Partial<MobikePolicy>, from: string, before: (lab: Lab) => void = () => {}): Lab {
  const lab = new Lab({}, policy).start(path(HOME, GW), {
    client: [{ address: HOME }, { address: HOME6 }],
    gateway: [{ address: GW }, { address: GW6 }]
  })
  lab.run(100)
  lab.drops = () => true
  before(lab)
  // It has its other addresses still.
  const listed = [HOME, HOME6].filter((address) => address !== from)
  const others = listed.map((address) => ({ kind: 'additionalAddress', address }) as const)
  const notifies = [{ kind: 'updateSaAddresses' } as const, ...others]
  lab.gateway.step({ type: 'requestReceived', messageId: 9, path: path(GW, from), notifies, nat: null })
  return lab
}

describe('return routability of the responder', () => {
  const routability = { ...DEFAULT_MOBIKE_POLICY.routability, periodicMs: 5000 }
  const due = (lab: Lab): void => {
    // The window is taken when the periodic check is due.
    lab.gateway.step({ type: 'livenessDue' })
    lab.run(5001)
    expect(lab.gateway.state.pending.routability).toBe(true)
  }

  it('a periodic check that waits for the window is not spared by an UPDATE from the same address', () => {
    expect(updated({ routability }, HOME, due).gateway.state.pending.routability).toBe(true)
  })

  it('A009 A066 a move that waits for it goes to no address but that of the UPDATE, when our source is lost', () => {
    const { gateway } = updated({}, AWAY)
    expect(gateway.state.moveDue).toBe(true)
    gateway.local(GW6)
    expect(gateway.state.ikePath).toEqual({
      local: { address: GW6, port: 4500 },
      remote: { address: HOME6, port: 4500 }
    })
    // All it asks is answered from there, with COOKIE2.
    for (let count = 0; count < 6 && gateway.outstanding !== null; count++) {
      const { token, sources, destinations, packet } = gateway.outstanding
      gateway.outstanding = null
      gateway.step({
        type: 'responseReceived',
        token,
        path: gateway.state.ikePath,
        sources,
        destinations,
        notifies: packet.notifies.filter(({ kind }) => kind === 'cookie2'),
        nat: null
      })
    }
    expect(gateway.state.verified.map(({ address }) => address)).toContain(HOME6)
    expect(gateway.state.childPath.remote.address).toBe(HOME)
  })

  it('A009 A066 nor to one that answers when the address of the UPDATE does not, with a window above 1', () => {
    const lab = updated({}, AWAY)
    const { gateway } = lab
    gateway.local(GW2)
    expect(gateway.state).toMatchObject({ moveDue: true, ikePath: path(GW2, AWAY) })
    // The check is still open, and there is room for the list beside it.
    gateway.outstanding = null
    lab.drops = (from, to) => ![from.address, to.address].includes(HOME)
    lab.run(30_000)
    expect(
      gateway.requests.some(({ notifies }) =>
        notifies.some(({ kind }) => kind === 'additionalAddress' || kind === 'noAdditionalAddresses')
      )
    ).toBe(true)
    expect(gateway.state.ikePath).toEqual(path(GW2, HOME))
    expect(gateway.state.moveDue).toBe(false)
  })
})
