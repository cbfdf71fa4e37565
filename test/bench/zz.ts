import { decodeMessage, encodeMessage } from '../../src/codec/index.ts'
import { samples } from './messages.ts'
import { decode } from './reference/decode.ts'
import { encode } from './reference/encode.ts'
const s = samples()
const alive: unknown[] = new Array(64)
const m = s.map(({ bytes }) => { const r = decodeMessage(bytes); if (!r.ok) throw 1; return r.value })
const refs = s.map(({ bytes }) => decode(bytes)!)
for (let k = 0; k < 8; k++) for (let j = 0; j < m.length; j++) for (const [n, f] of [['ours', () => encodeMessage(m[j]!)], ['ref', () => encode(refs[j]!)]] as const) {
  const N = 30000, a = process.cpuUsage(), w = performance.now()
  for (let i = 0; i < N; i++) alive[i & 63] = f()
  const c = process.cpuUsage(a)
  console.log(k, s[j]!.name, n, ((c.user + c.system) / N).toFixed(2), ((performance.now() - w) * 1000 / N).toFixed(2))
}
