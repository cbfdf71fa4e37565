// Checks of a capture, on what tshark sees with the keys from the peer's log.

import { keysOfLog } from './charon-keys.mjs'
import { dissect } from './dissect.mjs'
import { expect } from './scenario.mjs'

/** Rows: tshark complains about no message; its payload lists are ours. Resolves to the packets. */
export async function dissectionSteps({ step, capture, log, suite }) {
  let packets = []
  await step('tshark: no complaint', async () => {
    packets = await dissect(capture, keysOfLog(log), suite.cipher)
    const messages = packets.filter(({ kind }) => kind === 'ike')
    const complaints = messages.flatMap(({ number, experts }) => experts.map((expert) => `frame ${number} ${expert}`))
    expect(messages.length > 0, 'no IKE message captured')
    expect(complaints.length === 0, complaints.join('; '))
    return `${messages.length} IKE messages, ${packets.length - messages.length} ESP packets`
  })
  return packets
}
