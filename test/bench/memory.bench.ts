import { nodeAes256Gcm16, nodePrfHmacSha256, nodeX25519 } from '../../src/node/index.ts'
import { send } from './measure.ts'
import { connect, createTwoEnds, type TwoEnds } from './two-ends.ts'

/** Memory of an idle IKE SA with one Child SA. On `node:crypto` because that connects faster; states are the same. */

const PAIRS = process.argv.includes('--quick') ? 500 : 2000
const algorithms = { encryption: nodeAes256Gcm16, prf: nodePrfHmacSha256, keyExchange: nodeX25519 }

// Fills what is kept once for all sessions: compiled code, and prepared keys up to their limit.
const first = pairs(300)
const before = occupied()
const measured = pairs(PAIRS)
const kilobytes = (occupied() - before) / (2 * PAIRS) / 1024
if (first.length + measured.length !== 300 + PAIRS) throw new Error('sessions were collected')
send({
  figure: 'memory of an idle IKE SA and Child SA',
  unit: 'kB',
  ours: kilobytes,
  floor: null,
  ratio: kilobytes,
  bound: 'atMost',
  must: 6,
  aim: 3
})

/** Sessions alone: what drives them here is no part of their weight. */
function pairs(count: number): unknown[] {
  return Array.from({ length: count }, () => {
    const ends: TwoEnds = createTwoEnds(algorithms)
    connect(ends)
    return [ends.initiator.session, ends.responder.session]
  })
}

function occupied(): number {
  const collect = globalThis.gc
  if (collect === undefined) throw new Error('needs --expose-gc')
  for (let i = 0; i < 4; i++) collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
