import { describe, expect, it } from 'vitest'
import { at, Lab, packets, path } from './harness.ts'

// Address names of RFC 4555 section 2.2.
const I1 = '198.18.0.1'
const I2 = '198.18.7.2'
const R1 = '203.0.113.1'
const R2 = '203.0.113.2'

describe('RFC 4555 section 2.2', () => {
  it('E5.1 first example: the client moves, updates, and the gateway checks routability before its traffic follows', () => {
    const lab = new Lab().start(path(I1, R1))
    lab.client.local(I2)
    lab.run(1000)
    expect(packets(lab)).toEqual([
      // "At this point, it also starts to use the new address as a source address in its own outgoing ESP traffic."
      `client moves Child SAs to ${I2}:4500 > ${R1}:4500`,
      `client ${I2}:4500 > ${R1}:4500 request 0 {updateSaAddresses natDetection cookie2}`,
      `gateway ${R1}:4500 > ${I2}:4500 response 0 {natDetection cookie2}`,
      // Step 4; the pair beside COOKIE2 is allowed by section 3.8.
      `gateway ${R1}:4500 > ${I2}:4500 request 0 {natDetection cookie2}`,
      `client ${I2}:4500 > ${R1}:4500 response 0 {natDetection cookie2}`,
      `gateway moves Child SAs to ${R1}:4500 > ${I2}:4500`
    ])
    expect(lab.gateway.state.childPath).toEqual({ local: at(R1), remote: at(I2) })
    expect(lab.client.closed ?? lab.gateway.closed).toBeNull()
  })

  it('E5.1 first example without NAT traversal: step 4 is N(COOKIE2) alone', () => {
    const lab = new Lab().start(path(`${I1}#500`, `${R1}#500`), { natTraversal: false })
    lab.client.local(I2)
    lab.run(1000)
    expect(packets(lab)).toContain(`gateway ${R1}:500 > ${I2}:500 request 0 {cookie2}`)
    expect(packets(lab)).toContain(`client ${I2}:500 > ${R1}:500 response 0 {cookie2}`)
  })

  it('E5.2 second example: a dead pair is found by liveness, the other responder address by a test, then UPDATE', () => {
    const lab = new Lab().start(path(I1, R1), { gateway: [{ address: R1 }, { address: R2 }] })
    lab.drops = (from, to) => [from.address, to.address].includes(R1)
    lab.client.step({ type: 'livenessDue' })
    lab.run(10_000)
    const seen = packets(lab)
    const liveness = `client ${I1}:4500 > ${R1}:4500 request 0 {} lost`
    const test = `client ${I1}:4500 > ${R2}:4500 request 0 {}`
    const found = `gateway ${R2}:4500 > ${I1}:4500 response 0 {}`
    const update = `client ${I1}:4500 > ${R2}:4500 request 1 {updateSaAddresses natDetection cookie2}`
    const updated = `gateway ${R2}:4500 > ${I1}:4500 response 1 {natDetection cookie2}`
    const order = [liveness, test, found, update, updated].map((line) => seen.indexOf(line))
    expect(order.every((index) => index >= 0)).toBe(true)
    expect(order).toEqual([...order].sort((a, b) => a - b))
    // The initiator has not verified R2 before: its Child SAs follow the COOKIE2 of the UPDATE response (section 3.5).
    expect(seen.indexOf(`client moves Child SAs to ${I1}:4500 > ${R2}:4500`)).toBeGreaterThan(seen.indexOf(updated))
    expect(seen).toContain(`gateway moves Child SAs to ${R2}:4500 > ${I1}:4500`)
  })
})
